import assert from "node:assert/strict";
import { test } from "node:test";

import { Microphone, trouble } from "../../assets/js/microphone/recorder.js";
import { holds } from "../../assets/js/talk/hold.js";

const VOICES = [{ lang: "de-DE", name: "Anna" }];
let voices = [];
const loaded = [];
const uttered = [];
globalThis.speechSynthesis = {
  getVoices: () => voices,
  addEventListener: (name, listener) => name === "voiceschanged" && loaded.push(listener),
  cancel() {},
  resume() {},
  speak(utterance) {
    uttered.push([utterance.text, utterance.voice.name]);
    utterance.onstart();
    utterance.onend();
  },
};
globalThis.SpeechSynthesisUtterance = class {
  constructor(text) {
    this.text = text;
  }
};
const { Voice } = await import("../../assets/js/talk/voice.js");

const later = (milliseconds = 5) => new Promise((wake) => setTimeout(wake, milliseconds));

test("voices that a browser finds late are waited for", async () => {
  const voice = new Voice({ currentTime: 0, resume() {} }, { output: null, language: "German", began() {}, told: (note) => uttered.push(note) });
  voice.say("Das ist nicht der Weg, den wir gehen.");
  voice.end();
  await later();
  assert.deepEqual(uttered, []);
  voices = VOICES;
  for (const listener of loaded) listener();
  await voice.done;
  assert.deepEqual(uttered, [["Das ist nicht der Weg, den wir gehen.", "Anna"]]);
});

const WAV = new Uint8Array([..."RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0data\x04\0\0\0\0\0\0\0"].map((letter) => letter.charCodeAt(0))).buffer;

/** A loudspeaker that writes down what is played, by its length. */
const loudspeaker = (played) => ({
  currentTime: 0,
  sampleRate: 24_000,
  resume() {},
  createBuffer: (_, length) => ({ duration: 0, length, copyToChannel() {} }),
  decodeAudioData: () => Promise.reject(new Error("this is no sound")),
  createBufferSource: () => ({ connect() {}, addEventListener() {}, start() { played.push(this.buffer.length); } }),
});

test("a piece that broke on the way is asked for once more, alone, and one that is no sound is the browser's to say", async () => {
  voices = [...VOICES, { lang: "en-GB", name: "Kate" }];
  uttered.length = 0;
  const [asked, played, told] = [[], [], []];
  const before = globalThis.fetch;
  globalThis.fetch = async (address, { body } = {}) => {
    if (!String(address).endsWith("/speak")) return before(address);
    const { text } = JSON.parse(body);
    asked.push(text);
    if (text === "Two." && asked.filter((one) => one === text).length < 2) throw new TypeError("the line is cut");
    return text === "Three." ? new Response("<html>", { headers: { "content-type": "text/html" } }) : new Response(WAV);
  };
  const voice = new Voice(loudspeaker(played), { output: null, language: "English", began() {}, told: (note) => told.push(note) });
  for (const text of ["One.", "Two.", "Three."]) {
    voice.say(text);
    await later(20);
  }
  voice.end();
  await voice.done;
  globalThis.fetch = before;
  assert.deepEqual(asked.toSorted(), ["One.", "Three.", "Three.", "Two.", "Two."]);
  assert.deepEqual([played, uttered], [[2, 2], [["Three.", "Kate"]]], "nothing lost, nothing twice");
  assert.equal(told.length, 1, "and it is told");
});

test("the next piece is told to begin where the last one ends, before it does, and one that is late at once", async () => {
  const [clock, starts] = [{ currentTime: 0 }, []];
  const context = Object.assign(clock, loudspeaker([]), {
    createBuffer: (_, length) => ({ duration: 0.4, length, copyToChannel() {} }),
    createBufferSource: () => ({ connect() {}, addEventListener() {}, start: (at) => starts.push([at, clock.currentTime]) }),
  });
  const before = globalThis.fetch;
  globalThis.fetch = async (address) => (String(address).endsWith("/speak") ? new Response(WAV) : before(address));
  const voice = new Voice(context, { output: null, language: "English", began() {}, told() {} });
  const begun = async (count) => {
    while (starts.length < count) await later();
  };
  voice.say("One.");
  voice.say("Two.");
  await begun(1);
  clock.currentTime = 0.2;
  await begun(2);
  clock.currentTime = 1;
  voice.say("Three.");
  voice.end();
  await begun(3);
  clock.currentTime = 2;
  await voice.done;
  globalThis.fetch = before;
  assert.deepEqual(starts, [[0, 0], [0.4, 0.2], [1, 1]]);
});

test("why there is no microphone is told apart: not here, refused, in use, none", () => {
  const why = (secure, name, devices = {}) => {
    globalThis.isSecureContext = secure;
    Object.defineProperty(globalThis.navigator, "mediaDevices", { value: devices, configurable: true });
    return trouble(Object.assign(new Error("no"), { name }));
  };
  assert.equal(why(false, "TypeError"), "microphone_insecure", "plain http from elsewhere");
  assert.equal(why(true, "TypeError", null), "microphone_insecure", "a browser that has none to give");
  assert.equal(why(true, "NotAllowedError"), "microphone_refused");
  for (const name of ["NotReadableError", "AbortError"]) assert.equal(why(true, name), "microphone_in_use");
  for (const name of ["NotFoundError", "OverconstrainedError"]) assert.equal(why(true, name), "microphone_none");
});

/** A key event of a time. */
function key(type, at, more = {}) {
  const event = new window.Event(type, { cancelable: true });
  Object.defineProperty(event, "timeStamp", { value: at });
  return Object.assign(event, { key: " " }, more);
}

test("holding is told by the events' own times, however late the script comes that is told", async () => {
  globalThis.addEventListener ??= () => {};
  const told = [];
  let come;
  const script = new Promise((resolve) => (come = resolve));
  const button = document.createElement("button");
  holds(button, () => script);
  button.dispatchEvent(key("keydown", 1000));
  button.dispatchEvent(key("keydown", 1030, { repeat: true }));
  button.dispatchEvent(key("keyup", 3000));
  button.dispatchEvent(key("keyup", 3001));
  await later();
  assert.deepEqual(told, []);
  come({ press: (at) => told.push(["press", at]), release: (at) => told.push(["release", at]), click() {} });
  await later();
  assert.deepEqual(told, [["press", 1000], ["release", 3000]], "once each");
});

test("a microphone that is allowed only after it was closed does not stay open", async () => {
  let stopped = 0;
  let allow;
  const asked = new Promise((resolve) => (allow = resolve));
  Object.defineProperty(globalThis.navigator, "mediaDevices", { value: { getUserMedia: () => asked }, configurable: true });
  const microphone = new Microphone(() => assert.fail("nobody listens"));
  const opening = microphone.open();
  await microphone.close();
  allow({ getTracks: () => [{ stop: () => (stopped += 1) }] });
  await opening;
  assert.equal(stopped, 1);
});
