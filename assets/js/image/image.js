// The Image tab: pictures on top, questions about them below.

import { LIMITS, TEMPLATES } from "../../texts.js";
import { Conversation } from "../chat/conversation.js";
import { el, fill, hinter, inputOf } from "../shared/dom.js";
import { Pictures } from "./pictures.js";
import { readingForm, showReading } from "./reading.js";
import { say } from "../shared/words.js";

const pictures = new Pictures(LIMITS.images, changed);
const hint = hinter(() => document.getElementById("gc-image-hint"));
const told = (what) => (...facts) => keeper().then((kept) => kept[what](...facts));
const conversation = new Conversation({
  name: "image",
  options: () => ({ model: "vision" }),
  welcome: () => el("span"),
  hint,
  ended,
  drawn: ended,
  keeper: { message: told("message"), head: told("head"), removed: told("removed") },
});
conversation.onOpen = () => {
  asked = [];
  changed();
};
const form = readingForm(read);
const templates = el("div", { class: "gc-templates" });
let asked = [];

// Its conversations are kept like those of the chat, whose list shows them too.
let kept = null;
function keeper() {
  kept ??= import("../chat/keeper.js").then(({ Keeper }) => Keeper.begin(conversation, composer));
  return kept;
}
const composer = {
  text: () => inputOf("image-question")?.value ?? "",
  options: () => ({}),
  adopt: ({ draft = "" }) => inputOf("image-question") && fill(inputOf("image-question"), draft),
};
keeper();

/** Show a conversation of before. */
export const openKept = async (id) => (await keeper()).open(id);

export const showPicturesIn = (host) => host.replaceChildren(pictures.element);
export const showAnswersIn = (host) => conversation.showIn(host);
export function showTemplatesIn(host) {
  host.replaceChildren(templates, form, el("span", { class: "gc-hint", id: "gc-image-hint", role: "status" }));
  changed();
}

// A template is offered where it makes sense: comparing takes two.
function changed() {
  const ready = pictures.ready.length;
  document.body.toggleAttribute("data-asked", conversation.turns.length > 0);
  document.body.toggleAttribute("data-pictures", pictures.all.length > 0 || conversation.turns.length > 0);
  templates.replaceChildren(
    ...TEMPLATES.filter((template) => template.pictures <= Math.max(1, ready)).map(({ label, question }) =>
      el("button", { type: "button", class: "gc-chip", disabled: !ready, onclick: () => ask(question) }, label),
    ),
    el("button", { type: "button", class: "gc-chip", disabled: !ready, "aria-expanded": String(!form.hidden), onclick: toggleForm }, say("reading")),
    ...(conversation.turns.length ? [el("button", { type: "button", class: "gc-link", onclick: startOver }, say("clear"))] : []),
  );
}

function toggleForm() {
  form.hidden = !form.hidden;
  changed();
  if (!form.hidden) form.querySelector("input").focus();
}

function read(fields) {
  if (!fields.length) return hint(say("extract_no_fields"));
  form.hidden = true;
  ask(say("reading_question", { names: fields.map(({ name }) => name).join(", ") }), { fields });
}

function ended(answer, { fields }) {
  if (fields) showReading(answer, fields);
}

async function ask(text, extra = {}) {
  if (pictures.preparing) return hint(say("pictures_preparing"));
  if (!pictures.ready.length && conversation.tree.empty) return hint(say("pictures_none"));
  if (!text) return hint(say("question_empty"));
  // The same pictures as before are in the conversation already.
  const now = pictures.ready;
  const same = now.length === asked.length && now.every((picture, index) => picture === asked[index]);
  const asking = conversation.ask(text, same && conversation.turns.length ? [] : now, extra);
  if (!asking) return;
  asked = now;
  fill(inputOf("image-question"), "");
  changed();
  await asking;
}

// The conversation so far stays in the list.
async function startOver() {
  conversation.stop();
  (await keeper()).fresh();
}

const shown = () => document.querySelector("#image-question")?.offsetParent !== null;

document.addEventListener("click", (event) => {
  if (event.target.closest("#image-send")) ask(inputOf("image-question").value.trim());
  else if (event.target.closest("#image-stop")) conversation.stop();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape") return shown() && conversation.stop();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.closest?.("#image-question")) return;
    event.preventDefault();
    event.stopPropagation();
    ask(inputOf("image-question").value.trim());
  },
  true,
);
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (!files.length || !shown()) return;
  event.preventDefault();
  pictures.add(files);
});
// A picture dropped beside its place must not replace the page.
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
