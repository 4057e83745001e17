// Which keys mean something to the whole page. What does it may be loaded after the first of them is pressed.

import { inputOf, targetOf } from "./dom.js";

/** @typedef {"find" | "tab" | "edit" | "box" | "help"} PageKey */

const isBox = (/** @type {Element | null} */ node) => node?.matches("input, textarea, select, [contenteditable=true]") ?? false;

/**
 * What a key asks of the page, wherever it is pressed; null for one that belongs to a box, a dialog or the browser.
 *
 * @param {KeyboardEvent} event
 * @returns {PageKey | null}
 */
export function pageKey(event) {
  if (event.isComposing || event.altKey || event.defaultPrevented) return null;
  const held = event.ctrlKey || event.metaKey;
  if (held && event.key.toLowerCase() === "k") return document.getElementById("conversation-search") ? "find" : null;
  if (held || document.querySelector("dialog[open]")) return null;
  const target = targetOf(event);
  const box = inputOf("chat-message");
  if (target?.matches("[role=tab]")) return /^Arrow(Left|Right)$/.test(event.key) ? "tab" : null;
  if (event.key === "ArrowUp" && box && target === box && !box.value) return "edit";
  if (isBox(target)) return null;
  if (event.key === "/") return box?.checkVisibility() ? "box" : null;
  return event.key === "?" ? "help" : null;
}
