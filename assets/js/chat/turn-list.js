// The list that shows one branch of a conversation: the newest messages at once, the older ones and what is costly to
// draw one after the other, so that no task is long.

import { el } from "../shared/dom.js";
import { Follower } from "../shared/scroll.js";
import { say } from "../shared/words.js";
import { answerView, copyCode, questionView, showActions } from "./message.js";

/**
 * @import { Answer } from "../shared/answer.js"
 * @import { Tree } from "./tree.js"
 * @import { Actions, AnswerView, Extra, Message, Turn } from "./types.js"
 *
 * @typedef {object} Parts what the list is made for
 * @property {() => Node} welcome what an empty list shows
 * @property {(message: Message) => Answer} newAnswer the frame of an answer
 * @property {(turn: Turn) => Actions} actions what can be done with a message
 * @property {(answer: Answer, extra: Extra) => void} drawn called when an answer of before is on the page again
 */

const SHOWN_AT_ONCE = 12; // a screen of messages and some more; the older ones follow when nothing else is to do
const DRAWN_AT_ONCE = 3;
const ADDED_AT_ONCE = 4;

export class TurnList {
  /**
   * @param {Tree} tree
   * @param {Parts} parts
   */
  constructor(tree, parts) {
    this.tree = tree;
    this.parts = parts;
    /** @type {Turn[]} what the list shows */
    this.turns = [];
    this.element = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
    this.element.addEventListener("click", copyCode);
    this.follower = new Follower(this.element);
  }

  /** @type {WeakMap<Message, Turn>} */
  #views = new WeakMap();
  /** @type {Message[]} of the branch, those that are not in the list yet */
  #older = [];
  #filling = false;

  /**
   * Put the list into an element.
   *
   * @param {HTMLElement} host
   * @param {boolean} opening whether another conversation is on its way, so that no welcome need be shown
   */
  showIn(host, opening) {
    host.replaceChildren(this.element, this.follower.button);
    if (!this.turns.length && !opening) this.element.replaceChildren(this.parts.welcome());
    this.follower.followGrowth();
  }

  /**
   * Show another tree, from its end.
   *
   * @param {Tree} tree
   */
  open(tree) {
    this.tree = tree;
    this.turns = [];
    this.#older = tree.branch().slice(0, -SHOWN_AT_ONCE);
    this.element.replaceChildren();
    this.follower.following = true;
    this.show();
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Bring the list up to date with the tree; what stands already is not touched. */
  show() {
    const branch = this.tree.branch();
    let older = 0;
    while (older < this.#older.length && this.#older[older] === branch[older]) older += 1;
    if (older < this.#older.length) this.turns = []; // an older message has changed: begin anew from there
    this.#older = branch.slice(0, older);
    const views = branch.slice(older).map((message) => this.#view(message));
    let same = 0;
    while (same < this.turns.length && this.turns[same] === views[same]) same += 1;
    if (!this.turns.length) this.element.replaceChildren();
    for (const { element } of this.turns.slice(same)) element.remove();
    this.element.append(...views.slice(same).map(({ element }) => element));
    this.turns = views;
    if (!branch.length) this.element.replaceChildren(this.parts.welcome());
    this.mark();
    for (const view of views.slice(-DRAWN_AT_ONCE)) this.#draw(view).then(() => this.follower.followGrowth());
    if (!this.#filling) this.#fill();
  }

  /**
   * The frame of an answer, in the list or not yet.
   *
   * @param {Message} message
   */
  answerOf(message) {
    return /** @type {AnswerView} */ (this.#view(message));
  }

  /** Bring the buttons of messages up to date. */
  mark(views = this.turns) {
    const place = this.tree.places();
    for (const view of views) showActions(view, place(view.message), this.parts.actions(view));
  }

  /** @param {Turn} turn */
  async #draw({ answer, message }) {
    if (!answer || answer.undrawn === null) return;
    await answer.draw();
    this.parts.drawn(answer, this.tree.message(message.parent)?.extra ?? {});
  }

  // One after the other, so that no task is long: draw what is plain, the newest first, and add what is older.
  async #fill() {
    this.#filling = true;
    for (;;) {
      await idle();
      const { tree } = this;
      const undrawn = this.turns.findLast(({ answer }) => answer?.undrawn != null);
      if (undrawn) await this.#draw(undrawn);
      else if (this.#older.length) {
        const views = this.#older.splice(-ADDED_AT_ONCE).map((message) => this.#view(message));
        for (const view of views) await this.#draw(view);
        if (this.tree !== tree) continue;
        this.turns.unshift(...views);
        this.element.prepend(...views.map(({ element }) => element));
        this.mark(views);
      } else {
        this.#filling = false;
        return;
      }
      if (this.tree === tree) this.follower.followGrowth();
    }
  }

  /** @param {Message} message */
  #view(message) {
    const known = this.#views.get(message);
    if (known) return known;
    const view = message.role === "user" ? questionView(message) : answerView(message, this.parts.newAnswer(message));
    if (view.answer && message.state && !message.answer) view.answer.restore(message);
    this.#views.set(message, view);
    return view;
  }
}

/** @returns {Promise<void>} when the page has nothing more urgent to do */
const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve(), { timeout: 200 }));
