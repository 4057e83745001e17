// Whose turn it is while somebody speaks: in each pause whether it was the end is asked, and what was said is written down
// before it is known, so that nothing has to be waited for when it is.

import { LONGEST_S } from "./ears.js";
import { JUDGED_S, opinionOfEnd } from "./heard.js";
import { ASKED_AT_S, BEFORE_PAUSE_S, END_S, SURE, isHopeless, patienceFor } from "./turn-end.js";

/** @param {number | null} chance */
const isSure = (chance) => (chance ?? 0) >= SURE;

/**
 * @import { Heard } from "../microphone/ahead.js"
 * @import { Tape } from "../microphone/recorder.js"
 * @import { AskedAhead } from "./asked-ahead.js"
 * @import { Ears, Taken } from "./ears.js"
 * @import { Opinion } from "./heard.js"
 * @import { Guess, Said, Sureness } from "./writing.js"
 */
export class TurnTaking {
  /**
   * @param {import("./attention.js").Attention} attention
   * @param {import("./writing.js").Writing} writing
   * @param {object} given
   * @param {() => boolean} given.isFree whether a pause ends a turn; else a hand does
   * @param {(state: "listening" | "writing") => void} given.show
   * @param {(guess: Guess) => void} [given.coming] a turn is over, and its words are on the way
   * @param {(said: Said, heard: Heard, ahead: AskedAhead | null) => void} given.said and they are known, or why not; and what was
   *   made of them already
   */
  constructor(attention, writing, { isFree, show, coming = () => {}, said }) {
    this.attention = attention;
    this.writing = writing;
    this.isFree = isFree;
    this.show = show;
    this.coming = coming;
    this.said = said;
    /** @type {(number | null)[] | null} what the turn model has answered in the pause that goes on */
    this.pause = null;
    /** @type {{ tape: Tape, at: number, opinion: Opinion } | null} what it says of a pause that may begin */
    this.fall = null;
  }

  /** Their voice falls: the turn model is asked before it is known whether it is a pause, since it takes as long. */
  hearFall() {
    const tape = this.attention.ears?.taken?.tape;
    if (!tape || this.#hasJustFallen(tape)) return;
    this.fall?.opinion.drop(); // it was no pause
    this.fall = { tape, at: tape.seconds, opinion: opinionOfEnd(tape.end(JUDGED_S), 0) };
  }

  /** @param {Tape} tape */
  #hasJustFallen(tape) {
    return this.fall?.tape === tape && tape.seconds - this.fall.at < BEFORE_PAUSE_S;
  }

  /** What the turn model says of the pause that has just begun. @param {Ears} ears @param {Tape} tape */
  #firstOpinion(ears, tape) {
    const known = this.#hasJustFallen(tape) ? this.fall : null;
    this.fall = null;
    return known?.opinion ?? opinionOfEnd(tape.end(JUDGED_S), ears.quiet);
  }

  /** It is quiet for a moment. @param {number} stage of the pause, as the ears count them */
  async hearPause(stage) {
    const { ears } = this.attention;
    const taken = ears?.taken;
    if (!taken) return;
    if (stage >= ASKED_AT_S.length) return this.writing.sendAhead(taken.tape);
    if (stage === 0) this.pause = [];
    const { pause } = this;
    if (!pause || isHopeless(pause) || (stage && !this.isFree())) return; // a hand that lets go needs no second opinion
    const { tape } = taken;
    const opinion = stage ? opinionOfEnd(tape.end(JUDGED_S), ears.quiet) : this.#firstOpinion(ears, tape);
    // By the first answer it may yet be a gap between two words; by the last one it is the end, whatever was asked in vain.
    const isDue = stage ? pause.length === stage && pause.every(isSure) : this.writing.mayBeInVain && !ears.stirs;
    if (isDue && opinion.known === undefined && opinion.quick) this.writing.beginIf(taken, opinion, SURE, () => ears.activity.room);
    const chance = await opinion.chance;
    if (this.pause !== pause || ears.taken !== taken) return;
    pause.push(chance);
    if (this.isFree()) ears.patience = patienceFor(pause);
    if (pause.length === 1 && isSure(chance) && !ears.stirs && !this.writing.guessOf(taken)) this.writing.beginAhead(taken);
  }

  /** The pause lasts: what waits for the turn model is not asked for if they may be about to go on, or say the end of a word. */
  hearOnPause() {
    const { ears } = this.attention;
    const { guess } = this.writing;
    if (!ears || !guess?.conditional || guess.said !== ears.taken) return;
    if (ears.stirs || !guess.holdsEnd(ears.activity.room)) this.writing.drop();
  }

  /** If it stays quiet it will be the end: its words are wanted then. */
  hearSoon() {
    const taken = this.attention.ears?.taken;
    if (this.isFree() && taken && !this.writing.guessOf(taken)) this.writing.beginAhead(taken);
  }

  /** It was a pause within a sentence. */
  hearOn() {
    this.pause = null;
    const { guess } = this.writing;
    if (!guess || guess.said !== this.attention.ears?.taken) return;
    this.writing.takeBack();
    this.show("listening");
  }

  /** It is quiet for so long that it must be the end, or it is as long as one turn may be. */
  hearEnd() {
    const { ears } = this.attention;
    if (!ears?.taken) return;
    this.finish(ears.quiet >= END_S || ears.taken.tape.seconds >= LONGEST_S ? "over" : "likely");
  }

  /** It is the end. @param {Sureness} sureness */
  finish(sureness) {
    const { ears } = this.attention;
    const taken = ears?.taken;
    if (!this.isFree() || !taken) return;
    if (sureness === "over") ears.cut();
    this.#conclude(taken, sureness, this.writing.guessOf(taken));
  }

  /** A hand has let go: it is the end. @param {Taken} taken what the ears have cut */
  letGo(taken) {
    const guess = this.writing.guessOf(taken);
    // Who holds the button may have said a last word so softly that it was taken for none.
    this.#conclude(taken, "over", guess && !guess.heard?.error && guess.holdsAll ? guess : null);
  }

  /**
   * @param {Taken} taken
   * @param {Sureness} sureness
   * @param {Guess | null} known its words, or on the way to them
   */
  #conclude(taken, sureness, known) {
    this.pause = null;
    if (known) known.sureness = sureness;
    else this.writing.begin(taken, sureness);
    const { guess } = this.writing;
    if (guess && !guess.heard) this.coming(guess);
    this.show("writing");
    if (known?.heard) this.hearWords(known);
  }

  /** @param {Guess} guess whose words are known */
  hearWords(guess) {
    const { ears } = this.attention;
    const heard = /** @type {Heard} */ (guess.heard);
    if (guess.joined) return; // somebody speaks on: what is written down next holds this too
    if (guess.sureness !== "over" && guess.open) {
      // Not the end by its words, or nobody could write them down: the rest may come yet.
      const waited = guess.sureness === "likely";
      guess.sureness = "maybe";
      ears?.waitOn();
      if (heard.error) this.writing.drop();
      if (waited) this.show("listening");
    }
    if (guess.sureness === "maybe") return;
    const { ahead } = guess;
    guess.ahead = null; // it is used, not called off
    this.writing.drop();
    if (ears?.taken === guess.said) ears.cut();
    this.said(guess.said, heard, ahead);
  }
}
