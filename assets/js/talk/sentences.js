// An answer for the ear: its Markdown cut into sentences as it streams, each handed on as soon as it is whole.
//
// What cannot be read aloud is said to stand on the screen: code, tables, pictures, formulas with more than letters.
// Addresses of links, footnotes and citations are left out.

import { blocks } from "../shared/markdown.js";
import { countSettled } from "../shared/text-view.js";
import { say as text } from "../shared/words.js";

/**
 * @import { MarkedToken, Token } from "../../vendor/marked/marked.esm.js"
 *
 * @typedef {{ type: "math" | "mathInline", raw: string, text: string }} Formula what markdown.js makes of one
 */

/** Characters a voice takes at a time (services/speech.py). */
export const PIECE = 200;

/**
 * While a paragraph grows, one of these may still turn out to open something that goes on for several sentences and
 * changes how they are read. A price, an underscore or a bracket does not: it is decided when its sentence ends.
 */
const UNDECIDED = /[*~](?=\S|$)|`|<(?=[a-z/!]|$)|\|/i;

/** What a model says to tools and not to people: calls in tags, its own marks, and whole answers in JSON. */
const TO_TOOLS = /<(tool_call|tool_response|function_call|function|invoke)\b[\s\S]*?(?:<\/\1>|$)|<\|\w+\|>[^\n]*/g;
const JSON_BEGINS = /^\s*(?:\{|\[\s*[{["])/;

const END = /[.!?…]{1,30}["'”’)\]]{0,9}(?=\s)|[。！？]+[”’）」』]*|\n/g;
/** A point after one of these is no end: initials (`U.S.`, `a.m.`), titles, abbreviations, the numbers of a list. */
const NO_END =
  /(?:^|[\s("'“‘«„[])(?:(?:\p{L}\.)*\p{L}|\d{1,2}|p\.ej|et al|cf|vs|etc|ca|approx|resp|bzw|usw|Dr|Mr|Mrs|Ms|Prof|Sr|Sra|Jr|Inc|Ltd|Co|Corp|Bros|St|Mt|Nr|No|Vol|Ed|Fig|Eq|Sec|Ch|Gen|Col|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$/u;

export class Sentences {
  /** @param {(sentence: string) => void} say called in the order of the text */
  constructor(say) {
    this.say = say;
    this.clear();
  }

  /** Begin with another answer. */
  clear() {
    this.#read = 0;
    this.#said = 0;
  }

  #read = 0; // how far in the source the blocks reach that are said to their end
  #said = 0; // how many letters and digits of the next one are said: signs may yet turn out to be marks and vanish

  /**
   * Take the answer as it stands now.
   *
   * @param {string} source all of it so far
   * @param {boolean} [whole] nothing more comes
   */
  hear(source, whole = false) {
    const tokens = blocks(source.replace(/\r\n?/g, "\n").slice(this.#read));
    const done = whole ? tokens.length : countSettled(tokens);
    for (const [index, token] of tokens.entries()) {
      const words = speakable(token);
      if (index < done) {
        this.#tell(words.slice(after(words, this.#said)));
        this.#read += token.raw.length;
        this.#said = 0;
      } else if (words) {
        const from = after(words, this.#said);
        const sure = certain(words, from);
        this.#tell(words.slice(from, sure));
        this.#said += letters(words.slice(from, sure));
        return;
      }
    }
  }

  /** @param {string} text */
  #tell(text) {
    for (const sentence of sentences(text)) this.say(sentence);
  }
}

const LETTER = /[\p{L}\p{N}]/gu;
const letters = (/** @type {string} */ text) => text.match(LETTER)?.length ?? 0;

/**
 * Where a text goes on after so many letters and digits.
 *
 * @param {string} text
 * @param {number} count
 */
function after(text, count) {
  if (!count) return 0;
  let left = count;
  for (const { 0: letter, index } of text.matchAll(LETTER)) {
    left -= 1;
    if (!left) return index + letter.length + (/^[^\s\p{L}\p{N}]*/u.exec(text.slice(index + letter.length))?.[0].length ?? 0);
  }
  return text.length;
}

/**
 * Up to where a growing text consists of sentences that cannot change any more.
 *
 * @param {string} text
 * @param {number} from
 */
function certain(text, from) {
  if (JSON_BEGINS.test(text)) return from;
  const doubt = text.slice(from).search(UNDECIDED);
  const stretch = doubt < 0 ? text : text.slice(0, from + doubt);
  let sure = from;
  for (const end of ends(stretch)) sure = Math.max(sure, end);
  return sure;
}

/** @param {string} text */
function* ends(text) {
  for (const match of text.matchAll(END)) {
    const end = match.index + match[0].length;
    if (match[0] === "\n" || !NO_END.test(text.slice(0, end))) yield end;
  }
}

/**
 * Cut plain text into sentences, none longer than a voice takes at a time.
 *
 * @param {string} text
 * @param {number} [limit]
 * @returns {Generator<string, void>}
 */
export function* sentences(text, limit = PIECE) {
  let from = 0;
  for (const end of [...ends(text), text.length]) {
    yield* pieces(text.slice(from, end).replace(/\s+/g, " ").trim(), limit);
    from = end;
  }
}

// At commas, else at words, else anywhere.
/**
 * @param {string} sentence
 * @param {number} limit
 */
function* pieces(sentence, limit) {
  let rest = sentence;
  while (rest.length > limit) {
    const head = rest.slice(0, limit);
    let cut = Math.max(...[", ", "; ", ": ", "，", "、"].map((mark) => head.lastIndexOf(mark)));
    cut = cut > limit / 3 ? cut + 1 : rest.lastIndexOf(" ", limit);
    if (cut <= 0) cut = limit;
    yield rest.slice(0, cut).trim();
    rest = rest.slice(cut).trim();
  }
  if (/[\p{L}\p{N}]/u.test(rest)) yield rest;
}

// ── Markdown to what is read aloud ─────────────────────────────────────────────────────────────────────

/**
 * A block's plain text; lines end where a reader would pause.
 *
 * @param {Token} block
 * @returns {string}
 */
export function speakable(block) {
  const token = /** @type {MarkedToken | Formula} */ (block);
  switch (token.type) {
    case "paragraph":
    case "heading":
    case "text":
      if (isJson(token.raw)) return text("spoken_code");
      if (token.raw.search(TO_TOOLS) >= 0) return lines(blocks(token.raw.replace(TO_TOOLS, `\n\n${text("spoken_code")}\n\n`)));
      return token.tokens ? inline(token.tokens) : plain(token.text);
    case "blockquote":
      return lines(token.tokens);
    case "list":
      return token.items.map((item) => lines(item.tokens)).filter(Boolean).join("\n");
    case "code":
      return text("spoken_code");
    case "table":
      return text("spoken_table");
    case "math":
      return formula(token.text);
    case "html":
      return plain(token.text.replace(TO_TOOLS, `\n${text("spoken_code")}\n`).replace(HIDDEN, "").replace(WITHIN_WORDS, "").replace(TAGS, "\n"));
    default:
      return "";
  }
}

/** Of HTML that stands by itself the words are read, without what a browser would not show. */
const HIDDEN = /<!--[\s\S]*?(?:-->|$)|<(script|style|think)\b[\s\S]*?(?:<\/\1>|$)/gi;
const WITHIN_WORDS = /<\/?(?:a|abbr|b|code|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u)\b[^<>]*>/gi;
const TAGS = /<\/?[a-z][^<>]*>/gi;

/** @param {string} source */
function isJson(source) {
  if (!JSON_BEGINS.test(source)) return false;
  try {
    return typeof JSON.parse(source) === "object";
  } catch {
    return false;
  }
}

/** A formula of plain letters, figures and signs can be read; another stands on the screen. */
const formula = (/** @type {string} */ tex) => (/^[\p{L}\p{N}\s+\-=.,()/]+$/u.test(tex) ? tex.trim() : text("spoken_formula"));

const lines = (/** @type {Token[]} */ tokens) => tokens.map(speakable).filter(Boolean).join("\n");

/**
 * @param {Token[]} tokens
 * @returns {string}
 */
const inline = (tokens) => tokens.map(inlineOne).join("");

/** @param {Token} part */
function inlineOne(part) {
  const token = /** @type {MarkedToken | Formula} */ (part);
  switch (token.type) {
    case "text":
      return token.tokens ? inline(token.tokens) : withoutCitations(plain(token.text));
    case "mathInline":
      return formula(token.text);
    case "image":
      return text("spoken_picture");
    case "strong":
    case "em":
    case "del":
      return inline(token.tokens);
    case "link":
      return token.text === token.href ? host(token.href) : inline(token.tokens);
    case "codespan":
    case "escape":
      return plain(token.text);
    case "br":
      return "\n";
    case "html":
      return /^<br\b/i.test(token.text) ? "\n" : "";
    default:
      return "";
  }
}

/** @param {string} address */
function host(address) {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}

const decoder = document.createElement("textarea");

/** A whole emoji: with its skin, its joined family, its flag, its keycap; none of the parts reaches the voice. */
const EMOJI =
  /(?:\p{Extended_Pictographic}|[\u{1F1E6}-\u{1F1FF}])(?:[\p{Emoji_Modifier}\uFE0F\u20E3]|\u200D\p{Extended_Pictographic})*[\u{E0020}-\u{E007F}]*|[\uFE0F\u20E3\p{Emoji_Modifier}]/gu;

/** @param {string} source */
function plain(source) {
  decoder.innerHTML = source.replaceAll("<", "&lt;");
  return decoder.value.replace(EMOJI, "");
}

/** Without footnotes and citations: `[1]`, `[^2]`, `【4†source】`. */
const withoutCitations = (/** @type {string} */ source) => source.replace(/【[^【】]{0,400}】|\[\^?\d{1,4}(?:[,–-]\s{0,3}\d{1,4}){0,30}\]/gu, "");
