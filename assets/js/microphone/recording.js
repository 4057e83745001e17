// The recording that lies in the Microphone tab: made here or brought along, played, kept, replaced by another.

import { announce, el, icon, iconButton, keepScreenOn, save, setText } from "../shared/dom.js";
import { findStranded } from "./kept.js";
import { Recorder, trouble } from "./recorder.js";
import { clock } from "./segments.js";
import { takesFile } from "../shared/sheet.js";
import { say } from "../shared/words.js";
import { ENDINGS } from "../../texts.js";

/** @import { Tape } from "./recorder.js" */

const BARS = 40;

/**
 * @typedef {object} Lying what lies here
 * @property {Blob} blob
 * @property {string} name
 * @property {() => void} [drop] where the browser keeps it: made here, and not written down yet
 * @property {Tape} [tape] on which it was made here
 *
 * @typedef {object} Following who writes down what is said while it is recorded
 * @property {(tape: Tape) => void} begun
 * @property {() => void} paused who speaks draws breath
 * @property {() => void} done the recording lies here, whole
 */
/** @type {Lying | null} */
let recording = null;
/** @type {Recorder | null} */
let recorder = null;
/** @type {Following} */
let following = { begun() {}, paused() {}, done() {} };

/** What lies here. */
export const lying = () => recording;
/** Whether one is being made. */
export const isRecording = () => recorder !== null;
/** @param {Following} who */
export const followBy = (who) => void (following = who);

const levels = new Array(BARS).fill(0);
const meter = el("canvas", { class: "gc-meter", width: "640", height: "68", "aria-hidden": "true" });
const time = el("p", { class: "gc-clock" });
const button = el("button", { id: "mic-record", type: "button", class: "gc-record record-button", "aria-label": say("record"), title: say("record"), onclick: toggle }, el("i"));
export const player = el("audio", { controls: true, hidden: true });
const facts = el("div", { class: "gc-recording-facts", hidden: true });
const input = el("input", { type: "file", accept: ["audio/*", "video/*", ...ENDINGS.recordings].join(), class: "gc-offscreen", tabindex: "-1", "aria-label": say("recording_choose") });
export const invite = el("p", { class: "gc-muted" }, say("recording_invite"));
const choose = el("button", { type: "button", class: "gc-button gc-quiet gc-with-icon", onclick: () => input.click() }, icon("upload"), say("recording_choose"));
const note = el("div", { class: "gc-recorder-note", role: "alert", hidden: true });
const box = el("div", { class: "gc-recorder", "data-state": "empty" }, input, button, meter, time, invite, facts, player, note, choose);
meter.hidden = true;

input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (file) unlessUnsent(() => take(file, file.name));
  input.value = "";
});
takesFile(box, (file) => unlessUnsent(() => take(file, file.name)), (words) => note.hidden && tell(words)); // a question of its own is not written over
addEventListener("beforeunload", (event) => (recorder || recording?.drop) && event.preventDefault());

let recalled = false;

/** @param {HTMLElement} host */
export function showRecorderIn(host) {
  host.replaceChildren(box);
  if (!recalled) recall();
  recalled = true;
}

async function toggle() {
  if (!recorder) return unlessUnsent(start);
  await finish();
  following.done();
}

let starting = false;

async function start() {
  if (starting) return; // a second press must not open a second microphone
  starting = true;
  /** @type {Recorder} */
  const fresh = new Recorder(hearLevel, { lost: () => loseMicrophone(fresh), halted: (deaf) => tell(deaf ? say("microphone_halted") : ""), paused: () => recorder === fresh && following.paused() });
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
  following.begun(fresh.tape);
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

/** End the recording that is being made. */
export async function finish() {
  const finishing = recorder;
  recorder = null;
  awake?.release();
  awake = null;
  if (finishing) take(await finishing.stop(), say("recording_name"), finishing.kept.drop, finishing.tape);
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
 * @param {Tape} [tape]
 */
function take(blob, name, drop, tape) {
  forget();
  tell("");
  recording = { blob, name, drop, tape };
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
