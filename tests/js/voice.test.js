import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Activity } from "../../assets/js/talk/activity.js";
import { Ears, LONGEST_S, WORDS_S } from "../../assets/js/talk/ears.js";
import { isOpen } from "../../assets/js/talk/heard.js";
import { FRAME, Silero } from "../../assets/js/talk/silero.js";
import { END_S, LIKELY_S, isHopeless, patienceFor } from "../../assets/js/talk/turn-end.js";
import { codeOf, languageOf } from "../../assets/js/talk/tongue.js";
import { Downsampler, Tape, pack16 } from "../../assets/js/microphone/recorder.js";

const RATE = 16_000;
const bytes = (path) => {
  const file = readFileSync(new URL(`../../${path}`, import.meta.url));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
};
const weights = bytes("assets/vendor/silero-vad/silero_vad_16k.safetensors");
const pcm = new Int16Array(bytes("tests/data/media/jfk.wav").slice(78)); // its header tells who made it
const speech = Float32Array.from(pcm, (sample) => sample / 32768);
const hiss = (seconds, level = 0.001) => Float32Array.from({ length: seconds * RATE }, (_, at) => level * Math.sin(at * at));
const cut = (from, to) => speech.subarray(from * RATE, to * RATE);

test("the voice model says what its own makers' arithmetic says", () => {
  const model = new Silero(weights);
  const chances = [];
  for (let at = 0; at + FRAME <= 140 * FRAME; at += FRAME) chances.push(model.chance(speech.subarray(at, at + FRAME)));
  // By numpy in double precision, from the layers in the package's tinygrad_model.py; every fifth frame.
  const expected = [
    0.022, 0.6456, 0.9957, 0.9955, 0.9948, 0.9917, 0.9919, 0.9986, 0.9989, 0.9971, 0.9998, 0.9982, 0.9989, 0.3973, 0.0301, 0.0231, 0.007, 0.0091, 0.0027, 0.0027,
    0.9955, 0.9905, 0.9997, 0.4393, 0.8692, 0.9976, 0.9448,
  ];
  expected.forEach((value, index) => assert.ok(Math.abs(chances[5 * (index + 1)] - value) < 2e-4, `${index}: ${chances[5 * (index + 1)]} for ${value}`));
});

/** What ears hear, with their times in seconds. */
function heard(sound, { own = () => 0, guard = false, taking = false } = {}) {
  const events = [];
  let at = 0;
  const note = (name) => (stage) => events.push([name, at / RATE, stage]);
  const ears = new Ears({ level() {}, began: () => (note("began")(), ears.keep()), fell: note("fell"), paused: note("paused"), stayed: () => note("stayed")(ears.stirs), soon: note("soon"), wentOn: note("wentOn"), nothing: () => (note("nothing")(), ears.wait()), ended: note("ended"), lost() {}, halted() {}, own: () => own(at) });
  ears.activity.model = new Silero(weights);
  ears.guard(guard);
  if (taking) ears.keep();
  for (; at < sound.length; at += 128) ears.hear(sound.subarray(at, at + 128));
  return { events, ears };
}
const joined = (...parts) => Float32Array.from(parts.flatMap((part) => [...part]));
const named = (events, name) => events.filter(([what]) => what === name);

test("who begins is noticed at once, who pauses is asked about within a tenth of a second, who is quiet has finished", () => {
  const said = cut(0.3, 2.1);
  const { events, ears } = heard(joined(hiss(1), said, hiss(2)));
  const end = 1 + said.length / RATE;
  const [, began] = named(events, "began")[0];
  assert.ok(began > 1 && began < 1.3, `began at ${began}`);
  const last = named(events, "paused").filter(([, , stage]) => stage === 0).at(-1)[1];
  assert.ok(last - end < 0.15, `asked ${last - end} s after the end`);
  const fell = named(events, "fell").at(-1)[1];
  assert.ok(fell < last && fell > end - 0.1, `falls ${last - fell} s before it is known to be a pause`);
  const [, ended] = named(events, "ended")[0];
  assert.ok(ended - end > 1.5 && ended - end < 1.8, `ended after ${ended - end}`);
  assert.ok(ears.taken.tape.seconds > end - 1 + 1.5, "the first syllable is there");
});

test("that somebody may go on is seen before it is known, and not of who stays quiet", () => {
  const { events } = heard(joined(hiss(1), cut(0.3, 2.1), hiss(0.3), cut(3.3, 4.2), hiss(0.5)));
  const pauses = named(events, "paused").filter(([, , stage]) => stage === 0).map(([, at]) => at);
  const on = named(events, "wentOn").map(([, at]) => at);
  assert.deepEqual([pauses.length, on.length], [3, 2]);
  const stirs = pauses.map((from, index) => named(events, "stayed").filter(([, at, stirred]) => at > from && at < (on[index] ?? Infinity) && stirred));
  on.forEach((known, index) => assert.ok(known - stirs[index][0][1] > 0.025, `${stirs[index][0]} before ${known}`));
  assert.deepEqual(stirs[2], []);
});

