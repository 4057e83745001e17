// One question to two or three models, side by side; each column has its receipt, and one of them is gone on with. It
// belongs to the conversation in which it was asked: in another one it is not shown, and goes on meanwhile.

import { answerFrom, Answer } from "../shared/asking.js";
import { el, fill, setAttribute } from "../shared/dom.js";
import { inSight, sheet } from "../shared/sheet.js";
import { say, shortModel } from "../shared/words.js";
import { userText } from "../shared/user-text.js";
import { offerUndo } from "./undo.js";

sheet("compare");

/**
 * @import { Conversation } from "./conversation.js"
 * @import { Choice, Picture } from "./types.js"
 * @import { options as Options } from "./options.js"
 */

const MOST = 3;
const nameOf = (/** @type {string} */ model) => (/^(?:groq|openai):/.test(model) ? model : `groq:${model}`);

export class Compare {
  /**
   * @param {object} given
   * @param {Conversation} given.conversation goes on with the answer that is taken
   * @param {Choice[]} given.choices what the picker offers
   * @param {typeof Options} given.options fields that go along with every question
   * @param {HTMLElement} given.button switches it on and off
   * @param {HTMLTextAreaElement} given.box
   * @param {(words: string) => void} given.hint tells what is in the way
   */
  constructor({ conversation, choices, options, button, box, hint }) {
    this.conversation = conversation;
    this.options = options;
    this.button = button;
    this.box = box;
    this.hint = hint;
    const real = choices.filter(([, value]) => /[/:-]/.test(value));
    this.picks = real.slice(0, MOST).map(([, value], index) => (index < 2 ? value : ""));
    this.columns = el("div", { class: "gc-columns" });
    this.element = el(
      "section",
      { id: "gc-compare", "aria-label": say("compare"), hidden: true },
      el("div", { class: "gc-compare-picks" }, ...this.picks.map((value, index) => this.#pick(real, value, index))),
      this.columns,
    );
    document.addEventListener("keydown", (event) => event.key === "Escape" && inSight(this.element.id) && this.stop());
    document.getElementById("chat-stop")?.addEventListener("click", () => this.on && this.stop());
    // It is kept nowhere: of a page that is loaded again the question at least stands in the box.
    conversation.coming.leaving.add(() => this.on && this.#isShownHere && this.asked && !box.value.trim() && fill(box, this.asked.text));
  }

  /** @type {{ conversation: string, leaf: string | null, text: string } | null} what the columns answer, and where that was asked */
  asked = null;
  /** @type {AbortController[]} */
  running = [];
  /** Id of the conversation in which it was switched on. */
  #seen = "";
  /** Whether it was on when another one was turned to. */
  #away = false;

  /**
   * @param {Choice[]} real
   * @param {string} value
   * @param {number} index
   */
  #pick(real, value, index) {
    const none = index < 2 ? [] : [el("option", { value: "" }, say("compare_none"))];
    const select = el(
      "select",
      { class: "gc-select", "aria-label": say("compare_model", { n: index + 1 }) },
      ...none,
      ...real.map(([words, id]) => el("option", { value: id }, words)),
    );
    select.value = value;
    select.addEventListener("change", () => (this.picks[index] = select.value));
    return select;
  }

  get on() {
    return !this.element.hidden;
  }

  get #isShownHere() {
    return this.asked?.conversation === this.conversation.tree.head.id;
  }

  /** Switch it on, or off, which ends what is written. */
  toggle() {
    if (!this.element.isConnected) document.getElementById("chat-log")?.after(this.element);
    if (this.on) this.stop();
    this.#show(!this.on);
    this.box.focus();
  }

  /** The conversation itself is to be seen; answers that are being written go on. */
  leave() {
    if (this.on) this.#show(false);
  }

  /** Another conversation is shown, or the same once more. Who comes back finds it as they left it. */
  opened() {
    if (this.#seen === this.conversation.tree.head.id) return;
    this.#away ||= this.on;
    this.leave();
    if (this.#away && this.#isShownHere) this.#show(true);
  }

  /** @param {boolean} on */
  #show(on) {
    this.#seen = this.conversation.tree.head.id;
    this.#away &&= !on;
    this.element.hidden = !on;
    this.columns.hidden = !this.#isShownHere;
    this.button.setAttribute("aria-pressed", String(on));
    this.#busy();
  }

  #busy() {
    setAttribute(document.body, "data-compare", this.on ? (this.#isShownHere && this.running.length ? "busy" : "idle") : null);
  }

  stop() {
    for (const running of this.running) running.abort();
  }

  /** Take the columns out; for a while they can be taken back. */
  clear() {
    this.stop();
    const { asked } = this;
    const columns = [...this.columns.childNodes];
    if (!this.#isShownHere || !columns.length) return;
    this.columns.replaceChildren();
    this.asked = null;
    offerUndo(say("cleared"), () => {
      if (this.asked) return;
      this.asked = asked;
      this.columns.replaceChildren(...columns);
      this.columns.hidden = !this.#isShownHere;
    });
  }

  /**
   * Ask all that are picked.
   *
   * @param {string} text
   * @param {Picture[]} pictures
   * @returns {boolean} whether it could; else it is told why not
   */
  ask(text, pictures) {
    if (this.conversation.running || (this.running.length && this.#isShownHere)) {
      this.hint(say("still_answering"));
      return false;
    }
    this.stop(); // what was asked in another conversation, whose columns go now
    this.#away = false;
    const { id, leaf } = this.conversation.tree.head;
    this.asked = { conversation: id, leaf, text };
    this.columns.replaceChildren();
    this.columns.hidden = false;
    const models = [...new Set(this.picks.filter(Boolean))];
    this.columns.style.setProperty("--columns", String(models.length));
    /** @type {AbortController[]} */
    const running = (this.running = []);
    Promise.all(models.map((model) => this.#column(model, text, pictures, running))).finally(() => {
      if (this.running === running) this.running = [];
      this.#busy();
    });
    this.#busy();
    return true;
  }

  /**
   * @param {string} model
   * @param {string} text
   * @param {Picture[]} pictures
   * @param {AbortController[]} all each of these columns is stopped by one
   */
  async #column(model, text, pictures, all) {
    const running = new AbortController();
    all.push(running);
    const answer = new Answer();
    const go = el("button", { type: "button", class: "gc-button gc-quiet", hidden: true, onclick: () => this.#goOn(text, pictures, answer) }, say("compare_go_on"));
    this.columns.append(
      el(
        "article",
        { class: "gc-column", "data-column": nameOf(model) },
        el("h2", {}, shortModel(model)),
        el("div", { class: "gc-user-text", dir: "auto" }, ...userText(text)),
        answer.element,
        go,
      ),
    );
    const turns = [...this.conversation.history(), { role: "user", text, images: pictures.map(({ url }) => url) }];
    const system = this.options.system();
    if (system) turns.unshift({ role: "system", text: system });
    const body = JSON.stringify({ turns, ...this.options(), model });
    await answerFrom(answer, "chat", { body, signal: running.signal, headers: { "content-type": "application/json" } });
    go.hidden = !answer.text;
  }

  /**
   * @param {string} text
   * @param {Picture[]} pictures
   * @param {Answer} answer
   */
  #goOn(text, pictures, answer) {
    if (!this.conversation.adopt(text, pictures, answer, this.asked?.leaf)) return;
    this.stop();
    this.columns.replaceChildren();
    this.asked = null;
    this.leave();
    fill(this.box, "");
    this.box.focus();
  }
}
