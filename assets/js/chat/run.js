// One answer on its way into a conversation. The server goes on with it when the line is cut or the page loaded again,
// so that it is found again under its name and followed from the first line that was missed.

import { nextTask } from "../shared/frames.js";
import { ownKey } from "../shared/own-key.js";
import { DirectWayBroken, ask, newId, orHungUp, send } from "../shared/wire.js";
import { eventReader } from "../shared/sse.js";
import { takeStream } from "../shared/streams.js";
import { say } from "../shared/words.js";

/** @import { ErrorLine, Line, Receipt, Trouble } from "../shared/types.js" */

export const PATIENCE_MS = 60_000; // as long as the server waits for its last reader
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
const SAVE_EVERY_MS = 1000;
const ANEW_AT_MOST = 3;
const LOOK_EVERY_MS = 300; // for more, where other windows read streams already
const LOOK_S = 0.2;
const SILENT_MS = 10_000;
const LONG_LOOK_S = 8; // longer than it takes to notice that the process that gave the answer is dead
const LONG_TEXT = 100_000;

let direct = true;

/** Whether answers come by the direct way, as far as is known. */
export const isDirect = () => direct;

export class Run {
  /**
   * @param {object} given
   * @param {import("./tree.js").Tree} given.tree
   * @param {import("./types.js").Message} given.message the answer; `answer` is its name on the server
   * @param {import("../shared/answer.js").Answer} given.answer on the page
   * @param {() => void} given.changed the message is to be kept as it now is
   * @param {boolean} [given.watches] somebody else asked: another page of this browser, or this one before a reload
   */
  constructor({ tree, message, answer, changed, watches = false }) {
    this.tree = tree;
    this.message = message;
    this.answer = answer;
    this.changed = changed;
    this.watches = watches;
    this.hangUp = new AbortController();
    this.stopped = false;
    /** Whether this page stopped listening, and left it to the server. */
    this.left = false;
    this.over = false;
    this.heard = 0;
    /** How often it was asked for. */
    this.anew = 0;
    this.saved = performance.now();
    /** What was seen of it before, where it is followed. */
    this.seen = watches ? { ...message } : null;
  }

  /** @type {Promise<Line | null> | undefined} of an answer that was stopped */
  receipt;
  /** @type {number | undefined} how many receipts there were when it began */
  receiptsBefore;
  /** @type {(() => void) | null | undefined} gives the right to a stream back; null where other windows have it */
  #giveBack;
  /** @type {Promise<void> | undefined} */
  #taking;
  #heardAt = performance.now();

