// Talk: hold the button to speak, or press it once for a conversation. What is said goes the ways of the other tabs
// (transcription, then chat), and the answer is read aloud while it streams into the conversation.

import { Ears, SURE } from "./ears.js";
import { JUDGED_S, chanceOfEnd, isOpen, transcribe, warm } from "./heard.js";
import { Loudspeaker } from "./loudspeaker.js";
import { Sentences } from "./sentences.js";
import { Silero } from "./silero.js";
import { Unsent } from "./unsent.js";
import { VoiceBar } from "./voice-bar.js";
import { Voice } from "./voice.js";
import { trouble } from "../microphone/recorder.js";
import { setText, keepScreenOn } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";

/** A press that lasts longer is held. */
const HELD_MS = 350;
/** Speech for so long is somebody who interrupts, whatever they say. */
const KNOWN_S = 0.7;
/** A conversation in which nobody speaks for so long is over: the microphone does not stay open unnoticed. */
const UNHEARD_MS = 60_000;
const LOOK_MS = 250;
const REOPEN_MS = 300;

/**
 * @import { Tape } from "../microphone/recorder.js"
 * @import { Line } from "../shared/types.js"
 * @import { Message, FarTurn, Turn as Shown } from "../chat/types.js"
 * @import { Taken } from "./ears.js"
 * @import { Heard } from "./heard.js"
 *
 * @typedef {"off"|"opening"|"listening"|"writing"|"thinking"|"speaking"} State
 *
 * @typedef {object} Turn an answer to what was said
 * @property {Tape | null} tape what was said
 * @property {Message} [question] where it stands in the conversation
 * @property {Shown | FarTurn} [asked] the answer in the conversation
 * @property {Voice | null} voice
 * @property {boolean} sounds something of it was heard
 *
 * @typedef {{ controller: AbortController, final: boolean }} Guess a transcript on its way; not `final` while the pause
 *   may turn out to be one within a sentence
 */
export class Talk {
  /**
   * @param {import("../chat/conversation.js").Conversation} conversation
   * @param {HTMLElement} button
   * @param {HTMLElement} place where it shows what goes on
   */
  constructor(conversation, button, place) {
    this.conversation = conversation;
    this.button = button;
    this.bar = new VoiceBar({
      interrupt: () => this.interrupt(),
      sendNow: () => this.#hearEnd(),
      resized: () => conversation.follower.followGrowth(),
    });
    place.replaceChildren(this.bar.element);
    /** @type {State} */
    this.state = "off";
    /** @type {"hold" | "free"} */
    this.how = "hold";
    /** @type {Turn | null} the answer under way */
    this.turn = null;
    /** Whether somebody speaks meanwhile, or something that is not known yet to be nobody; the answer waits. */
    this.interrupted = false;
    /** @type {Guess | null} */
    this.guess = null;
    /** @type {object | null} the pause that it is asked about */
    this.pause = null;
    this.unsent = new Unsent(this.bar, () => this.#sendAgain());
    this.down = false;
    /** @type {number | undefined} */
    this.pressedAt = undefined;
    /** @type {Ears | null} */
    this.ears = null;
    /** @type {WakeLockSentinel | null} */
    this.awake = null;
    /** @type {Loudspeaker | null} */
    this.loudspeaker = null;
    this.quietSince = 0;
    /** @type {Promise<void> | null} */
    this.asking = null;
    this.model = voiceModel();
    this.#show("off");
    // On the window, to be the first to hear of it: the conversation stops its answer by the same key.
    window.addEventListener("keydown", (event) => event.key === "Escape" && inSight(button.id) && this.interrupt(), true);
    setInterval(() => this.#look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.#comeBack());
    addEventListener("beforeunload", (event) => {
      if (this.unsent.recordings.length || this.ears?.taken || this.guess) event.preventDefault();
    });
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
    if (this.state === "listening" && this.ears) this.#listen(this.ears);
    else this.#show(this.state);
  }

  /** A press that cannot be held: by Enter, or by a screen reader. */
  click() {
    this.press();
    this.release();
  }

  // ── listening ──

  async #hear() {
    if (this.state === "opening") return; // a second press must not open a second microphone
    this.#dropTurn();
    this.unsent.tell();
    this.loudspeaker ??= new Loudspeaker(new AudioContext());
    this.loudspeaker.context.resume();
    if (this.ears) return this.#listen(this.ears);
    this.#show("opening");
    const ears = this.#newEars();
    this.ears = ears;
    warm();
    try {
      await ears.open();
    } catch (error) {
      ears.close(); // it may have been opened half
      if (this.ears === ears) this.#off(say(trouble(error)));
      return;
    }
    this.#stayAwake();
    if (this.ears !== ears) return void ears.close();
    // Let go while the browser was still asking whether it may listen: they have to press again.
    if (this.how === "hold" && !this.down) return this.#off();
    this.#listen(ears);
  }

  #newEars() {
    /** @type {Ears} */
    const ears = new Ears({
      level: (level) => this.#level(level),
      began: () => this.#hearBegin(),
      paused: (stage) => this.#hearPause(stage),
      wentOn: () => this.#hearOn(),
      nothing: () => this.#hearNothing(),
      ended: () => this.#hearEnd(),
      lost: () => this.#loseEars(ears),
      halted: (deaf) => this.bar.tell(deaf ? say("microphone_halted") : ""),
      own: () => this.loudspeaker?.loudness ?? 0,
    });
    this.model.then((model) => (ears.activity.model = model));
    return ears;
  }

