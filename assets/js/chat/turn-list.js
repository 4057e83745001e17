// The list that shows one branch of a conversation: its last screen at once, the rest as plain text when nothing else is
// to do, and each message as it should look as soon as somebody comes near. Messages stand in groups, which the browser
// leaves out while they are far away: what goes on at the end costs the same below five hundred messages as below five.

import { el, findAll } from "../shared/dom.js";
import { Follower } from "../shared/scroll.js";
import { prepareFormulas, typesetNow } from "../shared/text-view.js";
import { say } from "../shared/words.js";
import { answerView, copyCode, farView, questionView, showActions } from "./message.js";

/**
 * @import { Answer } from "../shared/answer.js"
 * @import { Tree } from "./tree.js"
 * @import { Actions, AnswerView, Extra, FarTurn, Message, Turn } from "./types.js"
 *
 * @typedef {object} Parts what the list is made for
 * @property {() => Node} welcome what an empty list shows
 * @property {(message: Message) => Answer} newAnswer the frame of an answer
 * @property {(turn: Turn) => Actions} actions what can be done with a message
 * @property {(answer: Answer, extra: Extra) => void} drawn called when an answer of before is on the page again
 */

const GROUP = 10; // messages that are left out together
const AT_ONCE = 4; // the last messages, whole before anything is shown
const SLICE_MS = 6; // of drawing between two frames
const NEAR = "120% 0px"; // of the list's height, above and below what is seen
const LINE_PX = 26;
const FRAME_PX = 70; // of a message without its text
const LINE_CHARACTERS = 80;
const PAPER_PX = 640; // narrower than any usual sheet between its margins
const FORMULA = /\$[^\s$][^$]*\$|\\[([]/;

export class TurnList {
  /**
   * @param {Tree} tree
   * @param {Parts} parts
   */
  constructor(tree, parts) {
    this.tree = tree;
    this.parts = parts;
    /** @type {(Turn | FarTurn)[]} what the list shows */
    this.turns = [];
    this.element = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
    this.element.addEventListener("click", copyCode);
    this.follower = new Follower(this.element);
    this.#near = new IntersectionObserver((entries) => this.#approach(entries), { root: this.element, rootMargin: NEAR });
    addEventListener("beforeprint", () => this.#drawAll());
  }

  /** @type {WeakMap<Message, Turn>} */
  #views = new WeakMap();
  /** @type {WeakMap<Message, FarTurn>} */
  #farViews = new WeakMap();
  /** @type {Message[]} of the branch, those that are not in the list yet */
  #older = [];
  /** @type {(Turn | FarTurn)[]} somebody is near them, and they are not drawn yet */
  #wanted = [];
  #filling = false;
  #near;

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
    this.#wanted = [];
    this.#older = tree.branch().slice(0, -GROUP);
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
    const close = branch.length - AT_ONCE;
    const views = branch.slice(older).map((message, at) => (older + at < close ? this.#shown(message) : this.#view(message)));
    let same = 0;
    while (same < this.turns.length && this.turns[same].message === views[same]?.message) same += 1;
    if (!this.turns.length) this.element.replaceChildren();
    for (const { element } of this.turns.slice(same)) element.remove();
    for (let at = 0; at < same; at += 1) if (this.turns[at] !== views[at]) this.turns[at].element.replaceWith(views[at].element);
    this.#append(views.slice(same));
    this.turns = views;
    if (!branch.length) this.element.replaceChildren(this.parts.welcome());
    this.mark();
    this.#drawScreen();
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

  /**
   * What a message says: as it stands on the page where it does, else as it was kept.
   *
   * @param {Message} message
   */
  textOf(message) {
    return this.#views.get(message)?.answer?.text ?? message.text;
  }

  /** Bring the buttons of messages up to date. */
  mark(views = this.turns) {
    const place = this.tree.places();
    for (const view of views) if (!("far" in view)) showActions(view, place(view.message), this.parts.actions(view));
  }

  // ── groups ──

  /** @param {(Turn | FarTurn)[]} views */
  #append(views) {
    while (this.element.lastElementChild && !this.element.lastElementChild.childElementCount) this.element.lastElementChild.remove();
    let group = this.element.lastElementChild;
    for (const { element } of views) {
      if (!group || group.childElementCount >= GROUP) this.element.append((group = this.#newGroup()));
      group.append(element);
    }
  }

  #newGroup() {
    const group = el("div", { class: "gc-group" });
    this.#near.observe(group);
    return group;
  }

  /** @param {Message[]} messages that stand before all others */
  #prepend(messages) {
    const views = messages.map((message) => this.#shown(message));
    const group = this.#newGroup();
    group.append(...views.map(({ element }) => element));
    const lines = messages.reduce((sum, { text }) => sum + Math.ceil(text.length / LINE_CHARACTERS), 0);
    group.style.containIntrinsicSize = `auto ${FRAME_PX * messages.length + LINE_PX * lines}px`;
    this.element.prepend(group);
    this.turns.unshift(...views);
  }

  // ── drawing ──

  // What is seen first is drawn before it is seen, the end of the conversation first.
  #drawScreen() {
    let height = 0;
    const views = this.turns.slice(-GROUP).reverse();
    if (views.some(isUndrawn)) {
      for (const view of views) {
        height += this.#draw(this.#turn(view)).element.offsetHeight;
        if (height > this.element.clientHeight) break;
      }
      this.follower.followGrowth();
    } else this.follower.followSoon();
  }

  /**
   * The same message as it should look, in its place.
   *
   * @param {Turn | FarTurn} view
   * @returns {Turn}
   */
  #turn(view) {
    if (!("far" in view)) return view;
    const turn = this.#view(view.message);
    const at = this.turns.indexOf(view);
    if (at >= 0) {
      this.turns[at] = turn;
      view.element.replaceWith(turn.element);
      this.mark([turn]);
    }
    return turn;
  }

  /**
   * @param {Turn} turn
   * @returns {Turn}
   */
  #draw(turn) {
    const { answer, message } = turn;
    if (answer && answer.undrawn !== null) {
      answer.draw().then(() => {
        this.parts.drawn(answer, this.tree.message(message.parent)?.extra ?? {});
        this.follower.followGrowth();
      });
    }
    return turn;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #approach(entries) {
    const groups = new Set(entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target));
    if (!groups.size) return;
    const coming = this.turns.filter((view) => groups.has(/** @type {Element} */ (view.element.parentElement)) && isUndrawn(view));
    const idle = !this.#wanted.length;
    this.#wanted.push(...coming);
    if (idle) this.#drawWanted();
  }

  // In slices, so that no task is long; the newest first, as who scrolls up meets them.
  async #drawWanted() {
    while (this.#wanted.length) {
      const began = performance.now();
      while (this.#wanted.length && performance.now() - began < SLICE_MS) {
        const view = /** @type {Turn | FarTurn} */ (this.#wanted.pop());
        if (this.turns.includes(view)) this.#draw(this.#turn(view));
      }
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  // For paper all of it is drawn, and now.
  #drawAll() {
    while (this.#older.length) this.#prepend(this.#older.splice(-GROUP));
    for (const view of [...this.turns]) this.#draw(this.#turn(view));
    typesetNow(this.element);
    const widths = findAll(".gc-math[data-display]", this.element).map((formula) => /** @type {const} */ ([formula, widthOf(formula)]));
    for (const [formula, width] of widths) formula.style.setProperty("--gc-fit", String(Math.min(1, PAPER_PX / width)));
  }

  async #fill() {
    this.#filling = true;
    while (this.#older.length) {
      await whenIdle();
      if (this.#older.length) this.#prepend(this.#older.splice(-GROUP));
      this.follower.followGrowth();
    }
    this.#filling = false;
  }

  // ── views ──

  /** @param {Message} message */
  #shown(message) {
    const known = this.#views.get(message) ?? this.#farViews.get(message);
    if (known) return known;
    if (message.answer) return this.#view(message); // it runs
    if (FORMULA.test(message.text)) whenIdle().then(prepareFormulas).catch(() => {}); // without, paper has their sources
    const far = farView(message);
    this.#farViews.set(message, far);
    return far;
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

/** How wide a formula is, be it wider than its place. @param {HTMLElement} formula */
function widthOf(formula) {
  const range = document.createRange();
  range.selectNodeContents(formula.querySelector(".katex-html") ?? formula);
  return range.getBoundingClientRect().width || 1;
}

/** @param {Turn | FarTurn} view */
const isUndrawn = (view) => "far" in view || (view.answer ? view.answer.undrawn !== null : false);

/** @returns {Promise<void>} when the page has nothing more urgent to do */
const whenIdle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve(), { timeout: 1000 }));
