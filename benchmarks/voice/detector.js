// What the page's ears hear in recordings: `node --import ./tests/js/page.js benchmarks/voice/detector.js JOBS ANSWERS`.
//
// JOBS is a file of JSON: [{path: 16-bit samples at 16 kHz, own?: the page's own voice meanwhile, guard?}]. In each pause
// the turn model is asked as the page asks it: {clip, began, at, quiet} goes out as a line, its answer is the next line of
// ANSWERS, a pipe. The last line holds, for each clip, its events [name, seconds]: beside what the ears tell, "decided"
// where a turn is taken for over, "sent" where its words are there too, and "in vain" where somebody goes on whose words
// were asked for.

import { openSync, readFileSync, readSync, writeSync } from "node:fs";

import { Ears } from "../../assets/js/talk/ears.js";
import { Silero } from "../../assets/js/talk/silero.js";
import { ASKED_AT_S, BEFORE_PAUSE_S, SURE, isHopeless, patienceFor } from "../../assets/js/talk/turn-end.js";
import { rms } from "../../assets/js/talk/activity.js";

const RATE = 16_000;
const BLOCK = 128;
const LOOKED_AT = 682; // what the loudspeaker's analyser sees: 1024 samples at 24 kHz
const JUDGED_S = 0.06; // what a judgement takes on the way and on the server
const WRITTEN_S = 0.3; // and a transcript
const WEIGHTS = new URL("../../assets/vendor/silero-vad/silero_vad_16k.safetensors", import.meta.url);

const bytes = (path) => {
  const file = readFileSync(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
};
const samplesOf = (path) => Float32Array.from(new Int16Array(bytes(path)), (sample) => sample / 32768);
const weights = bytes(WEIGHTS);
const [, , listed, pipe] = process.argv;
const answers = openSync(pipe, "r");

function ask(question) {
  writeSync(1, `${JSON.stringify(question)}\n`);
  const byte = Buffer.alloc(1);
  let line = "";
  while (readSync(answers, byte) && byte[0] !== 10) line += String.fromCharCode(byte[0]);
  return JSON.parse(line);
}

class Turn {
  /** The same as the page's Talk does in a conversation, with known times for the server's part. */
  constructor(note, clip) {
    this.note = note;
    this.clip = clip;
    this.at = 0;
    this.began = 0;
    this.pause = null;
    this.opinion = null; // asked for as the voice fell
    this.coming = []; // answers on their way
    this.words = this.decided = null; // when they will be there; whether it is over
  }

  pauseAt(stage, ears) {
    if (stage >= ASKED_AT_S.length) return;
    if (stage === 0) this.pause = [];
    if (!this.pause || isHopeless(this.pause)) return;
    const known = stage === 0 && this.opinion && this.at - this.opinion.at < BEFORE_PAUSE_S ? this.opinion : this.judge(ears.activity.quiet);
    this.opinion = null;
    this.coming.push({ at: Math.max(this.at, known.at + JUDGED_S), pause: this.pause, chance: known.chance });
  }

  fell() {
    if (!this.opinion || this.at - this.opinion.at >= BEFORE_PAUSE_S) this.opinion = this.judge(0);
  }

  judge(quiet) {
    return { at: this.at, chance: ask({ clip: this.clip, began: this.began, at: this.at, quiet }) };
  }

  wantWords() {
    this.words ??= this.at + WRITTEN_S;
  }

  goOn() {
    this.pause = this.words = this.decided = null;
  }

  pass(ears) {
    for (; this.coming[0]?.at <= this.at;) {
      const { pause, chance } = this.coming.shift();
      if (pause !== this.pause || !ears.taken) continue;
      pause.push(chance);
      ears.patience = patienceFor(pause);
      if (pause.length === 1 && chance >= SURE && !ears.stirs) this.wantWords();
    }
    if (this.decided === null || this.at < this.words) return;
    this.note("sent");
    this.goOn();
    ears.cut();
  }
}

function hear({ path, own, guard = false }, clip) {
  const sound = samplesOf(path);
  const voice = own ? samplesOf(own) : null;
  const events = [];
  let at = 0;
  const note = (name) => events.push([name, at / RATE]);
  const turn = new Turn(note, clip);
  const ears = new Ears({
    level() {},
    lost() {},
    halted() {},
    began: () => ((turn.began = at / RATE), note("began"), ears.keep()),
    fell: () => turn.fell(),
    paused: (stage) => turn.pauseAt(stage, ears),
    stayed() {},
    soon: () => turn.wantWords(),
    wentOn: () => (turn.words !== null && note("in vain"), turn.goOn()),
    nothing: () => (note("nothing"), turn.goOn(), ears.wait()),
    ended: () => (note("decided"), turn.wantWords(), (turn.decided = at / RATE)),
    own: () => (voice ? rms(voice.subarray(Math.max(0, at - LOOKED_AT), Math.max(1, at))) : 0),
  });
  ears.activity.model = new Silero(weights);
  ears.guard(guard);
  for (; at < sound.length; at += BLOCK) {
    turn.at = at / RATE;
    ears.hear(sound.subarray(at, at + BLOCK));
    turn.pass(ears);
  }
  return events;
}

const jobs = JSON.parse(readFileSync(listed, "utf8"));
writeSync(1, `${JSON.stringify({ heard: jobs.map(hear) })}\n`);
