// What the page's ears hear in recordings: `node --import ./tests/js/page.js benchmarks/voice/detector.js JOBS`.
//
// JOBS is a file of JSON: [{path: 16-bit samples at 16 kHz, own?: the page's own voice meanwhile, guard?, taking?}].
// Prints, for each, its events [name, seconds, stage or null]; first what they are judged by.

import { readFileSync } from "node:fs";

import { END_S, Ears, PAUSES_S, SURE } from "../../assets/js/talk/ears.js";
import { Silero } from "../../assets/js/talk/silero.js";
import { rms } from "../../assets/js/talk/activity.js";

const RATE = 16_000;
const BLOCK = 128;
const LOOKED_AT = 682; // what the loudspeaker's analyser sees: 2048 samples at 48 kHz
const WEIGHTS = new URL("../../assets/vendor/silero-vad/silero_vad_16k.safetensors", import.meta.url);

const bytes = (path) => {
  const file = readFileSync(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
};
const samplesOf = (path) => Float32Array.from(new Int16Array(bytes(path)), (sample) => sample / 32768);
const weights = bytes(WEIGHTS);

function hear({ path, own, guard = false }) {
  const sound = samplesOf(path);
  const voice = own ? samplesOf(own) : null;
  const events = [];
  let at = 0;
  const note = (name) => (stage = null) => events.push([name, at / RATE, stage]);
  const ears = new Ears({
    level() {},
    lost() {},
    halted() {},
    began: () => (note("began")(), ears.keep()),
    paused: note("paused"),
    wentOn: note("wentOn"),
    nothing: () => (note("nothing")(), ears.wait()),
    ended: note("ended"),
    own: () => (voice ? rms(voice.subarray(Math.max(0, at - LOOKED_AT), Math.max(1, at))) : 0),
  });
  ears.activity.model = new Silero(weights);
  ears.guard(guard);
  for (; at < sound.length; at += BLOCK) ears.hear(sound.subarray(at, at + BLOCK));
  return events;
}

const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify({ PAUSES_S, SURE, END_S, heard: jobs.map(hear) }));
