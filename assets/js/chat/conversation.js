// A conversation on the page: what was asked and answered, in one scrolling list. It shows one branch of its tree, and
// tells whoever keeps it of every change; without anybody who does, it lives in this page alone.

import { announce, el } from "../shared/dom.js";
import { Answer } from "../shared/answer.js";
import { Follower } from "../shared/scroll.js";
import { newId, send } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { answerView, copyCode, editQuestion, questionView, showActions } from "./message.js";
import { Run } from "./run.js";
import { Tree, newHead } from "./tree.js";
import { offerUndo } from "./undo.js";

const SHOWN_AT_ONCE = 12; // a screen of messages and some more; the older ones follow when nothing else is to do
const DRAWN_AT_ONCE = 3;
const ADDED_AT_ONCE = 4;

/**
 * @typedef {object} Keeper told of changes
 * @property {(tree: Tree, message: object) => void} message it is new, or has changed
 * @property {(tree: Tree) => void} head
 * @property {(tree: Tree, ids: string[]) => void} removed
 */
const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(() => resolve(), { timeout: 200 }));

export class Conversation {
  /**
   * @param {object} given
   * @param {string} given.name the tab's, by which the page's styles know that it is busy
   * @param {() => object} given.options fields that go along with every question
   * @param {() => string} [given.system] instructions that stand before it
   * @param {() => Node} given.welcome what an empty list shows
   * @param {(text: string) => void} given.hint tells what is in the way
   * @param {(answer: Answer, extra: object) => void} [given.ended] called with every answer when it is over
   * @param {(answer: Answer, extra: object) => void} [given.drawn] called when an answer of before is on the page again
   * @param {Keeper} [given.keeper]
   */
  constructor({ name, options, system = () => "", welcome, hint, ended = () => {}, drawn = () => {}, keeper = null }) {
    Object.assign(this, { name, options, system, welcome, hint, ended, drawn, keeper });
    this.tree = new Tree(newHead(name));
    /** What the list shows: {role, message, element, answer?}. */
    this.turns = [];
    /** @type {Map<string, Run>} by the id of their answer, of other conversations too */
    this.runs = new Map();
    this.list = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
    this.list.addEventListener("click", copyCode);
    this.follower = new Follower(this.list);
  }

  #views = new WeakMap();
  #older = []; // messages of the branch that are not in the list yet
  #filling = false;

  /** Put the conversation into an element; called again whenever Gradio makes that element anew. */
  showIn(host) {
    host.replaceChildren(this.list, this.follower.button);
    if (!this.turns.length && !this.opening) this.list.replaceChildren(this.welcome());
    this.follower.grown();
  }

  /** The answer under way in what is shown; null when nobody writes. */
  get running() {
    for (const run of this.runs.values()) if (run.tree === this.tree && !run.over && !run.stopped) return run;
    return null;
  }

  /** Show another conversation. What runs in this one goes on. */
  open(tree) {
    const running = [...this.runs.values()].find((run) => run.tree.head.id === tree.head.id);
    this.tree = running?.tree ?? tree;
    this.opening = false;
    this.turns = [];
    this.#older = this.tree.branch().slice(0, -SHOWN_AT_ONCE);
    this.list.replaceChildren();
    this.follower.following = true;
    this.show();
    this.list.scrollTop = this.list.scrollHeight;
    for (const turn of this.turns) if (turn.message.answer && !this.runs.has(turn.message.id)) this.#follow(turn);
    this.#busy();
    this.onOpen?.();
  }

  /** Ask with all that was said before; `pictures` and the fields of `extra` go along with this question. */
  ask(text, pictures = [], extra = {}) {
    if (this.running) {
      this.hint(say("still_answering"));
      return null;
    }
    const question = this.tree.add({ role: "user", text, pictures: pictures.map(plain), extra });
    this.#kept(question);
    return this.#answer(question);
  }

  /** Go on with a question and its answer from elsewhere. */
  adopt(text, pictures, answer) {
    this.#kept(this.tree.add({ role: "user", text, pictures: pictures.map(plain) }));
    this.#kept(this.tree.add({ role: "assistant", ...answer.data }));
    this.show();
    this.follower.jump();
  }