test("a pause of a second within a sentence ends nothing", () => {
  const { events } = heard(joined(hiss(1), cut(0.3, 2.1), hiss(1.2), cut(3.3, 4.2)));
  assert.equal(named(events, "ended").length, 0);
  assert.ok(named(events, "wentOn").length >= 1);
});

test("noise, knocks and typing are nobody", () => {
  const knocks = hiss(4);
  for (const at of [0.5, 0.9, 1.7, 2.6, 3.1]) for (let index = 0; index < 900; index += 1) knocks[at * RATE + index] += 0.4 * Math.sin(index * index) * Math.exp(-index / 150);
  assert.deepEqual(named(heard(knocks).events, "began"), []);
  assert.deepEqual(named(heard(joined(hiss(1), hiss(3, 0.05))).events, "began"), []);
});

test("the page's own voice does not interrupt it, somebody else does", () => {
  const own = (at) => (at > RATE ? 0.1 : 0);
  const echo = joined(hiss(1), speech).map((sample) => sample * 0.03);
  assert.deepEqual(named(heard(echo, { own, guard: true }).events, "began"), []);
  const over = echo.map((sample, at) => sample + (at > 5 * RATE && at < 6 * RATE ? speech[at - 4 * RATE] : 0));
  const [began] = named(heard(over, { own, guard: true }).events, "began");
  assert.ok(began && began[1] > 5 && began[1] < 5.6, `${began}`);
});

test("a short word is one, and is told from a click", () => {
  const word = cut(0.32, 0.57);
  const { events } = heard(joined(hiss(1), word, hiss(0.6)), { guard: true });
  assert.equal(named(events, "began").length, 1);
  assert.equal(named(events, "nothing").length, 0);
  assert.ok(named(events, "paused").length >= 1);
});

test("over the page's own voice who begins late in a frame is noticed by what lies between two", () => {
  const word = cut(0.32, 0.57);
  const begins = (frames) => {
    const noticed = [];
    for (let late = 0; late < FRAME; late += 64) {
      const sound = joined(hiss(1), hiss(late / RATE), word, hiss(0.3));
      const activity = new Activity(new Silero(weights));
      activity.guarded = true;
      const between = frames === 2 ? activity.twin() : activity;
      let at = 0;
      for (; !activity.run && !between.run; at += 64) for (const one of new Set([activity, between])) one.hear(sound.subarray(at, at + 64));
      noticed.push((at - late) / RATE - 1);
    }
    return noticed;
  };
  const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
  const [alone, two] = [begins(1), begins(2)];
  assert.ok(two.every((delay, index) => delay <= alone[index]), `${two} for ${alone}`);
  assert.ok(mean(alone) - mean(two) > 0.004, `${mean(two)} for ${mean(alone)}`);
  const heardOver = (sound) => named(heard(sound, { guard: true }).events, "began").map(([, at]) => at);
  const [began] = heardOver(joined(hiss(1), word, hiss(0.6)));
  assert.ok(began - 1 <= Math.max(...two) + 0.009, "and so do the ears");
});

test("over the page's own voice a single certain frame is somebody, and half a chance is nobody", () => {
  const frames = (...chances) => {
    const activity = new Activity({ chance: () => chances.shift() ?? 0 });
    activity.guarded = true;
    const loud = new Float32Array(FRAME).fill(0.1);
    activity.hear(new Float32Array(10 * FRAME));
    return (count) => (activity.hear(joined(...Array.from({ length: count }, () => loud))), activity.run > 0);
  };
  const silent = Array.from({ length: 10 }, () => 0);
  assert.ok(frames(...silent, 0.3, 0.9)(2), "a voiceless beginning, and the vowel");
  assert.ok(frames(...silent, 0.5, 0.7, 0.95)(3), "one that begins slowly");
  assert.ok(!frames(...silent, 0.5, 0.6, 0.7, 0.8, 0.88, 0.85)(6), "music");
  assert.ok(!frames(...silent, 0.9)(1), "one loud frame after silence is a click");
});

test("without the model loudness has to do", () => {
  const activity = new Activity();
  activity.hear(joined(hiss(1), cut(0.3, 2.1)));
  assert.ok(activity.spoken > 0.8);
});

test("what is heard at any rate is resampled as it comes, with nothing lost between two blocks", () => {
  for (const rate of [16_000, 44_100, 48_000, 8_000]) {
    const sound = Float32Array.from({ length: rate }, (_, at) => Math.sin((at * 440 * 2 * Math.PI) / rate));
    const whole = new Downsampler(rate).push(sound);
    const down = new Downsampler(rate);
    const parts = [];
    for (let at = 0; at < sound.length; at += 128) parts.push(...down.push(sound.subarray(at, at + 128)));
    assert.ok(Math.abs(whole.length - RATE) <= 1);
    assert.deepEqual(parts, [...whole], `${rate}`);
    for (const at of [100, 5000, 15_000]) assert.ok(Math.abs(whole[at] - Math.sin((at * 440 * 2 * Math.PI) / RATE)) < 0.2);
  }
});

