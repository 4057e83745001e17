// Questions that wait while an answer is written: each can be edited, taken back, or sent now, which stops the answer
// where it is.

import { el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";

/**
 * @import { Answer } from "../shared/answer.js"
 * @import { Extra, Picture } from "./types.js"
 * @import { Tree } from "./tree.js"
 *
 * @typedef {{ tree: Tree, text: string, pictures: Picture[], extra: Extra }} Question one that waits
 */

export class Waiting {
  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {(text: string) => void} edit puts a question back into the message box
   */
  constructor(conversation, edit) {
    this.conversation = conversation;
    this.edit = edit;
    /** @type {Question[]} */
    this.questions = [];
    this.element = el("ol", { id: "chat-queue", "aria-label": say("queue_label"), hidden: true });
  }

  /**
   * Let a question wait for the end of the answer that is shown.
   *
   * @param {string} text
   * @param {Picture[]} [pictures]
   * @param {Extra} [extra]
   */
  add(text, pictures = [], extra = {}) {
    this.questions.push({ tree: this.conversation.tree, text, pictures, extra });
    this.show();
  }

  /**
   * The answer is over: the next one's turn, if it came to a good end.
   *
   * @param {Answer} answer
   */
  next(answer) {
    const question = this.#own[0];
    if (!question || this.conversation.running || !["done", "cut"].includes(answer.state)) return;
    this.#send(question);
  }

  get #own() {
    return this.questions.filter(({ tree }) => tree === this.conversation.tree);
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

  /** @param {Question} question */
  #take(question) {
    this.questions = this.questions.filter((one) => one !== question);
    this.show();
  }

  show() {
    const own = this.#own;
    this.element.hidden = !own.length;
    this.element.replaceChildren(...own.map((question) => this.#row(question)));
  }

  /** @param {Question} question */
  #row(question) {
    return el(
      "li",
      { "data-queued": "" },
      el("span", { class: "gc-queued-text" }, question.text),
      el("button", { type: "button", class: "gc-link", "data-action": "steer", title: say("steer_help"), onclick: () => this.#steer(question) }, say("steer")),
      iconButton("edit", say("queue_edit"), {
        "data-action": "edit",
        onclick: () => {
          this.#take(question);
          this.edit(question.text);
        },
      }),
      iconButton("close", say("queue_remove"), { "data-action": "delete", onclick: () => this.#take(question) }),
    );
  }
}
