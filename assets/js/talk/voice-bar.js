// The line above the message box while the page is talked with: what goes on, how loud it is, how to interrupt.

import { announce, el, icon, iconButton, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { sheet } from "../shared/sheet.js";

export class VoiceBar {
  /**
   * @param {object} given
   * @param {() => void} given.interrupt the button's work: what Esc does
   * @param {() => void} given.sendNow what was said is complete
   * @param {() => void} given.resized it takes more room, or less
   */
  constructor({ interrupt, sendNow, resized }) {
    sheet("talk");
    this.resized = resized;
    this.level = el("i");
    this.words = el("b");
    this.help = el("span", { class: "gc-muted" });
    this.said = el("span");
    this.choices = el("span", { class: "gc-voice-choices" });
    this.close = iconButton("close", say("close"), { onclick: () => this.tell("") });
    this.note = el("p", { class: "gc-voice-note", hidden: true }, this.said, this.choices, this.close);
    this.stop = el("button", { type: "button", class: "gc-button gc-quiet", id: "talk-stop", onclick: interrupt });
    this.send = el("button", { type: "button", class: "gc-button", id: "talk-send", onclick: sendNow }, say("talk_send_now"));
    this.element = el(
      "div",
      { class: "gc-voice", role: "group", "aria-label": say("talk"), hidden: true },
      el("span", { class: "gc-voice-sign", "aria-hidden": "true" }, icon("microphone"), icon("speaker"), el("span", { class: "gc-pulse" })),
      el("span", { class: "gc-voice-words" }, this.words, " ", this.help),
      el("span", { class: "gc-level", "aria-hidden": "true" }, this.level),
      this.send,
      this.stop,
      this.note,
    );
  }

  /**
   * Show a state.
   *
   * @param {string} state off, opening, listening, writing, thinking or speaking
   * @param {string} [how] hold or free: what people can do next depends on it
   * @param {object} [given]
   * @param {boolean} [given.canSend] something was said that is not sent yet
   */
  show(state, how = "hold", { canSend = false } = {}) {
    this.element.dataset.state = state;
    this.showLevel(0);
    const on = state !== "off";
    if (on) {
      setText(this.words, say(`talk_${state}`));
      const help = say(canSend && state === "listening" && how === "free" ? "talk_listening_send" : `talk_${state}_${how}`);
      setText(this.help, help.startsWith("talk_") ? "" : help);
      setText(this.stop, say(["opening", "listening"].includes(state) ? "cancel" : "talk_interrupt"));
      announce(`${this.words.textContent} ${this.help.textContent}`);
    }
    for (const part of this.element.children) if (part !== this.note && part instanceof HTMLElement) part.hidden = !on;
    this.send.hidden = state !== "listening" || how !== "free" || !canSend;
    this.#place();
  }

  /**
   * Say what is out of the ordinary; it stays until there is something else to say.
   *
   * @param {string} text
   * @param {[string, () => void][]} [choices] what can be done about it; one of them closes it then
   */
  tell(text, choices = []) {
    setText(this.said, text.replaceAll(/([.!?…])\.(?=\s|$)/g, "$1")); // a reason may be a sentence of its own
    const button = (/** @type {[string, () => void]} */ [label, onclick]) => el("button", { type: "button", class: "gc-button gc-quiet", onclick }, label);
    this.choices.replaceChildren(...choices.map(button));
    this.close.hidden = choices.length > 0;
    this.note.hidden = !text;
    if (text) announce(text);
    this.#place();
  }

  /** How loud it is. @param {number} level from 0 to 1 */
  showLevel(level) {
    this.level.style.scale = `${level.toFixed(2)} 1`;
  }

  #place() {
    this.element.hidden = this.element.dataset.state === "off" && this.note.hidden;
    this.resized();
  }
}
