// The Chat tab: the message box, its buttons, and the conversation above them.

import { Attach } from "./attach.js";
import { Conversation } from "./conversation.js";
import { el, fill, hinter, icon, iconButton } from "../shared/dom.js";
import { holds } from "../talk/hold.js";
import { options, optionsForm, pickModel, switches } from "./options.js";
import { Picker } from "./picker.js";
import { say } from "../shared/words.js";
import { move } from "../shared/shell.js";
import { prepareMarkdown } from "../shared/text-view.js";
import { withDocuments } from "../shared/user-text.js";
import { route } from "../shared/wire.js";
import { MODELS } from "../../texts.js";

const SUGGESTIONS = ["suggestion_1", "suggestion_2", "suggestion_3", "suggestion_4"];

const hint = hinter(() => document.getElementById("gc-hint"));
const conversation = new Conversation({ name: "chat", options, system: options.system, welcome, hint });
const log = el("div", { id: "chat-log" });
const box = el("textarea", { rows: "1", "aria-label": say("message_label"), placeholder: say("message_placeholder"), dir: "auto", enterkeyhint: "send" });
const picker = new Picker({ id: "chat-model", label: say("model_label"), choices: MODELS, value: "auto", picked: pickModel, refresh: models });
const button = (id, words, onclick) => el("button", { type: "button", id, class: "gc-button gc-round", onclick }, words);

const talk = el(
  "button",
  { type: "button", id: "chat-talk", class: "gc-button gc-quiet gc-round gc-with-icon", "aria-pressed": "false", title: say("talk_help") },
  icon("microphone"),
  el("span", {}, say("talk")),
);
const voice = el("div", { id: "gc-voice" });
const attach = new Attach(box, hint);
const compare = iconButton("columns", say("compare"), { id: "chat-compare", class: "gc-icon-button gc-tool", "aria-pressed": "false" });
const dictate = iconButton("dictate", say("dictate"), { id: "chat-dictate", class: "gc-icon-button gc-tool", "aria-pressed": "false" });

/** The whole tab: the conversation, the message box, and the line under it. */
export const element = el(
  "div",
  { class: "gc-chat" },
  log,
  voice,
  el(
    "div",
    { id: "gc-composer" },
    attach.strip,
    el("div", { id: "chat-message" }, box),
    el(
      "div",
      { id: "gc-composer-row" },
      picker.element,
      el("div", { class: "gc-composer-tools" }, attach.input, attach.button, dictate, ...switches(), compare),
      talk,
      button("chat-send", say("send"), send),
      button("chat-stop", say("stop"), () => conversation.stop()),
    ),
  ),
  el(
    "div",
    { id: "gc-chat-tools" },
    el("details", { class: "gc-fold gc-options-fold" }, el("summary", {}, say("options")), optionsForm()),
    el("span", { id: "gc-hint", class: "gc-hint", role: "status" }),
    el("button", { type: "button", id: "chat-clear", class: "gc-link", onclick: clear }, say("clear")),
  ),
);
conversation.showIn(log);

// What talking takes is loaded when somebody reaches for its button.
let talking = null;
holds(talk, () => (talking ??= import("../talk/talk.js").then(({ Talk }) => new Talk(conversation, talk, voice))));

// So is what dictating takes.
let dictating = null;
dictate.addEventListener("click", () =>
  (dictating ??= import("./dictate.js").then(({ Dictation }) => new Dictation(dictate, box, hint))).then((it) => it.press()),
);

// And comparing.
let comparing = null;
let comparison = null;
compare.addEventListener("click", () =>
  (comparing ??= import("./compare.js").then(
    ({ Compare }) => (comparison = new Compare({ conversation, choices: picker.choices, options, button: compare, box })),
  )).then((it) => it.toggle()),
);

document.addEventListener("gc:pick-model", ({ detail }) => picker.pick(detail));

// A tour or a template of another part of the page asks by this.
document.addEventListener("gc:ask", ({ detail }) => conversation.ask(detail.text, [], detail.extra));

/** Put the tab into its place; called again whenever Gradio makes that place anew. */
export function showIn(host) {
  move(element, host);
  conversation.follower.grown();
}

/** Let who opens the page begin to type, unless they are somewhere else already; with the question of the address. */
export function invite() {
  const address = new URL(location.href);
  const question = address.searchParams.get("q");
  if (question) {
    fill(box, question);
    if (address.searchParams.get("send") === "1") send();
    // Loaded again, or sent to somebody, the address asks nothing a second time.
    for (const name of ["q", "send"]) address.searchParams.delete(name);
    history.replaceState(history.state, "", address);
  }
  if (document.activeElement === document.body) box.focus({ preventScroll: true });
}

async function models() {
  const response = await fetch(route("models"), { cache: "no-store" });
  if (!response.ok) throw new Error(`models: ${response.status}`);
  return response.json();
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
  const text = box.value.trim();
  if (!text && attach.empty) {
    box.focus();
    return hint(say("message_empty"));
  }
  const attached = attach.take();
  if (!attached) return;
  const asker = comparison?.on ? comparison : conversation;
  if (!asker.ask(withDocuments(text, attached.documents), attached.pictures)) return;
  fill(box, "");
  attach.clear();
}

function clear() {
  conversation.clear();
  box.focus();
}

box.addEventListener("input", () => {
  prepareMarkdown();
  box.style.height = "auto"; // as high as its text, up to what the style allows
  box.style.height = `${box.scrollHeight}px`;
});
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return; // Safari's order
  event.preventDefault();
  send();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && conversation.stop());
