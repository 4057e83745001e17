// The Microphone tab: what was said in a recording, written down whole, or part by part while one still speaks.

import { Ahead, join, transcribe as writeDown } from "./ahead.js";
import { chosenLanguage } from "./languages.js";
import { partsView } from "./parts.js";
import { finish, followBy, invite, isRecording, lying, player } from "./recording.js";
import { segmentsView } from "./segments.js";
import { Answer, answerFrom } from "../shared/asking.js";
import { announce, copy, el, fill, iconButton, inputOf, save, setText, targetOf } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { demand, whyUnsent } from "../shared/wire.js";
import { say, told as inTongue } from "../shared/words.js";

/**
 * @import { AnswerText, Line, Transcript } from "../shared/types.js"
 * @import { Heard } from "./ahead.js"
 * @import { Lying } from "./recording.js"
 */

export { showLanguageIn } from "./languages.js";
export { showRecorderIn } from "./recording.js";

const FORMATS = ["txt", "srt", "vtt", "json"];
/** A long recording may be prepared for some time before the first word comes back. */
const PATIENCE_MS = 120_000;

const chosen = { translate: false, ahead: false };
/** @type {Transcript | null} */
let transcript = null;
/** @type {AbortController | null} */
let running = null;

// ── what was said ──────────────────────────────────────────────────────────────────────────────────

const result = el("div");
const parts = partsView();
const told = el("div", { class: "gc-told", role: "status" }); // what has to be known about the transcript
const segments = segmentsView((at) => {
  player.currentTime = at;
  player.play();
});
player.addEventListener("timeupdate", () => segments.now(player.currentTime));
const bar = el(
  "div",
  { class: "gc-transcript-bar" },
  iconButton("copy", say("copy_transcript"), { onclick: (event) => copy(editableText(), event.currentTarget) }),
  el("button", { type: "button", class: "gc-chip", onclick: toChat }, say("send_to_chat")),
  ...FORMATS.map((format) => el("button", { type: "button", class: "gc-chip", "data-format": format, onclick: () => downloadAs(format) }, format.toUpperCase())),
);

export const showResultIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(result);
export const showSegmentsIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(bar, segments.element);

/** @param {HTMLElement} host */
export function showOptionsIn(host) {
  const checks = [check("translate", "mic-translate", say("translate")), check("ahead", "mic-ahead", say("mic_ahead"), say("mic_ahead_help"))];
  host.replaceChildren(el("div", { class: "gc-mic-checks" }, ...checks));
}

/**
 * @param {keyof typeof chosen} name
 * @param {string} id
 * @param {string} words
 * @param {string} [help]
 */
function check(name, id, words, help) {
  const input = el("input", { type: "checkbox", id });
  input.checked = chosen[name];
  input.addEventListener("change", () => (chosen[name] = input.checked));
  return el("label", { class: "gc-check", title: help }, input, el("span", {}, words));
}

// ── while one still speaks ─────────────────────────────────────────────────────────────────────────

/** @type {{ ahead: Ahead, asked: string } | null} what was written down of the recording, and how it was asked for */
let before = null;

followBy({
  begun(tape) {
    before?.ahead.cancel();
    before = null;
    if (!chosen.ahead) return;
    const asked = parameters(say("recording_name")).toString();
    before = { asked, ahead: new Ahead(tape, (file, signal) => writeDown(file, signal, asked)) };
    clearResult();
    fillField("");
  },
  async paused() {
    const now = before;
    if (!now?.ahead.send()) return;
    const all = await Promise.all(now.ahead.parts.map(({ heard }) => heard));
    if (before === now && isRecording()) fillField(all.map(({ text }) => text).filter(Boolean).join(" "));
  },
  done: () => void (before && transcribe()),
});

/**
 * What is known already of this recording; null where it has to be written down whole.
 *
 * @param {Lying} sent
 */
async function writtenBefore(sent) {
  const { ahead, asked } = before ?? {};
  before = null;
  if (!ahead?.parts.length || ahead.tape !== sent.tape || asked !== parameters(sent.name).toString()) return null;
  const heard = await ahead.written();
  return heard && { ahead, heard };
}

/**
 * Writes into the page's own editable text box.
 *
 * @implements {AnswerText}
 */
class FieldView {
  text = "";
  /** @type {number | null} */
  firstPaint = null;
  /** @type {number | null} */
  lastPaint = null;

  constructor() {
    this.clear();
  }
  clear() {
    this.text = "";
    this.#show();
  }
  /** @param {string} text */
  append(text) {
    this.text += text;
    this.firstPaint ??= performance.now();
    this.lastPaint = performance.now();
    this.#show();
  }
  /** @param {string} text */
  replace(text) {
    this.text = text;
    this.#show();
  }
  #show() {
    fillField(this.text.trimStart());
  }
  seam() {}
  async catchUp() {}
  async end() {}
}

