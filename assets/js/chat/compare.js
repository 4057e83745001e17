// One question to two or three models, side by side; each column has its receipt, and one of them is gone on with.

import { answerFrom, Answer } from "../shared/asking.js";
import { el, fill } from "../shared/dom.js";
import { inSight, sheet } from "../shared/sheet.js";
import { say, shortModel } from "../shared/words.js";
import { userText } from "../shared/user-text.js";

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
   */
  constructor({ conversation, choices, options, button, box }) {
    this.conversation = conversation;
    this.options = options;
    this.button = button;
    this.box = box;
    const real = choices.filter(([, value]) => /[/:-]/.test(value));
    this.picks = real.slice(0, MOST).map(([, value], index) => (index < 2 ? value : ""));
    this.columns = el("div", { class: "gc-columns" });
    this.element = el(
      "section",
      { id: "gc-compare", "aria-label": say("compare"), hidden: true },
      el("div", { class: "gc-compare-picks" }, ...this.picks.map((value, index) => this.#pick(real, value, index))),
      this.columns,
    );
    /** @type {AbortController[]} */
    this.running = [];
    document.addEventListener("keydown", (event) => event.key === "Escape" && inSight(this.element.id) && this.stop());
    document.getElementById("chat-stop")?.addEventListener("click", () => this.stop());
  }

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

  toggle() {
    const on = !this.on;
    if (!this.element.isConnected) document.getElementById("chat-log")?.after(this.element);
    this.element.hidden = !on;
    document.body.toggleAttribute("data-compare", on);
    this.button.setAttribute("aria-pressed", String(on));
    if (!on) this.stop();
    this.box.focus();
  }

  stop() {
    for (const running of this.running) running.abort();
  }

  /**
   * Ask all that are picked.
   *
   * @param {string} text
   * @param {Picture[]} pictures
   * @returns {boolean} whether it could
   */
  ask(text, pictures) {
    if (this.running.length) return false;
    this.columns.replaceChildren();
    const models = [...new Set(this.picks.filter(Boolean))];
    this.columns.style.setProperty("--columns", String(models.length));
    document.body.setAttribute("data-chat", "busy");
    Promise.all(models.map((model) => this.#column(model, text, pictures))).finally(() => {
      this.running = [];
      document.body.removeAttribute("data-chat");
    });
    return true;
  }

  /**
   * @param {string} model
   * @param {string} text
   * @param {Picture[]} pictures
   */
  async #column(model, text, pictures) {
    const running = new AbortController();
    this.running.push(running);
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
    this.toggle();
    fill(this.box, "");
    this.conversation.adopt(text, pictures, answer);
    this.columns.replaceChildren();
  }
}