test("half an hour at 48 kHz is resampled and packed while it is made", () => {
  const down = new Downsampler(48_000);
  const tape = new Tape();
  const second = Float32Array.from({ length: 48_000 }, (_, at) => Math.sin(at / 7) / 2);
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at < 1800; at += 1) tape.push(down.push(second));
  assert.equal(tape.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0), 1800 * RATE * 2);
  globalThis.gc?.();
  assert.ok(process.memoryUsage().arrayBuffers - before < 1800 * RATE * 4, "57.6 MB, and what waits to be collected");
  assert.equal(tape.file().size, 44 + 1800 * RATE * 2);
});

test("a tape gives its end, its fresh part and its copy", async () => {
  const tape = new Tape();
  for (let at = 0; at < 10; at += 1) tape.push(new Float32Array(100).fill(at / 10));
  assert.deepEqual([...tape.end(150 / RATE)].slice(49, 51), [...pack16(Float32Array.of(0.8, 0.9))]);
  assert.equal(tape.end(10).length, 1000);
  assert.equal(tape.fresh().size, 2000);
  assert.equal(tape.fresh().size, 0);
  const copy = tape.copy();
  copy.push(new Float32Array(5));
  assert.deepEqual([tape.samples, copy.samples, copy.fresh().size], [1000, 1005, 2010]);
  const file = new DataView(await copy.file().arrayBuffer());
  assert.deepEqual([file.byteLength, file.getUint32(4, true), file.getUint32(24, true), file.getUint32(40, true)], [44 + 2010, 36 + 2010, RATE, 2010]);
});

test("a sentence's language is seen by its letters and its smallest words", () => {
  const cases = {
    en: "It is what you want to know.", de: "Das ist nicht der Weg, den wir gehen.", fr: "Ce n'est pas la même chose pour nous.", es: "No es lo que usted quería, pero está muy bien.",
    ar: "هذا هو الجواب", ru: "Это просто ответ", ja: "これは答えです", zh: "这是答案", ko: "이것은 답입니다", it: "Questo non è il libro che ho letto.", pt: "Você não está com a chave da casa.",
    nl: "Het is niet van mij, maar ook niet van hem.", el: "Αυτή είναι η απάντηση",
  };
  for (const [language, sentence] of Object.entries(cases)) assert.equal(languageOf(sentence, language === "en" ? "de" : "en"), language, sentence);
  assert.equal(languageOf("Paris.", "fr"), "fr", "what shows nothing is in the language of the others");
  assert.equal(languageOf("Це просто відповідь", "uk"), "uk");
  assert.deepEqual(["German", "german", "de", null, "Klingon"].map(codeOf), ["de", "de", "de", "en", "en"]);
});

test("the less sure the turn model is, the longer it must stay quiet", () => {
  const cases = [
    [[], END_S], [[0.99], END_S], [[0.99, 0.97], 0], [[0.99, 0.9], LIKELY_S], [[0.9, 0.99], LIKELY_S], [[0.99, 0.5], END_S], [[0.4, 0.99], END_S], [[null, null], END_S], [[0.99, null], END_S],
  ];
  for (const [chances, patience] of cases) assert.equal(patienceFor(chances), patience, JSON.stringify(chances));
  assert.ok(isHopeless([0.5]) && isHopeless([null]) && !isHopeless([0.99]) && !isHopeless([]));
});

test("it is told that it will be the end in time for its words, and who goes on takes it back", () => {
  const { events } = heard(joined(hiss(1), cut(0.3, 2.1), hiss(1.4), cut(3.3, 4.2), hiss(2.2)));
  const soon = named(events, "soon");
  const [ended] = named(events, "ended");
  assert.equal(soon.length, 2, "before the pause was over, and at the end");
  assert.ok(Math.abs(ended[1] - soon[1][1] - WORDS_S) < 0.05);
  assert.equal(named(events, "ended").length, 1);
});

test("a turn is at most five minutes long", () => {
  const events = [];
  const none = () => {};
  const ears = new Ears({ level: none, began: none, fell: none, paused: none, stayed: none, soon: none, wentOn: none, nothing: none, ended: () => events.push(ears.taken.tape.seconds), lost: none, halted: none, own: () => 0 });
  const before = new Tape();
  before.push(new Float32Array((LONGEST_S - 0.5) * RATE));
  ears.keep(before);
  const said = cut(0.3, 2.1);
  for (let at = 0; at < said.length; at += 128) ears.hear(said.subarray(at, at + 128));
  assert.ok(Math.abs(events[0] - LONGEST_S) < 0.1, `${events}`);
});

test("what cannot be the end by its words", () => {
  for (const text of ["I would like to know if", "First the eggs, and…", "It is about the...", "Ich möchte wissen, ob du und", "on Monday,"]) assert.ok(isOpen(text), text);
  for (const text of ["What time is it?", "Stop.", "Yes", "I like the sand", "Das ist der Hand"]) assert.ok(!isOpen(text), text);
});
