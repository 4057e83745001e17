// The Chat tab: the message box, its buttons, and the conversation above them.

import { Attach } from "./attach.js";
import { putBack } from "./coming.js";
import { Conversation } from "./conversation.js";
import { el, fill, hinter, icon, iconButton } from "../shared/dom.js";
import { holds } from "../talk/hold.js";
import { adoptOptions, currentOptions, options, optionsForm, pickModel, switches } from "./options.js";
import { ownKeyHeaders } from "../shared/own-key.js";
import { Picker } from "./picker.js";
import { openId, rememberOpen } from "./open-here.js";
import { sideColumn } from "./side.js";
import { Tree, newHead } from "./tree.js";
import { keepNoted, unkept } from "./unkept.js";
import { Waiting } from "./waiting.js";
import { later, untilThere } from "../shared/later.js";
import { say } from "../shared/words.js";
import { move } from "../shared/shell.js";
import { prepareMarkdown } from "../shared/text-view.js";
import { splitText, withDocuments } from "../shared/user-text.js";
import { route } from "../shared/wire.js";
import { MODELS } from "../../texts.js";

/**
 * @import { Compare } from "./compare.js"
 * @import { Keeper } from "./keeper.js"
 * @import { Choice, Composer, Message, Picture } from "./types.js"
 */

/** Whether the browser makes a box as high as its text: asking for that height lays out the whole page at each key. */
const GROWS = CSS.supports("field-sizing", "content");
const SUGGESTIONS = ["suggestion_1", "suggestion_2", "suggestion_3", "suggestion_4"];

const hint = hinter(() => document.getElementById("gc-hint"));
const conversation = new Conversation({
  name: "chat",
  options,
  system: options.system,
  welcome,
  hint,
  keeper: {
    message: keepMessage,
    head: (tree) => keeper().then((kept) => kept.head(tree)),
    announceRemoval: (tree, ids) => keeper().then((kept) => kept.announceRemoval(tree, ids)),
  },
  ended: () => waiting.next(),
});
const waiting = new Waiting(conversation, edit);
conversation.onBusy = () => waiting.show();
conversation.onOpen = () => {
  comparison?.opened();
  waiting.opened();
};
conversation.onAstray = (/** @type {string} */ text) => putBack(text, box);
const log = el("div", { id: "chat-log" });
const box = el("textarea", { rows: "1", "aria-label": say("message_label"), placeholder: say("message_placeholder"), dir: "auto", enterkeyhint: "send" });
const takeModel = (/** @type {string} */ value) => {
  pickModel(value);
  readDraft();
};
const picker = new Picker({ id: "chat-model", label: say("model_label"), choices: MODELS, value: "auto", picked: takeModel, refresh: models });
const button = (/** @type {string} */ id, /** @type {string} */ words, /** @type {() => void} */ onclick) => el("button", { type: "button", id, class: "gc-button gc-round", onclick }, words);

const talk = el(
  "button",
  { type: "button", id: "chat-talk", class: "gc-button gc-quiet gc-round gc-with-icon", "aria-pressed": "false", title: say("talk_help") },
  icon("microphone"),
  el("span", {}, say("talk")),
);
const voice = el("div", { id: "gc-voice" });
const side = sideColumn(keeper, begin);
const attach = new Attach(box, hint, composeQuestion);
const compare = el("button", { type: "button", id: "chat-compare", class: "gc-link", "aria-pressed": "false", title: say("compare") }, say("compare_door"));
const dictate = iconButton("dictate", say("dictate"), { id: "chat-dictate", class: "gc-icon-button gc-tool", "aria-pressed": "false" });

