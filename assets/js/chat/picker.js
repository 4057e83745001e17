// A box to pick from a list or to type into: the model picker. Whatever is typed counts, listed or not.

import { el, targetOf } from "../shared/dom.js";
import { count, wholeSeconds } from "../shared/formats.js";
import { say } from "../shared/words.js";

/** @import { Choice, ModelFacts } from "./types.js" */

/** What stands in the list: the tiers speak the page's language. @param {Choice} choice */
const nameOf = ([label, , facts]) => (facts?.tier ? say(`tier_${facts.tier}`) : label);

/**
 * State, speed, window, price and abilities of a model, in that order; empty for a tier.
 *
 * @param {ModelFacts} [facts]
 */
export function factsInWords(facts = {}) {
  const words = [];
  if (facts.state === "resting" && facts.rests_s) words.push(say("state_resting_for", { s: wholeSeconds(Math.ceil(facts.rests_s)) }));
  else if (facts.state) words.push(say(`state_${facts.state}`));
  if (facts.status) words.push(say(`model_${facts.status}`));
  if (facts.speed) words.push(say("receipt_speed", { n: count(facts.speed) }));
  if (facts.window) words.push(say("model_window", { n: count(facts.window / 1000) }));
  if (facts.usd_in !== undefined && facts.usd_out !== undefined) words.push(say("model_price", { in: facts.usd_in, out: facts.usd_out }));
  if (facts.can?.length) words.push(facts.can.map((one) => say(`model_can_${one}`)).join(", "));
  return words.join(" · ");
}

export class Picker {
  /**
   * @param {object} given
   * @param {string} given.id of the element
   * @param {string} given.label for who cannot see it
   * @param {Choice[]} given.choices
   * @param {string} given.value what is picked at first
   * @param {(value: string) => void} given.picked
   * @param {() => Promise<Choice[]>} given.refresh asks what the choices are now
   */
  constructor({ id, label, choices, value, picked, refresh }) {
    this.choices = choices;
    this.value = value;
    this.picked = picked;
    this.refresh = refresh;
    this.typed = "";
    this.list = el("ul", { id: `${id}-list`, class: "gc-picker-list", role: "listbox", "aria-label": label, hidden: true });
    this.input = el("input", {
      type: "text",
      role: "combobox",
      "aria-label": label,
      "aria-expanded": "false",
      "aria-controls": `${id}-list`,
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.element = el("div", { id, class: "gc-picker" }, this.input, this.list);
    this.#show();
    this.#listen();
  }

  /**
   * Show another value as picked, without telling anybody.
   *
   * @param {string} value
   */
  set(value) {
    this.value = value;
    this.#show();
  }

  /**
   * Pick this, as if by hand.
   *
   * @param {string} value
   */
  pick(value) {
    this.#pick(value);
  }

  #at = -1; // the option that Enter would take

  #listen() {
    const { input, list } = this;
    input.addEventListener("focus", () => {
      input.select();
      this.#renew();
    });
    input.addEventListener("click", () => this.#open(""));
    input.addEventListener("input", () => this.#open(input.value));
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("blur", () => {
      this.#close();
      this.#take(input.value);
    });
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", (event) => {
      const value = targetOf(event)?.closest("[role=option]")?.getAttribute("data-value");
      if (value) this.#pick(value);
    });
  }

  async #renew() {
    try {
      this.choices = await this.refresh();
    } catch {
      return; // those of before will do
    }
    if (this.list.hidden) return;
    // What somebody has gone to by arrow keys meanwhile is still what Enter takes.
    const marked = this.list.children[this.#at]?.getAttribute("data-value");
    this.#open(this.typed);
    const again = [...this.list.children].findIndex((option) => option.getAttribute("data-value") === marked);
    if (again >= 0) this.#mark(again);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) this.#open("");
      this.#mark(this.#at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      const value = open ? this.list.children[this.#at]?.getAttribute("data-value") : null;
      this.#pick(value ?? this.#rowFor(this.input.value));
      event.preventDefault();
    } else if (event.key === "Escape" && open) {
      event.stopPropagation(); // stops no answer
      this.#close();
      this.#show();
    }
  }

  /** @param {string} typed */
  #open(typed) {
    this.typed = typed;
    const wanted = typed.trim().toLowerCase();
    const fitting = this.choices.filter((choice) => `${nameOf(choice)} ${choice[1]}`.toLowerCase().includes(wanted));
    const isChosen = (/** @type {string} */ value) => String(value === this.value);
    this.list.replaceChildren(
      ...fitting.map(([label, value, facts], index) =>
        el(
          "li",
          { id: `${this.list.id}-${index}`, role: "option", "data-value": value, "data-state": facts?.state, "aria-selected": isChosen(value) },
          nameOf([label, value, facts]),
          el("small", {}, factsInWords(facts)),
        ),
      ),
    );
    this.list.hidden = !fitting.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.#mark(typed ? 0 : fitting.findIndex(([, value]) => value === this.value));
  }

  /** @param {number} index */
  #mark(index) {
    const options = [...this.list.children];
    this.#at = Math.max(-1, Math.min(index, options.length - 1));
    options.forEach((option, at) => option.classList.toggle("gc-at", at === this.#at));
    const option = options[this.#at];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} value */
  #pick(value) {
    this.#take(value);
    this.#close();
  }

  #close() {
    this.list.hidden = true;
    this.#at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {string} text */
  #take(text) {
    const value = this.#rowFor(text);
    if (value && value !== this.value) {
      this.value = value;
      this.picked(value);
    }
    this.#show();
  }

  // A label stands for its value; anything else for itself.
  /** @param {string} text */
  #rowFor(text) {
    return this.choices.find((choice) => nameOf(choice) === text)?.[1] ?? text.trim();
  }

  #show() {
    const choice = this.choices.find(([, value]) => value === this.value);
    this.input.value = choice ? nameOf(choice) : this.value;
  }
}
