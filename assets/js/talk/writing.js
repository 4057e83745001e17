// From what was said to its words: asked for while a pause may still turn out to be one within a sentence, and, of what
// takes long, part by part while somebody still speaks.

import { isOpen, transcribe } from "./heard.js";

/** So much is worth a request of its own: shorter ones are there as soon whole, and are billed as ten seconds anyway. */
const PART_S = 20;

/**
 * @import { Tape } from "../microphone/recorder.js"
 * @import { Taken } from "./ears.js"
 * @import { Heard } from "./heard.js"
 *
 * @typedef {{ tape: null, file: Blob, why: string, kept: { drop: () => void } }} Again what nobody could write down before
 * @typedef {(Taken & { file?: undefined }) | Again} Said
 * @typedef {"maybe" | "likely" | "over"} Sureness whether the turn is over: it stays quiet; it is, unless its words say
 *   that it is not; it is, whatever they say
 * @typedef {{ tape: Tape, blocks: number, seconds: number, words: Promise<Heard>[], controller: AbortController }} Ahead what
 *   was sent of a turn that is not over
 */

/** Words on their way. */
export class Guess {
  /**
   * @param {Said} said
   * @param {Sureness} sureness
   */
  constructor(said, sureness) {
    this.said = said;
    /** @type {Sureness} */
    this.sureness = sureness;
    this.controller = new AbortController();
    /** Somebody speaks again, and what is taken down of it begins with this. */
    this.joined = false;
  }

  /** @type {Heard | undefined} what they are, once they are known */
  heard;

  /** Whether nobody could write it down, or its words tell that more of it comes. */
  get open() {
    return Boolean(this.heard && (this.heard.error || isOpen(this.heard.text)));
  }
}

export class Writing {
  /** @param {(guess: Guess) => void} written its words are known, or why not */
  constructor(written) {
    this.written = written;
    /** @type {Guess | null} */
    this.guess = null;
    /** @type {Ahead | null} */
    this.ahead = null;
  }

  /**
   * @param {Said} said
   * @param {Sureness} sureness
   */
  async begin(said, sureness) {
    if (this.guess?.joined) this.guess.said.kept.drop();
    this.drop();
    const guess = (this.guess = new Guess(said, sureness));
    const { signal } = guess.controller;
    guess.heard = await (said.file ? transcribe(said.file, signal) : this.#words(said.tape, signal));
    if (this.guess === guess) this.written(guess);
  }

  /** Its words are not wanted any more, or have been used. */
  drop() {
    this.guess?.controller.abort();
    this.guess = null;
  }

  /** Nothing of what was said is wanted. */
  clear() {
    this.drop();
    this.ahead?.controller.abort();
    this.ahead = null;
  }

  /** Send what was said since the last part, if it is long enough; best in a pause. @param {Tape} tape */
  sendAhead(tape) {
    if (this.ahead?.tape !== tape) {
      this.ahead?.controller.abort();
      this.ahead = { tape, blocks: 0, seconds: 0, words: [], controller: new AbortController() };
    }
    const { ahead } = this;
    if (tape.seconds - ahead.seconds < PART_S) return;
    ahead.words.push(transcribe(tape.file(ahead.blocks), ahead.controller.signal));
    ahead.blocks = tape.chunks.length;
    ahead.seconds = tape.seconds;
  }

  /**
   * @param {Tape} tape
   * @param {AbortSignal} signal
   * @returns {Promise<Heard>}
   */
  async #words(tape, signal) {
    const ahead = this.ahead?.tape === tape ? this.ahead : null;
    const last = await transcribe(tape.file(ahead?.blocks), signal);
    if (!ahead?.words.length || last.error) return last;
    const all = [...(await Promise.all(ahead.words)), last];
    // A part that is missing would be missed: then all of it is written down once more.
    if (all.some(({ error }) => error)) return transcribe(tape.file(), signal);
    const told = all.filter(({ text }) => text);
    return { text: told.map(({ text }) => text).join(" "), language: told[0]?.language };
  }
}
