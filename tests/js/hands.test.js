import assert from "node:assert/strict";
import { test } from "node:test";

import { Microphone } from "../../assets/js/microphone/recorder.js";
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
