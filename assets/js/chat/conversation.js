// A conversation that lives in this page and nowhere else: what was asked, what was answered, in one scrolling list.

import { Answer, answerFrom } from "../shared/asking.js";
import { announce, copy, el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { Follower } from "../shared/scroll.js";
import { parted, userText, withDocuments } from "../shared/user-text.js";

const MOST_TURNS = 40;
const MOST_CHARACTERS = 400_000;

/**
 * @typedef {{role: "user", text: string, pictures: object[], extra: object, element: HTMLElement}} UserTurn
 * @typedef {{role: "assistant", answer: Answer, element: HTMLElement}} AnswerTurn
 */
export class Conversation {
  /**
   * @param {object} given
   * @param {string} given.name how the page's styles know that it is busy
   * @param {() => object} given.options fields that go along with every question
   * @param {() => string} [given.system] instructions that stand before it
   * @param {() => Node} given.welcome what an empty list shows
   * @param {(text: string) => void} given.hint tells what is in the way
   * @param {(answer: Answer, extra: object) => void} [given.ended] called with every answer when it is over
   */
  constructor({ name, options, system = () => "", welcome, hint, ended = () => {} }) {
    Object.assign(this, { name, options, system, welcome, hint, ended });
    /** @type {(UserTurn|AnswerTurn)[]} */
    this.turns = [];
    this.running = null;
    this.list = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
    this.list.addEventListener("click", copyCode);
    this.follower = new Follower(this.list);
  }

  /** Put the conversation into an element; called again whenever Gradio makes that element anew. */
  showIn(host) {
    host.replaceChildren(this.list, this.follower.button);
    if (!this.turns.length) this.list.replaceChildren(this.welcome());
    this.follower.grown();
  }

  /** Ask with all that was said before; `pictures` and the fields of `extra` go along with this question. */
  ask(text, pictures = [], extra = {}) {
    if (this.running) {
      this.hint(say("still_answering"));
      return null;
    }
    if (!this.turns.length) this.list.replaceChildren();
    this.#addUser(text, pictures, extra);
    return this.#answer();
  }

  /** Go on with a question and its answer from elsewhere. */
  adopt(text, pictures, answer) {
    if (!this.turns.length) this.list.replaceChildren();
    this.#addUser(text, pictures, {});
    const turn = { role: "assistant", answer, element: el("section", { class: "gc-turn" }, answer.element) };
    this.turns.push(turn);
    this.list.append(turn.element);
    this.#markLast();
    this.follower.jump();
  }

  /** All that was said, as it is sent. */
  history() {
    return this.#turnsToSend().filter((turn) => turn.role !== "system");
  }

  /** Stop the running answer; the connection upstream is closed with it. */
  stop() {
    this.running?.abort();
  }

  clear() {
    this.stop();
    this.#dropFrom(0);
    this.list.replaceChildren(this.welcome());
    announce(say("cleared"));
  }

  async #answer() {
    const running = new AbortController();
    this.running = running;
    document.body.setAttribute(`data-${this.name}`, "busy");
    const reply = new Answer({ painted: () => this.follower.grown(), again: () => this.#again(reply) });
    const { extra } = this.turns.at(-1);
    const question = JSON.stringify({ turns: this.#turnsToSend(), ...this.options(), ...extra });
    const turn = { role: "assistant", answer: reply, element: el("section", { class: "gc-turn" }, reply.element) };
    this.turns.push(turn);
    this.list.append(turn.element);
    this.#markLast();
    this.follower.jump();
    try {
      const options = { body: question, signal: running.signal, headers: { "content-type": "application/json" } };
      await answerFrom(reply, "chat", options, question);
      this.ended(reply, extra);
    } finally {
      this.running = null;
      document.body.removeAttribute(`data-${this.name}`);
    }
  }

  // Ask for the same answer once more; what came after it is dropped.
  #again(reply) {
    if (this.running) return;
    const index = this.turns.findIndex((turn) => turn.answer === reply);
    if (index < 1) return;
    this.#dropFrom(index);
    this.#answer();
  }

  #addUser(text, pictures, extra) {
    const body = el("div", { class: "gc-user-text", "data-role": "user", dir: "auto" }, ...userText(text));
    const turn = { role: "user", text, pictures, extra, element: null };
    turn.element = el(
      "section",
      { class: "gc-turn gc-user" },
      pictures.length ? el("div", { class: "gc-user-pictures" }, ...pictures.map(thumbnail)) : null,
      body,
      el(
        "div",
        { class: "gc-user-actions" },
        iconButton("copy", say("copy_message"), { onclick: (event) => copy(turn.text, event.currentTarget) }),
        iconButton("edit", say("edit_message"), { class: "gc-icon-button gc-edit", onclick: () => this.#edit(turn) }),
      ),
    );
    this.turns.push(turn);
    this.list.append(turn.element);
  }

  // Only the last question can be edited: an earlier one would drop answers without asking.
  #markLast() {
    const users = this.turns.filter((turn) => turn.role === "user");
    users.forEach((turn, index) => turn.element.classList.toggle("gc-last", index === users.length - 1));
  }

  #edit(turn) {
    if (this.running) return this.hint(say("still_answering"));
    const body = turn.element.querySelector("[data-role=user]");
    const box = el("textarea", { class: "gc-edit-box", "aria-label": say("edit_message"), rows: "3" });
    const { question, documents } = parted(turn.text);
    box.value = question;
    const done = (send) => {
      form.replaceWith(body);
      turn.element.classList.remove("gc-editing");
      const text = withDocuments(box.value.trim(), documents);
      if (!send || !text) return;
      this.#dropFrom(this.turns.indexOf(turn));
      this.ask(text, turn.pictures);
    };
    const form = el(
      "div",
      { class: "gc-edit-form" },
      box,
      el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => done(false) }, say("cancel")),
      el("button", { type: "button", class: "gc-button", onclick: () => done(true) }, say("send_edited")),
    );
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
        event.preventDefault();
        done(true);
      } else if (event.key === "Escape") done(false);
    });
    body.replaceWith(form);
    turn.element.classList.add("gc-editing");
    box.focus();
  }

  #dropFrom(index) {
    for (const turn of this.turns.splice(index)) turn.element.remove();
  }

  // The newest turns that fit, beginning with one of the reader's. A broken answer without a word is left out, and
  // of the pictures only the newest are sent: older ones become a note, or they would be sent for ever.
  #turnsToSend() {
    const sent = [];
    let characters = 0;
    let seen = false;
    for (const turn of [...this.turns].reverse()) {
      const text = turn.role === "user" ? turn.text : turn.answer.text;
      if (!text) continue;
      characters += text.length;
      if (sent.length && (sent.length >= MOST_TURNS || characters > MOST_CHARACTERS)) break;
      sent.unshift({ role: turn.role, text });
      if (!turn.pictures?.length) continue;
      if (seen) sent[0].text += `\n\n${say("picture_note", { n: turn.pictures.length })}`;
      else sent[0].images = turn.pictures.map((picture) => picture.url);
      seen = true;
    }
    while (sent[0]?.role === "assistant") sent.shift();
    return this.system() ? [{ role: "system", text: this.system() }, ...sent] : sent;
  }
}

const thumbnail = (picture) => el("img", { src: picture.url, alt: picture.name });

/** Copy buttons of code blocks, wherever answers stand. */
export function copyCode(event) {
  const button = event.target.closest(".gc-copy-code");
  if (button) copy(button.closest(".gc-code").querySelector("code").textContent.replace(/\n$/, ""), button);
}