const column = el(
  "div",
  { class: "gc-chat-column" },
  side.bar,
  log,
  voice,
  waiting.element,
  el(
    "div",
    { id: "gc-composer" },
    attach.strip,
    el("div", { id: "chat-message" }, box),
    el(
      "div",
      { id: "gc-composer-row" },
      picker.element,
      el("div", { class: "gc-composer-tools" }, attach.input, attach.button, dictate, ...switches()),
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
    el("span", { id: "gc-spent", class: "gc-muted", title: say("conversation_spent_help") }),
    compare,
    el("button", { type: "button", id: "chat-clear", class: "gc-link", onclick: clear }, say("clear")),
  ),
);

/** The whole tab: the conversations beside the open one, the message box, and the line under it. */
export const element = el("div", { class: "gc-chat" }, side.element, column);
conversation.opening = Boolean(openBefore());
conversation.showIn(log);
composeQuestion();

/**
 * @param {Tree} tree
 * @param {Message} message
 * @returns {Promise<void>}
 */
function keepMessage(tree, message) {
  return keepNoted(keeper, tree, message, tree === conversation.tree);
}

// What keeps conversations is loaded when the page has nothing more urgent to do; at once where one is to be shown.
const keeping = untilThere(async () => (ready = await (await import("./keeper.js")).Keeper.begin(conversation, composer)));

/** @returns {Promise<Keeper>} */
function keeper() {
  return keeping();
}

/** @type {Keeper | null} */
let ready = null;

/**
 * Begin a new conversation in this moment, also where what keeps them is still on its way: the next question is for it.
 *
 * @param {boolean} temporary
 */
function begin(temporary) {
  if (ready) return ready.fresh({ temporary });
  const { tree } = conversation;
  const typed = { draft: box.value, options: currentOptions() };
  if (!tree.empty) {
    Object.assign(tree.head, typed);
    void keeper().then((one) => one.head(tree));
  }
  const next = new Tree(newHead("chat"));
  next.temporary = temporary;
  conversation.open(next);
  rememberOpen("chat", null);
  composer.adopt(tree.empty ? typed : next.head);
}

/** Whoever keeps the conversations: for the settings, which export, import and clear them. */
export const conversations = () => keeper();

/** @type {Composer} */
const composer = {
  text: () => box.value,
  options: currentOptions,
  before: box.value,
  adopt: ({ draft = "", options: values = {} }) => {
    adoptOptions(values);
    picker.set(values.model ?? "auto");
    fill(box, draft);
    waiting.show();
  },
  expect: (id) => {
    if (!id) comparison?.leave(); // the one that is open was pressed
    waiting.expect(id);
  },
  tell: hint,
};
if (conversation.opening) keeper();
else (globalThis.requestIdleCallback ?? setTimeout)(() => keeper(), { timeout: 2000 });

// Told when somebody has typed or chosen. What keeps conversations is there before the first question is sent.
function readDraft() {
  void keeper().then((one) => one.draftSoon());
}

function openBefore() {
  try {
    box.value = sessionStorage["gc-draft"] ?? "";
    return openId("chat") ?? unkept("chat").at(-1)?.head.id;
  } catch {
    return null; // this browser keeps nothing
  }
}

// What talking takes is loaded when somebody reaches for its button.
holds(talk, later(() => import("../talk/talk.js").then(({ Talk }) => new Talk(conversation, talk, voice))));

// So is what dictating takes.
const dictating = later(() => import("./dictate.js").then(({ Dictation }) => new Dictation(dictate, box, hint)));
dictate.addEventListener("click", () => dictating().then((it) => it.press()));

// And comparing.
/** @type {Compare | null} */
let comparison = null;
const comparing = later(() =>
  import("./compare.js").then(({ Compare }) => (comparison = new Compare({ conversation, choices: picker.choices, options, button: compare, box, hint }))),
);
compare.addEventListener("click", () => comparing().then((it) => it.toggle()));

document.addEventListener("gc:pick-model", ({ detail }) => picker.pick(detail));

// A tour or a template of another part of the page asks by this.
document.addEventListener("gc:ask", ({ detail }) => {
  comparison?.leave();
  conversation.ask(detail.text, [], detail.extra);
});

/**
 * Put the tab into its place; called again whenever Gradio makes that place anew.
 *
 * @param {HTMLElement} host
 */
export function showIn(host) {
  move(element, host);
  conversation.follower.followGrowth();
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

/** @returns {Promise<Choice[]>} */
async function models() {
  const response = await fetch(route("models"), { cache: "no-store", headers: ownKeyHeaders() });
  if (!response.ok) throw new Error(`models: ${response.status}`);
  return response.json();
}

/** @returns {HTMLElement} */
function welcome() {
  const suggestions = SUGGESTIONS.map((name) =>
    el("button", { type: "button", class: "gc-suggestion", onclick: () => suggest(say(name)) }, say(name)),
  );
  return el(
    "div",
    { class: "gc-welcome" },
    el("h2", {}, say("welcome_title")),
    el("p", { class: "gc-muted" }, say("welcome_text")),
    el("div", { class: "gc-suggestions" }, ...suggestions),
  );
}

/** @param {string} question */
function suggest(question) {
  if (waiting.expected) waiting.add(question);
  else conversation.ask(question);
}

function send() {
  const text = box.value.trim();
  if (!text && attach.empty) {
    box.focus();
    return hint(say("message_empty"));
  }
  const attached = attach.take();
  if (!attached) return;
  const question = withDocuments(text, attached.documents);
  if (comparison?.on && !waiting.expected) {
    if (!comparison.ask(question, attached.pictures)) return;
  } else if (conversation.running || waiting.expected) waiting.add(question, attached.pictures);
  else conversation.ask(question, attached.pictures);
  fill(box, "");
  attach.clear();
}

/** Put a question back, before what was typed since. @param {{ text: string, pictures: Picture[] }} question */
async function edit({ text, pictures }) {
  const { question, documents } = splitText(text);
  putBack(question, box);
  box.focus();
  await attach.restore({ documents, pictures });
  composeQuestion();
}

// Styles show the Send button beside Stop where there is something to let wait.
function composeQuestion() {
  element.toggleAttribute("data-text", Boolean(box.value.trim()) || !attach.empty);
}

function clear() {
  if (comparison?.on) comparison.clear();
  else conversation.clear();
  box.focus();
}

box.addEventListener("input", () => {
  prepareMarkdown();
  if (!GROWS) {
    box.style.height = "auto"; // as high as its text, up to what the style allows
    box.style.height = `${box.scrollHeight}px`;
  }
  composeQuestion();
  readDraft();
});
column.addEventListener("input", readDraft);
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return; // Safari's order
  event.preventDefault();
  send();
});
// `/` in the empty box opens the prompts, which are loaded then.
const prompting = later(() => import("./prompts.js").then(({ PromptList }) => new PromptList(box).show()));
box.addEventListener("input", () => box.value === "/" && prompting());
// Of several tabs, Esc stops what is seen.
document.addEventListener("keydown", (event) => event.key === "Escape" && element.offsetParent !== null && conversation.stop());