  /** All that was said, as it is sent. */
  history() {
    const last = this.tree.messages.get(this.tree.head.leaf);
    return last ? this.#turnsTo(last).filter((turn) => turn.role !== "system") : [];
  }

  /** Stop the running answer; the connection upstream is closed with it. */
  stop() {
    this.running?.stop();
    this.#busy();
  }

  /** Take everything out; for a while it can be taken back. */
  clear() {
    this.stop();
    if (!this.tree.empty) this.#drop(this.tree, this.tree.clear(), say("cleared"));
    this.show();
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
    if (!this.turns.length) this.list.replaceChildren();
    for (const { element } of this.turns.slice(same)) element.remove();
    this.list.append(...views.slice(same).map(({ element }) => element));
    this.turns = views;
    if (!branch.length) this.list.replaceChildren(this.welcome());
    this.#mark();
    for (const view of views.slice(-DRAWN_AT_ONCE)) this.#draw(view).then(() => this.follower.grown());
    if (!this.#filling) this.#fill();
  }

  async #draw({ answer, message }) {
    if (!answer || answer.undrawn === null) return;
    await answer.draw();
    this.drawn(answer, this.tree.messages.get(message.parent)?.extra ?? {});
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
        this.list.prepend(...views.map(({ element }) => element));
        this.#mark(views);
      } else {
        this.#filling = false;
        return;
      }
      if (this.tree === tree) this.follower.grown();
    }
  }

  #view(message) {
    let view = this.#views.get(message);
    if (view) return view;
    if (message.role === "user") view = questionView(message);
    else {
      view = answerView(message, this.#newAnswer(message));
      if (message.state && !message.answer) view.answer.restore(message);
    }
    this.#views.set(message, view);
    return view;
  }

  #newAnswer(message) {
    return new Answer({
      painted: () => this.follower.grown(),
      again: () => this.again(message),
      goOn: () => this.goOn(message),
      shorten: () => this.shorten(message),
    });
  }

  #mark(views = this.turns) {
    const place = this.tree.places();
    for (const view of views) {
      const { message } = view;
      showActions(view, place(message), {
        turn: (by) => this.#turn(message, by),
        edit: () => this.#edit(view),
        again: () => this.again(message),
        goOn: () => this.goOn(message),
        remove: () => this.remove(message),
      });
    }
  }

  // ── answers ──

  async #answer(question) {
    const message = this.tree.add({ role: "assistant", state: "waiting", answer: newId() }, question.id);
    this.show();
    this.follower.jump();
    const body = { turns: this.#turnsTo(question), ...this.options(), ...question.extra };
    await this.#run(message, (run) => run.ask(JSON.stringify(body)), question.extra);
  }

  /** Ask for another answer; the old one stays beside it. */
  again(message) {
    if (this.running) return this.hint(say("still_answering"));
    const question = this.tree.messages.get(message.parent);
    if (question?.role === "user") return this.#answer(question);
    return null;
  }

  /** Let an answer go on where it stopped. */
  async goOn(message) {
    if (this.running) return this.hint(say("still_answering"));
    const { answer } = this.#view(message);
    const question = this.tree.messages.get(message.parent);
    const body = { turns: this.#turnsTo(message), ...this.options(), continues: true };
    message.answer = newId();
    answer.reopen();
    await this.#run(message, (run) => run.ask(JSON.stringify(body)), question?.extra ?? {});
  }

  /** Let the older messages go along as a summary from now on, and ask again. */
  async shorten(message) {
    if (this.running) return this.hint(say("still_answering"));
    const { tree } = this;
    const { turns, last } = olderOf(tree.branch(message.parent), (one) => this.#textOf(one));
    if (!turns.length) return null;
    this.hint(say("shortening"));
    const headers = { "content-type": "application/json" };
    const response = await send("summary", { body: JSON.stringify({ turns }), headers });
    const body = await response.json().catch(() => ({}));
    if (!response.ok || !body.summary) return this.hint(body.detail ?? say("error_unreachable"));
    tree.head.summary = { until: last.id, text: body.summary, n: turns.length };
    this.keeper?.head(tree);
    this.hint(say("shortened", { n: turns.length }));
    if (this.tree === tree) return this.again(message);
  }

  #textOf(message) {
    return message.role === "user" ? message.text : this.#view(message).answer.text;
  }

  // An answer that was under way when the page was left, or that another page of this browser asked for.
  #follow(turn) {
    turn.answer.reopen();
    return this.#run(turn.message, (run) => run.follow(), this.tree.messages.get(turn.message.parent)?.extra ?? {}, true);
  }

  async #run(message, start, extra, watches = false) {
    const { tree } = this;
    const view = this.#view(message);
    const run = new Run({ tree, message, answer: view.answer, changed: () => this.keeper?.message(tree, message), watches });
    this.runs.set(message.id, run);
    view.signature = null;
    this.#mark();
    if (!watches) this.#kept(message);
    this.#busy();
    try {
      await start(run);
    } finally {
      this.runs.delete(message.id);
      view.signature = null;
      if (this.tree === tree) this.#mark();
      this.#busy();
    }
    if (run.left) return;
    this.ended(view.answer, extra ?? {});
    this.#kept(message);
  }

  #busy() {
    document.body.toggleAttribute(`data-${this.name}`, Boolean(this.running));
    if (this.running) document.body.setAttribute(`data-${this.name}`, "busy");
    this.onBusy?.(Boolean(this.running));
  }

  // ── branches ──

  #edit(view) {
    if (this.running) return this.hint(say("still_answering"));
    editQuestion(view, (text) => {
      if (this.running) return this.hint(say("still_answering"));
      const { pictures, extra, parent } = view.message;
      const question = this.tree.add({ role: "user", text, pictures, extra }, parent);
      this.#kept(question);
      this.#answer(question);
    });
  }

  #turn(message, by) {
    if (this.running) return this.hint(say("still_answering"));
    this.tree.turnTo(message, by);
    this.keeper?.head(this.tree);
    this.show();
  }

  /** Take one message out; for a while it can be taken back. */
  remove(message) {
    if (this.running) return this.hint(say("still_answering"));
    this.#drop(this.tree, this.tree.remove(message), say("message_deleted"));
    this.show();
  }

  #drop(tree, { gone, moved, back }, words) {
    this.keeper?.removed(
      tree,
      gone.map(({ id }) => id),
    );
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

  #kept(message) {
    this.keeper?.message(this.tree, message);
    this.keeper?.head(this.tree);
  }

  // What is sent: the whole branch, for the server to fit to the model that answers. A broken answer without a word is
  // left out, and of the pictures only the newest are sent: older ones become a note, or they would be sent for ever.
  #turnsTo(last) {
    const sent = [];
    let seen = false;
    const { summary } = this.tree.head;
    for (const message of this.tree.branch(last.id).reverse()) {
      if (message.id === summary?.until) {
        sent.unshift({ role: "system", text: `${say("summary_is", { n: summary.n })}\n${summary.text}` });
        break;
      }
      const text = this.#textOf(message);
      if (!text) continue;
      sent.unshift({ role: message.role, text });
      if (!message.pictures?.length) continue;
      if (seen) sent[0].text += `\n\n${say("picture_note", { n: message.pictures.length })}`;
      else sent[0].images = message.pictures.map((picture) => picture.url);
      seen = true;
    }
    return this.system() ? [{ role: "system", text: this.system() }, ...sent] : sent;
  }
}

// Of a picture, what is sent and kept of it.
const plain = ({ name, url }) => ({ name, url });

// The older half of what was said, in characters; the newest question is never among it.
function olderOf(branch, textOf) {
  const texts = branch.slice(0, -1).map((message) => ({ message, text: textOf(message) }));
  const half = texts.reduce((sum, { text }) => sum + text.length, 0) / 2;
  let sum = 0;
  const older = [];
  for (const one of texts) {
    if (sum >= half) break;
    sum += one.text.length;
    older.push(one);
  }
  return { turns: older.filter(({ text }) => text).map(({ message, text }) => ({ role: message.role, text })), last: older.at(-1)?.message };
}
