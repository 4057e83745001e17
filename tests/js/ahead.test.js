import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Ahead, join } from "../../assets/js/microphone/ahead.js";
import { Recorder } from "../../assets/js/microphone/recorder.js";
import { RATE } from "../../assets/js/microphone/wav.js";

/** A server that says how many seconds it heard, and of which loudness the first sample was. */
let asked = [];
beforeEach(() => {
  asked = [];
});
async function write(file) {
  const seconds = (file.size - 44) / 2 / RATE;
  asked.push(seconds);
  return { text: `${seconds}`, language: "english" };
}

/** Blocks of the microphone, 8 ms each: a voice whose loudness goes up and down, over a room that hums. */
function hear(recorder, seconds, voice, room = 0.002) {
  const block = 128;
  for (let at = 0; at < (seconds * RATE) / block; at += 1) {
    const loud = voice * (0.6 + 0.4 * Math.sin(at / 6)) + room;
    recorder.microphone.heard(Float32Array.from({ length: block }, (_, index) => loud * Math.sin(index * 0.3)));
  }
}

test("a long recording is parted in its pauses, whatever the voice and the room are like", async () => {
  for (const [voice, room] of [[0.3, 0.002], [0.02, 0.0005], [0.9, 0.05], [0.05, 0]]) {
    asked = [];
    const recorder = new Recorder(() => {}, { paused: () => ahead.send() });
    const ahead = new Ahead(recorder.tape, write);
    for (const [speech, pause] of [[6, 0.2], [9, 0.6], [11, 0.5], [4, 0.3], [20, 0.7], [3, 0]]) {
      hear(recorder, speech, voice, room);
      hear(recorder, pause, 0, room);
    }
    const { text } = await ahead.words(new AbortController().signal);
    const total = recorder.tape.seconds;

    assert.equal(asked.length, 3, `${voice} over ${room}: in the two long pauses behind twenty seconds, and the rest`);
    assert.ok(Math.abs(asked[0] - 27.2) < 0.05 && Math.abs(asked[1] - 24.8) < 0.05, asked.join());
    assert.ok(Math.abs(asked.reduce((sum, one) => sum + one) - total) < 1e-6, "nothing twice and nothing left out");
    assert.equal(text, asked.join(" "), "in their order");
  }
});

test("speech without a pause is not cut within a word", async () => {
  const recorder = new Recorder(() => {}, { paused: () => assert.fail("nobody paused") });
  hear(recorder, 60, 0.3);
});

test("of a recording that is thrown away nothing more is asked", async () => {
  const signals = [];
  const recorder = new Recorder(() => {});
  const ahead = new Ahead(recorder.tape, async (file, signal) => (signals.push(signal), { text: "" }));
  hear(recorder, 25, 0.3);
  ahead.send();
  ahead.cancel();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true]);
});

test("transcripts of parts become one, with the times of the whole", () => {
  const one = { text: " Hello there. ", language: "english", duration: 20, segments: [{ start: 1, end: 2, text: "Hello there." }], words: [{ start: 1, end: 1.5, word: "Hello" }] };
  const quiet = { text: "", language: null, duration: 5, segments: [], words: [] };
  const two = { text: "Bye.", language: "english", duration: 3, segments: [{ start: 0.5, end: 1, text: "Bye." }], words: [{ start: 0.5, end: 1, word: "Bye" }] };
  const whole = join([{ from: 0, transcript: one }, { from: 20, transcript: quiet }, { from: 25, transcript: two }]);

  assert.equal(whole.text, "Hello there. Bye.");
  assert.equal(whole.duration, 28);
  assert.deepEqual(whole.segments.map(({ start, end }) => [start, end]), [[1, 2], [25.5, 26]]);
  assert.deepEqual(whole.words.map(({ start }) => start), [1, 25.5]);
});
