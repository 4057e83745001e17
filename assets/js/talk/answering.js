// Answers to what was said: asked for in the conversation, and read aloud while they stream into it.

import { AskedAhead } from "./asked-ahead.js";
import { Sentences } from "./sentences.js";
import { Voice } from "./voice.js";
import { say, told as inTongue } from "../shared/words.js";

/**
 * @import { Tape } from "../microphone/recorder.js"
 * @import { Line } from "../shared/types.js"
 * @import { Message, FarTurn, Turn as Shown } from "../chat/types.js"
 * @import { Heard } from "../microphone/ahead.js"
 * @import { Loudspeaker } from "./loudspeaker.js"
 * @import { Guess } from "./writing.js"
 *
 * @typedef {object} Turn an answer to what was said
 * @property {Tape | null} tape what was said, where more may be joined to it
 * @property {Message} [question] where it stands in the conversation
 * @property {Shown | FarTurn} [asked] the answer in the conversation
 * @property {Voice | null} voice
 * @property {boolean} sounds something of it was heard
 * @property {boolean} waits it says nothing for now
 */
export class Answering {
  /**
   * @param {import("../chat/conversation.js").Conversation} conversation
   * @param {object} given
   * @param {(turn: Turn) => void} given.sounds something of an answer is heard
   * @param {(note: string) => void} given.told what is out of the ordinary
   */
  constructor(conversation, { sounds, told }) {
    this.conversation = conversation;
    this.sounds = sounds;
    this.tell = told;
    /** @type {Turn | null} the one under way */
    this.turn = null;
    /** @type {Promise<void> | null} */
    this.asking = null;
    /** @type {Message | undefined} the question that what is said now goes on with */
    this.continues = undefined;
  }

  /**
   * Send the question whose words are on their way, unless an answer is under way.
   *
   * @param {Guess} guess
   */
  askAhead(guess) {
    guess.callOff();
    const body = this.turn || this.asking || this.continues || !guess.name ? null : this.conversation.nextBody();
    if (body) guess.ahead = new AskedAhead(body, guess.name, guess.sureness === "likely");
  }

  /**
   * Ask, and read aloud what comes, until it is said, stopped or interrupted.
   *
   * @param {Heard} heard
   * @param {Tape | null} tape
   * @param {Loudspeaker} loudspeaker
   * @param {AskedAhead | null} [ahead] where it was sent before
   * @returns {Promise<"said" | "dropped" | "busy" | "astray">}
   */
  async answer(heard, tape, loudspeaker, ahead = null) {
    const { continues: before } = this;
    this.continues = undefined;
    /** @type {Turn} */
    const turn = { tape, voice: null, sounds: false, waits: false };
    this.turn = turn;
    // Whoever was interrupted needs a moment to leave.
    if (this.asking) await this.asking;
    const { arrival } = this.conversation.coming;
    if (arrival && !(await arrival)) return this.#leaveInBox(turn, heard.text, ahead);
    // A question of a conversation that was turned away from meanwhile has no place in this one.
    const continues = before && this.conversation.tree.message(before.id);
    const isPast = this.turn !== turn;
    if (isPast || continues) ahead?.callOff();
    if (isPast) return "dropped";
    const asking = continues ? this.conversation.askInstead(continues, heard.text, true) : this.conversation.ask(heard.text, [], {}, true, ahead);
    if (!asking) {
      ahead?.callOff();
      this.turn = null;
      return "busy";
    }
    await this.#speak(turn, asking, heard.language, loudspeaker);
    if (this.turn !== turn) return "dropped";
    this.turn = null;
    return "said";
  }

  // What was said for a conversation that was pressed and did not come is asked nowhere else.
  /**
   * @param {Turn} turn
   * @param {string} text
   * @param {AskedAhead | null} ahead
   * @returns {"dropped" | "astray"}
   */
  #leaveInBox(turn, text, ahead) {
    ahead?.callOff();
    this.conversation.onAstray?.(text);
    if (this.turn !== turn) return "dropped";
    this.turn = null;
    return "astray";
  }

  /**
   * @param {Turn} turn
   * @param {Promise<void>} asking
   * @param {string | null | undefined} language
   * @param {Loudspeaker} loudspeaker
   */
  async #speak(turn, asking, language, loudspeaker) {
    turn.asked = this.conversation.turns.at(-1);
    turn.question = this.conversation.turns.at(-2)?.message;
    this.asking = asking.finally(() => (this.asking = null));
    const answer = turn.asked?.answer;
    if (!answer) return;
    const voice = new Voice(loudspeaker.context, {
      output: loudspeaker.input,
      language,
      began: () => {
        turn.sounds = true;
        this.sounds(turn);
      },
      told: this.tell,
    });
    turn.voice = voice;
    if (turn.waits) voice.pause();
    const sentences = new Sentences((sentence) => voice.say(sentence));
    const hear = answer.hear.bind(answer);
    answer.hear = (/** @type {Line} */ event) => {
      if (event.e === "restarted") {
        sentences.clear();
        voice.restart();
      } else if ((event.t !== undefined || event.e === "finished") && !voice.stopped) sentences.hear(answer.text + (event.t ?? ""), event.e === "finished");
      hear(event); // drawn after: it is waited for by ear
    };
    await this.asking;
    if (answer.state === "stopped") voice.stop();
    else if (!voice.stopped) sentences.hear(answer.text, true);
    voice.end();
    // Who listens does not see the card of an answer that failed.
    if (answer.error && !voice.stopped) this.tell(inTongue(answer.error.message));
    else if (!voice.stopped && !voice.asked) this.tell(say(answer.text.trim() ? "talk_unspeakable" : "talk_empty"));
    await voice.done;
  }

  /** Say nothing for now. */
  wait() {
    if (!this.turn) return;
    this.turn.waits = true;
    this.turn.voice?.pause();
  }

  /** Go on where it was. */
  goOn() {
    if (!this.turn) return;
    this.turn.waits = false;
    this.turn.voice?.resume();
  }

  /** Somebody spoke: the answer is over. What they say goes on with its question, if nothing of it was heard. */
  giveUp() {
    const { turn } = this;
    const unfinished = turn?.tape && !turn.sounds ? turn.question : undefined;
    this.drop();
    if (unfinished) this.continues = unfinished;
  }

  /** Whether another question stands below the answer: typed meanwhile, or of another conversation. */
  get isPast() {
    const asked = this.turn?.asked;
    return Boolean(asked && asked !== this.conversation.turns.at(-1));
  }

  /** The answer is over; it is stopped if nobody has asked anything since. */
  drop() {
    const { turn } = this;
    this.turn = null;
    if (!turn) return;
    turn.voice?.stop();
    if (this.asking && turn.asked === this.conversation.turns.at(-1)) this.conversation.stop();
  }
}
