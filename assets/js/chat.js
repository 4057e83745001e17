// The Chat tab: a conversation that lives in this page and nowhere else.

import { Answer, answerFrom } from "./asking.js";
import { announce, copy, el, fill, iconButton, inputOf } from "./dom.js";
import { options } from "./options.js";
import { say } from "./say.js";
import { Follower } from "./scroll.js";
import { prepareMarkdown } from "./textview.js";

const MOST_TURNS = 40;
const MOST_CHARACTERS = 400_000;

const conversation = {
  /** @type {{role: "user", text: string, element: HTMLElement}|{role: "assistant", answer: Answer, element: HTMLElement}[]} */
  turns: [],
  running: null,
  list: el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" }),
};
conversation.follower = new Follower(conversation.list);
conversation.list.addEventListener("click", copyCode);

/** Put the conversation into an element; called again whenever Gradio makes that element anew. */
export function showIn(host) {
  host.replaceChildren(conversation.list, conversation.follower.button);
  if (!conversation.turns.length) conversation.list.replaceChildren(welcome());
  conversation.follower.grown();
}

/** Copy buttons of code blocks, wherever answers stand. */
export function copyCode(event) {
  const button = event.target.closest(".gc-copy-code");
  if (button) copy(button.closest(".gc-code").querySelector("code").textContent.replace(/\n$/, ""), button);
}

function welcome() {
  const suggestions = ["suggestion_1", "suggestion_2", "suggestion_3", "suggestion_4"].map((name) =>
    el("button", { type: "button", class: "gc-suggestion", onclick: () => ask(say(name)) }, say(name)),
  );
  return el(
    "div",
    { class: "gc-welcome" },
    el("h2", {}, say("welcome_title")),
    el("p", { class: "gc-muted" }, say("welcome_text")),
    el("div", { class: "gc-suggestions" }, ...suggestions),
  );
}

/** Send what stands in the message box. */
export function send() {
  const box = inputOf("chat-message");
  const text = box.value.trim();
  if (conversation.running) return hint(say("still_answering"));
  if (!text) {
    box.focus();
    return hint(say("message_empty"));
  }
  fill(box, "");
  ask(text);
}

/** Stop the running answer; the connection upstream is closed with it. */
export function stop() {
  conversation.running?.abort();
}

/** Ask with the conversation so far. */
export function ask(text) {
  if (conversation.running) return;
  if (!conversation.turns.length) conversation.list.replaceChildren();
  addUser(text);
  return answer();
}

async function answer() {
  const running = new AbortController();
  conversation.running = running;
  document.body.dataset.chat = "busy";
  const reply = new Answer({ painted: () => conversation.follower.grown(), again: () => again(reply) });
  const question = JSON.stringify({ turns: turnsToSend(), ...options() });
  const turn = { role: "assistant", answer: reply, element: el("section", { class: "gc-turn" }, reply.element) };
  conversation.turns.push(turn);
  conversation.list.append(turn.element);
  markLast();
  conversation.follower.jump();
  try {
    await answerFrom(reply, "chat", { body: question, signal: running.signal, headers: { "content-type": "application/json" } }, question);
  } finally {
    conversation.running = null;
    delete document.body.dataset.chat;
  }
}

/** Ask for the same answer once more; what came after it is dropped. */
function again(reply) {
  if (conversation.running) return;
  const index = conversation.turns.findIndex((turn) => turn.answer === reply);
  if (index < 1) return;
  dropFrom(index);
  answer();
}

function addUser(text) {
  const body = el("div", { class: "gc-user-text", "data-role": "user" }, text);
  const turn = { role: "user", text, element: null };
  turn.element = el(
    "section",
    { class: "gc-turn gc-user" },
    body,
    el(
      "div",
      { class: "gc-user-actions" },
      iconButton("copy", say("copy_message"), { onclick: (event) => copy(turn.text, event.currentTarget) }),
      iconButton("edit", say("edit_message"), { class: "gc-icon-button gc-edit", onclick: () => edit(turn) }),
    ),
  );
  conversation.turns.push(turn);
  conversation.list.append(turn.element);
}

// Only the last question can be edited: an earlier one would drop answers without asking.
function markLast() {
  const users = conversation.turns.filter((turn) => turn.role === "user");
  users.forEach((turn, index) => turn.element.classList.toggle("gc-last", index === users.length - 1));
}

function edit(turn) {
  if (conversation.running) return hint(say("still_answering"));
  const body = turn.element.querySelector("[data-role=user]");
  const box = el("textarea", { class: "gc-edit-box", "aria-label": say("edit_message"), rows: "3" });
  box.value = turn.text;
  const done = (send) => {
    form.replaceWith(body);
    turn.element.classList.remove("gc-editing");
    const text = box.value.trim();
    if (!send || !text) return;
    dropFrom(conversation.turns.indexOf(turn));
    ask(text);
  };
  const form = el(
    "div",
    { class: "gc-edit-form" },
    box,
    el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => done(false) }, say("cancel")),
    el("button", { type: "button", class: "gc-button", onclick: () => done(true) }, say("send_edited")),
  );
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      done(true);
    } else if (event.key === "Escape") done(false);
  });
  body.replaceWith(form);
  turn.element.classList.add("gc-editing");
  box.focus();
}

function dropFrom(index) {
  for (const turn of conversation.turns.splice(index)) turn.element.remove();
}

/** Forget the conversation. */
export function clear() {
  stop();
  dropFrom(0);
  conversation.list.replaceChildren(welcome());
  inputOf("chat-message")?.focus();
  announce(say("cleared"));
}

// The newest turns that fit; the first of them is the reader's. A broken answer without a word is left out.
function turnsToSend() {
  const sent = [];
  let characters = 0;
  for (const turn of [...conversation.turns].reverse()) {
    const text = turn.role === "user" ? turn.text : turn.answer.text;
    if (!text) continue;
    characters += text.length;
    if (sent.length && (sent.length >= MOST_TURNS || characters > MOST_CHARACTERS)) break;
    sent.unshift({ role: turn.role, text });
  }
  while (sent[0]?.role === "assistant") sent.shift();
  const system = options.system();
  return system ? [{ role: "system", text: system }, ...sent] : sent;
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
  else if (event.target.closest("#chat-stop")) stop();
  else if (event.target.closest("#chat-clear")) clear();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && conversation.running) return stop();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.closest?.("#chat-message")) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  },
  true,
);
document.addEventListener("focusin", (event) => event.target.closest("#chat-message") && prepareMarkdown());
