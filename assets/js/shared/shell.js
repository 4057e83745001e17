// The page before Gradio has laid it out: the same frame, in which one can already read, type and ask. Gradio's
// scripts take four times as long as ours; when its places are there, what is here moves into them.

import { el, focusedElement } from "./dom.js";
import { say } from "./words.js";
import { TABS } from "../../texts.js";

/** @type {HTMLElement | null} */
let shell = null;

/**
 * Show the page's frame at once, with the first tab's content in it; `showBrandIn` and `showStatusIn` fill the rest.
 *
 * @param {object} given
 * @param {(host: HTMLElement) => void} given.showBrandIn
 * @param {(host: HTMLElement) => void} given.showStatusIn
 * @param {HTMLElement} given.content
 */
export function showShell({ showBrandIn, showStatusIn, content }) {
  const [bar, side] = [el("div", { id: "gc-brand" }), el("div", { id: "gc-side" })];
  showBrandIn(bar);
  const main = el("div", { class: "gc-shell-main" }, el("div", { class: "gc-shell-tabs", "aria-hidden": "true" }, ...TABS.map(tab)), content);
  shell = el(
    "div",
    { id: "gc-shell", class: "gradio-container" },
    el("div", { id: "gc-header" }, bar),
    el("div", { id: "gc-layout" }, main, side),
  );
  document.body.append(shell);
  showStatusIn(side);
}

/**
 * @param {string} name
 * @param {number} index
 */
const tab = (name, index) => el("span", index ? {} : { class: "selected" }, say(`tab_${name}`));

/** Whether the page is still shown by the shell. */
export const shellStands = () => shell !== null;

/** @param {Node} node */
export const isInShell = (node) => shell?.contains(node) ?? false;

/** Gradio's places are there and filled. */
export function dropShell() {
  shell?.remove();
  shell = null;
}

/**
 * Put an element somewhere else with whoever is typing in it: focus, selection and an open input method stay.
 *
 * @param {HTMLElement} element
 * @param {HTMLElement} host
 */
export function move(element, host) {
  if (element.parentNode === host) return;
  const typing = element.contains(document.activeElement) ? focusedElement() : null;
  const box = typing instanceof HTMLTextAreaElement || typing instanceof HTMLInputElement ? typing : null;
  const [from, to] = [box?.selectionStart, box?.selectionEnd];
  host.replaceChildren();
  if (host.moveBefore && element.isConnected) host.moveBefore(element, null);
  else host.append(element);
  if (!typing || document.activeElement === typing) return;
  typing.focus({ preventScroll: true });
  if (from !== undefined && from !== null) box?.setSelectionRange(from, to ?? from);
}
