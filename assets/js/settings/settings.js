// The settings: one dialog, in sections. A section is a function that gives an element; its inputs act at once.

import { el, find } from "../shared/dom.js";
import { sheet } from "../shared/sheet.js";
import { setTheme, theme } from "../shared/theme.js";
import { say } from "../shared/words.js";
import { storageSection } from "./kept.js";
import { keySection } from "./own-key.js";
import { personSection } from "./person.js";
import { promptsSection } from "./prompts.js";
import { spaceSection } from "./space.js";
import { storySection } from "./story.js";
import { language, LANGUAGES, setLanguage } from "../shared/words.js";

/** @import { Child } from "../shared/types.js" */

sheet("settings");

const SECTIONS = [personSection, keySection, lookSection, promptsSection, storageSection, storySection, spaceSection];
/** @type {HTMLDialogElement | null} */
let dialog = null;

/** Show the dialog; it is made once. */
export function openSettings() {
  dialog ??= makeDialog();
  if (!dialog.isConnected) (find(".gradio-container") ?? document.body).append(dialog);
  if (!dialog.open) dialog.showModal();
}

export const closeSettings = () => dialog?.close();

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

const makeDialog = () => modal("settings", say("settings"), ...SECTIONS.map((section) => section()));

/**
 * A titled part of the dialog.
 *
 * @param {string} title
 * @param {...Child} content
 */
export const part = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);

function lookSection() {
  const themes = choice("theme", ["system", "light", "dark"].map((name) => /** @type {const} */ ([name, say(`theme_${name}`)])), theme(), setTheme);
  const languages = choice("language", Object.entries(LANGUAGES), language, setLanguage);
  return part(say("settings_look"), el("div", { class: "gc-settings-row" }, withLabel(say("theme"), themes), withLabel(say("language"), languages)));
}

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
