// The column beside the conversation: begin one, search, and the list of those there are. The list itself and all that
// keeps it come later; what is pressed before waits for them.

import { el, icon, targetOf } from "../shared/dom.js";
import { say } from "../shared/words.js";

/**
 * @param {() => Promise<import("./keeper.js").Keeper>} keeper
 * @param {(temporary: boolean) => void} begin a new conversation
 * @returns {{element: HTMLElement, bar: HTMLElement}} the column, and the line that opens it where there is no room
 */
export function sideColumn(keeper, begin) {
  const does = (/** @type {(kept: import("./keeper.js").Keeper) => unknown} */ what) => () => keeper().then(what);
  const start = (/** @type {boolean} */ isTemporary) => {
    temporary.setAttribute("aria-pressed", String(isTemporary));
    begin(isTemporary);
    closeDrawer();
  };
  const temporary = el(
    "button",
    { type: "button", id: "conversation-temporary", class: "gc-icon-button", "aria-pressed": "false", "aria-label": say("temporary"), title: say("temporary_help") },
    icon("hidden"),
  );
  temporary.addEventListener("click", () => start(temporary.getAttribute("aria-pressed") !== "true"));
  const search = el("input", { type: "search", id: "conversation-search", "aria-label": say("search"), placeholder: say("search"), autocomplete: "off" });
  for (const reach of ["pointerenter", "focus"]) search.addEventListener(reach, does((kept) => kept.finder.prepare()));
  search.addEventListener("input", does((kept) => kept.finder.look(search.value, kept.host)));
  const element = el(
    "aside",
    { id: "gc-conversations", "aria-label": say("conversations") },
    el(
      "div",
      { class: "gc-side-head" },
      el(
        "button",
        { type: "button", id: "conversation-new", class: "gc-button gc-quiet gc-with-icon", onclick: () => start(false) },
        icon("plus"),
        say("conversation_new"),
      ),
      temporary,
    ),
    search,
    el("nav", { id: "conversations", "aria-label": say("conversations") }),
  );
  const bar = el(
    "div",
    { class: "gc-chat-bar" },
    el("button", { type: "button", id: "gc-conversations-open", class: "gc-icon-button", "aria-label": say("conversations"), title: say("conversations"), onclick: () => document.body.toggleAttribute("data-conversations") }, icon("menu")),
    el("span", { id: "gc-conversation-title", dir: "auto" }),
    el("span", { id: "gc-temporary-mark", hidden: true }, say("temporary_mark")),
  );
  document.addEventListener("pointerdown", (event) => {
    if (!targetOf(event)?.closest("#gc-conversations, #gc-conversations-open")) closeDrawer();
  });
  // Esc closes the drawer and stops no answer with it.
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !document.body.hasAttribute("data-conversations") || event.defaultPrevented) return;
      if (targetOf(event)?.closest(".gc-menu, .gc-entry-name")) return;
      event.stopPropagation();
      closeDrawer();
    },
    true,
  );
  return { element, bar };
}

const closeDrawer = () => document.body.removeAttribute("data-conversations");
