// The page by keyboard: `/` to the box, arrows between tabs, ↑ edits the last question, Ctrl+K finds, `?` tells all.

import { el, find, findAll, inputOf, targetOf } from "../shared/dom.js";
import { pageKey } from "../shared/page-keys.js";
import { sheet } from "../shared/sheet.js";
import { say } from "../shared/words.js";

/** @typedef {import("../shared/page-keys.js").PageKey} PageKey */

const KEYS = ["enter", "shift_enter", "esc", "slash", "up", "arrows", "find", "help"];
/** @type {HTMLDialogElement | null} */
let help = null;

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

/** @type {Record<PageKey, (event: KeyboardEvent) => void>} */
const ANSWERS = {
  find: () => {
    document.dispatchEvent(new CustomEvent("gc:find"));
    document.getElementById("conversation-search")?.focus();
  },
  tab: betweenTabs,
  edit: editLast,
  box: () => inputOf("chat-message")?.focus(),
  help: showKeys,
};

document.addEventListener("keydown", (event) => {
  const key = pageKey(event);
  if (!key) return;
  event.preventDefault();
  ANSWERS[key](event);
});

/** @param {KeyboardEvent} event */
function betweenTabs(event) {
  const tab = targetOf(event);
  const list = tab?.closest("[role=tablist]");
  if (!tab || !list) return;
  const tabs = findAll("[role=tab]", list);
  const step = event.key === "ArrowRight" ? 1 : -1;
  const next = tabs[(tabs.findIndex((one) => one === tab) + step + tabs.length) % tabs.length];
  next.click();
  next.focus();
}

function editLast() {
  findAll("#chat-log .gc-user .gc-edit, #chat-log [data-role=user] [data-action=edit]").at(-1)?.click();
}
