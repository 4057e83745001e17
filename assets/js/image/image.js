// The Image tab: pictures on top, questions about them below.

import { LIMITS, TEMPLATES } from "../../texts.js";
import { opener } from "../chat/coming.js";
import { Conversation } from "../chat/conversation.js";
import { keepNoted } from "../chat/unkept.js";
import { el, fill, hinter, inputOf, targetOf } from "../shared/dom.js";
import { untilThere } from "../shared/later.js";
import { inSight } from "../shared/sheet.js";
import { Pictures } from "./pictures.js";
import { readingForm, showReading } from "./reading.js";
import { say } from "../shared/words.js";

/**
 * @import { Answer } from "../shared/answer.js"
 * @import { Composer, Extra, Message } from "../chat/types.js"
 * @import { Tree } from "../chat/tree.js"
 * @import { Keeper } from "../chat/keeper.js"
 * @import { Shown } from "./pictures.js"
 */

const pictures = new Pictures(LIMITS.images, showChange);
const hint = hinter(() => document.getElementById("gc-image-hint"));

const conversation = new Conversation({
  name: "image",
  options: () => ({ model: "vision" }),
  welcome: () => el("span"),
  hint,
  ended: showEnd,
  drawn: showEnd,
  keeper: {
    message: keepMessage,
    head: (tree) => keeper().then((kept) => kept.head(tree)),
    announceRemoval: (tree, ids) => keeper().then((kept) => kept.announceRemoval(tree, ids)),
  },
});
conversation.onOpen = () => {
  const { tree } = conversation;
  const same = tree.head.id === shown;
  shown = tree.head.id;
  if (same) return showChange();
  asked = [];
  // What was asked about elsewhere has nothing to do with this one; a new one may well be about it once more.
  if (!tree.empty) pictures.remove(...pictures.all.filter((picture) => picture.asked));
  showChange();
};
let shown = conversation.tree.head.id;
const form = readingForm(read);
const templates = el("div", { class: "gc-templates" });
/** @type {Shown[]} */
let asked = [];

/**
 * @param {Tree} tree
 * @param {Message} message
 * @returns {Promise<void>}
 */
function keepMessage(tree, message) {
  return keepNoted(keeper, tree, message, tree === conversation.tree);
}

// Its conversations are kept like those of the chat, whose list shows them too.
const keeping = untilThere(() => import("../chat/keeper.js").then(({ Keeper }) => Keeper.begin(conversation, composer)));
/** @returns {Promise<Keeper>} */
function keeper() {
  return keeping();
}
/** @type {Composer} */
const composer = {
  text: () => inputOf("image-question")?.value ?? "",
  options: () => ({}),
  adopt: ({ draft = "" }) => fill(inputOf("image-question"), draft),
  refused: hint,
  tell: hint,
};
keeper();

/** Show a conversation of before. */
export const openKept = opener(conversation, keeper);

export const showPicturesIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(pictures.element);
export const showAnswersIn = (/** @type {HTMLElement} */ host) => conversation.showIn(host);
/** @param {HTMLElement} host */
export function showTemplatesIn(host) {
  host.replaceChildren(templates, form, el("span", { class: "gc-hint", id: "gc-image-hint", role: "status" }));
  showChange();
}

// A template is offered where it makes sense: comparing takes two.
function showChange() {
  const ready = pictures.ready.length;
  const nothing = !ready && !conversation.turns.length; // what a conversation is about stands in it
  document.body.toggleAttribute("data-asked", conversation.turns.length > 0);
  document.body.toggleAttribute("data-pictures", pictures.all.length > 0 || conversation.turns.length > 0);
  templates.replaceChildren(
    ...TEMPLATES.filter((template) => template.pictures <= Math.max(1, ready)).map(({ name }) =>
      el("button", { type: "button", class: "gc-chip", disabled: nothing, onclick: () => ask(say(`template_${name}_text`)) }, say(`template_${name}`)),
    ),
    el("button", { type: "button", class: "gc-chip", disabled: nothing, "aria-expanded": String(!form.hidden), onclick: toggleForm }, say("reading")),
    ...(conversation.turns.length ? [el("button", { type: "button", class: "gc-link", onclick: startOver }, say("clear"))] : []),
  );
}

function toggleForm() {
  form.hidden = !form.hidden;
  showChange();
  if (!form.hidden) form.querySelector("input")?.focus();
}

/** @param {NonNullable<Extra["fields"]>} fields */
function read(fields) {
  if (!fields.length) return hint(say("extract_no_fields"));
  ask(say("reading_question", { names: fields.map(({ name }) => name).join(", ") }), { fields });
}

/**
 * @param {Answer} answer
 * @param {Extra} extra
 */
function showEnd(answer, { fields }) {
  if (fields) showReading(answer, fields);
}

/**
 * @param {string} text
 * @param {Extra} [extra]
 */
function ask(text, extra = {}) {
  const box = () => inputOf("image-question");
  return conversation.coming.ask({ question: extra.fields ? "" : text, box, hint, ask: () => askHere(text, extra) });
}

/**
 * @param {string} text
 * @param {Extra} extra
 */
function askHere(text, extra) {
  if (pictures.preparing) return hint(say("pictures_preparing"));
  if (!pictures.ready.length && conversation.tree.empty) return hint(say("pictures_none"));
  if (!text) return hint(say("question_empty"));
  // The same pictures as before are in the conversation already.
  const now = pictures.ready;
  const same = now.length === asked.length && now.every((picture, index) => picture === asked[index]);
  if (!conversation.ask(text, same && conversation.turns.length ? [] : now, extra)) return false;
  asked = now;
  for (const picture of now) picture.asked = true;
  if (extra.fields) form.hidden = true;
  if (question() === text) fill(inputOf("image-question"), ""); // what was pressed leaves there what was typed
  showChange();
  return true;
}

// The conversation so far stays in the list.
async function startOver() {
  conversation.stop();
  (await keeper()).fresh();
}

const question = () => inputOf("image-question")?.value.trim() ?? "";

document.addEventListener("click", (event) => {
  if (targetOf(event)?.closest("#image-send")) ask(question());
  else if (targetOf(event)?.closest("#image-stop")) conversation.stop();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && inSight("image-question")) conversation.stop();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !targetOf(event)?.closest("#image-question")) return;
    event.preventDefault();
    event.stopPropagation();
    ask(question());
  },
  true,
);
// A picture dropped beside its place must not replace the page. At the window, behind all who may take it: to the chat's
// attachments, what was prevented before is taken.
for (const name of /** @type {const} */ (["dragover", "drop"])) addEventListener(name, (event) => event.preventDefault());
