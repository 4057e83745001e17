// What a person reads when there is no answer: what happened, what was tried, when to try again, and one button that
// helps.

import { el, find, findAll, setText } from "./dom.js";
import { wholeSeconds } from "./formats.js";
import { kindInWords, say, shortModel, told } from "./words.js";
import { OWN_KEYS } from "../../texts.js";

/** @import { ErrorLine, Failure } from "./types.js" */

const KEY_KINDS = ["auth", "quota_exhausted"];
const LONG_KINDS = ["too_large", "context_length"];
const MODEL_KINDS = ["model_gone", "not_permitted", "terms_required", "unsupported"];
const OPTIONS = ["temperature", "max_tokens"];

/**
 * @param {ErrorLine} error
 * @param {{kept: boolean, again: (() => void)|null}} given whether some words arrived, and how to ask anew
 */
export function errorCard(error, { kept, again }) {
  const wait = el("span", { class: "gc-countdown" });
  const help = helpFor(error, again);
  const card = el(
    "div",
    { class: "gc-card", role: "alert" },
    el("p", { class: "gc-card-title" }, sentence(told(whatHappened(error)))),
    error.hint && !(error.retry_after_s && WHEN.test(error.hint)) ? el("p", {}, sentence(told(error.hint))) : null,
    kept ? el("p", { class: "gc-muted" }, say("partial_kept")) : null,
    attemptsView(error.failures),
    help ? el("div", { class: "gc-card-actions" }, el("button", { type: "button", class: "gc-button gc-again", onclick: help.act }, say(help.words)), wait) : null,
  );
  countDown(wait, error.retry_after_s);
  return card;
}

/** The countdown beside the button says it already, and goes on saying it. */
const WHEN = /^(?:try|best) (?:again )?in \d/i;

// Who was asked stands under "what was tried", once.
/** @param {ErrorLine} error */
const whatHappened = ({ message, failures }) => (failures?.length ? message.replace(/: .*/s, "") : message);

/**
 * A sentence as it stands on paper: it ends. The style gives it its capital.
 *
 * @param {string | null | undefined} text
 */
export const sentence = (text) => {
  const words = String(text ?? "").trim();
  return words + (!words || /[.!?…]$/.test(words) ? "" : ".");
};

// The one thing that helps, by what stood in the way of most.
/**
 * @param {ErrorLine} error
 * @param {(() => void) | null} again
 * @returns {{ words: string, act: () => void } | null}
 */
function helpFor(error, again) {
  const kinds = (error.failures ?? []).map((failure) => failure.kind);
  const all = (/** @type {string[]} */ few) => kinds.length > 0 && kinds.every((kind) => few.includes(kind));
  if (OWN_KEYS && all(KEY_KINDS)) return { words: "help_key", act: () => document.dispatchEvent(new CustomEvent("gc:open-settings")) };
  if (OPTIONS.includes(error.param ?? "")) return { words: "help_options", act: openOptions };
  if (all(LONG_KINDS) || error.status === 413 || error.param === "turns") return { words: "help_shorten", act: editLast };
  if (!again) return null;
  if (all(MODEL_KINDS)) {
    const act = () => {
      document.dispatchEvent(new CustomEvent("gc:pick-model", { detail: "auto" }));
      again();
    };
    return { words: "help_model", act };
  }
  return { words: "try_again", act: () => again() };
}

function openOptions() {
  const fold = find("details.gc-options-fold");
  if (!fold) return;
  fold.setAttribute("open", "");
  find("[aria-invalid=true], input", fold)?.focus();
}

function editLast() {
  findAll("#chat-log .gc-edit, #chat-log [data-action=edit]").at(-1)?.click();
}

/**
 * Who was asked and why none of them answered, folded up; null where nobody was.
 *
 * @param {Failure[]} [failures]
 */
export function attemptsView(failures = []) {
  const tried = failures.map((failure) =>
    el("li", {}, el("b", {}, shortModel(failure.model) || failure.provider), ` ${kindInWords(failure.kind)}: ${told(failure.message)}`),
  );
  return tried.length ? el("details", { class: "gc-fold" }, el("summary", {}, say("what_was_tried")), el("ul", {}, ...tried)) : null;
}

// One number: it runs down, and says when it has.
/**
 * @param {HTMLElement} node
 * @param {number | null | undefined} from
 */
function countDown(node, from) {
  if (!from) return;
  const until = performance.now() + from * 1000;
  const tick = () => {
    const left = (until - performance.now()) / 1000;
    setText(node, left > 0 ? say("again_in", { s: wholeSeconds(Math.ceil(left)) }) : say("again_now"));
    if (left > 0 && (node.isConnected || left > from - 1)) setTimeout(tick, 500);
  };
  tick();
}
