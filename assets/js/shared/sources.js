// What an answer from a long document rests on: the passages that went along, each with its page.

import { el } from "./dom.js";
import { count } from "./formats.js";
import { say } from "./words.js";

/** @typedef {import("./types.js").Quoted} Quoted */
/** @typedef {Quoted["quotes"][number] & {named: boolean}} Source */

/**
 * Show under an answer, and above it in a line, which passages went along: nothing is shortened in silence.
 *
 * @param {import("./answer.js").Answer} answer
 */
export function showSources({ element, foot, quoted, text, state }) {
  if (!quoted) return;
  if (!element.querySelector(".gc-chosen")) element.prepend(choiceLine(quoted));
  const over = !["waiting", "writing"].includes(state);
  if (over && text && quoted.quotes.length && !foot.querySelector(".gc-sources")) foot.append(sourcesView(quoted, text));
}

/** @param {Quoted} quoted */
function choiceLine({ documents, tokens, quotes, whole }) {
  const words = say(whole ? "pages_chosen_whole" : "pages_chosen", { names: documents.join(", "), tokens: count(tokens), n: quotes.length });
  return el("p", { class: "gc-left-out gc-chosen", role: "note" }, el("span", {}, words));
}

/**
 * The quotes; those whose pages the answer names come first.
 *
 * @param {Quoted} quoted
 * @param {string} answer
 */
function sourcesView({ quotes }, answer) {
  const named = pagesNamed(answer);
  const marked = quotes.map((quote) => ({ ...quote, named: named.has(quote.page) }));
  const shown = [...marked.filter((quote) => quote.named), ...marked.filter((quote) => !quote.named)];
  return el("details", { class: "gc-fold gc-sources" }, el("summary", {}, `${say("sources")} · ${quotes.length}`), ...shown.map(source));
}

/** @param {Source} quote */
function source({ document, page, text, named }) {
  const place = page ? say("source_page", { name: document, n: page }) : document;
  return el(
    "figure",
    { class: "gc-source", "data-page": page, ...(named ? { "data-named": "" } : {}) },
    el("figcaption", {}, el("b", {}, place), named ? ` · ${say("source_named")}` : ""),
    el("blockquote", { dir: "auto" }, text),
  );
}

/**
 * Numbers of pages that an answer names: `p. 12`, `pp. 3–5`, `page 7`, `Seite 7`, `S. 7`.
 *
 * @param {string} text
 */
export function pagesNamed(text) {
  /** @type {Set<number>} */
  const pages = new Set();
  for (const [, list] of text.matchAll(/\b(?:pp?|pages?|s|seiten?)\b[.\s]{0,3}((?:\d{1,4}[\s,–-]{0,3}(?:and |und |& )?){1,20})/gi)) {
    for (const [, from, to] of list.matchAll(/(\d+)(?:\s?[–-]\s?(\d+))?/g)) {
      for (let page = Number(from); page <= Math.min(Number(to ?? from), Number(from) + 50); page += 1) pages.add(page);
    }
  }
  return pages;
}
