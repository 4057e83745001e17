// Tells speech from silence by loudness: what is well above the quiet of the last seconds. No more is needed to know
// when somebody begins and when they have finished; what was said is for Whisper to find out.

const WINDOW_S = 0.02;
/** Speech is at least this loud (RMS, full scale 1: −40 dBFS) and this many times as loud as the quiet around it. */
const LEAST = 0.01;
const ABOVE = 3;
/** The quietest moment of so long is the room's own noise: speech dips to it between words, a fan does not. */
const MEMORY = 2 / WINDOW_S;
const LOUDEST_ROOM = 0.05;
/** A gap within a word or between two does not end a run of speech. */
const BRIDGED_S = 0.2;

export class Activity {
  /** @param {number} rate samples a second */
  constructor(rate) {
    this.size = Math.round(rate * WINDOW_S);
    /** @type {number[]} of the last windows */
    this.levels = [];
    this.sum = 0;
    this.count = 0;
    this.level = 0;
    this.run = 0;
    this.spoken = 0;
    this.quiet = 0;
    /** How much louder than usual speech must be: 2 while a loudspeaker talks. */
    this.strictness = 1;
    this.reset();
  }

  /** Forget what was heard, but not how quiet the room is. */
  reset() {
    this.level = 0; // of the last window, RMS
    this.run = 0; // seconds of speech, up to now
    this.spoken = 0; // seconds of speech, all together
    this.quiet = 0; // seconds since the last speech
  }

  /** @param {Float32Array} block */
  hear(block) {
    for (const sample of block) {
      this.sum += sample * sample;
      this.count += 1;
      if (this.count >= this.size) this.#window();
    }
  }

  #window() {
    this.level = Math.sqrt(this.sum / this.count);
    this.sum = this.count = 0;
    this.levels.push(this.level);
    if (this.levels.length > MEMORY) this.levels.shift();
    const room = Math.min(LOUDEST_ROOM, ...this.levels);
    if (this.level > this.strictness * Math.max(LEAST, ABOVE * room)) {
      this.run += WINDOW_S;
      this.spoken += WINDOW_S;
      this.quiet = 0;
    } else {
      this.quiet += WINDOW_S;
      if (this.quiet > BRIDGED_S) this.run = 0;
    }
  }
}
