// Prompts that are used again, behind `/` in the empty box, and presets for the instructions. A preset is the text it
// writes into its field and nothing more; one's own are kept in this browser.

import { el, fill, targetOf } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @import { Prompt } from "./types.js" */

const PROMPTS = ["summary", "explain", "translate", "mend", "review", "table"];
const PRESETS = ["short", "steps", "plain", "code", "sources"];
const NAMES = { prompts: "groq-core-prompts", presets: "groq-core-presets" };

/** @typedef {keyof typeof NAMES} Kind */

/**
 * One's own.
 *
 * @param {Kind} kind
 * @returns {Prompt[]}
 */
export function own(kind) {
  try {
    return JSON.parse(localStorage.getItem(NAMES[kind]) ?? "[]");
  } catch {
    return [];
  }
}

/**
 * Keep one's own from now on; false where this browser keeps nothing.
 *
 * @param {Kind} kind
 * @param {Prompt[]} all
 */
export function keepOwn(kind, all) {
  try {
    localStorage.setItem(NAMES[kind], JSON.stringify(all));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} kind
 * @param {string[]} names
 */
const templatesOf = (kind, names) => names.map((name) => ({ name: say(`${kind}_${name}`), text: say(`${kind}_${name}_text`) }));

/** All prompts, one's own first. */
export const prompts = () => [...own("prompts"), ...templatesOf("prompt", PROMPTS)];

/**
 * Buttons that write a preset into the field of the instructions, and one that keeps what stands there.
 *
 * @param {HTMLTextAreaElement} field
 */
export function presetButtons(field) {
  const row = el("div", { class: "gc-presets", role: "group", "aria-label": say("presets") });
  const draw = () => {
    const chip = (/** @type {Prompt} */ { name, text }) => el("button", { type: "button", class: "gc-chip", title: text, onclick: () => fill(field, text) }, name);
    const keep = el("button", { type: "button", class: "gc-link", onclick: () => keepPreset(field.value.trim(), draw) }, say("preset_keep"));
    row.replaceChildren(...[...own("presets"), ...templatesOf("preset", PRESETS)].map(chip), keep);
  };
  draw();
  return row;
}

/**
 * @param {string} text
 * @param {() => void} draw
 */
function keepPreset(text, draw) {
  if (!text) return;
  const name = text.length > 24 ? `${text.slice(0, 22)}…` : text;
  keepOwn("presets", [...own("presets").filter((one) => one.text !== text), { name, text }]);
  draw();
}

/** The list behind `/`: it narrows as one types, Enter or a click takes, Esc closes. */
export class PromptList {
  /** @param {HTMLTextAreaElement} box */
  constructor(box) {
    this.box = box;
    this.at = 0;
    /** @type {Prompt[]} */
    this.fitting = [];
    this.list = el("ul", { id: "gc-prompts", class: "gc-picker-list gc-prompts", role: "listbox", "aria-label": say("prompts"), hidden: true });
    box.parentElement?.prepend(this.list);
    box.addEventListener("input", () => this.show());
    box.addEventListener("blur", () => this.close());
    box.addEventListener("keydown", (event) => this.#key(event), true);
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    this.list.addEventListener("click", (event) => {
      const option = targetOf(event)?.closest("[role=option]");
      if (option) this.#take([...this.list.children].indexOf(option));
    });
  }

  /** Show what fits to what is typed; nothing where no `/` stands first. */
  show() {
    if (!this.box.value.startsWith("/")) return this.close();
    const wanted = this.box.value.slice(1).toLowerCase();
    this.fitting = prompts().filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(wanted));
    this.list.replaceChildren(
      ...this.fitting.map(({ name, text }, index) =>
        el("li", { id: `gc-prompt-${index}`, role: "option", "aria-selected": String(index === 0), class: index ? null : "gc-at" }, name, el("small", {}, text)),
      ),
    );
    this.at = 0;
    this.list.hidden = !this.fitting.length;
    return undefined;
  }

  close() {
    this.list.hidden = true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.list.hidden || event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) this.#mark((this.at + step + this.fitting.length) % this.fitting.length);
    else if (event.key === "Enter") this.#take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {number} index */
  #mark(index) {
    this.at = index;
    [...this.list.children].forEach((option, place) => {
      option.classList.toggle("gc-at", place === index);
      option.setAttribute("aria-selected", String(place === index));
    });
    this.list.children[index].scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #take(index) {
    const { text } = this.fitting[index];
    this.close();
    fill(this.box, text);
    this.box.focus();
    const blank = text.indexOf("…");
    if (blank >= 0) this.box.setSelectionRange(blank, blank + 1);
  }
}
