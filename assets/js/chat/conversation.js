// A conversation on the page: what was asked and answered, in one scrolling list. It shows one branch of its tree, and
// tells whoever keeps it of every change; without anybody who does, it lives in this page alone.

import { announce } from "../shared/dom.js";
import { Answer } from "../shared/answer.js";
import { demand, newId } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { Coming } from "./coming.js";
import { editQuestion } from "./message.js";
import { PATIENCE_MS, Run, isDirect } from "./run.js";
import { olderHalf, turnsOf } from "./sent.js";
import { Tree, newHead } from "./tree.js";
import { TurnList } from "./turn-list.js";
import { offerUndo } from "./undo.js";

/**
 * @import { Actions, AnswerView, Extra, Message, Options, Picture, Recorder, Removal, Turn } from "./types.js"
 * @import { Sent } from "./sent.js"
 *
 * @typedef {{ name: string, is: (text: string, body: string) => boolean, callOff: () => void }} Ahead a question that was sent
 *   before it is asked, and the name of its answer
 *
 * @typedef {object} Given what a conversation is made for
 * @property {string} name the tab's, by which the page's styles know that it is busy
 * @property {() => Partial<Options>} options fields that go along with every question
 * @property {() => string} [system] instructions that stand before it
 * @property {() => Node} welcome what an empty list shows
 * @property {(text: string) => void} hint tells what is in the way
 * @property {(answer: Answer, extra: Extra) => void} [ended] called with every answer when it is over
 * @property {(answer: Answer, extra: Extra) => void} [drawn] called when an answer of before is on the page again
 * @property {Recorder | null} [keeper]
 */

