// What the server says in English, for whoever reads another language: its sentences are found by their own words.
// Loaded by whoever reads one.

import TEXTS from "../../texts.js";
import GERMAN, { SERVER } from "../../texts-de.js";

/** Names of the page's own texts that the server says. */
const SAID = /^(?:error_|hint_|left_out|pages_chosen|call_waits_no_more$|database_away$)/;
const DEEPEST = 4;
const FEW_LETTERS = 6; // in what joins two things, whatever they are
const LONGEST = 600; // characters; what is longer is no sentence of ours

const pairs = [...Object.keys(GERMAN).flatMap((name) => (SAID.test(name) && TEXTS[name] ? [[TEXTS[name], GERMAN[name]]] : [])), ...Object.entries(SERVER)];
/** What of a sentence is always the same, in letters. @param {string} english */
const fixed = (english) => english.replace(/\{\w+\}/g, "").length;
/** The plainest first: what is filled in could be anything. */
const sentences = pairs
  .sort(([one], [other]) => fixed(other) - fixed(one))
  .map(([english, here]) => ({ pattern: patternOf(english), here, joins: fixed(english) < FEW_LETTERS && english.startsWith("{") }));

/** @param {string} english with the names of what is filled in between braces */
function patternOf(english) {
  const parts = english.replace(/\.$/, "").split(/\{(\w+)\}/);
  const source = parts.map((part, at) => (at % 2 ? `(?<${part}>${part === "id" ? "\\S" : "."}+?)` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${source.join("")}(\\.?)$`, "is");
}

/**
 * What the server said, in the page's language; as it was said where it is not known.
 *
 * @param {string} text
 * @returns {string}
 */
export function inTongue(text) {
  if (text.length > LONGEST) return text;
  const said = text.split(/(?<=[.!?]) (?=\p{Lu})/u);
  const here = said.map((part) => oneSentence(part, 0));
  if (!here.includes(null)) return here.join(" ");
  return oneSentence(text, 0, false) ?? here.map((part, at) => part ?? said[at]).join(" ");
}

/**
 * @param {string} text
 * @param {number} depth of the sentence that it stands in
 * @param {boolean} [joined] whether it may be several things in one line
 * @returns {string | null}
 */
function oneSentence(text, depth, joined = true) {
  if (depth === DEEPEST) return null;
  for (const { pattern, here, joins } of sentences) {
    const found = joins && !joined ? null : pattern.exec(text);
    if (!found) continue;
    const end = found.at(-1) ?? "";
    const words = here.replace(/\.$/, "").replace(/\{(\w+)\}/g, (all, name) => {
      const part = found.groups?.[name] ?? all;
      return oneSentence(part, depth + 1) ?? part;
    });
    return words + end;
  }
  return null;
}
