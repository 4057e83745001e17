// Talk: hold the button to speak, or press it once for a conversation. What is said goes the ways of the other tabs
// (transcription, then chat), and the answer is read aloud while it streams into the conversation.

import { Ears } from "./ears.js";
import { trouble } from "../microphone/recorder.js";
import { save, setText } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";
import { Sentences } from "./sentences.js";
import { VoiceBar } from "./voice-bar.js";
import { Voice } from "./voice.js";
import { ask } from "../shared/wire.js";

/** A press that lasts longer is held. */
const HELD_MS = 350;
/** Less than this is a click or a cough, and not sent. */
const LEAST_SPEECH_S = 0.15;
/** A conversation in which nobody speaks for so long is over: the microphone does not stay open unnoticed. */
const UNHEARD_MS = 60_000;
const LOOK_MS = 250;
const PATIENCE_MS = 60_000;

/**
 * @import { Line, Trouble } from "../shared/types.js"
 * @import { Turn as Shown } from "../chat/types.js"
 *
 * @typedef {"off"|"opening"|"listening"|"writing"|"thinking"|"speaking"} State
 *
 * @typedef {object} Turn a question that was spoken, and its answer
 * @property {AbortController} controller
 * @property {Voice | null} voice
 * @property {Float32Array[]} unsent
 * @property {Shown} [asked] the answer in the conversation
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
    this.bar = new VoiceBar(
      () => this.interrupt(),
      () => conversation.follower.followGrowth(),
    );
    place.replaceChildren(this.bar.element);
    /** @type {State} */
    this.state = "off";
    /** @type {"hold" | "free"} */
    this.how = "hold";
    /** @type {Turn | null} the one under way */
    this.turn = null;
    /** @type {{ file: Blob, why: string }[]} recordings that were not written down: kept until they are, or are thrown away */
    this.unsent = [];
    this.down = false;
    /** @type {number | undefined} */
    this.pressedAt = undefined;
    /** @type {Ears | null} */
    this.ears = null;
    /** @type {WakeLockSentinel | null} */
    this.awake = null;
    /** @type {AudioContext | null} */
    this.sound = null;
    this.quietSince = 0;
    /** @type {Promise<void> | null} */
    this.asking = null;
    this.#show("off");
    // On the window, to be the first to hear of it: the conversation stops its answer by the same key.
    window.addEventListener("keydown", (event) => event.key === "Escape" && inSight(button.id) && this.interrupt(), true);
    setInterval(() => this.#look(), LOOK_MS);
    addEventListener("beforeunload", (event) => {
      if (this.unsent.length || this.ears?.kept || this.state === "writing") event.preventDefault();
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
    this.#tellUnsent();
    this.sound ??= new AudioContext();
    this.sound.resume();
    if (this.ears) return this.#listen(this.ears);
    this.#show("opening");
    /** @type {Ears} */
    const ears = new Ears({ level: (level) => this.#level(level), began: () => this.#began(), paused: () => this.#hearPause(), lost: () => this.#loseEars(ears) });
    this.ears = ears;
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

  /** @param {Ears} ears */
  #listen(ears) {
    this.turn = null;
    ears.guard(false);
    ears.wait();
    this.quietSince = performance.now();
    if (this.how === "hold") ears.keep();
    this.#show("listening");
  }

  /** @param {number} level */
  #level(level) {
    if (this.state === "listening" || this.how === "free") this.bar.showLevel(level);
  }

  // Somebody speaks: a question begins, or an answer is interrupted.
  #began() {
    if (this.how !== "free" || !this.ears) return;
    if (this.state === "listening") this.ears.keep();
    else if (this.state !== "opening" && this.state !== "off") {
      const before = this.state === "writing" ? (this.turn?.unsent ?? []) : [];
      this.#dropTurn();
      this.ears.guard(false);
      this.ears.keep(before);
      this.#show("listening");
    }
  }

  #hearPause() {
    if (this.how === "free" && this.state === "listening" && this.ears) this.#take(this.ears);
  }

  // Unplugged, or the permission withdrawn: what was said so far is sent, as if they had stopped.
  /** @param {Ears} ears */
  #loseEars(ears) {
    if (this.ears !== ears) return;
    const heard = this.state === "listening" && ears.kept && ears.spoken >= LEAST_SPEECH_S;
    this.how = "hold";
    if (heard) this.#take(ears);
    else if (this.state === "listening" || this.state === "opening") this.#off();
    else this.#closeEars();
    this.bar.tell(say("microphone_lost"));
  }

  async #stayAwake() {
    const lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (this.state === "off") lock?.release();
    else this.awake = lock;
  }

  #letGo() {
    if (this.state === "listening" && this.ears) this.#take(this.ears);
    else if (this.state === "opening") this.#off();
  }

  // The question is complete.
  /** @param {Ears} ears */
  #take(ears) {
    const heard = ears.spoken >= LEAST_SPEECH_S;
    const blocks = ears.cut();
    if (this.how === "hold" && !heard) return this.#off(say("talk_unheard"));
    const file = ears.file(blocks);
    if (this.how === "hold") this.#closeEars();
    else ears.guard(true);
    this.#answer(file, blocks);
  }

  // ── answering ──

  /**
   * @param {Blob} file
   * @param {Float32Array[]} blocks
   */
  async #answer(file, blocks) {
    /** @type {Turn} */
    const turn = { controller: new AbortController(), voice: null, unsent: blocks };
    this.turn = turn;
    this.#show("writing");
    const heard = await transcribe(file, turn.controller.signal);
    if (this.turn !== turn) return;
    if (heard.error) return this.#keep(file, heard.error);
    if (!heard.text) return this.#next(say("talk_unheard"));
    // Whoever was interrupted needs a moment to leave.
    if (this.asking) await this.asking;
    if (this.turn !== turn) return;
    const asking = this.conversation.ask(heard.text);
    if (!asking) return this.#next(say("still_answering"));
    this.#show("thinking");
    await this.#speak(turn, asking, heard.language);
    if (this.turn === turn) this.#next();
  }

  // What was said is never lost: it can be sent again, downloaded, or thrown away by the one who said it.
  /**
   * @param {Blob} file
   * @param {string} why
   */
  #keep(file, why) {
    this.unsent.push({ file, why });
    this.#next();
    this.#tellUnsent();
  }

  #tellUnsent() {
    const { unsent } = this;
    const last = unsent.at(-1);
    if (!last) return this.bar.tell("");
    const { why } = last;
    this.bar.tell(say(unsent.length > 1 ? "talk_unsent_more" : "talk_unsent", { why, count: unsent.length }), [
      [say("talk_send_again"), () => this.#sendAgain()],
      [say("talk_download"), () => unsent.forEach(({ file }, index) => save(file, `${index + 1}-${say("recording_name")}`))],
      [say("talk_throw_away"), () => ((this.unsent = []), this.bar.tell(""))],
    ]);
  }

  #sendAgain() {
    if (this.state !== "off" && this.state !== "listening") return; // an answer is under way
    const next = this.unsent.shift();
    if (!next) return;
    this.#tellUnsent();
    this.ears?.guard(true);
    this.#answer(next.file, []);
  }

  // Read aloud what comes, until it is said, stopped or interrupted.
  /**
   * @param {Turn} turn
   * @param {Promise<void>} asking
   * @param {string | null | undefined} language
   */
  async #speak(turn, asking, language) {
    turn.asked = this.conversation.turns.at(-1);
    this.asking = asking.finally(() => (this.asking = null));
    const answer = turn.asked?.answer;
    if (!answer || !this.sound) return;
    const voice = new Voice(this.sound, {
      language,
      began: () => this.turn === turn && this.state !== "speaking" && this.#show("speaking"),
      changed: (why) => this.bar.tell(why ? say("talk_browser_voice", { why }) : ""),
      failed: () => this.bar.tell(say("talk_voiceless", { why: voice.why ?? "" })),
    });
    turn.voice = voice;
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

  #next(note = "") {
    if (this.how === "hold" || !this.ears) return this.#off(note);
    if (note) this.bar.tell(note);
    this.#listen(this.ears);
  }

  // ── ending ──

  /** What Esc does: the answer stops; where there is none, the conversation ends. */
  interrupt() {
    if (this.state === "off") return;
    if (this.turn && this.how === "free" && this.ears) {
      this.#dropTurn();
      this.#listen(this.ears);
    } else this.end();
  }

  /** Over: the microphone is closed, nothing is said any more. */
  end() {
    if (this.state !== "off") this.#off();
  }

  #off(note = "") {
    this.#dropTurn();
    this.#closeEars();
    this.down = false;
    this.awake?.release();
    this.awake = null;
    if (note) this.bar.tell(note);
    this.#show("off");
  }

  #closeEars() {
    this.ears?.close();
    this.ears = null;
  }

  #dropTurn() {
    const { turn } = this;
    this.turn = null;
    if (!turn) return;
    turn.controller.abort();
    turn.voice?.stop();
    if (this.asking && turn.asked === this.conversation.turns.at(-1)) this.conversation.stop();
  }

  // A question that was typed meanwhile, a cleared conversation, another tab: nobody listens to the old answer.
  #look() {
    if (this.state === "off") return;
    const { turn } = this;
    if (this.button.offsetParent === null) this.end();
    else if (turn?.asked && turn.asked !== this.conversation.turns.at(-1)) this.#leave(turn);
    else if (this.state === "listening" && this.how === "free" && !this.ears?.kept && performance.now() - this.quietSince > UNHEARD_MS) {
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
    this.bar.show(state, this.how);
    const on = state !== "off";
    this.button.dataset.state = state;
    this.button.setAttribute("aria-pressed", String(on));
    setText(this.button.lastChild, say(on && this.how === "free" ? "talk_end" : "talk"));
  }
}

/**
 * What was said, in words; or why it is not known.
 *
 * @param {Blob} file
 * @param {AbortSignal} signal
 */
async function transcribe(file, signal) {
  /** @type {{ text: string, language?: string | null, error?: string }} */
  const heard = { text: "" };
  const options = { body: file, signal, patience: PATIENCE_MS, headers: { "content-type": "application/octet-stream" } };
  try {
    await ask(`transcribe?${new URLSearchParams({ name: say("recording_name") })}`, options, (event) => {
      if (event.e === "finished" && event.transcript) {
        heard.text = event.transcript.text.trim();
        heard.language = event.transcript.language;
      } else if (event.e === "error") heard.error = event.message;
    });
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    heard.error = error.refused ? error.message : say("error_unreachable");
  }
  return heard;
}