  /** @param {Ears} ears */
  #listen(ears) {
    this.turn = null;
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
    const { ears, turn } = this;
    if (this.how !== "free" || !ears || ["off", "opening"].includes(this.state)) return;
    if (!turn) {
      ears.keep();
      return this.#show("listening");
    }
    turn.voice?.pause();
    this.interrupted = true;
    // Nothing of the answer was heard yet: who speaks has not finished their question.
    ears.keep(turn.sounds ? undefined : (turn.tape ?? undefined));
    this.#show("listening");
  }

  // Quiet for a moment: was it the end? The model is asked; what it is sure of is written down while it stays quiet.
  /** @param {number} stage */
  async #hearPause(stage) {
    const taken = this.ears?.taken;
    if (this.how !== "free" || !taken || !this.ears || this.guess) return;
    const pause = (this.pause = {});
    const chance = await chanceOfEnd(taken.tape.end(JUDGED_S), this.ears.quiet);
    if (this.pause === pause && chance !== null && chance >= SURE[stage]) this.#write(taken, false);
  }

  #hearOn() {
    this.pause = null;
    if (!this.guess || this.guess.final) return;
    this.#dropGuess();
    this.#show("listening");
  }

  #hearEnd() {
    const { ears } = this;
    if (this.how !== "free" || !ears?.taken) return;
    this.pause = null;
    if (this.guess) this.guess.final = true;
    else this.#write(ears.taken, true);
  }

  // A cough, a door.
  #hearNothing() {
    if (this.how !== "free" || this.guess) return;
    if (this.interrupted) this.#goOn();
    else this.ears?.wait();
  }

  // Unplugged, or the permission withdrawn: what was said so far is sent, as if they had stopped. In a conversation
  // another microphone, or the same one plugged in again, is listened to.
  /** @param {Ears} ears */
  async #loseEars(ears) {
    if (this.ears !== ears) return;
    const said = ears.taken && ears.isWord ? ears.cut() : null;
    const free = this.how === "free";
    this.#closeEars();
    if (this.guess) this.guess.final = true;
    else if (said) this.#write(said, true);
    else if (!this.turn) this.#off();
    this.how = "hold";
    this.bar.tell(say("microphone_lost"));
    if (free && (await this.#reopen()) && this.state === "off") this.#listen(/** @type {Ears} */ (this.ears));
  }

  async #reopen() {
    await new Promise((later) => setTimeout(later, REOPEN_MS));
    if (this.ears) return false;
    const ears = this.#newEars();
    try {
      await ears.open();
    } catch {
      ears.close();
      return false;
    }
    if (this.ears) return void ears.close();
    this.ears = ears;
    this.how = "free";
    ears.guard(Boolean(this.turn));
    this.#stayAwake();
    this.bar.tell(say("microphone_again"));
    return true;
  }

  async #stayAwake() {
    const lock = await keepScreenOn();
    this.awake?.release();
    this.awake = lock;
    if (this.state !== "off" || this.ears) return;
    lock?.release();
    this.awake = null;
  }

  // A page that was hidden has lost its lock on the screen, and perhaps its sound.
  #comeBack() {
    if (document.hidden || this.state === "off") return;
    this.#stayAwake();
    this.ears?.microphone.wake();
    if (!this.interrupted) this.turn?.voice?.resume();
  }

  #letGo() {
    const { ears } = this;
    if (this.state === "opening") this.#off();
    if (this.state !== "listening" || !ears) return;
    const heard = ears.isWord;
    const taken = ears.cut();
    if (!heard || !taken) {
      taken?.kept.drop();
      return this.#off(say("talk_unheard"));
    }
    this.#closeEars();
    this.#write(taken, true);
  }

  // ── writing down ──

  /**
   * @param {Taken} taken
   * @param {boolean} final
   */
  async #write(taken, final) {
    const guess = this.#guess(final);
    const file = taken.tape.file();
    const heard = await transcribe(file, guess.controller.signal);
    if (this.guess !== guess) return;
    this.guess = null;
    const goesOn = this.ears?.taken === taken;
    // Not the end by its words, or nobody could write them down: the rest may come yet.
    if (goesOn && !guess.final && (heard.error || isOpen(heard.text))) return this.#show("listening");
    if (goesOn) this.ears?.cut();
    this.#use(taken, heard, file);
  }

  /**
   * @param {Taken} taken
   * @param {Heard} heard
   * @param {Blob} file
   */
  #use(taken, heard, file) {
    if (heard.error) {
      this.unsent.add({ file, why: heard.error, drop: taken.kept.drop });
      return this.interrupted ? this.#goOn() : this.#next();
    }
    taken.kept.drop();
    if (heard.text) this.#answer(heard, taken.tape);
    else if (this.interrupted) this.#goOn();
    else this.#next(this.how === "hold" ? say("talk_unheard") : "");
  }

  #sendAgain() {
    if (this.guess || (this.state !== "off" && this.state !== "listening")) return; // an answer is under way
    const next = this.unsent.shift();
    if (!next) return;
    this.ears?.wait();
    this.#writeKept(next);
  }

  /** @param {import("./unsent.js").Recording} recording */
  async #writeKept(recording) {
    this.loudspeaker ??= new Loudspeaker(new AudioContext());
    const guess = this.#guess(true);
    const heard = await transcribe(recording.file, guess.controller.signal);
    if (this.guess !== guess) return this.unsent.add(recording);
    this.guess = null;
    if (heard.error) {
      this.unsent.add({ ...recording, why: heard.error });
      return this.#next();
    }
    recording.drop();
    if (heard.text) this.#answer(heard, null);
    else this.#next(say("talk_unheard"));
  }

  /**
   * @param {boolean} final
   * @returns {Guess}
   */
  #guess(final) {
    const guess = { controller: new AbortController(), final };
    this.guess = guess;
    this.#show("writing");
    return guess;
  }

  #dropGuess() {
    this.guess?.controller.abort();
    this.guess = null;
  }

  // ── answering ──

  // It was somebody: the answer that waited is over.
  #yield() {
    const { turn } = this;
    this.interrupted = false;
    const unfinished = turn && !turn.sounds ? turn.question : undefined;
    this.#dropTurn();
    if (unfinished) this.continues = unfinished;
  }
  /** @type {Message | undefined} the question that what is said now goes on with */
  continues;

  // It was nobody: the answer goes on where it was.
  #goOn() {
    const { turn } = this;
    this.ears?.cut()?.kept.drop();
    this.interrupted = false;
    if (!turn) return this.#next();
    turn.voice?.resume();
    this.#show(turn.sounds ? "speaking" : "thinking");
  }

  /**
   * @param {Heard} heard
   * @param {Tape | null} tape
   */
  async #answer(heard, tape) {
    if (this.interrupted) this.#yield();
    const { continues } = this;
    this.continues = undefined;
    /** @type {Turn} */
    const turn = { tape, voice: null, sounds: false };
    this.turn = turn;
    this.#show("thinking");
    this.ears?.guard(true);
    // Whoever was interrupted needs a moment to leave.
    if (this.asking) await this.asking;
    if (this.turn !== turn) return;
    const asking = continues ? this.conversation.askInstead(continues, heard.text) : this.conversation.ask(heard.text);
    if (!asking) return this.#next(say("still_answering"));
    await this.#speak(turn, asking, heard.language);
    if (this.turn !== turn) return;
    this.turn = null;
    if (this.interrupted) this.interrupted = false; // who speaks now is heard to the end
    else this.#next();
  }

  // Read aloud what comes, until it is said, stopped or interrupted.
  /**
   * @param {Turn} turn
   * @param {Promise<void>} asking
   * @param {string | null | undefined} language
   */
  async #speak(turn, asking, language) {
    turn.asked = this.conversation.turns.at(-1);
    turn.question = this.conversation.turns.at(-2)?.message;
    this.asking = asking.finally(() => (this.asking = null));
    const answer = turn.asked?.answer;
    if (!answer || !this.loudspeaker) return;
    const voice = new Voice(this.loudspeaker.context, {
      output: this.loudspeaker.input,
      language,
      began: () => this.#sound(turn),
      told: (note) => this.bar.tell(note),
    });
    turn.voice = voice;
    if (this.interrupted) voice.pause();
    const sentences = new Sentences((sentence) => voice.say(sentence));
    const hear = answer.hear.bind(answer);
    answer.hear = (/** @type {Line} */ event) => {
      hear(event);
      if (event.e === "restarted") {
        sentences.clear();
        voice.restart();
      } else if (event.t !== undefined && !voice.stopped) sentences.hear(answer.text);
    };
    await this.asking;
    if (answer.state === "stopped") voice.stop();
    else if (!voice.stopped) sentences.hear(answer.text, true);
    voice.end();
    if (answer.text && !voice.stopped && !voice.asked) this.bar.tell(say("talk_unspeakable"));
    await voice.done;
  }

  /** @param {Turn} turn */
  #sound(turn) {
    turn.sounds = true;
    if (this.turn === turn && this.state !== "speaking" && !this.interrupted) this.#show("speaking");
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
    if ((this.turn || this.guess) && this.how === "free" && this.ears) {
      this.#dropTurn();
      this.#listen(this.ears);
    } else this.end();
  }

  /** Over: the microphone is closed, nothing is said any more. */
  end() {
    if (this.state !== "off") this.#off();
  }

  #off(note = "") {
    this.#dropGuess();
    this.#dropTurn();
    this.#closeEars();
    this.down = this.interrupted = false;
    this.continues = undefined;
    this.awake?.release();
    this.awake = null;
    if (note) this.bar.tell(note);
    this.#show("off");
  }

  #closeEars() {
    this.ears?.wait(); // what is thrown away here was thrown away by the one who spoke
    this.ears?.close();
    this.ears = null;
  }

  #dropTurn() {
    const { turn } = this;
    this.turn = null;
    if (!turn) return;
    turn.voice?.stop();
    if (this.asking && turn.asked === this.conversation.turns.at(-1)) this.conversation.stop();
  }

  // A question that was typed meanwhile, a cleared conversation, another tab: nobody listens to the old answer.
  #look() {
    if (this.state === "off") return;
    const { turn } = this;
    if (this.button.offsetParent === null) this.end();
    else if (turn?.asked && turn.asked !== this.conversation.turns.at(-1)) this.#leave(turn);
    else if (this.state === "listening" && this.how === "free" && !this.ears?.taken && performance.now() - this.quietSince > UNHEARD_MS) {
      this.#off(say("talk_nobody"));
    }
  }

  /** @param {Turn} turn */
  #leave(turn) {
    turn.voice?.stop();
    this.turn = null;
    this.#next();
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

/** The model that knows voices; null where it cannot be had: then loudness has to do. */
async function voiceModel() {
  try {
    const response = await fetch(new URL("../../vendor/silero-vad/silero_vad_16k.safetensors", import.meta.url));
    return response.ok ? new Silero(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}
