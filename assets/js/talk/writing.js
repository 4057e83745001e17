// From what was said to its words: asked for while a pause may still turn out to be one within a sentence, and, of what
// takes long, part by part while somebody still speaks.

import { rms } from "./activity.js";
import { isOpen } from "./heard.js";
import { Ahead, PART_S, transcribe } from "../microphone/ahead.js";
import { RATE } from "../microphone/wav.js";
import { newId } from "../shared/wire.js";
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
/** The last consonant of a word comes after a gap that looks like a pause; it is shorter and softer (−35 dB), above the room. */
const CONSONANT_S = 0.016;
const SOFTEST_CONSONANT = 0.018;
const ABOVE = 2;

/**
 * @import { Tape } from "../microphone/recorder.js"
 * @import { Heard } from "../microphone/ahead.js"
 * @import { AskedAhead } from "./asked-ahead.js"
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
  /** By which the server knows what is being written down; empty where that is done in parts. */
  name = newId();
  /** @type {AskedAhead | null} the question that waits for them there */
  ahead = null;

  /** The question that waits for its words is not to be asked, or as always. */
  callOff() {
    this.ahead?.callOff();
    this.ahead = null;
  }

  /** Whether nobody could write it down, or its words tell that more of it comes. */
  get open() {
    return Boolean(this.heard && (this.heard.error || isOpen(this.heard.text)));
  }

  /** Whether nothing that can be a word was said since it was sent. */
  get holdsAll() {
    return this.#isQuietSince();
  }

  /** Whether not even the end of a word was said since. @param {number} room how loud it is where nobody speaks, RMS */
  holdsEnd(room) {
    return this.#isQuietSince({ lasts: CONSONANT_S, softest: SOFTEST_CONSONANT, room: ABOVE * room });
  }

  /**
   * @param {object} [given]
   * @param {number} [given.lasts] seconds of the shortest that counts
   * @param {number} [given.softest] how loud it is at least, of what was before
   * @param {number} [given.room] and, RMS, of what is no sound in this room
   */
  #isQuietSince({ lasts = WORD_S, softest = SOFTEST, room = 0 } = {}) {
    const { tape } = this.said;
    if (!tape) return true;
    const later = tape.end((tape.samples - this.sent) / RATE);
    this.#loudness ??= rms(tape.end(COMPARED_S + later.length / RATE).subarray(0, -later.length || undefined));
    const least = Math.max(softest * this.#loudness, 32_768 * room);
    const length = Math.round(lasts * RATE);
    for (let end = later.length; end > 0; end -= length / 2) {
      if (rms(later.subarray(Math.max(0, end - length), end)) > least) return false;
    }
    return true;
  }
  /** @type {number | undefined} of what was sent, RMS */
  #loudness;
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
    if (this.mayBeInVain) this.begin(said, "maybe");
  }

  /**
   * The same where the turn model is about to say whether it is: the recording goes to the server meanwhile, which asks as
   * soon as the model is sure, and otherwise nobody. What takes long goes part by part instead.
   *
   * @param {Taken} said
   * @param {Opinion} opinion
   * @param {number} sure
   * @param {() => number} room how loud it is where nobody speaks, RMS
   */
  async beginIf(said, opinion, sure, room) {
    if (this.guess?.said === said || said.tape.seconds > PART_S || this.#sentInParts(said.tape)) return;
    const guess = this.#newGuess(said, "maybe");
    guess.conditional = true;
    const query = new URLSearchParams({ name: say("recording_name"), words: "false", after: opinion.name, sure: String(sure), called: guess.name });
    const words = transcribe(said.tape.file(), guess.controller.signal, query);
    guess.conditional = ((await opinion.chance) ?? 0) < sure;
    if (this.guess !== guess) return;
    if (guess.conditional) return this.drop();
    if (!guess.holdsEnd(room())) return this.takeBack();
    const heard = await words;
    if (this.guess !== guess) return;
    // Where another process judges than is sent the recording, nobody was asked.
    if (heard.error) return this.begin(said, guess.sureness);
    this.#hear(guess, heard);
  }

  /** Whether few enough were of late. */
  get mayBeInVain() {
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
    this.#hear(guess, await this.#words(guess));
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
    this.guess?.callOff();
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

  /** What was sent of it already; null where it is so short that nothing was. @param {Tape} tape */
  #sentInParts(tape) {
    return this.ahead?.tape === tape && this.ahead.parts.length ? this.ahead : null;
  }

  /** @param {Guess} guess */
  #words(guess) {
    const { said, controller } = guess;
    const parts = said.tape && this.#sentInParts(said.tape);
    if (parts) {
      guess.name = "";
      return parts.words(controller.signal);
    }
    const query = new URLSearchParams({ name: say("recording_name"), words: "false", called: guess.name });
    return transcribe(said.file ?? said.tape.file(), controller.signal, query);
  }
}
