// Markdown to safe elements. Loaded with the first answer, not with the page.
//
// A model's answer is a stranger's text. Raw HTML in it is shown, not interpreted; pictures are shown only when the
// answer itself carries them (data: URLs), since fetching one would tell its host what was said; links open elsewhere.

import { Lexer, Marked } from "../../vendor/marked/marked.esm.js";
import { findAll, icon, targetOf } from "./dom.js";
import { boundInline, nestsTooDeep, plain } from "./bounds.js";
import { isOwnPicture, safeFragments } from "./safe-html.js";
import { say } from "./words.js";

/**
 * @import { RendererObject, Token, TokenizerAndRendererExtension, TokenizerObject, Tokens, TokensList } from "../../vendor/marked/marked.esm.js"
 * @import { Shape } from "./dom.js"
 *
 * @typedef {Token[] & { links?: TokensList["links"] }} Blocks a text's blocks, and the addresses that its links name
 */

const INLINE_HTML = /^<\/?(?:br|sub|sup|kbd|mark|u)\s*\/?>$/i;
const MAY_STAY_OPEN = /<\/?(?:sub|sup|kbd|mark|u)\s*\/?>/i;

/** @type {Record<string, string>} */
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
/** @param {string} text */
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => escapes[character]);

/**
 * A formula: its source stays visible until it is drawn, and for good where it cannot be.
 *
 * @param {RegExpExecArray | null} match
 * @param {boolean} display
 * @returns {Tokens.Generic | undefined}
 */
const mathToken = (match, display) => (match ? { type: "math", raw: match[0], text: match[1] ?? match[2], display } : undefined);

/** @param {Tokens.Generic} token */
const drawMath = ({ raw, text, display }) =>
  `<span class="gc-math" data-tex="${escapeHtml(text)}" ${display ? "data-display" : ""}>${escapeHtml(raw.trim())}</span>`;

