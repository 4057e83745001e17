// The page by keyboard: `/` to the box, arrows between tabs, ↑ edits the last question, Ctrl+K finds, `?` tells all.

import { el, find, findAll, inputOf, targetOf } from "../shared/dom.js";
import { sheet } from "../shared/sheet.js";
import { say } from "../shared/words.js";

const KEYS = ["enter", "shift_enter", "esc", "slash", "up", "arrows", "find", "help"];
/** @type {HTMLDialogElement | null} */
let help = null;

const isBox = (/** @type {Element | null} */ node) => node?.matches("input, textarea, select, [contenteditable=true]") ?? false;

/** Show the sheet of keys. */
export async function showKeys() {
  sheet("settings");
  const { modal } = await import("./parts.js");
  help ??= modal(
    "gc-keys",
    say("keys"),
    el("dl", { class: "gc-keys" }, ...KEYS.flatMap((name) => [el("dt", {}, el("kbd", {}, say(`key_${name}`))), el("dd", {}, say(`key_${name}_does`))])),
  );
  if (!help.isConnected) (find(".gradio-container") ?? document.body).append(help);
  if (!help.open) help.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return reachSearch(event);
  if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return undefined;
  const target = targetOf(event);
  const box = inputOf("chat-message");
  if (target?.matches("[role=tab]")) return betweenTabs(event, target);
  if (event.key === "ArrowUp" && box && target === box && !box.value) return editLast(event);
  if (isBox(target)) return undefined;
  if (event.key === "/" && box?.checkVisibility()) {
    event.preventDefault();
    box.focus();
  } else if (event.key === "?") {
    event.preventDefault();
    showKeys();
  }
  return undefined;
});

/** @param {KeyboardEvent} event */
function reachSearch(event) {
  const search = document.getElementById("conversation-search");
  if (!search) return;
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("gc:find"));
  search.focus();
}

/**
 * @param {KeyboardEvent} event
 * @param {Element} tab
 */
function betweenTabs(event, tab) {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const list = tab.closest("[role=tablist]");
  if (!step || !list) return;
  event.preventDefault();
  const tabs = findAll("[role=tab]", list);
  const next = tabs[(tabs.findIndex((one) => one === tab) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
}

/** @param {KeyboardEvent} event */
function editLast(event) {
  const last = findAll("#chat-log .gc-user .gc-edit, #chat-log [data-role=user] [data-action=edit]").at(-1);
  if (!last) return;
  event.preventDefault();
  last.click();
}
