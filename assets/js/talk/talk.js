// Talk: hold the button to speak, or press it once for a conversation. What is said goes the ways of the other tabs
// (transcription, then chat), and the answer is read aloud while it streams into the conversation.

import { Answering } from "./answering.js";
import { Attention } from "./attention.js";
import { LONGEST_S } from "./ears.js";
import { Loudspeaker } from "./loudspeaker.js";
import { VOICE_RATE } from "./sound.js";
import { TurnTaking } from "./turn-taking.js";
import { Unsent } from "./unsent.js";
import { VoiceBar } from "./voice-bar.js";
import { Writing } from "./writing.js";
import { trouble } from "../microphone/recorder.js";
import { setText } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";

/** A press that lasts longer is held. */
const HELD_MS = 350;
/** Speech for so long is somebody who interrupts, whatever they say. */
const KNOWN_S = 0.7;
/** A conversation in which nobody speaks for so long is over: the microphone does not stay open unnoticed. */
const UNHEARD_MS = 60_000;
const LOOK_MS = 250;
/** Who holds the button for so long has said something. */
const SOFT_S = 1;

/**
 * @import { Turn } from "./answering.js"
 * @import { AskedAhead } from "./asked-ahead.js"
 * @import { Ears, Taken } from "./ears.js"
 * @import { Heard } from "../microphone/ahead.js"
 * @import { Said } from "./writing.js"
 *
 * @typedef {"off"|"opening"|"listening"|"writing"|"thinking"|"speaking"} State
 */
