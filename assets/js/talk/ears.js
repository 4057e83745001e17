// Listens while somebody talks with the page: keeps what is said, and tells when they begin and when they stop.

import { Activity } from "./activity.js";
import { Microphone, recording } from "../microphone/recorder.js";

/** What is kept from before the moment speech is noticed, so that no first syllable is lost. */
const BEFORE_S = 0.3;
const NOTICED_S = 0.12;
const INTERRUPTS_S = 0.25;
const PAUSE_S = 0.9;
const TELL_EVERY_S = 0.05;

/**
 * @typedef {object} Listener
 * @property {(level: number) => void} level loudness from 0 to 1, twenty times a second
 * @property {() => void} began somebody speaks
 * @property {() => void} paused they have stopped
 * @property {() => void} lost the microphone is gone
 */
export class Ears {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Float32Array[]} blocks from before a turn */
    this.recent = [];
    /** @type {Float32Array[] | null} blocks of a turn, while one is taken down */
    this.kept = null;
    this.noticed = NOTICED_S;
    /** @type {Activity | undefined} there once it is open */
    this.activity = undefined;
    this.told = 0;
    this.microphone = new Microphone(
      (block) => this.#take(block),
      () => listener.lost(),
    );
  }

  /** Open the microphone; rejects when there is none or it is not allowed. */
  async open() {
    await this.microphone.open({ echoCancellation: true });
    this.activity = new Activity(this.microphone.rate);
  }

  close() {
    this.kept = null;
    return this.microphone.close();
  }

  /** Somebody has to speak louder and longer to be noticed while the page speaks itself. @param {boolean} on */
  guard(on) {
    this.noticed = on ? INTERRUPTS_S : NOTICED_S;
    if (this.activity) this.activity.strictness = on ? 2 : 1;
  }

  /** Wait for somebody to speak. */
  wait() {
    this.kept = null;
    this.activity?.reset();
  }

  /**
   * Take down from now on, beginning with the last moments, and with what was said before but never sent.
   *
   * @param {Float32Array[]} [before]
   */
  keep(before = []) {
    this.kept = [...before, ...this.recent];
    this.recent = [];
  }

  /** Seconds of speech in what is being taken down, or was last. */
  get spoken() {
    return this.activity?.spoken ?? 0;
  }

  /** End of a turn: its blocks. */
  cut() {
    const blocks = this.kept ?? [];
    this.wait();
    return blocks;
  }

  /** Blocks as a file. @param {Float32Array[]} blocks */
  file(blocks) {
    return recording(blocks, this.microphone.rate);
  }

  /** @param {Float32Array} block */
  #take(block) {
    const { activity, microphone, listener } = this;
    if (!activity) return;
    activity.hear(block);
    const seconds = block.length / microphone.rate;
    this.told += seconds;
    if (this.told >= TELL_EVERY_S) {
      this.told = 0;
      listener.level(loudness(activity.level));
    }
    if (this.kept) {
      this.kept.push(block);
      if (activity.spoken > NOTICED_S && activity.quiet >= PAUSE_S) listener.paused();
      return;
    }
    this.recent.push(block);
    const most = (this.noticed + BEFORE_S) / seconds;
    while (this.recent.length > most) this.recent.shift();
    if (activity.run >= this.noticed) listener.began();
  }
}

/** As people hear it: 0 at −50 dBFS, 1 at −5. @param {number} level */
const loudness = (level) => Math.min(1, Math.max(0, (20 * Math.log10(level + 1e-9) + 50) / 45));
