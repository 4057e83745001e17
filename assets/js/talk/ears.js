// Listens while somebody talks with the page: keeps what is said, and tells when they begin, pause, go on and stop.

import { Activity, FRAME_S, rms } from "./activity.js";
import { ASKED_AT_S, END_S } from "./turn-end.js";
import { keep } from "../microphone/kept.js";
import { Microphone, Tape } from "../microphone/recorder.js";
import { RATE } from "../microphone/wav.js";

/** What is kept from before the moment speech is noticed, so that no first syllable is lost. */
const BEFORE_S = 0.4;
/** So much speech is somebody: a word like "stop" has a quarter of a second, a click or a knock less. */
const NOTICED_S = 0.12;
/** Less is no word. */
const WORD_S = 0.15;
/** After so much quiet it is told: twice to ask whether it was the end, and once where people draw breath. */
export const PAUSES_S = [...ASKED_AT_S, 0.4];
/** After so much quiet what was no word is forgotten. */
const NOTHING_S = 0.4;
/** Nobody who asks speaks longer at a time; the rest is the next question. */
export const LONGEST_S = 300;
/** So long before it will be the end it is told, for its words to be there in time. */
export const WORDS_S = 0.4;
/** What falls so far below the loudest of the last moments (−20 dB) may be a pause, some time before it is known to be one. */
const FALLEN = 0.1;
const RISEN = 0.2;
const SMOOTHED_S = 0.01;
const LOUDEST_FADES_S = 0.5;
/** A voice that has risen is known to speak by then; what is loud for longer in a pause is none. */
const STIRS_S = 0.1;
const TELL_EVERY_S = 0.05;
const KEEP_EVERY_S = 2;

/**
 * @import { Kept } from "../microphone/kept.js"
 *
 * @typedef {{ tape: Tape, kept: Kept }} Taken what was said in a turn
 *
 * @typedef {object} Listener
 * @property {(level: number) => void} level loudness from 0 to 1, twenty times a second
 * @property {() => void} began somebody speaks
 * @property {() => void} fell their voice falls: a pause may begin
 * @property {(stage: number) => void} paused they are quiet for as long as this stage of {@link PAUSES_S} says
 * @property {() => void} stayed the pause lasts some milliseconds more, as far as is known
 * @property {() => void} soon if they stay quiet it will be the end
 * @property {() => void} wentOn they were quiet, and are not any more
 * @property {() => void} nothing it was no word: a cough, a door
 * @property {() => void} ended they have been quiet for so long that they have finished, or spoken long enough
 * @property {() => void} lost the microphone is gone
 * @property {(deaf: boolean) => void} halted nothing comes from it, or comes again
 * @property {() => number} own how loud the page itself speaks right now
 */
