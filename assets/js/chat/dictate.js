// Dictation: speak into the box. What is said is written down where the cursor stands, to be read over and sent by hand.

import { Ahead } from "../microphone/ahead.js";
import { Recorder, trouble } from "../microphone/recorder.js";
import { fill, focusedElement, iconButton } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";

export class Dictation {
  /**
   * @param {HTMLElement} button
   * @param {HTMLTextAreaElement} box
   * @param {(words: string) => void} hint
   */
  constructor(button, box, hint) {
    this.button = button;
    this.box = box;
    this.hint = hint;
    /** @type {Recorder | null} */
    this.recorder = null;
    /** @type {Ahead | null} */
    this.ahead = null;
    this.writing = false;
    /** What Esc does, for who has no such key. */
    this.bin = iconButton("trash", say("dictate_drop"), { id: "chat-dictate-drop", class: "gc-icon-button gc-tool", hidden: true, onclick: () => this.#drop() });
    button.after(this.bin);
    window.addEventListener("keydown", (event) => event.key === "Escape" && inSight(button.id) && this.#drop(), true);
    addEventListener("beforeunload", (event) => (this.recorder || this.writing) && event.preventDefault());
  }

  /** Begin to listen, or write down what was heard. */
  async press() {
    if (this.writing) return;
    if (!this.recorder) await this.#listen();
    else if (this.recorder.tape.samples) await this.#write(this.recorder);
    else this.#drop(); // the browser still asks whether it may listen
  }

  async #listen() {
    const show = (/** @type {number} */ level) => this.button.style.setProperty("--level", String(level));
    const lost = () => this.recorder === recorder && this.press();
    // What is long is written down part by part while it is said.
    const recorder = (this.recorder = new Recorder(show, { lost, paused: () => this.recorder === recorder && this.ahead?.send() }));
    this.ahead = new Ahead(recorder.tape);
    this.#show(true);
    try {
      await recorder.start();
      this.hint(say("dictate_listening"));
    } catch (error) {
      this.#drop();
      this.hint(say(trouble(error)));
    }
  }

  /** @param {Recorder} recorder */
  async #write(recorder) {
    this.recorder = null;
    this.writing = true;
    this.#offerBin(false);
    this.hint(say("talk_writing"));
    try {
      await recorder.stop();
      const { text, error = say("talk_unheard") } = await (this.ahead ?? new Ahead(recorder.tape)).words(new AbortController().signal);
      if (text) {
        recorder.kept.drop();
        this.#insert(text);
      } else this.hint(`${error} ${say("dictate_kept")}`);
    } finally {
      this.writing = false;
      this.#show(false);
    }
  }

  /** @param {string} text */
  #insert(text) {
    const { value, selectionStart: from, selectionEnd: to } = this.box;
    const gap = from && !/\s$/.test(value.slice(0, from)) ? " " : "";
    fill(this.box, value.slice(0, from) + gap + text + value.slice(to));
    const at = from + gap.length + text.length;
    this.box.focus();
    this.box.setSelectionRange(at, at);
  }

  #drop() {
    if (!this.recorder) return;
    this.recorder.drop();
    this.recorder = null;
    this.ahead?.cancel();
    this.hint("");
    this.#show(false);
  }

  // Who has just used it goes on where they were.
  /** @param {boolean} on */
  #offerBin(on) {
    if (!on && focusedElement() === this.bin) this.button.focus();
    this.bin.hidden = !on;
  }

  /** @param {boolean} on */
  #show(on) {
    this.button.setAttribute("aria-pressed", String(on));
    this.#offerBin(on);
  }
}