export class Talk {
  /**
   * @param {import("../chat/conversation.js").Conversation} conversation
   * @param {HTMLElement} button
   * @param {HTMLElement} place where it shows what goes on
   */
  constructor(conversation, button, place) {
    this.button = button;
    this.bar = new VoiceBar({
      interrupt: () => this.interrupt(),
      sendNow: () => this.turns.finish("over"),
      resized: () => conversation.follower.followGrowth(),
    });
    place.replaceChildren(this.bar.element);
    /** @type {State} */
    this.state = "off";
    /** @type {"hold" | "free"} */
    this.how = "hold";
    this.answering = new Answering(conversation, { sounds: (turn) => this.#sound(turn), told: (note) => this.bar.tell(note) });
    this.writing = new Writing((guess) => this.turns.hearWords(guess));
    /** Whether somebody speaks meanwhile, or something that is not known yet to be nobody; the answer waits. */
    this.interrupted = false;
    this.unsent = new Unsent(this.bar, () => this.#sendAgain());
    this.down = false;
    /** @type {number | undefined} */
    this.pressedAt = undefined;
    this.attention = new Attention({
      level: (level) => this.#level(level),
      began: () => this.#hearBegin(),
      fell: () => this.turns.hearFall(),
      paused: (stage) => this.turns.hearPause(stage),
      stayed: () => this.turns.hearOnPause(),
      soon: () => this.turns.hearSoon(),
      wentOn: () => this.turns.hearOn(),
      nothing: () => this.#hearNothing(),
      ended: () => this.turns.hearEnd(),
      lost: (ears) => this.#loseEars(ears),
      elsewhere: () => this.end(say("talk_elsewhere")),
      halted: (deaf) => this.#tellHalted(deaf),
      own: () => this.loudspeaker?.loudness ?? 0,
    });
    this.turns = new TurnTaking(this.attention, this.writing, {
      isFree: () => this.how === "free",
      show: (state) => this.#show(state),
      coming: (guess) => this.interrupted || this.answering.askAhead(guess),
      said: (said, heard, ahead) => this.#use(said, heard, ahead),
    });
    /** @type {Loudspeaker | null} */
    this.loudspeaker = null;
    this.quietSince = 0;
    this.toldDetector = false;
    this.halted = false; // whether it is told that the microphone or the sound is held back
    this.#show("off");
    // On the window, to be the first to hear of it: the conversation stops its answer by the same key.
    window.addEventListener("keydown", (event) => event.key === "Escape" && inSight(button.id) && this.interrupt(), true);
    setInterval(() => this.#look(), LOOK_MS);
    for (const name of ["visibilitychange", "pointerdown", "keydown"]) document.addEventListener(name, () => this.#comeBack());
    addEventListener("beforeunload", (event) => {
      if (this.unsent.recordings.length || this.ears?.taken || this.writing.guess) event.preventDefault();
    });
  }

  get ears() {
    return this.attention.ears;
  }

  // ── the button ──

  /** The button went down. */
  press(at = performance.now()) {
    this.pressedAt = at;
    if (this.how === "free" && this.state !== "off") return; // the release ends it
    this.how = "hold";
    this.down = true;
    this.#hear();
  }

  /** The button came up: a short press begins or ends a conversation, a long one was a question. */
  release(at = performance.now()) {
    if (this.pressedAt === undefined) return;
    const held = at - this.pressedAt >= HELD_MS;
    this.pressedAt = undefined;
    if (!this.down) return this.end();
    this.down = false;
    if (held) return this.#letGo();
    this.how = "free";
    this.#tellDetector();
    if (this.state === "listening" && this.ears) this.#listen(this.ears);
    else this.#show(this.state);
  }

  // Who has a conversation should know when it is not taken turns in as well as it could be.
  async #tellDetector() {
    const missing = await this.attention.missing();
    if (!missing || this.toldDetector || this.how !== "free" || this.state === "off") return;
    this.toldDetector = true;
    this.bar.tell(say(missing));
  }

  /** A press that cannot be held: by Enter, or by a screen reader. */
  click() {
    this.press();
    this.release();
  }

  // ── listening ──

  async #hear() {
    if (this.state === "opening") return; // a second press must not open a second microphone
    this.answering.drop();
    this.unsent.tell();
    this.#openLoudspeaker().context.resume();
    if (this.ears) return this.#listen(this.ears);
    this.#show("opening");
    let ears;
    try {
      ears = await this.attention.open();
    } catch (error) {
      return this.#off(say(trouble(error)));
    }
    if (!ears) return;
    // Let go while the browser was still asking whether it may listen: they have to press again.
    if (this.how === "hold" && !this.down) return this.#off();
    this.#listen(ears);
  }

  /** @param {Ears} ears */
  #listen(ears) {
    this.interrupted = false;
    this.#dropGuess();
    ears.guard(false);
    ears.wait();
    this.quietSince = performance.now();
    if (this.how === "hold") ears.keep();
    else this.loudspeaker?.throughElement();
    this.#show("listening");
  }

  /** @param {number} level */
  #level(level) {
    if (this.state === "listening" || this.how === "free") this.bar.showLevel(level);
    if (this.interrupted && (this.ears?.spoken ?? 0) >= KNOWN_S) this.#yield();
  }

  // Somebody speaks: a question begins; or an answer is interrupted, which waits until it is known that it was somebody.
  #hearBegin() {
    const { ears, answering, writing } = this;
    if (this.how !== "free" || !ears || ["off", "opening"].includes(this.state)) return;
    const { guess } = writing;
    guess?.callOff();
    if (guess) guess.joined = (guess.said.tape?.seconds ?? Infinity) < LONGEST_S;
    // Nothing of an answer was heard yet: who speaks has not finished their question.
    if (guess) ears.keep(guess.joined ? guess.said.tape : null);
    else ears.keep(answering.turn?.sounds ? null : answering.turn?.tape);
    this.interrupted = Boolean(guess || answering.turn);
    answering.wait();
    this.#show("listening");
  }

