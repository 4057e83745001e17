// Markdown to safe elements. Loaded with the first answer, not with the page.
//
// A model's answer is a stranger's text. Raw HTML in it is shown, not interpreted; pictures are shown only when the
// answer itself carries them (data: URLs), since fetching one would tell its host what was said; links open elsewhere.

import { Marked } from "../../vendor/marked/marked.esm.js";
import "../../vendor/dompurify/purify.min.js";
import { icon } from "./dom.js";
import { say } from "./words.js";

const INLINE_HTML = /^<\/?(?:br|sub|sup|kbd|mark|u)\s*\/?>$/i;
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[a-z0-9+/=\s]+$/i;
const LINK = /^(?:https?:|mailto:|tel:)/i;

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (character) => escapes[character]);

/** A formula: its source stays visible until it is drawn, and for good where it cannot be. */
const mathToken = (match, display) => match && { type: "math", raw: match[0], text: match[1] ?? match[2], display };
const drawMath = ({ raw, text, display }) =>
  `<span class="gc-math" data-tex="${escaped(text)}" ${display ? "data-display" : ""}>${escaped(raw.trim())}</span>`;

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

const renderer = {
  html: ({ text }) => (INLINE_HTML.test(text.trim()) ? text : escaped(text)),
  image: ({ href, text }) =>
    PICTURE.test(href)
      ? `<img src="${escaped(href)}" alt="${escaped(text)}">`
      : `<span class="gc-picture-link">${escaped(say("picture_not_loaded", { alt: text || say("picture") }))}</span>`,
  code: ({ text, lang }) => {
    const language = (lang ?? "").match(/^[\w+#.-]*/)[0];
    return `<div class="gc-code" data-language="${escaped(language)}"><pre><code>${escaped(text)}\n</code></pre></div>`;
  },
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  table(token) {
    const row = (cells, tag) =>
      `<tr>${cells.map((cell) => `<${tag}${cell.align ? ` align="${cell.align}"` : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
    const body = token.rows.map((cells) => row(cells, "td")).join("");
    return `<div class="gc-table" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`;
  },
};

const marked = new Marked({ gfm: true, breaks: true, extensions: MATH, renderer });

const purify = globalThis.DOMPurify(window);
const POLICY = {
  ALLOWED_TAGS:
    "p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code div span em strong del a img table thead tbody tr th td sub sup kbd mark u".split(" "),
  ALLOWED_ATTR: ["href", "title", "src", "alt", "start", "align", "class", "data-language", "data-tex", "data-display", "tabindex"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A") {
    const href = node.getAttribute("href") ?? "";
    if (LINK.test(href)) {
      node.setAttribute("target", "_blank");
      node.setAttribute("rel", "noopener noreferrer nofollow");
    } else node.removeAttribute("href");
  }
  if (node.nodeName === "IMG" && !PICTURE.test(node.getAttribute("src") ?? "")) node.remove();
});

/** Cut markdown into its top-level blocks; `raw` of all of them joined is the source. */
export const blocks = (source) => marked.lexer(source);

/** One block as elements that are safe to insert. */
export function draw(token, links) {
  const tokens = Object.assign([token], { links: links ?? {} });
  const fragment = purify.sanitize(marked.parser(tokens), POLICY);
  for (const code of fragment.querySelectorAll(".gc-code")) code.append(copyButton());
  return fragment;
}

function copyButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "gc-icon-button gc-copy-code";
  button.setAttribute("aria-label", say("copy_code"));
  button.title = say("copy_code");
  button.append(icon("copy"));
  return button;
}

/** Colour code and draw formulas in a finished block; what they need is loaded when the first one is met. */
export function enrich(block) {
  const codes = [...block.querySelectorAll(".gc-code[data-language]:not([data-language=''])")];
  const formulas = [...block.querySelectorAll(".gc-math")];
  return Promise.all([
    codes.length && import("./highlight.js").then((module) => codes.forEach(module.colour)),
    formulas.length && import("./formula.js").then((module) => formulas.forEach(module.typeset)),
  ]);
}