export class Conversation {
  /** @param {Given} given */
  constructor({ name, options, system = () => "", welcome, hint, ended = () => {}, drawn = () => {}, keeper = null }) {
    this.name = name;
    this.options = options;
    this.system = system;
    this.hint = hint;
    this.ended = ended;
    this.keeper = keeper;
    this.tree = new Tree(newHead(name));
    this.opening = false; // whether the one of before a reload is on its way, so that no welcome need be shown
    this.coming = new Coming();
    /** @type {Map<string, Run>} by the id of their answer, of other conversations too */
    this.runs = new Map();
    this.list = new TurnList(this.tree, { welcome, drawn, newAnswer: (message) => this.#newAnswer(message), actions: (turn) => this.#actions(turn) });
    this.follower = this.list.follower;
  }

  /** What the list shows. */
  get turns() {
    return this.list.turns;
  }

  /** @type {((busy: boolean) => void) | undefined} called when an answer begins or ends */
  onBusy;
  /** @type {(() => void) | undefined} called when another conversation is shown */
  onOpen;
  /** @type {((text: string) => void) | undefined} puts what was said for a conversation that did not come into the box */
  onAstray;

  /** Put the conversation into an element; called again whenever Gradio makes that element anew. @param {HTMLElement} host */
  showIn(host) {
    this.list.showIn(host, this.opening);
  }

  /** The answer under way in the branch that is shown; null when nobody writes there. */
  get running() {
    return this.under.find(({ message }) => this.tree.branch().includes(message)) ?? null;
  }

  /** All answers under way in this conversation; another window may have asked for some, in a branch that is not shown. */
  get under() {
    return [...this.runs.values()].filter((run) => run.tree === this.tree && !run.over && !run.stopped);
  }

  /**
   * Show another conversation. What runs in this one goes on.
   *
   * @param {Tree} tree
   */
  open(tree) {
    const running = [...this.runs.values()].find((run) => run.tree.head.id === tree.head.id);
    this.tree = running?.tree ?? tree;
    this.opening = false;
    // Whose page went before its end was kept, and which has no name to ask for it by: it ended there.
    for (const one of this.tree.messages.values()) if (!one.answer && !this.runs.has(one.id) && ["waiting", "writing"].includes(one.state ?? "")) one.state = "stopped";
    this.list.open(this.tree);
    void this.resume(this.tree);
    this.#busy();
    this.onOpen?.();
  }

  /**
   * Follow the answers that are under way in a conversation, also in branches that are not shown.
   *
   * @param {Tree} tree
   */
  resume(tree) {
    const left = [...tree.messages.values()].filter(({ id, role, answer }) => role === "assistant" && answer && !this.runs.has(id));
    return Promise.all(left.map((message) => this.#follow(tree, message)));
  }

  /**
   * Ask with all that was said before; `pictures` and the fields of `extra` go along with this question.
   *
   * @param {string} text
   * @param {Picture[]} [pictures]
   * @param {Extra} [extra]
   * @param {boolean} [soon] an answer is waited for by ear: it is asked for before the question is drawn
   * @param {Ahead | null} [ahead] where it was sent already
   */
  ask(text, pictures = [], extra = {}, soon = false, ahead = null) {
    if (this.#tellBusy()) return null;
    const question = this.tree.add({ role: "user", text, pictures: pictures.map(plain), extra });
    this.#keepMessage(question);
    return this.#answer(question, soon, ahead);
  }

  /**
   * What is sent when the next question is asked, by its words; null where it cannot be asked now, or not directly.
   *
   * @returns {((text: string) => string) | null}
   */
  nextBody() {
    if (this.running || this.coming.id || !isDirect()) return null;
    const last = this.tree.message(this.tree.head.leaf);
    const before = last ? this.#turnsTo(last) : this.#instructions();
    const options = this.options();
    return (text) => JSON.stringify({ turns: [...before, { role: "user", text }], ...options });
  }

  /**
   * Ask another question in the place of one, which stays beside it.
   *
   * @param {Message} asked
   * @param {string} text
   * @param {boolean} [soon] as of `ask`
   */
  askInstead(asked, text, soon = false) {
    if (this.#tellBusy()) return null;
    const { pictures, extra, parent } = asked;
    const question = this.tree.add({ role: "user", text, pictures, extra }, parent);
    this.#keepMessage(question);
    return this.#answer(question, soon);
  }

  /**
   * Go on with a question and its answer from elsewhere.
   *
   * @param {string} text
   * @param {Picture[]} pictures
   * @param {Answer} answer
   * @param {string | null} [leaf] the message that it follows, if that is there yet
   * @returns {boolean} whether it could
   */
  adopt(text, pictures, answer, leaf) {
    if (this.#tellBusy()) return false;
    const parent = leaf && !this.tree.message(leaf) ? undefined : leaf;
    this.#keepMessage(this.tree.add({ role: "user", text, pictures: pictures.map(plain) }, parent));
    this.#keepMessage(this.tree.add({ role: "assistant", ...answer.data }));
    this.#showEnd();
    return true;
  }

  /** All that was said, as it is sent. */
  history() {
    const last = this.tree.message(this.tree.head.leaf);
    return last ? this.#turnsTo(last).filter((turn) => turn.role !== "system") : [];
  }

  /** Stop the running answer; the connection upstream is closed with it. */
  stop() {
    this.running?.stop();
    this.#busy();
  }

  /** Take everything out; for a while it can be taken back. */
  clear() {
    for (const run of this.under) run.stop();
    this.#busy();
    if (!this.tree.empty) this.#drop(this.tree, this.tree.clear(), say("cleared"));
    this.show();
  }

  /** Bring the list up to date with the tree. */
  show() {
    this.list.show();
  }

  #showEnd() {
    this.show();
    this.follower.jump();
  }

  /** @param {Message} message */
  #newAnswer(message) {
    return new Answer({
      painted: () => this.follower.followGrowth(),
      again: () => this.again(message),
      goOn: () => this.goOn(message),
      shorten: () => this.shorten(message),
    });
  }

  /**
   * What can be done with a message.
   *
   * @param {Turn} turn
   * @returns {Actions}
   */
  #actions(turn) {
    const { message } = turn;
    return {
      turn: (by) => this.#turn(message, by),
      edit: () => this.#tellBusy() || this.#edit(turn),
      editOn: () => this.#edit(turn),
      again: () => this.again(message),
      goOn: () => this.goOn(message),
      remove: () => this.remove(message),
    };
  }

  // ── answers ──

  /**
   * @param {Message} question
   * @param {boolean} [soon]
   * @param {Ahead | null} [ahead]
   */
  async #answer(question, soon = false, ahead = null) {
    const { tree } = this;
    const options = this.options();
    const sent = ahead?.is(question.text, this.#bodyFor(question, tree, options)) ? ahead : null;
    if (!sent) ahead?.callOff();
    const message = this.tree.add({ role: "assistant", state: "waiting", answer: sent?.name ?? newId() }, question.id);
    if (!soon) this.#showEnd();
    const running = this.#run(message, (run) => run.ask(() => this.#bodyFor(question, tree, options), soon), question.extra);
    if (soon) this.#showEnd();
    await running;
  }

  /**
   * @param {Message} question
   * @param {Tree} tree
   */
  #bodyFor(question, tree, options = this.options()) {
    return JSON.stringify({ turns: this.#turnsTo(question, tree), ...options, ...question.extra });
  }

  /**
   * Ask for another answer; the old one stays beside it.
   *
   * @param {Message} message
   */
  again(message) {
    if (this.#tellBusy()) return null;
    const question = this.tree.message(message.parent);
    return question?.role === "user" ? this.#answer(question) : null;
  }

  /**
   * Let an answer go on where it stopped.
   *
   * @param {Message} message
   */
  async goOn(message) {
    if (this.#tellBusy()) return null;
    const { answer } = this.list.answerOf(message);
    const question = this.tree.message(message.parent);
    const body = { turns: this.#turnsTo(message), ...this.options(), continues: true };
    Object.assign(message, { answer: newId(), before: answer.data });
    answer.reopen();
    await this.#run(message, (run) => run.ask(() => JSON.stringify(body)), question?.extra ?? {});
  }

  /**
   * Let the older messages go along as a summary from now on, and ask again.
   *
   * @param {Message} message
   */
  async shorten(message) {
    if (this.#tellBusy()) return null;
    const { tree } = this;
    const { turns, last } = olderHalf(tree.branch(message.parent), this.#textOf);
    if (!last || !turns.length) return null;
    this.hint(say("shortening"));
    const headers = { "content-type": "application/json" };
    const response = await demand("summary", { body: JSON.stringify({ turns }), headers });
    const body = await response.json().catch(() => ({}));
    if (!body.summary) return this.hint(say("error_unreachable"));
    tree.head.summary = { until: last.id, text: body.summary, n: turns.length };
    this.keeper?.head(tree);
    this.hint(say("shortened", { n: turns.length }));
    return this.tree === tree ? this.again(message) : null;
  }

  #textOf = (/** @type {Message} */ message) => this.list.textOf(message);

  // An answer that was under way when the page was left, or that another page of this browser asked for.
  /**
   * @param {Tree} tree
   * @param {Message} message
   */
  #follow(tree, message) {
    const { answer } = this.list.answerOf(message);
    answer.restore(message.before ?? {}); // all that came since is heard anew
    answer.reopen();
    const { text, created, parent } = message;
    const question = tree.message(parent);
    // One that was asked in the moment in which the page was left may never have come to the server.
    const unsent = question && !text && Date.now() - created < PATIENCE_MS;
    return this.#run(message, (run) => run.follow(unsent ? () => this.#bodyFor(question, tree) : null), question?.extra ?? {}, { tree, watches: true });
  }

  /**
   * @param {Message} message
   * @param {(run: Run) => Promise<void>} start
   * @param {Extra | undefined} extra
   * @param {{ tree?: Tree, watches?: boolean }} [where]
   */
  async #run(message, start, extra, { tree = this.tree, watches = false } = {}) {
    const view = this.list.answerOf(message);
    const run = new Run({ tree, message, answer: view.answer, changed: () => this.keeper?.message(tree, message), watches });
    this.runs.set(message.id, run);
    view.signature = null;
    this.list.mark([view]);
    if (!watches) this.#keepMessage(message, tree);
    this.#busy();
    try {
      await start(run);
    } finally {
      this.runs.delete(message.id);
      view.signature = null;
      if (this.tree === tree) this.list.mark([view]);
      this.#busy();
    }
    if (run.left) return;
    this.#keepMessage(message, tree); // meanwhile another conversation may be shown
    this.ended(view.answer, extra ?? {});
  }

  /** Whether something is to wait until an answer is over, which is told. @param {unknown} busy */
  #tellBusy(busy = this.running) {
    if (busy) this.hint(say("still_answering"));
    return Boolean(busy);
  }

  #busy() {
    document.body.toggleAttribute(`data-${this.name}`, Boolean(this.running));
    if (this.running) document.body.setAttribute(`data-${this.name}`, "busy");
    this.onBusy?.(Boolean(this.running));
  }

  // ── branches ──

  /** @param {Turn} turn */
  #edit(turn) {
    if (turn.role === "user") editQuestion(turn, (text) => Boolean(this.askInstead(turn.message, text)));
  }

  /**
   * @param {Message} message
   * @param {number} by
   */
  #turn(message, by) {
    if (this.#tellBusy()) return null;
    this.tree.turnTo(message, by);
    this.keeper?.head(this.tree);
    this.show();
    this.#busy();
  }

  /**
   * Take one message out; for a while it can be taken back.
   *
   * @param {Message} message
   */
  remove(message) {
    if (this.#tellBusy(this.under.length)) return;
    this.#drop(this.tree, this.tree.remove(message), say("message_deleted"));
    this.show();
  }

  /**
   * @param {Tree} tree
   * @param {Removal} removal
   * @param {string} words
   */
  #drop(tree, { gone, moved, back }, words) {
    this.keeper?.announceRemoval(tree, gone.map(({ id }) => id));
    for (const message of moved) this.keeper?.message(tree, message);
    this.keeper?.head(tree);
    offerUndo(words, () => {
      back();
      for (const message of [...gone, ...moved]) this.keeper?.message(tree, message);
      this.keeper?.head(tree);
      if (this.tree === tree) this.show();
    });
    announce(words);
  }

  /** @param {Message} message */
  #keepMessage(message, tree = this.tree) {
    this.keeper?.message(tree, message);
    this.keeper?.head(tree);
  }

  /**
   * What is sent: the whole branch, for the server to fit to the model that answers.
   *
   * @param {Message} last
   * @returns {Sent[]}
   */
  #turnsTo(last, tree = this.tree) {
    const sent = turnsOf(tree.branch(last.id), this.#textOf, tree.head.summary);
    return [...this.#instructions(), ...sent];
  }

  /** @returns {Sent[]} */
  #instructions() {
    return this.system() ? [{ role: "system", text: this.system() }] : [];
  }
}

/** Of a picture, what is sent and kept of it. @param {Picture} picture */
const plain = ({ name, url }) => ({ name, url });
