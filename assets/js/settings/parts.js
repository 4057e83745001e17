// What the settings and other dialogs are made of.

import { el } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @import { Child } from "../shared/types.js" */

/**
 * A dialog with a title and a way out: by its button, by Esc, by a click beside it.
 *
 * @param {string} id
 * @param {string} title
 * @param {...Child} content
 */
export function modal(id, title, ...content) {
  /** @type {HTMLDialogElement} */
  const made = el(
    "dialog",
    { id, class: "gc-dialog", "aria-labelledby": `${id}-title` },
    el("div", { class: "gc-dialog-body" }, el("header", {}, el("h2", { id: `${id}-title` }, title), el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => made.close() }, say("close"))), ...content),
  );
  made.addEventListener("click", (event) => event.target === made && made.close());
  made.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation()); // stops no answer
  return made;
}

/**
 * A titled part of the dialog.
 *
 * @param {string} title
 * @param {...Child} content
 */
export const part = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);

/**
 * A list to choose from, which acts when something is chosen.
 *
 * @param {string} id
 * @param {(readonly [value: string, words: string])[]} pairs
 * @param {string} value
 * @param {(value: string) => void} chosen
 */
export function choice(id, pairs, value, chosen) {
  const select = el("select", { id }, ...pairs.map(([name, words]) => el("option", { value: name }, words)));
  select.value = value;
  select.addEventListener("change", () => chosen(select.value));
  return select;
}

/**
 * An input with its words above it.
 *
 * @param {string} words
 * @param {HTMLElement} input
 */
export const withLabel = (words, input) => el("label", { class: "gc-field" }, el("span", {}, words), input);
