// Dictation: speak into the box. What is said is written down where the cursor stands, to be read over and sent by hand.

import { Recorder, trouble } from "../microphone/recorder.js";
import { fill } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";
import { ask } from "../shared/wire.js";

const PATIENCE_MS = 60_000;

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
    this.writing = false;
    window.addEventListener("keydown", (event) => event.key === "Escape" && inSight(button.id) && this.#drop(), true);
  }

  /** Begin to listen, or write down what was heard. */
  async press() {
    if (this.writing) return;
    if (this.recorder) await this.#write(this.recorder);
    else await this.#listen();
  }

  async #listen() {
    const recorder = (this.recorder = new Recorder((level) => this.button.style.setProperty("--level", String(level)), { lost: () => this.recorder === recorder && this.press() }));
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
    this.hint(say("talk_writing"));
    try {
      const body = await recorder.stop();
      let refused = say("talk_unheard");
      let text = "";
      const options = { body, headers: { "content-type": "audio/wav" }, patience: PATIENCE_MS };
      await ask("transcribe?name=recording.wav", options, (event) => {
        if (event.e === "finished") text = event.transcript?.text.trim() ?? "";
        if (event.e === "error") refused = event.message;
      });
      if (text) {
        recorder.kept.drop();
        this.#insert(text);
      } else this.hint(`${refused} ${say("dictate_kept")}`);
    } catch {
      this.hint(`${say("error_unreachable")} ${say("dictate_kept")}`);
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
    this.#show(false);
  }

  /** @param {boolean} on */
  #show(on) {
    this.button.setAttribute("aria-pressed", String(on));
  }
}