/** @type {TokenizerAndRendererExtension[]} */
const MATH = [
  {
    name: "math",
    level: "block",
    start: (source) => source.match(/^(?:\$\$|\\\[)/m)?.index,
    tokenizer: (source) => mathToken(/^ {0,3}(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/.exec(source), true),
    renderer: (token) => `<p>${drawMath(token)}</p>`,
  },
  {
    name: "mathInline",
    level: "inline",
    start: (source) => source.match(/\$|\\\(|\\\[/)?.index,
    tokenizer(source) {
      const display = /^(?:\$\$([^$\n]+?)\$\$|\\\[([^\n]+?)\\\])/.exec(source);
      // As pandoc: no blank inside the dollars, no digit after them, or prices would become formulas.
      const match = display ?? /^(?:\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)|\\\(([^\n]+?)\\\))/.exec(source);
      const token = mathToken(match, Boolean(display));
      return token ? { ...token, type: "mathInline" } : undefined;
    },
    renderer: drawMath,
  },
];

/**
 * Thoughts that a model wrote into its answer, and notes at the foot of it.
 *
 * @type {TokenizerAndRendererExtension[]}
 */
const ASIDES = [
  {
    name: "think",
    level: "block",
    start: (source) => source.match(/^<think>/m)?.index,
    tokenizer(source) {
      const match = /^<think>([\s\S]*?)(?:<\/think>\s*|$)/.exec(source);
      return match ? { type: "think", raw: match[0], text: match[1].trim() } : undefined;
    },
    renderer: ({ text }) => `<details class="gc-fold gc-think"><summary>${escapeHtml(say("thinking"))}</summary><div class="gc-thought">${escapeHtml(text)}</div></details>`,
  },
  {
    name: "footnote",
    level: "block",
    start: (source) => source.match(/^\[\^[^\]\s]+\]:/m)?.index,
    tokenizer(source) {
      const match = /^\[\^([^\]\s]{1,40})\]:[ \t]*([^\n]*(?:\n(?!\s*\n|\[\^)[^\n]+)*)(?:\n+|$)/.exec(source);
      return match ? { type: "footnote", raw: match[0], name: match[1], tokens: this.lexer.inline(match[2].trim(), []) } : undefined;
    },
    renderer(token) {
      return `<p class="gc-note" data-note="${escapeHtml(token.name)}"><sup>${escapeHtml(token.name)}</sup> ${this.parser.parseInline(token.tokens ?? [])}</p>`;
    },
  },
  {
    name: "footnoteMark",
    level: "inline",
    start: (source) => source.match(/\[\^/)?.index,
    tokenizer(source) {
      const match = /^\[\^([^\]\s]{1,40})\](?!:)/.exec(source);
      return match ? { type: "footnoteMark", raw: match[0], name: match[1] } : undefined;
    },
    renderer: ({ name }) => `<sup class="gc-note-mark" tabindex="0" data-note="${escapeHtml(name)}">${escapeHtml(name)}</sup>`,
  },
];

/**
 * Two tildes strike through; one is a tilde, as in `a~b~c`.
 *
 * @type {TokenizerObject}
 */
const tokenizer = {
  del(source) {
    const match = /^~~(?=[^\s~])([\s\S]*?[^\s~])~~(?!~)/.exec(source);
    return match ? { type: "del", raw: match[0], text: match[1], tokens: this.lexer.inlineTokens(match[1]) } : undefined;
  },
};

/** @type {RendererObject} */
const renderer = {
  html: ({ text }) => (INLINE_HTML.test(text.trim()) ? text : escapeHtml(text)),
  image: ({ href, text }) =>
    isOwnPicture(href)
      ? `<img src="${escapeHtml(href)}" alt="${escapeHtml(text)}">`
      : `<span class="gc-picture-link">${escapeHtml(say("picture_not_loaded", { alt: text || say("picture") }))}</span>`,
  code: ({ text, lang }) => {
    const [language] = /** @type {RegExpMatchArray} */ ((lang ?? "").match(/^[\w+#.-]*/));
    return `<div class="gc-code" data-language="${escapeHtml(language)}"><pre tabindex="0"><code>${escapeHtml(text)}\n</code></pre></div>`;
  },
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  table(token) {
    const row = (/** @type {Tokens.TableCell[]} */ cells, /** @type {string} */ tag) =>
      `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` align="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
    const body = token.rows.map((cells) => row(cells, "td")).join("");
    return `<div class="gc-table" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`;
  },
};

const marked = new Marked({ gfm: true, breaks: true, extensions: [...MATH, ...ASIDES], tokenizer, renderer });

/**
 * Cut markdown into its top-level blocks; `raw` of all of them joined is the source.
 *
 * @param {string} source
 * @returns {Blocks}
 */
export function blocks(source) {
  if (nestsTooDeep(source)) return [plain(source)];
  try {
    const lexer = new Lexer(marked.defaults);
    boundInline(lexer);
    return lexer.lex(source);
  } catch {
    return [plain(source)]; // shown as it was written
  }
}

/**
 * Blocks as elements that are safe to insert, each for itself.
 *
 * @param {Token[]} tokens
 * @param {TokensList["links"]} [links]
 * @returns {DocumentFragment[]} as many
 */
export function draw(tokens, links) {
  const parts = tokens.map((token) => /** @type {string} */ (marked.parser(Object.assign([token], { links: links ?? {} }))));
  // A tag of the model's own that is never closed must not reach into the next block.
  const apart = tokens.some(({ raw }) => MAY_STAY_OPEN.test(raw));
  const fragments = apart ? parts.flatMap((part) => safeFragments([part])) : safeFragments(parts);
  for (const fragment of fragments) for (const code of fragment.querySelectorAll(".gc-code")) code.append(codeButton("wrap", "wrap_code", "gc-wrap-code"), codeButton("copy", "copy_code", "gc-copy-code"));
  return fragments;
}

/** @type {Map<string, HTMLElement>} the first of each, of which the others are copies */
const buttons = new Map();

/**
 * @param {Shape} shape
 * @param {string} words
 * @param {string} name
 */
function codeButton(shape, words, name) {
  const first = buttons.get(name) ?? newCodeButton(shape, words, name);
  buttons.set(name, first);
  return first.cloneNode(true);
}

/**
 * @param {Shape} shape
 * @param {string} words
 * @param {string} name
 */
function newCodeButton(shape, words, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `gc-icon-button ${name}`;
  button.setAttribute("aria-label", say(words));
  button.title = say(words);
  button.append(icon(shape));
  return button;
}

// Wherever answers stand: a mark leads to its note, a switch wraps the lines of its code.
document.addEventListener("click", (event) => {
  const target = targetOf(event);
  const mark = target?.closest(".gc-note-mark");
  const text = mark?.closest(".gc-text");
  if (mark && text) {
    const name = mark.getAttribute("data-note");
    findAll(".gc-note", text).find((note) => note.dataset.note === name)?.scrollIntoView({ block: "center" });
  }
  target?.closest(".gc-wrap-code")?.closest(".gc-code")?.classList.toggle("gc-wrap");
});
document.addEventListener("keydown", (event) => {
  const mark = targetOf(event);
  if (event.key === "Enter" && mark instanceof HTMLElement && mark.matches(".gc-note-mark")) mark.click();
});

/**
 * Colour code and draw formulas in a finished block; what they need is loaded when the first one is met.
 *
 * @param {Element} block
 */
export function enrich(block) {
  const codes = findAll(".gc-code[data-language]:not([data-language=''])", block);
  const formulas = findAll(".gc-math", block);
  const diagrams = codes.filter((code) => code.dataset.language === "mermaid");
  return Promise.all([
    codes.length > diagrams.length && import("./highlight.js").then((module) => inSlices(codes, module.colour)),
    formulas.length && import("./formula.js").then((module) => inSlices(formulas, module.typeset)),
    diagrams.length && import("./diagram.js").then((module) => inSlices(diagrams, module.draw)),
  ]);
}

/** @type {typeof import("./formula.js") | null} */
let formulas = null;

/** Have what draws formulas at hand before it must be quick. */
export async function prepareFormulas() {
  formulas = await import("./formula.js");
  await formulas.prepareFonts();
}

/**
 * Draw every formula in this moment, for paper that waits for nothing; as far as {@link prepareFormulas} has come.
 *
 * @param {Element} root
 */
export function typesetNow(root) {
  if (formulas) findAll(".gc-math", root).forEach(formulas.typeset);
}

const SLICE_MS = 12;

// A frame between slices, so that a thousand formulas hold nobody up.
/**
 * @param {HTMLElement[]} nodes
 * @param {(node: HTMLElement) => unknown} work
 */
async function inSlices(nodes, work) {
  let began = performance.now();
  for (const node of nodes) {
    await work(node);
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, 16));
    began = performance.now();
  }
}
