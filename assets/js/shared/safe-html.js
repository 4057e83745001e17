// HTML that came out of a stranger's text, as elements that are safe to insert: by the browser's own sanitizer where it
// has one, which takes a tenth of the time, else by DOMPurify. Both know the same short list and nothing else.

import { findAll } from "./dom.js";
import { LEFTWARD } from "./patch.js";

const ELEMENTS =
  "details summary p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code div span em strong del a img table thead tbody tr th td sub sup kbd mark u".split(" ");
const ATTRIBUTES = ["href", "title", "src", "alt", "start", "align", "class", "data-language", "data-tex", "data-display", "data-note", "tabindex"];
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[a-z0-9+/=\s]+$/i;
const LINK = /^(?:https?:|mailto:|tel:)/i;
/** What is read from its own first letters on, from left to right or the other way. */
const PARAGRAPHS = "p, li, h1, h2, h3, h4, h5, h6, td, th, div";
const FINISHED = `a, img, ${PARAGRAPHS}`;

/** @typedef {(html: string) => HTMLElement} Parse into an element of a document that runs nothing and fetches nothing */

/** Whether a picture carries its own content, so that showing it tells nobody. @param {string} address */
export const isOwnPicture = (address) => PICTURE.test(address);

/** @type {Document | undefined} */
let inert;
const emptyElement = () => (inert ??= document.implementation.createHTMLDocument("")).createElement("div");

/** @returns {Parse | null} null where the browser has no sanitizer */
function browsersOwn() {
  const { Sanitizer } = /** @type {{ Sanitizer?: new (config: object) => object }} */ (globalThis);
  if (!Sanitizer || !("setHTML" in Element.prototype)) return null;
  const sanitizer = new Sanitizer({ elements: ELEMENTS, attributes: ATTRIBUTES, comments: false, dataAttributes: false });
  return (html) => {
    const root = /** @type {HTMLElement & { setHTML(html: string, options: object): void }} */ (/** @type {HTMLElement} */ (emptyElement()));
    root.setHTML(html, { sanitizer });
    return root;
  };
}

/** @returns {Promise<Parse>} */
async function librarys() {
  await import("../../vendor/dompurify/purify.min.js");
  const purify = globalThis.DOMPurify(window);
  const policy = { ALLOWED_TAGS: ELEMENTS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, IN_PLACE: /** @type {const} */ (true) };
  return (html) => {
    const root = emptyElement();
    root.innerHTML = html;
    purify.sanitize(root, policy); // in place: what is checked is what is inserted
    return root;
  };
}

const parse = browsersOwn() ?? (await librarys());

/**
 * Several pieces at once, since a stream draws a hundred of them in some seconds; each leaves no element open.
 *
 * @param {string[]} parts
 * @returns {DocumentFragment[]} as many
 */
export function safeFragments(parts) {
  const html = parts.map((part) => `<div>${part}</div>`).join("");
  const root = parse(html);
  const both = LEFTWARD.test(html); // where all is read to the right, nothing need say so
  for (const node of findAll(both ? FINISHED : "a, img", root)) {
    if (node.localName === "a") finishLink(node);
    else if (node.localName !== "img") node.setAttribute("dir", "auto");
    else if (!isOwnPicture(node.getAttribute("src") ?? "")) node.remove();
  }
  return [...root.children].map((part) => {
    const fragment = document.createDocumentFragment();
    fragment.append(...part.childNodes);
    return fragment;
  });
}

// A link leads elsewhere and tells nobody where from; one that leads nowhere looks dead.
/** @param {HTMLElement} link */
function finishLink(link) {
  if (!LINK.test(link.getAttribute("href") ?? "")) return link.removeAttribute("href");
  link.setAttribute("target", "_blank");
  link.setAttribute("rel", "noopener noreferrer nofollow");
}
