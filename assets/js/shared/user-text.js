// A question and the documents that go with it are one text, so that whatever keeps, edits or sends it needs to know
// of one thing. Here it is taken apart for who reads it.

import { el } from "./dom.js";
import { count } from "./formats.js";
import { say } from "./words.js";

/** @typedef {{ name: string, text: string }} Attached a document that goes along with a question */

const DOCUMENT = /\n{0,9}<attachment name="([^"\n]*)">\n([\s\S]*?)\n<\/attachment>/g;
const LONG_CHARACTERS = 1600;
const LONG_LINES = 20;

/**
 * A question with its documents, as it is sent.
 *
 * @param {string} question
 * @param {Attached[]} documents
 */
export function withDocuments(question, documents) {
  const parts = documents.map(({ name, text }) => {
    const safe = text.replaceAll("</attachment>", "<\\/attachment>");
    return `<attachment name="${name.replace(/["\n]/g, "'")}">\n${safe}\n</attachment>`;
  });
  return [question, ...parts].filter(Boolean).join("\n\n");
}

/**
 * What was typed, and what was attached.
 *
 * @param {string} text
 */
export function splitText(text) {
  /** @type {Attached[]} */
  const documents = [];
  const question = text.replace(DOCUMENT, (all, name, content) => {
    documents.push({ name, text: content.replaceAll("<\\/attachment>", "</attachment>") });
    return "";
  });
  return { question: documents.length ? question.trim() : text, documents };
}

/**
 * Nodes that show a question: what was typed, folded where it is long, and its documents as folded boxes.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function userText(text) {
  const { question, documents } = splitText(text);
  return [...(question ? [foldText(question)] : []), ...documents.map(documentBox)];
}

/** @param {string} text */
function foldText(text) {
  const long = text.length > LONG_CHARACTERS || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
  if (!long) return text;
  const body = el("div", { class: "gc-long" }, text);
  const more = el("button", { type: "button", class: "gc-link gc-show-all", "aria-expanded": "false" }, say("show_all"));
  more.addEventListener("click", () => {
    const open = body.classList.toggle("gc-open");
    more.setAttribute("aria-expanded", String(open));
    more.textContent = say(open ? "show_less" : "show_all");
  });
  return el("div", {}, body, more);
}

/** @param {Attached} document */
const documentBox = ({ name, text }) =>
  el(
    "details",
    { class: "gc-document" },
    el("summary", {}, el("b", {}, name), ` ${say("attachment_characters", { n: count(text.length) })}`),
    el("pre", {}, text),
  );
