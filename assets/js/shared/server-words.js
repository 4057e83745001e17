// What the server says in English, for whoever reads another language: its sentences are found by their own words.
// Loaded by whoever reads one.

import TEXTS from "../../texts.js";
import GERMAN, { SERVER } from "../../texts-de.js";

/** Names of the page's own texts that the server says. */
const SAID = /^(?:error_|hint_|left_out|pages_chosen|call_waits_no_more$|database_away$)/;
const DEEPEST = 8; // a list of four things in a file that is attached to a mail which is attached to another
const FEW_LETTERS = 6; // in what joins two things, whatever they are
const LONGEST = 4000; // characters; what is longer is no sentence of ours
const MOST_LOOKUPS = 200; // for one text: of what is joined in many ways each part would be looked up again and again
const LONGEST_LOOSE = 600; // of one that says little of its own, for which all ways to fill it in are tried

/** What is somebody's own word stays as it is, although a file may be called "today" or "Costs and dates". */
const THEIRS = /^(?:file|names?|column|id|host|option|given|asked|word|quote|status|reason|date|which|all|format|ending|files|open|close)$/;
/** What is filled in, as far as its name says what it can be: a sentence is another one where it is something else. @type {Record<string, string>} */
const FORMS = { id: "\\S+?", n: "[\\d.,e+-]+?", at: "\\d+?", ending: "\\S+?", time: "[\\d.:]+ \\w+?", date: "\\d{4}-\\d\\d-\\d\\d", pages: "[\\d–, ]+?", file: "[^;→]+?\\.\\w+" };

const pairs = [...Object.keys(GERMAN).flatMap((name) => (SAID.test(name) && TEXTS[name] ? [[TEXTS[name], GERMAN[name]]] : [])), ...Object.entries(SERVER)];
/** What of a sentence is always the same, in letters. @param {string} english */
const fixed = (english) => english.replace(/\{\w+\}/g, "").length;
/** Whether two things are joined, whatever they are. @param {string} english */
const joins = (english) => english.startsWith("{") && fixed(english) < FEW_LETTERS;
const LISTED = /^\{\w+\}(?:,| and) \{\w+\}$/; // somebody else's sentence has commas, too: of a list all is known
/** Those that begin with words of their own first: what another begins with could be all of that. @param {string} english */
const rank = (english) => (joins(english) ? 2 : Number(english.startsWith("{")));
/** @param {string} english */
const isLoose = (english) => rank(english) > 0 && [...english.matchAll(/\{(\w+)\}/g)].filter(([, name]) => !FORMS[name]).length > 1;
/** The plainest first, since what is filled in could be anything; what joins two things as the table has it, the outermost first. */
const sentences = pairs
  .sort(([one], [other]) => rank(one) - rank(other) || (joins(one) ? 0 : fixed(other) - fixed(one)))
  .map(([english, here]) => ({ ...patternOf(english), here, joins: joins(english), listed: LISTED.test(english), loose: isLoose(english) }));

/** @param {string} english with the names of what is filled in between braces */
function patternOf(english) {
  const parts = english.replace(/\.$/, "").split(/\{(\w+)\}/);
  const source = parts.map((part, at) => (at % 2 ? `(?<${part}>${FORMS[part] ?? ".+?"})` : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  const always = parts.filter((part, at) => at % 2 === 0 && part).map((part) => part.toLowerCase());
  return { pattern: new RegExp(`^${source.join("")}(\\.?)$`, "is"), always };
}

/**
 * What the server said, in the page's language; as it was said where it is not known.
 *
 * @param {string} text
 * @returns {string}
 */
export function inTongue(text) {
  if (text.length > LONGEST) return text;
  found.clear();
  const said = text.split(/(?<=[.!?]) (?=\p{Lu})/u);
  const here = said.map((part) => oneSentence(part, 0));
  if (!here.includes(null)) return here.join(" ");
  return oneSentence(text, 0, false) ?? here.map((part, at) => part ?? said[at]).join(" ");
}

/** What was looked up for the text at hand. @type {Map<string, string | null>} */
const found = new Map();

/**
 * @param {string} text
 * @param {number} depth of the sentence that it stands in
 * @param {boolean} [joined] whether it may be several things in one line
 * @returns {string | null}
 */
function oneSentence(text, depth, joined = true) {
  const key = `${joined} ${text}`;
  if (!found.has(key) && found.size < MOST_LOOKUPS) found.set(key, lookUp(text, depth, joined));
  return found.get(key) ?? null;
}

/**
 * @param {string} text
 * @param {number} depth of the sentence that it stands in
 * @param {boolean} joined
 * @returns {string | null}
 */
function lookUp(text, depth, joined) {
  if (depth === DEEPEST) return null;
  const low = text.toLowerCase();
  for (const { pattern, always, here, joins, listed, loose } of sentences) {
    // Most are none of its kind, which is told without trying all ways to fill one in.
    if ((joins && !joined) || (loose && text.length > LONGEST_LOOSE) || !always.every((part) => low.includes(part))) continue;
    const match = pattern.exec(text);
    if (!match) continue;
    const parts = /** @type {boolean[]} */ ([]); // whether each is known
    const words = here.replace(/\.$/, "").replace(/\{(\w+)\}/g, (all, name) => {
      const part = match.groups?.[name] ?? all;
      const told = THEIRS.test(name) ? null : oneSentence(part, depth + 1);
      parts.push(told !== null);
      return told ?? figure(part);
    });
    if (!joins || (listed ? !parts.includes(false) : parts.includes(true))) return words + (match.at(-1) ?? "");
  }
  return null;
}

/** A number in groups as the page writes them, since "12,400" is twelve and a bit in German, and a day in its order. @param {string} part */
const figure = (part) => {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(part) ?? [];
  if (year) return `${Number(day)}.${Number(month)}.${year}`;
  return /^\d{1,3}(?:,\d{3})+$/.test(part) ? part.replaceAll(",", "\u202f") : part;
};
