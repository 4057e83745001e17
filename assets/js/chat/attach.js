// The door to attachments: the button beside the box, files dropped anywhere, things pasted. What handles them is
// loaded with the first one.

import { el, iconButton } from "../shared/dom.js";
import { later } from "../shared/later.js";
import { say } from "../shared/words.js";

/** @import { Attachments, Taken } from "./attachments.js" */

/** A paste of more than this becomes an attachment. */
const BIG_PASTE = 4000;

export class Attach {
  /**
   * @param {HTMLTextAreaElement} box
   * @param {(words: string) => void} hint
   * @param {() => void} changed called when something came or went
   */
  constructor(box, hint, changed) {
    this.hint = hint;
    this.changed = changed;
    /** @type {Attachments | null} the list itself */
    this.loaded = null;
    this.input = el("input", { type: "file", id: "gc-attach-input", multiple: true, class: "gc-offscreen", tabindex: "-1", "aria-label": say("attach") });
    this.strip = el("div", { class: "gc-attachments", role: "list", "aria-label": say("attachments"), hidden: true });
    this.button = iconButton("attach", say("attach"), { id: "chat-attach", class: "gc-icon-button gc-tool", onclick: () => this.input.click() });
    this.input.addEventListener("change", () => {
      this.add([...(this.input.files ?? [])]);
      this.input.value = "";
    });
    box.addEventListener("paste", (event) => this.#paste(event));
    this.#listen();
  }

  /**
   * Attach files; what each is shows itself.
   *
   * @param {File[]} files
   */
  async add(files) {
    if (files.length) await this.#hand((list) => list.add(files));
  }

  /** Whether nothing is attached. */
  get empty() {
    return !this.#coming && !this.loaded?.all.length;
  }

  /** What goes along, or null with a hint while something is not ready. */
  take() {
    if (!this.#coming) return this.loaded ? this.loaded.take() : { documents: [], pictures: [] };
    this.hint(say("attachments_preparing"));
    return null;
  }

  /** Attach what was taken once more. @param {Taken} taken */
  async restore(taken) {
    if (taken.documents.length || taken.pictures.length) await this.#hand((list) => list.restore(taken));
  }

  /** Everything is sent. */
  clear() {
    this.loaded?.clear();
  }

  #list = later(() => import("./attachments.js").then(({ Attachments }) => (this.loaded = new Attachments(this.strip, this.hint, this.changed))));

  #coming = 0; // times that something was given which no list holds yet: a question sent meanwhile would leave without it

  /** @param {(list: Attachments) => unknown} give */
  async #hand(give) {
    this.#coming += 1;
    try {
      give(await this.#list());
    } finally {
      this.#coming -= 1;
    }
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    if (!event.clipboardData) return;
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (files.length && !text) {
      event.preventDefault();
      this.add(files);
    } else if (text.length > BIG_PASTE) {
      event.preventDefault();
      this.add([new File([text], `${say("attachment_pasted")}.txt`, { type: "text/plain" })]);
    }
  }

  // A file dropped anywhere is attached while this tab is open, and never opened in place of the page.
  #listen() {
    const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const here = () => document.getElementById("chat-log")?.checkVisibility?.() ?? true;
    const over = (/** @type {boolean} */ on) => document.body.toggleAttribute("data-dropping", on);
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      if (here()) over(true);
    });
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && over(false));
    document.addEventListener("drop", (event) => {
      over(false);
      if (!carriesFiles(event)) return;
      const taken = event.defaultPrevented;
      event.preventDefault();
      if (!taken && here()) this.add([...(event.dataTransfer?.files ?? [])]);
    });
  }
}
