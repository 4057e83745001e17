// From what was said to its words: asked for while a pause may still turn out to be one within a sentence, and, of what
// takes long, part by part while somebody still speaks.

import { rms } from "./activity.js";
import { isOpen } from "./heard.js";
import { Ahead, transcribe } from "../microphone/ahead.js";
import { RATE } from "../microphone/recorder.js";
import { say } from "../shared/words.js";

/**
 * So many transcripts a minute are asked for in vain, as somebody went on; then the end is waited for: of a free plan's
 * twenty requests a minute twelve are left to what was said to its end.
 */
const MOST_IN_VAIN = 8;
const MINUTE_MS = 60_000;
/** A word lasts so long, and is not quieter than that share of those before it (−20 dB). */
const WORD_S = 0.1;
const SOFTEST = 0.1;
const COMPARED_S = 8;

/**
 * @import { Tape } from "../microphone/recorder.js"
 * @import { Heard } from "../microphone/ahead.js"
 * @import { Taken } from "./ears.js"
 * @import { Opinion } from "./heard.js"
 *
 * @typedef {{ tape: null, file: Blob, why: string, kept: { drop: () => void } }} Again what nobody could write down before
 * @typedef {(Taken & { file?: undefined }) | Again} Said
 * @typedef {"maybe" | "likely" | "over"} Sureness whether the turn is over: it stays quiet; it is, unless its words say
 *   that it is not; it is, whatever they say
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
    this.sent = said.tape?.samples ?? 0;
  }

  /** @type {Heard | undefined} what they are, once they are known */
  heard;
  /** Whether nobody is asked before the turn model is sure that it was the end. */
  conditional = false;

  /** Whether nobody could write it down, or its words tell that more of it comes. */
  get open() {
    return Boolean(this.heard && (this.heard.error || isOpen(this.heard.text)));
  }

  /** Whether nothing that can be a word was said since it was sent. */
  get holdsAll() {
    const { tape } = this.said;
    return !tape || isQuietAfter(tape, this.sent);
  }
}

/**
 * @param {Tape} tape
 * @param {number} from samples at its beginning that are not looked at, but compared with
 */
function isQuietAfter(tape, from) {
  const later = tape.samples - from;
  const all = tape.end(COMPARED_S + later / RATE);
  const begin = all.length - later;
  const least = SOFTEST * rms(all.subarray(0, begin));
  const word = WORD_S * RATE;
  for (let end = all.length; end > begin; end -= word / 2) {
    if (rms(all.subarray(Math.max(begin, end - word), end)) > least) return false;
  }
  return true;
}

export class Writing {
  /** @param {(guess: Guess) => void} written its words are known, or why not */
  constructor(written) {
    this.written = written;
    /** @type {Guess | null} */
    this.guess = null;
    /** @type {Ahead | null} what was sent of a turn that is not over */
    this.ahead = null;
    /** @type {number[]} when words were asked for in vain, of late */
    this.inVain = [];
  }

  /** Have its words ready if it turns out to be all. @param {Said} said */
  beginAhead(said) {
    if (this.#mayBeInVain) this.begin(said, "maybe");
  }

  /**
   * The same where the turn model is about to say whether it is: the recording goes to the server meanwhile, which asks as
   * soon as the model is sure, and otherwise nobody.
   *
   * @param {Taken} said
   * @param {Opinion} opinion
   * @param {number} sure
   */
  async beginIf(said, opinion, sure) {
    if (!this.#mayBeInVain || this.ahead?.tape === said.tape) return;
    const guess = this.#newGuess(said, "maybe");
    guess.conditional = true;
    const query = new URLSearchParams({ name: say("recording_name"), words: "false", after: opinion.name, sure: String(sure) });
    const words = transcribe(said.tape.file(), guess.controller.signal, query);
    guess.conditional = ((await opinion.chance) ?? 0) < sure;
    if (this.guess !== guess) return;
    if (guess.conditional) return this.drop();
    const heard = await words;
    if (this.guess !== guess) return;
    // Where another process judges than is sent the recording, nobody was asked.
    if (heard.error) return this.begin(said, guess.sureness);
    this.#hear(guess, heard);
  }

  get #mayBeInVain() {
    const now = performance.now();
    this.inVain = this.inVain.filter((at) => now - at < MINUTE_MS);
    return this.inVain.length < MOST_IN_VAIN;
  }

  /** The words of this that are on their way, or there. @param {Said} said */
  guessOf(said) {
    return this.guess?.said === said && !this.guess.conditional ? this.guess : null;
  }

  /** Somebody goes on: what was asked for was not all. */
  takeBack() {
    if (this.guess && !this.guess.conditional) this.inVain.push(performance.now());
    this.drop();
  }

  /**
   * @param {Said} said
   * @param {Sureness} sureness
   */
  async begin(said, sureness) {
    const guess = this.#newGuess(said, sureness);
    const { signal } = guess.controller;
    this.#hear(guess, await (said.file ? transcribe(said.file, signal) : this.#words(said.tape, signal)));
  }

  /**
   * @param {Said} said
   * @param {Sureness} sureness
   */
  #newGuess(said, sureness) {
    if (this.guess?.joined) this.guess.said.kept.drop();
    this.drop();
    return (this.guess = new Guess(said, sureness));
  }

  /**
   * @param {Guess} guess
   * @param {Heard} heard
   */
  #hear(guess, heard) {
    guess.heard = heard;
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
    this.ahead?.cancel();
    this.ahead = null;
  }

  /** Send what was said since the last part, if it is long enough; best in a pause. @param {Tape} tape */
  sendAhead(tape) {
    if (this.ahead?.tape !== tape) {
      this.ahead?.cancel();
      this.ahead = new Ahead(tape);
    }
    this.ahead.send();
  }

  /**
   * @param {Tape} tape
   * @param {AbortSignal} signal
   */
  #words(tape, signal) {
    return this.ahead?.tape === tape ? this.ahead.words(signal) : transcribe(tape.file(), signal);
  }
}
