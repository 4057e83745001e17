// Questions that wait while an answer is written, or while the conversation that they are for is on its way: each can be
// edited, taken back, or sent now, which stops the answer where it is.

import { el, iconButton } from "../shared/dom.js";
import { locks } from "../shared/locks.js";
import { newId } from "../shared/wire.js";
import { splitText } from "../shared/user-text.js";
import { say } from "../shared/words.js";

/**
 * @import { Extra, Picture } from "./types.js"
 *
 * @typedef {object} Question one that waits
 * @property {string} id
 * @property {string} conversation
 * @property {boolean} temporary whether it is gone with the page
 * @property {string} text
 * @property {Picture[]} pictures
 * @property {Extra} extra
 */

const KEY = "gc-queue";
const OTHER_PAGE_MS = 2000; // after which a question that another page holds is that page's

export class Waiting {
  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {(question: Question) => void} edit puts a question back into the message box, with what goes along with it
   */
  constructor(conversation, edit) {
    this.conversation = conversation;
    this.edit = edit;
    /** @type {Question[]} */
    this.questions = questionsOfBefore();
    for (const question of this.questions) this.#hold(question);
    this.element = el("ol", { id: "chat-queue", "aria-label": say("queue_label"), hidden: true });
  }

  /** @type {string | null} the conversation that is on its way, for which questions are meant that are asked now */
  expected = null;
  /** @type {string | null} what was shown when it was pressed */
  #shown = null;
  /** @type {Set<string>} ids of questions that were asked while their conversation was on its way */
  #early = new Set();

  /** Another conversation is on its way; or, null, it will not come: what was asked for it is put back into the box. @param {string | null} id */
  expect(id) {
    const stranded = id ? [] : this.questions.filter((one) => one.conversation === this.expected && this.#early.has(one.id));
    this.expected = id;
    this.#shown = this.conversation.tree.head.id;
    for (const question of stranded.reverse()) this.#take(question, this.edit);
  }

  /** A conversation is shown: the one that was on its way, another one in its place, or the same once more. */
  opened() {
    if (this.conversation.tree.head.id !== this.#shown) this.expected = null;
    queueMicrotask(() => this.next()); // its options are taken over after this
  }

  /**
   * Let a question wait for the end of the answer that is shown, or for the conversation that is on its way.
   *
   * @param {string} text
   * @param {Picture[]} [pictures]
   * @param {Extra} [extra]
   */
  add(text, pictures = [], extra = {}) {
    const { head, temporary } = this.conversation.tree;
    const question = { id: newId(), conversation: this.expected ?? head.id, temporary: temporary && !this.expected, text, pictures, extra };
    if (this.expected) this.#early.add(question.id);
    this.questions.push(question);
    this.#hold(question);
    this.#change();
  }

  /** The next one's turn, if the answer that it waits for is over and came to a good end, here or while another conversation was shown. */
  next() {
    const question = this.#own[0];
    const { tree, running } = this.conversation;
    const last = tree.message(tree.head.leaf);
    const over = last?.role === "assistant" && !last.answer && ["done", "cut"].includes(last.state ?? "");
    if (question && this.#held.has(question.id) && !running && (over || this.#early.has(question.id))) this.#send(question);
  }

  /** @type {Set<string>} ids of those that are this page's to ask */
  #held = new Set();

  get #own() {
    return this.questions.filter(({ conversation }) => conversation === this.conversation.tree.head.id);
  }

  // A tab that was copied has a copy of its questions: whoever holds one, and nobody else, will ask it.
  /** @param {Question} question */
  #hold({ id }) {
    const take = () => {
      this.#held.add(id);
      this.next();
      return new Promise(() => {});
    };
    const signal = AbortSignal.timeout(OTHER_PAGE_MS);
    locks.request(`gc-queued-${id}`, { signal }, take).catch((/** @type {Error} */ { name }) => {
      if (name !== "TimeoutError") return take(); // nothing is to be had here
      this.questions = this.questions.filter((one) => one.id !== id);
      this.#change();
    });
  }

  // Kept in this tab, for when it is loaded again.
  #change() {
    try {
      sessionStorage[KEY] = JSON.stringify(this.questions.filter(({ temporary }) => !temporary));
    } catch {
      // nothing is stored here, or not so much
    }
    this.show();
  }

  /** @param {Question} question */
  #send(question) {
    this.#take(question);
    this.conversation.ask(question.text, question.pictures, question.extra);
  }

  /** @param {Question} question */
  #steer(question) {
    this.conversation.stop();
    this.#send(question);
  }

  /**
   * @param {Question} question
   * @param {(question: Question) => void} [whither]
   */
  #take(question, whither) {
    this.questions = this.questions.filter((one) => one !== question);
    this.#change();
    whither?.(question);
  }

  show() {
    const seen = this.expected ? this.questions.filter(({ conversation }) => conversation === this.expected) : this.#own;
    this.element.hidden = !seen.length;
    this.element.replaceChildren(...seen.map((question) => this.#row(question)));
  }

  /** @param {Question} question */
  #row(question) {
    return el(
      "li",
      { "data-queued": "" },
      el("span", { class: "gc-queued-text", dir: "auto" }, briefly(question)),
      this.expected ? null : el("button", { type: "button", class: "gc-link", "data-action": "steer", title: say("steer_help"), onclick: () => this.#steer(question) }, say("steer")),
      iconButton("edit", say("queue_edit"), { "data-action": "edit", onclick: () => this.#take(question, this.edit) }),
      iconButton("close", say("queue_remove"), { "data-action": "delete", onclick: () => this.#take(question) }),
    );
  }
}

/** What was typed, and the names of what goes along. @param {Question} question */
function briefly({ text, pictures }) {
  const { question, documents } = splitText(text);
  return [question, ...[...documents, ...pictures].map(({ name }) => name)].filter(Boolean).join(" · ");
}

/** @returns {Question[]} */
function questionsOfBefore() {
  try {
    return JSON.parse(sessionStorage[KEY] ?? "[]");
  } catch {
    return [];
  }
}