/** @param {string} text */
function fillField(text) {
  const field = inputOf("mic-transcript");
  if (field) fill(field, text);
  document.body.toggleAttribute("data-transcript", Boolean(text));
}

function clearResult() {
  transcript = null;
  segments.clear();
  parts.clear();
  told.replaceChildren();
  result.replaceChildren();
}

async function transcribe() {
  if (isRecording()) await finish();
  const sent = lying();
  if (!sent) {
    announce(say("recording_none"));
    setText(invite, say("recording_none"));
    return;
  }
  if (running) return;
  running = new AbortController();
  document.body.setAttribute("data-mic", "busy");
  const known = await writtenBefore(sent);
  clearResult();
  const view = new FieldView();
  if (known) view.append(known.heard.map(({ text }) => text).filter(Boolean).join(" ") + " ");
  const answer = new Answer({ view, again: () => transcribe() });
  result.replaceChildren(parts.element, told, answer.element);
  const hear = answer.hear.bind(answer);
  answer.hear = (/** @type {Line} */ event) => {
    parts.hear(event);
    if (event.e === "note" && !(known && event.code === "no_speech")) told.append(el("p", { "data-code": event.code }, inTongue(event.text)));
    if (event.e === "segments_found" && !known) segments.add(event.segments);
    if (event.e === "restarted") segments.clear();
    if (event.e === "receipt" && known) event = { ...event, cost_usd: costOf([...known.heard, { text: "", receipt: event }]) };
    if (event.e === "finished" && event.transcript) {
      markWritten(sent);
      transcript = known ? join([...partsOf(known), { from: known.ahead.seconds, transcript: event.transcript }]) : event.transcript;
      view.replace(transcript.text);
      segments.show(transcript);
    }
    hear(event);
  };
  try {
    await answerFrom(answer, `transcribe?${parameters(sent.name)}`, {
      body: known ? known.ahead.rest() : sent.blob,
      signal: running.signal,
      patience: PATIENCE_MS,
      headers: { "content-type": "application/octet-stream" },
    });
  } finally {
    running = null;
    document.body.removeAttribute("data-mic");
  }
}

/** @param {{ ahead: Ahead, heard: Heard[] }} known */
const partsOf = ({ ahead, heard }) => ahead.parts.map(({ from }, index) => ({ from, transcript: heard[index].transcript ?? { text: heard[index].text } }));

/** What all of them cost; null where it is not known of one. @param {Heard[]} heard */
function costOf(heard) {
  const costs = heard.map(({ receipt }) => receipt?.cost_usd ?? null);
  return costs.includes(null) ? null : costs.reduce((sum, cost) => Number(sum) + Number(cost), 0);
}

// From now on it may be replaced; the browser need not keep it any more.
/** @param {Lying} sent */
function markWritten(sent) {
  sent.drop?.();
  sent.drop = undefined;
}

/** @param {string} name */
function parameters(name) {
  return new URLSearchParams({
    name,
    language: chosenLanguage(),
    task: chosen.translate ? "translate" : "transcribe",
    prompt: inputOf("mic-prompt")?.value.trim() ?? "",
  });
}

const editableText = () => inputOf("mic-transcript")?.value ?? "";

/**
 * Plain text is what stands in the box, corrections included; the other formats carry times, so they are the model's.
 *
 * @param {string} format
 */
async function downloadAs(format) {
  let text = editableText();
  if (format !== "txt") {
    const body = JSON.stringify(transcript ?? { text });
    try {
      const response = await demand(`transcript/${format}`, { body, headers: { "content-type": "application/json" } });
      text = await response.text();
      for (const note of JSON.parse(response.headers.get("x-groq-core-note-texts") ?? "[]")) noteOnce(note);
    } catch (error) {
      return noteOnce(whyUnsent(error));
    }
  }
  const name = (lying()?.name ?? "transcript").replace(/\.[^.]+$/, "");
  save(new Blob([text], { type: "text/plain" }), `${name}.${format}`);
}

/**
 * What speech itself breaks of the rules of subtitles; downloaded twice it is said once.
 *
 * @param {string} words
 */
function noteOnce(words) {
  if ([...told.children].every(({ textContent }) => textContent !== words)) told.append(el("p", { "data-code": "subtitles" }, words));
}

function toChat() {
  const text = editableText().trim();
  document.getElementById("tab-chat-button")?.click();
  const message = inputOf("chat-message");
  if (message && text) {
    fill(message, message.value ? `${message.value}\n${text}` : text);
    message.focus();
  }
}

document.addEventListener("click", (event) => {
  if (targetOf(event)?.closest("#mic-transcribe")) transcribe();
  else if (targetOf(event)?.closest("#mic-stop")) running?.abort();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && inSight("mic-input") && running?.abort());