  // A cough, a door.
  #hearNothing() {
    const { guess } = this.writing;
    if (this.how !== "free" || guess?.said === this.ears?.taken) return;
    if (!guess) return this.interrupted ? this.#goOn() : this.ears?.wait();
    this.ears?.wait();
    this.interrupted = Boolean(this.answering.turn);
    guess.joined = false;
    this.#show("writing");
    if (guess.heard) this.turns.hearWords(guess);
  }

  // Unplugged, or the permission withdrawn: what was said so far is sent, as if they had stopped. In a conversation
  // another microphone, or the same one plugged in again, is listened to.
  /** @param {Ears} ears */
  async #loseEars(ears) {
    if (this.ears !== ears) return;
    const said = ears.taken && ears.isWord ? ears.cut() : null;
    const free = this.how === "free";
    const { guess } = this.writing;
    this.attention.close();
    if (said && !this.writing.guessOf(said)) this.writing.begin(said, "over");
    else if (guess) guess.sureness = "over";
    if (this.writing.guess) this.#show("writing");
    else if (!this.answering.turn) this.#off();
    if (guess?.heard && this.writing.guess === guess) this.turns.hearWords(guess);
    this.how = "hold";
    this.bar.tell(say("microphone_lost"));
    const again = free ? await this.attention.openAgain() : null;
    if (!again) return;
    this.how = "free";
    again.guard(Boolean(this.answering.turn));
    this.bar.tell(say("microphone_again"));
    if (this.state === "off") this.#listen(again);
  }

  #openLoudspeaker() {
    if (this.loudspeaker) return this.loudspeaker;
    const { context } = (this.loudspeaker = new Loudspeaker(new AudioContext({ sampleRate: VOICE_RATE })));
    context.addEventListener("statechange", () => this.#hearSilence(context));
    return this.loudspeaker;
  }

  // A call or a locked screen takes the sound away; it goes on by itself where the browser lets it, else by a touch.
  /** @param {AudioContext} context */
  #hearSilence(context) {
    if (context.state === "running") this.#tellHalted(false);
    else if (this.answering.turn?.sounds && !this.interrupted) {
      this.#tellHalted(true, "talk_silenced");
      context.resume().catch(() => {});
    }
  }

  #tellHalted(halted = true, text = "microphone_halted") {
    if (halted) this.bar.tell(say(text));
    else if (this.halted) this.bar.tell("");
    this.halted = halted;
  }

  // A page that was hidden has lost its lock on the screen, and perhaps its sound.
  #comeBack() {
    if (document.hidden || this.state === "off") return;
    if (!this.attention.awake) this.attention.stayAwake();
    this.ears?.microphone.wake();
    if (!this.interrupted) this.answering.goOn();
  }

  #letGo() {
    const { ears } = this;
    if (this.state === "opening") this.#off();
    if (this.state !== "listening" || !ears) return;
    const heard = ears.isWord;
    const taken = ears.cut();
    if (!heard || !taken) {
      this.#off(say("talk_unheard"));
      // What is too soft for the ears may be words for who writes them down; digital silence is none.
      if (taken && taken.tape.seconds >= SOFT_S && taken.tape.end(LONGEST_S).some(Boolean)) this.#keep(taken, say("talk_unheard"));
      else taken?.kept.drop();
      return;
    }
    this.turns.letGo(taken); // what was said is on its way first: closing takes a moment
    this.attention.close();
  }

  // ── writing down and answering ──

  /**
   * @param {Said} said
   * @param {Heard} heard
   * @param {AskedAhead | null} ahead
   */
  #use(said, heard, ahead) {
    if (heard.error) {
      this.unsent.add({ file: said.file ?? said.tape.file(), why: heard.error, drop: said.kept.drop });
      return this.interrupted ? this.#goOn() : this.#next();
    }
    said.kept.drop();
    if (heard.text) this.#answer(heard, said, ahead);
    else if (this.interrupted) this.#goOn();
    else this.#next(this.how === "hold" || said.file ? say("talk_unheard") : "");
  }

  #sendAgain() {
    if (this.writing.guess || (this.state !== "off" && this.state !== "listening")) return; // an answer is under way
    const next = this.unsent.shift();
    if (!next) return;
    this.ears?.wait();
    this.#openLoudspeaker();
    this.writing.begin({ tape: null, file: next.file, why: next.why, kept: { drop: next.drop } }, "over");
    this.#show("writing");
  }

  // Its words are not waited for. What was kept is kept on.
  #dropGuess() {
    const { guess } = this.writing;
    this.writing.drop();
    if (guess?.said.file) this.unsent.add({ file: guess.said.file, why: guess.said.why, drop: guess.said.kept.drop });
  }

  // It was somebody: the answer that waited is over.
  #yield() {
    this.interrupted = false;
    this.answering.giveUp();
  }

  // It was nobody: the answer goes on where it was.
  #goOn() {
    const { turn } = this.answering;
    this.ears?.cut()?.kept.drop();
    this.interrupted = false;
    if (!turn) return this.#next();
    this.answering.goOn();
    this.#show(turn.sounds ? "speaking" : "thinking");
  }

  /**
   * @param {Heard} heard
   * @param {Said} said
   * @param {AskedAhead | null} ahead
   */
  async #answer(heard, said, ahead) {
    const { answering, ears } = this;
    const loudspeaker = /** @type {Loudspeaker} */ (this.loudspeaker);
    // Somebody who speaks already is heard to the end; the answer waits for them.
    const speaks = Boolean(ears?.taken);
    if (this.interrupted && !speaks) this.#yield();
    this.interrupted = speaks;
    ears?.guard(true);
    const { tape } = said;
    const ended = answering.answer(heard, tape && tape.seconds < LONGEST_S ? tape : null, loudspeaker, ahead);
    if (speaks) answering.wait();
    else this.#show("thinking");
    const how = await ended;
    if (how === "dropped") return;
    if (this.interrupted) this.interrupted = false; // who speaks now is heard to the end
    else this.#next(how === "said" ? "" : say(how === "busy" ? "still_answering" : "talk_astray"));
  }

  /** @param {Turn} turn */
  #sound(turn) {
    if (this.answering.turn === turn && this.state !== "speaking" && !this.interrupted) this.#show("speaking");
  }

  #next(note = "") {
    if (this.how === "hold" || !this.ears) return this.#off(note);
    if (note) this.bar.tell(note);
    this.#listen(this.ears);
  }

  // ── ending ──

  /** What Esc does: the answer stops; where there is none, the conversation ends. */
  interrupt() {
    if (this.state === "off") return;
    if ((this.answering.turn || this.writing.guess) && this.how === "free" && this.ears) {
      this.answering.drop();
      this.#listen(this.ears);
    } else this.end();
  }

  /** Over: the microphone is closed, nothing is said any more. Where it was not their wish, what was said is kept. */
  end(why = "") {
    const said = why && this.ears?.isWord ? this.ears.cut() : null;
    if (this.state !== "off") this.#off(why);
    if (said) this.#keep(said, why);
  }

  /**
   * @param {Taken} said
   * @param {string} why it was not written down
   */
  #keep({ tape, kept }, why) {
    this.unsent.add({ file: tape.file(), why, drop: kept.drop });
  }

  #off(note = "") {
    this.#dropGuess();
    this.writing.clear();
    this.answering.drop();
    this.answering.continues = undefined;
    this.attention.rest();
    this.down = this.interrupted = false;
    if (note) this.bar.tell(note);
    this.#show("off");
  }

  // A question that was typed meanwhile, a cleared conversation, another tab: nobody listens to the old answer.
  #look() {
    if (this.state === "off") return;
    if (this.button.offsetParent === null) this.end();
    else if (this.answering.isPast) {
      this.answering.drop();
      this.#next();
    } else if (this.state === "listening" && this.how === "free" && !this.ears?.taken && performance.now() - this.quietSince > UNHEARD_MS) {
      this.#off(say("talk_nobody"));
    }
  }

  /** @param {State} state */
  #show(state) {
    this.state = state;
    this.bar.show(state, this.how, { canSend: Boolean(this.ears?.taken) });
    const on = state !== "off";
    this.button.dataset.state = state;
    this.button.setAttribute("aria-pressed", String(on));
    setText(this.button.lastChild, say(on && this.how === "free" ? "talk_end" : "talk"));
  }
}
