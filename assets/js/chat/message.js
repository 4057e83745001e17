// One message on the page: a question, or the frame of an answer, and what can be done with it.

import { copy, el, iconButton, targetOf } from "../shared/dom.js";
import { editOf, endEdit, noteEdit } from "./edits.js";
import { speakButton } from "../shared/answer.js";
import { splitText, userText, withDocuments } from "../shared/user-text.js";
import { say } from "../shared/words.js";

/**
 * @import { Answer } from "../shared/answer.js"
 * @import { Shape } from "../shared/dom.js"
 * @import { Properties } from "../shared/types.js"
 * @import { Actions, AnswerView, FarTurn, Message, QuestionView, Turn } from "./types.js"
 */

/**
 * A button of a message; scripts know it by its action.
 *
 * @param {string} name
 * @param {Shape} shape
 * @param {string} label
 * @param {Properties["onclick"]} onclick
 */
export const action = (name, shape, label, onclick) => iconButton(shape, label, { "data-action": name, class: `gc-icon-button gc-do-${name}`, onclick });

/**
 * A question: its pictures, its text, its buttons.
 *
 * @param {Message} message
 * @returns {QuestionView}
 */
export function questionView(message) {
  const pictures = message.pictures ?? [];
  const bar = el("div", { class: "gc-user-actions" });
  const element = el(
    "section",
    { class: "gc-turn gc-user", "data-message": message.id, "data-role": "user" },
    pictures.length ? el("div", { class: "gc-user-pictures" }, ...pictures.map((picture) => el("img", { src: picture.url, alt: picture.name }))) : null,
    el("div", { class: "gc-user-text", dir: "auto" }, ...userText(message.text)),
    bar,
  );
  return { role: "user", message, element, bar };
}

/**
 * An answer in the list.
 *
 * @param {Message} message
 * @param {Answer} answer
 * @returns {AnswerView}
 */
export function answerView(message, answer) {
  answer.message.dataset.message = message.id;
  return { role: "assistant", message, answer, bar: answer.bar, element: el("section", { class: "gc-turn" }, answer.element) };
}

/**
 * A message that nobody is near: its text, to be found, printed and read aloud by it.
 *
 * @param {Message} message
 * @returns {FarTurn}
 */
export function farView(message) {
  const { id, role, state, text } = message;
  const facts = { "data-message": id, "data-role": role, "data-state": role === "assistant" ? (state ?? "done") : null };
  const element =
    role === "user"
      ? el("section", { class: "gc-turn gc-user", ...facts }, el("div", { class: "gc-user-text", dir: "auto" }, text))
      : el("section", { class: "gc-turn" }, el("div", { class: "gc-message", ...facts }, el("div", { class: "gc-text gc-plain" }, text)));
  return { far: true, role, message, element };
}

/**
 * Bring the buttons up to date; those of a finished message are touched only when something about it has changed.
 *
 * @param {Turn} view
 * @param {{at: number, of: number}} place among its brothers
 * @param {Actions} does
 */
export function showActions(view, place, does) {
  const { answer } = view;
  const over = !answer || !["waiting", "writing"].includes(answer.state);
  const goesOn = over && answer?.text && ["stopped", "cut", "broken"].includes(answer.state);
  const signature = [place.at, place.of, over, goesOn, Boolean(answer?.text)].join();
  if (view.signature === signature) return;
  view.signature = signature;
  const marked = answer ? answer.message : view.element;
  if (place.of > 1) marked.dataset.branch = `${place.at}/${place.of}`;
  else delete marked.dataset.branch;
  const text = () => (answer ? answer.text : view.message.text);
  const buttons = [];
  if (place.of > 1) {
    buttons.push(
      action("previous", "previous", say("branch_previous"), () => does.turn(-1)),
      el("span", { class: "gc-branch", "data-at": `${place.at}/${place.of}`, role: "img", "aria-label": say("branch_of", place) }),
      action("next", "next", say("branch_next"), () => does.turn(1)),
    );
  }
  if (over && text()) buttons.push(action("copy", "copy", say(answer ? "copy_answer" : "copy_message"), (event) => copy(text(), event.currentTarget)));
  if (!answer) buttons.push(action("edit", "edit", say("edit_message"), does.edit));
  else if (over) buttons.push(action("again", "retry", say("ask_again"), does.again));
  if (answer && over && text()) buttons.push(speakButton(text));
  if (goesOn) buttons.push(action("continue", "onward", say("continue_answer"), does.goOn));
  if (over) buttons.push(action("delete", "trash", say("delete_message"), does.remove));
  buttons.find(({ dataset }) => dataset.action === "edit")?.classList.add("gc-edit");
  buttons.find(({ dataset }) => dataset.action === "again")?.classList.add("gc-again");
  view.bar.replaceChildren(...buttons);
  if (!answer && editOf(view.message.id) !== undefined) does.editOn();
}

/**
 * Edit a question where it stands, or go on with it; `send` gets the new text.
 *
 * @param {QuestionView} view
 * @param {(text: string) => boolean} send gives false where it can't be sent now: the box stays
 */
export function editQuestion(view, send) {
  const body = view.element.querySelector(".gc-user-text");
  if (!body) return;
  const box = el("textarea", { class: "gc-edit-box", "aria-label": say("edit_message"), rows: "3" });
  const { id, text } = view.message;
  const { question, documents } = splitText(text);
  const goesOn = editOf(id) !== undefined;
  box.value = editOf(id) ?? question;
  noteEdit(id, box.value);
  const close = (/** @type {boolean} */ sends) => {
    const edited = withDocuments(box.value.trim(), documents);
    if (sends && edited && !send(edited)) return;
    endEdit(id);
    form.replaceWith(body);
    view.element.classList.remove("gc-editing");
  };
  const form = el(
    "div",
    { class: "gc-edit-form" },
    box,
    el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => close(false) }, say("cancel")),
    el("button", { type: "button", class: "gc-button", onclick: () => close(true) }, say("send_edited")),
  );
  box.addEventListener("input", () => noteEdit(id, box.value));
  box.addEventListener("focus", () => (typing = id));
  // Not because it is drawn anew, nor because the whole page is left for a moment.
  box.addEventListener("blur", () => setTimeout(() => typing === id && box.isConnected && document.activeElement !== box && (typing = null)));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      close(true);
    } else if (event.key === "Escape") {
      event.stopPropagation(); // stops no answer
      close(false);
    }
  });
  body.replaceWith(form);
  view.element.classList.add("gc-editing");
  if (!goesOn || typing === id) box.focus({ preventScroll: goesOn });
}

/** @type {string | null} id of the message in whose box somebody types */
let typing = null;

/**
 * Copy buttons of code blocks, wherever answers stand.
 *
 * @param {Event} event
 */
export function copyCode(event) {
  const button = targetOf(event)?.closest(".gc-copy-code");
  const code = button?.closest(".gc-code")?.querySelector("code");
  if (button instanceof HTMLElement && code) copy((code.textContent ?? "").replace(/\n$/, ""), button);
}
