// Tells speech from everything else: a model that knows voices (silero.js), and loudness, which knows whose voice it is:
// people in the background and what comes back from the loudspeaker are speech too, but not as loud as who speaks here.

import { FRAME } from "./silero.js";

export const FRAME_S = FRAME / 16_000;
/** Speech begins at one chance and goes on at a lower one, so that it does not flicker. */
const BEGINS = 0.5;
const GOES_ON = 0.35;
/** So sure of a single frame the model is of voices, and hardly ever of music: who interrupts is known by one; */
const CERTAIN = 0.9;
/** or of so much, where it was not before: voices begin at once, what it takes for one in music comes slowly. */
const SUDDEN = 0.8;
const BEFORE = 0.45;
/** Without the model: at least this loud (RMS, full scale 1: −40 dBFS). */
const LEAST = 0.01;
/** With it: nothing quieter can be somebody at this microphone (−60 dBFS). */
const FAINTEST = 0.001;
/** Speech is so many times as loud as what the quietest tenth of the last seconds was: speech dips to it, babble not. */
const ABOVE = 3;
const MEMORY = Math.round(6 / FRAME_S);
const QUIETEST = 0.1;
const LOUDEST_ROOM = 0.05;
/** A gap within a word or between two does not end a run of speech. */
const BRIDGED_S = 0.2;
/** What comes back from the loudspeaker is at first taken to be so loud (−24 dB), and learnt from there. */
const ECHO = 0.06;
const MOST_ECHO = 0.5;
/** So many times as loud as its echo is somebody else. */
const LOUDER = 2;
/** Of its estimate, in a frame: up by 3 dB a second, down by 1. */
const RISE = 10 ** ((3 * FRAME_S) / 20);
const FALL = 10 ** ((-1 * FRAME_S) / 20);
/** An echo comes so late at most. */
const DELAY = Math.round(0.4 / FRAME_S);

const SILENT = new Float32Array(FRAME);

/** @typedef {{ chance: (frame: Float32Array) => number, twin: () => Model }} Model says how likely it is that a frame holds speech */

export class Activity {
  /**
   * @param {Model | null} [model]
   */
  constructor(model = null) {
    this.model = model;
    this.frame = new Float32Array(FRAME);
    this.filled = 0;
    /** @type {number[]} of the last frames */
    this.levels = [];
    this.room = 0;
    this.echo = ECHO;
    /** @type {number[]} how loud the page itself was in the last frames */
    this.own = [];
    this.passed = false; // whether the last frame was speech by itself
    this.loud = false; // whether it could have been somebody by its loudness
    this.known = [0, 0]; // what the model said of the last two frames
    this.unsure = 0; // frames just before this one that would go on with speech but do not begin it
    /** Whether the page speaks itself meanwhile: then nobody begins by half a chance, and by a whole one at once. */
    this.guarded = false;
    /** Level of the last frame, RMS. */
    this.level = 0;
    this.run = 0;
    this.spoken = 0;
    this.quiet = 0;
    this.reset();
  }

  /** Forget what was said, but not how the room sounds. */
  reset() {
    this.run = 0; // seconds of speech, up to now
    this.spoken = 0; // seconds of speech, all together
    this.quiet = 0; // seconds since the last speech
  }

  /**
   * Take in what is heard.
   *
   * @param {Float32Array} block at 16 kHz
   * @param {number} [own] how loud the page itself speaks now, RMS at its loudspeaker
   */
  hear(block, own = 0) {
    for (let at = 0; at < block.length;) {
      const taken = block.subarray(at, at + FRAME - this.filled);
      this.frame.set(taken, this.filled);
      this.filled += taken.length;
      at += taken.length;
      if (this.filled < FRAME) return;
      this.filled = 0;
      this.#frame(own);
    }
  }

  /** Another one that has heard the same, and whose frames lie between these from now on. */
  twin() {
    const twin = new Activity(this.model?.twin() ?? null);
    const { levels, own, echo, guarded, known, loud } = this;
    Object.assign(twin, { levels: [...levels], own: [...own], echo, guarded, known: [...known], loud });
    twin.filled = (this.filled + FRAME / 2) % FRAME;
    return twin;
  }

  /** @param {number} own */
  #frame(own) {
    this.level = rms(this.frame);
    this.own.push(own);
    if (this.own.length > DELAY) this.own.shift();
    this.levels.push(this.level);
    if (this.levels.length > MEMORY) this.levels.shift();
    const sorted = this.levels.toSorted((one, other) => one - other);
    this.room = Math.min(LOUDEST_ROOM, sorted[Math.floor(QUIETEST * sorted.length)]);
    const loud = this.level > this.#threshold();
    // An echo is speech too: heard by the model, it would take whatever is louder for more of it.
    const echo = !loud && own >= FAINTEST;
    const known = this.model ? this.model.chance(echo ? SILENT : this.frame) : Number(this.level > LEAST);
    const speech = loud && known >= this.#begins();
    // One frame alone is a click; only the second of two in a row ends a pause.
    const held = this.quiet > 0 && !this.guarded;
    const counts = speech && (this.passed || !held);
    if (counts) {
      const late = 1 + (held ? 1 : this.unsure); // with those that were held back
      this.run += late * FRAME_S;
      this.spoken += late * FRAME_S;
      this.quiet = 0;
    } else {
      this.quiet += FRAME_S;
      if (this.quiet > BRIDGED_S) this.run = 0;
    }
    this.passed = speech;
    this.unsure = loud && !counts && known >= GOES_ON ? this.unsure + 1 : 0;
    this.loud = loud;
    this.known = [this.known[1], known];
  }

  #begins() {
    if (!this.quiet) return GOES_ON;
    if (!this.guarded) return BEGINS;
    if (!this.loud) return Infinity; // what is loud for a single frame is a click
    return this.known[0] < BEFORE ? SUDDEN : CERTAIN;
  }

  // Learns how loud the loudspeaker is in the microphone, slowly, so that who speaks over it is not learnt with it.
  #threshold() {
    const own = Math.max(...this.own);
    const least = Math.max(FAINTEST, ABOVE * this.room);
    if (own < FAINTEST) return least;
    const heard = this.level / own;
    this.echo = Math.min(MOST_ECHO, heard > this.echo ? Math.min(heard, this.echo * RISE) : Math.max(heard, this.echo * FALL));
    return Math.max(least, LOUDER * this.echo * own);
  }
}

/** @param {Float32Array | Int16Array} samples */
export function rms(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}