export class Ears {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Float32Array[]} blocks from before a turn */
    this.recent = [];
    this.recentSamples = 0;
    /** @type {Taken | null} a turn, while one is taken down */
    this.taken = null;
    this.noticed = NOTICED_S;
    this.activity = new Activity();
    /** @type {Activity | null} over the page's own voice: one whose frames lie between those, by which who begins late in one is noticed sooner */
    this.between = null;
    this.fall = new Fall();
    this.told = 0;
    this.keptAt = 0;
    this.stage = 0; // of the pause that goes on
    /** Seconds for which it must stay quiet to be the end. */
    this.patience = END_S;
    this.toldSoon = false;
    this.ended = false;
    this.microphone = new Microphone(
      (block) => this.hear(block),
      () => listener.lost(),
      (deaf) => listener.halted(deaf),
    );
  }

  /** Open the microphone; rejects when there is none or it is not allowed. */
  async open() {
    await this.microphone.open({ echoCancellation: true });
  }

  /** Close it. What is being taken down stays kept by the browser unless it was cut. */
  close() {
    this.taken = null;
    return this.microphone.close();
  }

  /** Whether the page speaks itself meanwhile. @param {boolean} on */
  guard(on) {
    this.noticed = on ? FRAME_S : NOTICED_S;
    this.activity.guarded = on;
    this.between = null;
  }

  /** Wait for somebody to speak. */
  wait() {
    this.taken?.kept.drop();
    this.taken = null;
    this.#begin();
  }

  /** Take down from now on, beginning with the last moments; after what was said before, where that goes on. @param {Tape | null} [before] */
  keep(before) {
    this.taken = { tape: before?.copy() ?? new Tape(), kept: keep("talk") };
    this.keptAt = 0;
    this.activity.spoken = this.activity.run;
    for (const block of this.recent) this.taken.tape.push(block);
    this.recent = [];
    this.recentSamples = 0;
    this.stage = 0;
    this.waitOn();
    if (before) this.#keep(this.taken);
  }

  /** It is not the end yet, whatever was said before: only if nobody says anything for long. */
  waitOn() {
    this.patience = END_S;
    this.ended = this.toldSoon = false;
  }

  /** Seconds of speech in what is being taken down, or was last. */
  get spoken() {
    return this.activity.spoken;
  }

  /** Whether what was heard can be a word. */
  get isWord() {
    return this.activity.spoken >= WORD_S;
  }

  /** Seconds for which nobody has spoken. */
  get quiet() {
    return this.activity.quiet;
  }

  /** Whether their voice rises, or one frame sounds like speech: they may be about to go on, or it was a click. */
  get stirs() {
    return this.activity.passed || this.fall.risen < STIRS_S;
  }

  /** End of a turn: what was said. */
  cut() {
    const { taken } = this;
    this.taken = null;
    if (taken) this.#keep(taken);
    this.#begin();
    return taken;
  }

  #begin() {
    this.activity.reset();
    this.between = null;
    this.stage = 0;
    this.waitOn();
    this.keptAt = 0;
  }

  /** @param {Taken} taken */
  #keep({ tape, kept }) {
    kept.add(tape.fresh());
    this.keptAt = tape.seconds;
  }

  /** Take in what the microphone hears. @param {Float32Array} block */
  hear(block) {
    const { activity, listener } = this;
    const wasQuiet = activity.quiet >= PAUSES_S[0];
    const own = listener.own();
    activity.hear(block, own);
    const fell = this.fall.hear(block);
    const seconds = block.length / RATE;
    this.told += seconds;
    if (this.told >= TELL_EVERY_S) {
      this.told = 0;
      listener.level(loudness(activity.level));
    }
    if (this.taken) this.#take(this.taken, block, wasQuiet, fell);
    else this.#wait(block, own);
  }

  /**
   * @param {Float32Array} block
   * @param {number} own
   */
  #wait(block, own) {
    this.recent.push(block);
    this.recentSamples += block.length;
    while (this.recentSamples - this.recent[0].length > (this.noticed + BEFORE_S) * RATE) this.recentSamples -= this.recent.shift()?.length ?? 0;
    const { activity, between } = this;
    if (between) between.hear(block, own);
    else if (activity.guarded && activity.model) this.between = activity.twin();
    const least = this.noticed - FRAME_S / 4;
    if (Math.max(activity.run, between?.run ?? 0) < least) return;
    if (activity.run < least) activity.quiet = 0; // somebody speaks, as its next frame will show
    this.listener.began();
  }

  /**
   * @param {Taken} taken
   * @param {Float32Array} block
   * @param {boolean} wasQuiet
   * @param {boolean} fell
   */
  #take(taken, block, wasQuiet, fell) {
    const { activity, listener } = this;
    taken.tape.push(block);
    if (taken.tape.seconds - this.keptAt >= KEEP_EVERY_S) this.#keep(taken);
    if (activity.quiet < PAUSES_S[0]) {
      this.stage = 0;
      if (wasQuiet && this.isWord) {
        this.waitOn();
        listener.wentOn();
      }
    }
    if (this.ended) return;
    if (fell && this.isWord && !activity.quiet) listener.fell();
    if (wasQuiet && this.stage) listener.stayed();
    if (!this.isWord && activity.quiet >= NOTHING_S) listener.nothing();
    while (this.isWord && this.stage < PAUSES_S.length && activity.quiet >= PAUSES_S[this.stage]) {
      this.stage += 1;
      listener.paused(this.stage - 1);
    }
    if (this.taken !== taken) return;
    if (!this.toldSoon && this.isWord && activity.quiet >= this.patience - WORDS_S) {
      this.toldSoon = true;
      listener.soon();
    }
    if (activity.quiet < this.patience && taken.tape.seconds < LONGEST_S) return;
    this.ended = true;
    listener.ended();
  }
}

/** Tells when a voice falls and rises, within hundredths of a second. */
class Fall {
  power = 0;
  loudest = 0;
  fallen = true;
  /** Seconds for which it has been up again. */
  risen = Infinity;

  /** Whether it has just fallen. @param {Float32Array} block */
  hear(block) {
    const seconds = block.length / RATE;
    this.power += (1 - Math.exp(-seconds / SMOOTHED_S)) * (rms(block) ** 2 - this.power);
    this.loudest = Math.max(this.power, this.loudest * Math.exp(-seconds / LOUDEST_FADES_S));
    const level = Math.sqrt(this.power / (this.loudest + 1e-12));
    const fell = !this.fallen && level < FALLEN;
    if (fell) this.risen = Infinity;
    else this.risen = this.fallen && level > RISEN ? 0 : this.risen + seconds;
    if (fell || level > RISEN) this.fallen = fell;
    return fell;
  }
}

/** As people hear it: 0 at −50 dBFS, 1 at −5. @param {number} level */
const loudness = (level) => Math.min(1, Math.max(0, (20 * Math.log10(level + 1e-9) + 50) / 45));