  /**
   * Ask, and listen until it is over.
   *
   * @param {() => string} question of a long conversation, putting it together takes a while, and handing it to the
   *   browser as long again: each is a task of its own
   * @param {boolean} [soon] who waits for the answer's sound presses and reads nothing meanwhile: all in one task, and this one
   */
  async ask(question, soon = false) {
    const { signal } = this.hangUp;
    await this.#listen(async () => {
      if (!soon) await orHungUp(signal, someTime(0));
      const body = question();
      if (!soon) await orHungUp(signal, someTime(0));
      await this.#askOnce(body);
    });
  }

  /**
   * Listen to an answer that is under way already.
   *
   * @param {(() => string) | null} [question] what to ask where the server never heard of it
   */
  async follow(question = null) {
    const unknown = question && !this.heard ? () => this.#askAnew(question()) : null;
    await this.#listen(() => this.#again(unknown));
  }

  /** End it; the text is what was seen. The receipt comes when the server has written it. */
  stop() {
    if (this.stopped || this.over) return;
    this.stopped = true;
    this.hangUp.abort();
    this.receipt = this.#stopThere();
  }

  /** Stop listening, and leave the answer to the server. */
  leave() {
    this.left = true;
    this.hangUp.abort();
  }

  /** @param {() => Promise<void>} first */
  async #listen(first) {
    try {
      await first();
      if (!this.answer.receipt && !this.#hasEnded) this.#hear(localError(say("error_cut")));
    } catch (error) {
      if (this.left) return;
      this.#bringBack();
      if (!this.stopped) this.#hear(inWords(/** @type {Trouble} */ (error)));
    } finally {
      this.over = !this.left;
      this.#giveBack?.();
    }
    if (this.left) return;
    const ended = this.answer.end(this.stopped ? { stopped: true } : {});
    this.#keep(); // before the screen shows it: the page may be left in that moment
    await ended;
    await nextTask();
    if (this.receipt) this.#addReceipt(await this.receipt);
    this.#keep();
    const { receipt } = this.answer;
    if (receipt) document.dispatchEvent(new CustomEvent("gc:receipt", { detail: receipt }));
  }

  // Nobody knows it any more: what was seen stays.
  #bringBack() {
    if (this.heard || !this.seen?.text) return;
    this.answer.restore(this.seen);
    this.answer.reopen();
  }

  get #hasEnded() {
    return this.answer.receipts.length > (this.receiptsBefore ?? 0);
  }

  /**
   * @param {string} question
   * @returns {Promise<void>}
   */
  async #askOnce(question) {
    const headers = { "content-type": "application/json", "x-groq-core-answer": this.message.answer ?? "" };
    this.receiptsBefore = this.answer.receipts.length;
    const anew = this.anew++ < ANEW_AT_MOST ? () => this.#askAnew(question) : null;
    if (!direct) return this.#throughQueue(question);
    void this.#takeStream(); // the question does not wait for it
    try {
      // A blob is handed over by another thread: five hundred messages as a text would be the page's longest task.
      const body = question.length > LONG_TEXT ? new Blob([question]) : question;
      // A server that knows nothing of it goes on behind the lines that are here.
      const opened = async (/** @type {Response} */ response, /** @type {() => void} */ quit) => {
        await this.#takeStream();
        if (!this.#giveBack && response.headers.has("x-groq-core-kept")) quit();
      };
      await ask(this.heard ? `chat?at=${this.heard}` : "chat", { body, headers, signal: this.hangUp.signal, heartbeat: true, opened }, (event) => this.#hear(event));
      if (!this.#hasEnded) await this.#again(anew);
    } catch (thrown) {
      const error = /** @type {Trouble} */ (thrown);
      if (this.stopped || this.left || error.refused) throw error;
      if (this.heard) return this.#again(anew);
      if (!(error instanceof DirectWayBroken)) throw error;
      // Nothing came: either the way is blocked, or it is only cut for the moment and the question may have come through.
      if (ownKey()) throw error; // the queue asks with the server's key
      if (!navigator.onLine) return this.#again(() => this.#askAnew(question));
      direct = false;
      this.#stopThere();
      await this.#throughQueue(question);
    }
  }

  // Under another name: a server that could not be asked just now may still give the answer of the old one, and of two
  // answers one text would be put together.
  /** @param {string} question */
  #askAnew(question) {
    this.message.answer = newId();
    this.#keep();
    return this.#askOnce(question);
  }

  /** @param {string} question */
  async #throughQueue(question) {
    const queue = await orHungUp(this.hangUp.signal, import("../shared/queue.js"));
    return queue.ask(question, this.hangUp.signal, (event) => this.#hear(event));
  }

  // Find it again, from the first line that was missed.
  /**
   * @param {(() => Promise<void>) | null} [unknown] what to do where the server does not know it
   * @returns {Promise<void>}
   */
  async #again(unknown = null) {
    this.receiptsBefore ??= this.answer.receipts.length;
    let until = performance.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      await orHungUp(this.hangUp.signal, this.#takeStream());
      try {
        const path = `answers/${this.message.answer}?at=${this.heard}${this.#giveBack ? "" : `&wait=${this.#lookFor()}`}`;
        await ask(path, { method: "GET", signal: this.hangUp.signal, heartbeat: true }, (event) => this.#hear(event));
        if (this.#hasEnded) return;
        if (!this.#giveBack) {
          until = performance.now() + PATIENCE_MS;
          pause = FIRST_PAUSE_MS;
          await orHungUp(this.hangUp.signal, someTime(LOOK_EVERY_MS));
          continue;
        }
      } catch (thrown) {
        const error = /** @type {Trouble} */ (thrown);
        if (this.stopped || this.left) throw error;
        if (error.status === 404) {
          if (!unknown) throw error;
          return unknown();
        }
        if (error.refused || performance.now() > until) throw error;
      }
      this.answer.tellLost();
      await orHungUp(this.hangUp.signal, someTime(pause));
    }
  }

  /** @returns {Promise<void>} */
  #takeStream() {
    if (this.#giveBack) return Promise.resolve();
    this.#taking ??= takeStream().then((giveBack) => {
      this.#taking = undefined;
      if (this.over || this.left) giveBack?.();
      else this.#giveBack = giveBack;
    });
    return this.#taking;
  }

  /** Seconds to wait for more in one look, where a stream would be one too many. */
  #lookFor() {
    if (performance.now() - this.#heardAt < SILENT_MS) return LOOK_S;
    this.#heardAt = performance.now();
    return LONG_LOOK_S;
  }

  /** @param {Line} event */
  #hear(event) {
    if (this.stopped) return;
    this.heard += 1;
    this.#heardAt = performance.now();
    this.answer.tellFound();
    this.answer.hear(event);
    if (performance.now() - this.saved > SAVE_EVERY_MS) this.#keep();
  }

  #keep() {
    this.saved = performance.now();
    Object.assign(this.message, this.answer.data);
    if (this.over) {
      delete this.message.answer;
      delete this.message.before;
    }
    this.changed();
  }

  /** @returns {Promise<Line | null>} its receipt */
  async #stopThere() {
    try {
      const response = await send(`answers/${this.message.answer}/stop`);
      const [line] = response.ok ? eventReader()(await response.text()) : [];
      return /** @type {Line | undefined} */ (line) ?? null;
    } catch {
      return null; // it ends by itself when nobody listens
    }
  }

  /** @param {Line | null} receipt */
  #addReceipt(receipt) {
    if (receipt?.e === "receipt") this.answer.addReceipt(receipt);
  }
}

/**
 * Resolves after a while, in a task of its own, or as soon as the network says that it is back.
 *
 * @param {number} ms
 * @returns {Promise<void>}
 */
function someTime(ms) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    addEventListener("online", finish);
  });
}

/**
 * @param {Trouble} error
 * @returns {ErrorLine}
 */
function inWords(error) {
  if (error.refused) return { e: "error", kind: "refused", message: error.message, status: error.status, hint: "" };
  return localError(say(error.status === 404 ? "error_cut" : "error_unreachable"));
}

/**
 * @param {string} message
 * @returns {ErrorLine}
 */
const localError = (message) => ({ e: "error", kind: "connection", message, hint: say("hint_unreachable") });
