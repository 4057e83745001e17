// The Chat tab: the message box, its buttons, and the conversation above them.

import { Conversation } from "./conversation.js";
import { announce, el, fill, inputOf } from "./dom.js";
import { options, optionsForm } from "./options.js";
import { say } from "./say.js";
import { prepareMarkdown } from "./textview.js";

const SUGGESTIONS = ["suggestion_1", "suggestion_2", "suggestion_3", "suggestion_4"];

const conversation = new Conversation({ name: "chat", options, system: options.system, welcome, hint });

/** Put the conversation into its place. */
export const showIn = (host) => conversation.showIn(host);

/** The line under the message box: options, hints, clear. */
export function showToolsIn(host) {
  host.replaceChildren(
    el("details", { class: "gc-fold gc-options-fold" }, el("summary", {}, say("options")), optionsForm()),
    el("span", { id: "gc-hint", class: "gc-hint", role: "status" }),
    el("button", { type: "button", id: "chat-clear", class: "gc-link" }, say("clear")),
  );
}

function welcome() {
  const suggestions = SUGGESTIONS.map((name) =>
    el("button", { type: "button", class: "gc-suggestion", onclick: () => conversation.ask(say(name)) }, say(name)),
  );
  return el(
    "div",
    { class: "gc-welcome" },
    el("h2", {}, say("welcome_title")),
    el("p", { class: "gc-muted" }, say("welcome_text")),
    el("div", { class: "gc-suggestions" }, ...suggestions),
  );
}

function send() {
  const box = inputOf("chat-message");
  const text = box.value.trim();
  if (!text) {
    box.focus();
    hint(say("message_empty"));
  } else if (conversation.ask(text)) fill(box, "");
}

function hint(text) {
  const node = document.getElementById("gc-hint");
  if (node) {
    node.textContent = text;
    clearTimeout(hint.timer);
    hint.timer = setTimeout(() => (node.textContent = ""), 4000);
  }
  announce(text);
}

// One set of listeners for the whole page: Gradio may make its components anew at any time.
document.addEventListener("click", (event) => {
  if (event.target.closest("#chat-send")) send();
  else if (event.target.closest("#chat-stop")) conversation.stop();
  else if (event.target.closest("#chat-clear")) {
    conversation.clear();
    inputOf("chat-message")?.focus();
  }
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape") return conversation.stop();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.closest?.("#chat-message")) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  },
  true,
);
document.addEventListener("input", (event) => event.target.closest("#chat-message") && prepareMarkdown());
