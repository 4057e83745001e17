// The Microphone tab: a recording, made here or brought along, and what was said in it.

import { Answer, answerFrom } from "../shared/asking.js";
import { announce, copy, el, fill, icon, iconButton, inputOf, save, setText, targetOf, keepScreenOn } from "../shared/dom.js";
import { findStranded } from "./kept.js";
import { partsView } from "./parts.js";
import { Recorder, trouble } from "./recorder.js";
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
/**
 * @typedef {object} Lying what lies here
 * @property {Blob} blob
 * @property {string} name
 * @property {() => void} [drop] where the browser keeps it: made here, and not written down yet
 */
/** @type {Lying | null} */
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
const button = el("button", { id: "mic-record", type: "button", class: "gc-record record-button", "aria-label": say("record"), title: say("record"), onclick: toggle }, el("i"));
const player = el("audio", { controls: true, hidden: true });
const facts = el("div", { class: "gc-recording-facts", hidden: true });
const input = el("input", { type: "file", accept: ["audio/*", "video/*", ...ENDINGS.recordings].join(), class: "gc-offscreen", tabindex: "-1", "aria-label": say("recording_choose") });
const invite = el("p", { class: "gc-muted" }, say("recording_invite"));
const choose = el("button", { type: "button", class: "gc-button gc-quiet gc-with-icon", onclick: () => input.click() }, icon("upload"), say("recording_choose"));
const note = el("div", { class: "gc-recorder-note", role: "alert", hidden: true });
const box = el("div", { class: "gc-recorder", "data-state": "empty" }, input, button, meter, time, invite, facts, player, note, choose);
meter.hidden = true;

input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (file) unlessUnsent(() => take(file, file.name));
  input.value = "";
});
takesFiles(box, ([file]) => unlessUnsent(() => take(file, file.name)));
addEventListener("beforeunload", (event) => (recorder || recording?.drop) && event.preventDefault());

let recalled = false;

/** @param {HTMLElement} host */
export function showRecorderIn(host) {
  host.replaceChildren(box);
  if (!recalled) recall();
  recalled = true;
}

async function toggle() {
  if (recorder) await finish();
  else unlessUnsent(start);
}

let starting = false;

async function start() {
  if (starting) return; // a second press must not open a second microphone
  starting = true;
  const fresh = new Recorder(hearLevel, { lost: () => loseMicrophone(fresh), halted: (deaf) => tell(deaf ? say("microphone_halted") : "") });
  try {
    await fresh.start();
  } catch (error) {
    tell(say(trouble(error)));
    return;
  } finally {
    starting = false;
  }
  recorder = fresh;
  levels.fill(0);
  forget();
  state("recording");
  stayAwake(fresh);
}

/** @param {Recorder} one */
async function stayAwake(one) {
  const lock = await keepScreenOn();
  if (recorder === one) awake = lock;
  else lock?.release();
}

/** @type {WakeLockSentinel | null} */
let awake = null;

async function finish() {
  const finishing = recorder;
  recorder = null;
  awake?.release();
  awake = null;
  if (finishing) take(await finishing.stop(), say("recording_name"), finishing.kept.drop);
}

// Unplugged, or the permission withdrawn: what was said so far is there.
/** @param {Recorder} one */
async function loseMicrophone(one) {
  if (recorder !== one) return;
  await finish();
  tell(say("microphone_lost"));
}

/**
 * Say what is out of the ordinary, and what can be done about it.
 *
 * @param {string} words
 * @param {[string, () => void][]} [choices] each closes it
 */
function tell(words, choices = []) {
  const button = (/** @type {[string, () => void]} */ [label, act]) => el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => (tell(""), act()) }, label);
  note.replaceChildren(el("span", {}, words), ...choices.map(button));
  note.hidden = !words;
  if (words) announce(words);
}

// What was said and is not written down is not replaced without asking.
/** @param {() => void} act */
function unlessUnsent(act) {
  if (!recording?.drop) return act();
  tell(say("recording_unsent"), [
    [say("recording_replace"), act],
    [say("recording_keep"), () => {}],
  ]);
}

const download = () => recording && save(recording.blob, recording.name);

// What a page that was closed had not written down.
async function recall() {
  const [last, ...older] = (await findStranded("microphone")).toSorted((one, other) => other.made.getTime() - one.made.getTime());
  if (!last) return;
  if (recording || recorder) return older.push(last);
  take(last.file, say("recording_name"), last.drop);
  const all = [last, ...older];
  tell(say("recording_recalled", { n: all.length, when: last.made.toLocaleString() }), older.length ? [[say("recording_download_all"), () => all.forEach(({ file }, index) => save(file, `${index + 1}-${say("recording_name")}`))], [say("talk_throw_away"), () => older.forEach(({ drop }) => drop())]] : []);
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
 * @param {() => void} [drop] where the browser keeps it
 */
function take(blob, name, drop) {
  forget();
  tell("");
  recording = { blob, name, drop };
  player.src = URL.createObjectURL(blob);
  facts.replaceChildren(
    el("b", { title: name }, name),
    el("span", { class: "gc-muted" }, say("megabytes", { n: (blob.size / 1e6).toFixed(blob.size < 1e6 ? 2 : 1) })),
    iconButton("down", say("recording_download"), { onclick: download }),
    iconButton("close", say("recording_remove"), { onclick: () => (forget(), state("empty")) }),
  );
  state("ready");
}

// Replaced or removed by the one who made it: the browser need not keep it any more.
function forget() {
  recording?.drop?.();
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
  ...FORMATS.map((format) => el("button", { type: "button", class: "gc-chip", "data-format": format, onclick: () => downloadAs(format) }, format.toUpperCase())),
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
  const sent = recording;
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
      markWritten(sent);
      transcript = event.transcript;
      view.replace(transcript.text);
      segments.show(transcript);
    }
    if (event.t !== undefined) document.body.setAttribute("data-transcript", "");
    hear(event);
  };
  try {
    await answerFrom(answer, `transcribe?${parameters(sent.name)}`, {
      body: sent.blob,
      signal: running.signal,
      patience: PATIENCE_MS,
      headers: { "content-type": "application/octet-stream" },
    });
  } finally {
    running = null;
    document.body.removeAttribute("data-mic");
  }
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
async function downloadAs(format) {
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
