// An answer for the ear: its Markdown cut into sentences as it streams, each handed on as soon as it is whole.
//
// What cannot be read aloud is left out: code, tables, formulas, pictures, addresses of links.

import { blocks } from "../shared/markdown.js";
import { settled } from "../shared/text-view.js";

/** Characters a voice takes at a time (services/speech.py). */
export const PIECE = 200;

/** While a paragraph grows, one of these may still turn out to open something that changes what stood before. */
const UNDECIDED = /[*_`[\]$~|<>\\#]/;

const END = /[.!?…]+["'”’)\]]*(?=\s)|[。！？]+[”’）」』]*|\n/g;
/** A point after one of these is no end: titles, abbreviations, initials, the numbers of a list. */
const NO_END = /(?:^|[\s(])(?:\p{L}|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ej|cf|vs|etc|ca|approx|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Fig|\d{1,2})\.$/u;

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

  #read; // how far in the source the blocks reach that are said to their end
  #said; // how many characters of the next one's plain text are said

  /**
   * Take the answer as it stands now.
   *
   * @param {string} source all of it so far
   * @param {boolean} [whole] nothing more comes
   */
  hear(source, whole = false) {
    const tokens = blocks(source.replace(/\r\n?/g, "\n").slice(this.#read));
    const done = whole ? tokens.length : settled(tokens);
    for (const [index, token] of tokens.entries()) {
      const text = spoken(token);
      if (index < done) {
        this.#tell(text.slice(this.#said));
        this.#read += token.raw.length;
        this.#said = 0;
      } else if (text) {
        const sure = certain(text, this.#said);
        this.#tell(text.slice(this.#said, sure));
        this.#said = sure;
        return;
      }
    }
  }

  #tell(text) {
    for (const sentence of sentences(text)) this.say(sentence);
  }
}

/** Up to where a growing text consists of sentences that cannot change any more. */
function certain(text, from) {
  const doubt = text.slice(from).search(UNDECIDED);
  const stretch = doubt < 0 ? text : text.slice(0, from + doubt);
  let sure = from;
  for (const end of ends(stretch)) sure = Math.max(sure, end);
  return sure;
}

function* ends(text) {
  for (const match of text.matchAll(END)) {
    const end = match.index + match[0].length;
    if (match[0] === "\n" || !NO_END.test(text.slice(0, end))) yield end;
  }
}

/** Cut plain text into sentences, none longer than a voice takes at a time. */
export function* sentences(text, limit = PIECE) {
  let from = 0;
  for (const end of [...ends(text), text.length]) {
    yield* pieces(text.slice(from, end).replace(/\s+/g, " ").trim(), limit);
    from = end;
  }
}

// At commas, else at words, else anywhere.
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

/** A block's plain text; lines end where a reader would pause. */
export function spoken(token) {
  switch (token.type) {
    case "paragraph":
    case "heading":
    case "text":
      return token.tokens ? inline(token.tokens) : plain(token.text);
    case "blockquote":
      return lines(token.tokens);
    case "list":
      return token.items.map((item) => lines(item.tokens)).filter(Boolean).join("\n");
    default:
      return "";
  }
}

const lines = (tokens) => tokens.map(spoken).filter(Boolean).join("\n");

const inline = (tokens) => tokens.map(inlineOne).join("");

function inlineOne(token) {
  switch (token.type) {
    case "text":
      return token.tokens ? inline(token.tokens) : plain(token.text);
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
    default:
      return "";
  }
}

function host(address) {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}

const decoder = document.createElement("textarea");

function plain(text) {
  decoder.innerHTML = text.replaceAll("<", "&lt;");
  return decoder.value.replace(/\p{Extended_Pictographic}\uFE0F?/gu, "");
}
