// The Microphone tab: a recording, made here or brought along, and what was said in it.

import { Answer, answerFrom } from "../shared/asking.js";
import { announce, copy, el, fill, icon, iconButton, inputOf, save, setText, targetOf } from "../shared/dom.js";
import { partsView } from "./parts.js";
import { Recorder } from "./recorder.js";
import { say } from "../shared/words.js";
import { clock, segmentsView } from "./segments.js";
import { inSight, takesFiles } from "../shared/sheet.js";
import { send } from "../shared/wire.js";
import { ENDINGS } from "../../texts.js";

/**
 * @import { AnswerText, Line, Transcript } from "../shared/types.js"
 */

const BARS = 40;
const FORMATS = ["txt", "srt", "vtt", "json"];
/** A long recording may be prepared for some time before the first word comes back. */
const PATIENCE_MS = 120_000;

const chosen = { translate: false };
/** @type {{ blob: Blob, name: string } | null} */
let recording = null;
/** @type {Recorder | null} */
let recorder = null;
/** @type {Transcript | null} */
let transcript = null;
/** @type {AbortController | null} */
let running = null;

// ── recording ──────────────────────────────────────────────────────────────────────────────────────

const levels = new Array(BARS).fill(0);
const meter = el("canvas", { class: "gc-meter", width: "640", height: "68", "aria-hidden": "true" });
const time = el("p", { class: "gc-clock" });
const button = el("button", { type: "button", class: "gc-record record-button", "aria-label": say("record"), title: say("record"), onclick: toggle }, el("i"));
const player = el("audio", { controls: true, hidden: true });
const facts = el("div", { class: "gc-recording-facts", hidden: true });
const input = el("input", { type: "file", accept: ["audio/*", "video/*", ...ENDINGS.recordings].join(), class: "gc-offscreen", tabindex: "-1", "aria-label": say("recording_choose") });
const invite = el("p", { class: "gc-muted" }, say("recording_invite"));
const choose = el("button", { type: "button", class: "gc-button gc-quiet gc-with-icon", onclick: () => input.click() }, icon("upload"), say("recording_choose"));
const box = el("div", { class: "gc-recorder", "data-state": "empty" }, input, button, meter, time, invite, facts, player, choose);
meter.hidden = true;

input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (file) take(file, file.name);
  input.value = "";
});
takesFiles(box, ([file]) => take(file, file.name));

export const showRecorderIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(box);

async function toggle() {
  if (recorder) return finish();
  const starting = new Recorder(hearLevel);
  try {
    await starting.start();
  } catch {
    setText(invite, say("microphone_refused"));
    announce(say("microphone_refused"));
    return;
  }
  recorder = starting;
  levels.fill(0);
  forget();
  state("recording");
}

async function finish() {
  const finishing = recorder;
  recorder = null;
  if (finishing) take(await finishing.stop(), say("recording_name"));
}

/**
 * @param {number} level
 * @param {number} at seconds
 */
function hearLevel(level, at) {
  levels.shift();
  levels.push(level);
  setText(time, clock(at));
  draw();
}

function draw() {
  const pen = meter.getContext("2d");
  if (!pen) return;
  pen.clearRect(0, 0, meter.width, meter.height);
  pen.fillStyle = getComputedStyle(box).getPropertyValue("--gc-accent");
  const width = meter.width / BARS;
  levels.forEach((level, index) => {
    const height = Math.max(4, Math.min(1, level * 1.4) * meter.height);
    pen.fillRect(index * width + width * 0.22, (meter.height - height) / 2, width * 0.56, height);
  });
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function take(blob, name) {
  forget();
  recording = { blob, name };
  player.src = URL.createObjectURL(blob);
  facts.replaceChildren(
    el("b", { title: name }, name),
    el("span", { class: "gc-muted" }, say("megabytes", { n: (blob.size / 1e6).toFixed(blob.size < 1e6 ? 2 : 1) })),
    iconButton("close", say("recording_remove"), { onclick: () => (forget(), state("empty")) }),
  );
  state("ready");
}

function forget() {
  recording = null;
  if (player.src) URL.revokeObjectURL(player.src);
  player.removeAttribute("src");
}

/** @param {"empty" | "recording" | "ready"} name */
function state(name) {
  box.dataset.state = name;
  const on = name === "recording";
  button.classList.toggle("record-button", !on);
  button.classList.toggle("stop-button", on);
  button.setAttribute("aria-label", say(on ? "record_stop" : "record"));
  button.title = say(on ? "record_stop" : "record");
  meter.hidden = !on;
  setText(time, on ? clock(0) : "");
  time.hidden = !on;
  invite.hidden = name !== "empty";
  choose.hidden = on;
  player.hidden = facts.hidden = name !== "ready";
  setText(invite, say("recording_invite"));
}
state("empty");

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
  ...FORMATS.map((format) => el("button", { type: "button", class: "gc-chip", "data-format": format, onclick: () => download(format) }, format.toUpperCase())),
);

