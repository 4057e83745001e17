// Tells when somebody who is recorded draws breath: there a recording can be parted without cutting a word in two.

import { RATE } from "./wav.js";

/** So much quiet is no gap between two words. */
const PAUSE_S = 0.4;
/** Quiet is so much below how loud the voice was lately (−14 dB), or all but nothing (−60 dBFS). */
const BELOW = 0.2;
const FAINTEST = 0.001;
/** How fast a loud moment is forgotten: to half in four seconds. */
const FORGET_S = 4;

export class Pauses {
  /** @param {() => void} paused called once in each pause */
  constructor(paused) {
    this.paused = paused;
    this.voice = 0; // how loud it was lately, RMS
    this.quiet = 0; // seconds
  }

  /** Take in what is heard. @param {Float32Array} block at 16 kHz */
  hear(block) {
    if (!block.length) return;
    const seconds = block.length / RATE;
    const level = Math.sqrt(block.reduce((sum, sample) => sum + sample * sample, 0) / block.length);
    this.voice = Math.max(level, this.voice * 0.5 ** (seconds / FORGET_S));
    const before = this.quiet;
    this.quiet = level < Math.max(FAINTEST, BELOW * this.voice) ? before + seconds : 0;
    if (before < PAUSE_S && this.quiet >= PAUSE_S) this.paused();
  }
}
