import assert from "node:assert/strict";
import { test } from "node:test";

import { VOICE_RATE, samplesOf, soundOf } from "../../assets/js/talk/sound.js";

const SAMPLES = Int16Array.of(0, 16384, -16384, 32767, -32768);
const FLOATS = [...SAMPLES].map((sample) => sample / 32768);

/** A WAV file; `told` is what its header says of the length of its samples. */
function wav({ tag = 1, channels = 1, rate = VOICE_RATE, bits = 16, told = 2 * SAMPLES.length, before = 0, form = true, data = true } = {}) {
  const bytes = [];
  const text = (word) => bytes.push(...[...word].map((letter) => letter.charCodeAt(0)));
  const number = (value, size) => bytes.push(...Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 255));
  text("RIFF");
  number(0xffffffff, 4);
  text("WAVE");
  if (form) {
    text("fmt ");
    number(16, 4);
    for (const [value, size] of [[tag, 2], [channels, 2], [rate, 4], [2 * rate, 4], [2, 2], [bits, 2]]) number(value, size);
  }
  if (before) {
    text("LIST");
    number(before, 4);
    bytes.push(...new Uint8Array(before + (before % 2)));
  }
  if (data) {
    text("data");
    number(told, 4);
    bytes.push(...new Uint8Array(SAMPLES.buffer));
  }
  return Uint8Array.from(bytes).buffer;
}

test("samples that stand in a file as they are played are taken from it, whatever its header says of their length", () => {
  for (const told of [10, 0, 0xffffffff, 11, 5000]) assert.deepEqual([...samplesOf(wav({ told }), VOICE_RATE)], FLOATS, `${told}`);
  assert.deepEqual([...samplesOf(wav({ told: 4 }), VOICE_RATE)], FLOATS.slice(0, 2), "what follows is no sound");
  assert.deepEqual([...samplesOf(wav({ told: 5 }), VOICE_RATE)], FLOATS.slice(0, 2), "half a sample is none");
  for (const before of [4, 7]) assert.deepEqual([...samplesOf(wav({ before }), VOICE_RATE)], FLOATS);
});

test("any other file is the browser's to decode, one that is broken too", async () => {
  const whole = wav();
  const others = [
    wav({ tag: 3 }), wav({ tag: 0xfffe }), wav({ channels: 2 }), wav({ rate: 16_000 }), wav({ bits: 8 }), wav({ form: false }), wav({ data: false }),
    new ArrayBuffer(0), new TextEncoder().encode("<!doctype html>nobody speaks").buffer, new Uint8Array(5000).buffer,
    ...Array.from({ length: 45 }, (_, length) => whole.slice(0, length)),
  ];
  const decoded = [];
  const context = { sampleRate: VOICE_RATE, decodeAudioData: async (file) => decoded.push(file) };
  for (const file of others) await soundOf(context, file);
  assert.deepEqual(decoded, others);
});

test("a voice's sound is made at its own rate", async () => {
  const context = {
    sampleRate: VOICE_RATE,
    createBuffer: (channels, length, rate) => ({ channels, length, rate, copyToChannel(samples) { this.samples = [...samples]; } }),
  };
  const { channels, length, rate, samples } = await soundOf(context, wav());
  assert.deepEqual([channels, length, rate, samples], [1, SAMPLES.length, VOICE_RATE, FLOATS]);
});