export const showResultIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(result);
export const showSegmentsIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(bar, segments.element);

/** @param {HTMLElement} host */
export function showOptionsIn(host) {
  const translate = el("input", { type: "checkbox", id: "mic-translate" });
  translate.checked = chosen.translate;
  translate.addEventListener("change", () => (chosen.translate = translate.checked));
  host.replaceChildren(el("label", { class: "gc-check" }, translate, el("span", {}, say("translate"))));
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
    const field = inputOf("mic-transcript");
    if (field) fill(field, this.text.trimStart());
  }
  seam() {}
  async catchUp() {}
  async end() {}
}

async function transcribe() {
  if (recorder) await finish();
  if (!recording) {
    announce(say("recording_none"));
    setText(invite, say("recording_none"));
    return;
  }
  if (running) return;
  running = new AbortController();
  document.body.setAttribute("data-mic", "busy");
  transcript = null;
  segments.clear();
  parts.clear();
  told.replaceChildren();
  document.body.removeAttribute("data-transcript");
  const view = new FieldView();
  const answer = new Answer({ view, again: () => transcribe() });
  result.replaceChildren(parts.element, told, answer.element);
  const hear = answer.hear.bind(answer);
  answer.hear = (/** @type {Line} */ event) => {
    parts.hear(event);
    if (event.e === "note") told.append(el("p", { "data-code": event.code }, event.text));
    if (event.e === "segments_found") segments.add(event.segments);
    if (event.e === "restarted") segments.clear();
    if (event.e === "finished" && event.transcript) {
      transcript = event.transcript;
      view.replace(transcript.text);
      segments.show(transcript);
    }
    if (event.t !== undefined) document.body.setAttribute("data-transcript", "");
    hear(event);
  };
  try {
    await answerFrom(answer, `transcribe?${parameters(recording.name)}`, {
      body: recording.blob,
      signal: running.signal,
      patience: PATIENCE_MS,
      headers: { "content-type": "application/octet-stream" },
    });
  } finally {
    running = null;
    document.body.removeAttribute("data-mic");
  }
}

/** @param {string} name */
function parameters(name) {
  return new URLSearchParams({
    name,
    language: globalThis.groqCoreLanguage ?? "",
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
async function download(format) {
  let text = editableText();
  if (format !== "txt") {
    const body = JSON.stringify(transcript ?? { text });
    const response = await send(`transcript/${format}`, { body, headers: { "content-type": "application/json" } });
    text = await response.text();
    for (const note of JSON.parse(response.headers.get("x-groq-core-note-texts") ?? "[]")) noteOnce(note);
  }
  const name = (recording?.name ?? "transcript").replace(/\.[^.]+$/, "");
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

/** Gradio calls this when another language is picked. */
globalThis.groqCoreLanguagePicked = (/** @type {string | null} */ value) => (globalThis.groqCoreLanguage = value || "");

document.addEventListener("click", (event) => {
  if (targetOf(event)?.closest("#mic-transcribe")) transcribe();
  else if (targetOf(event)?.closest("#mic-stop")) running?.abort();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && inSight("mic-input") && running?.abort());
