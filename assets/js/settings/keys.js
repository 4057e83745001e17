// The page by keyboard: `/` to the box, arrows between tabs, ↑ edits the last question, Ctrl+K finds, `?` tells all.

import { el } from "../shared/dom.js";
import { sheet } from "../shared/sheet.js";
import { say } from "../shared/words.js";
import { modal } from "./settings.js";

const KEYS = ["enter", "shift_enter", "esc", "slash", "up", "arrows", "find", "help"];
let help = null;

const typing = (node) => node?.matches?.("input, textarea, select, [contenteditable=true]");
const boxOf = () => document.querySelector("#chat-message textarea");

/** Show the sheet of keys. */
export function showKeys() {
  sheet("settings");
  help ??= modal(
    "gc-keys",
    say("keys"),
    el("dl", { class: "gc-keys" }, ...KEYS.flatMap((name) => [el("dt", {}, el("kbd", {}, say(`key_${name}`))), el("dd", {}, say(`key_${name}_does`))])),
  );
  if (!help.isConnected) document.querySelector(".gradio-container").append(help);
  if (!help.open) help.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.defaultPrevented) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return find(event);
  if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return undefined;
  if (event.target.matches?.("[role=tab]")) return betweenTabs(event);
  if (event.key === "ArrowUp" && event.target === boxOf() && !boxOf().value) return editLast(event);
  if (typing(event.target)) return undefined;
  if (event.key === "/" && boxOf()?.checkVisibility()) {
    event.preventDefault();
    boxOf().focus();
  } else if (event.key === "?") {
    event.preventDefault();
    showKeys();
  }
  return undefined;
});

function find(event) {
  const search = document.getElementById("conversation-search");
  if (!search) return;
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("gc:find"));
  search.focus();
}

function betweenTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const tabs = [...event.target.closest("[role=tablist]").querySelectorAll("[role=tab]")];
  const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
}

function editLast(event) {
  const buttons = document.querySelectorAll("#chat-log .gc-user .gc-edit, #chat-log [data-role=user] [data-action=edit]");
  const last = buttons[buttons.length - 1];
  if (!last) return;
  event.preventDefault();
  last.click();
}
