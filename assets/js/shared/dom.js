// Elements in one expression; text always through textContent, never through innerHTML.

/** @import { Child, Properties } from "./types.js" */

/**
 * Make an element: `el("p", {class: "note", onclick: f}, "text", child)`. Null children are left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const SHAPES = {
  copy: "M9 9h10v11H9zM5 15V4h10",
  done: "M5 12.5l4.5 4.5L19 7",
  retry: "M19 12a7 7 0 1 1-2.2-5.1M19 3.5v4h-4",
  edit: "M5 19h3.5L19 8.5 15.5 5 5 15.5z",
  down: "M12 5v13M6.5 12.5L12 18l5.5-5.5",
  close: "M6 6l12 12M18 6L6 18",
  wrench: "M14.5 4.5a5 5 0 0 0-5.2 6.7L4 16.5 7.5 20l5.3-5.3a5 5 0 0 0 6.7-5.2l-3 3-3-1-1-3z",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6",
  play: "M8 5.5v13l10.5-6.5z",
  upload: "M12 17V5M6.5 10.5L12 5l5.5 5.5M5 20h14",
  microphone: "M12 4a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 4M6.5 11.5a5.5 5.5 0 0 0 11 0M12 17v3",
  speaker: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  onward: "M5 6.5l6 5.5-6 5.5zM13 6.5l6 5.5-6 5.5z",
  previous: "M14.5 6L8.5 12l6 6",
  next: "M9.5 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  pin: "M9 4.5h6l-1 6 3.5 3.5h-11L10 10.5zM12 14v6",
  hidden: "M4 12s3-5.5 8-5.5 8 5.5 8 5.5-3 5.5-8 5.5S4 12 4 12zM4.5 19.5l15-15",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6M19 12l2-1-1.2-3.2-2.2.3-1.4-1.4.3-2.2L13.3 3.3 12 5.2 10.7 3.3 7.5 4.5l.3 2.2-1.4 1.4-2.2-.3L3 11l2 1-2 1 1.2 3.2 2.2-.3 1.4 1.4-.3 2.2 3.2 1.2L12 18.8l1.3 1.9 3.2-1.2-.3-2.2 1.4-1.4 2.2.3L21 13z",
  attach: "M19 11.5l-7.5 7.5a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-7.9 7.9a1.5 1.5 0 0 1-2.2-2.2l7.2-7.2",
  dictate: "M4 9v6M7.5 6v12M11 10v4M15 8h5M15 12h5M15 16h5",
  json: "M9 4.5H7.5a2 2 0 0 0-2 2V10l-2 2 2 2v3.5a2 2 0 0 0 2 2H9M15 4.5h1.5a2 2 0 0 1 2 2V10l2 2-2 2v3.5a2 2 0 0 1-2 2H15",
  search: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16",
  wrap: "M4 6h16M4 12h13a3 3 0 0 1 0 6h-4M15 15.5L12.5 18l2.5 2.5M4 18h5",
  file: "M7 3.500h7l4 4v13H7zM14 3.500v4h4",
  columns: "M4 5h16v14H4zM12 5v14",
  menu: "M5 7h14M5 12h14M5 17h14",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  send: "M5 12h13M12 5.5l6.5 6.5-6.5 6.5",
};

/** @typedef {keyof typeof SHAPES} Shape */

/**
 * A line icon by name, hidden from screen readers: the button that holds it carries the label.
 *
 * @param {Shape} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "gc-icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that shows an icon and says its label to whoever cannot see it.
 *
 * @param {Shape} name
 * @param {string} label
 * @param {Properties} [properties]
 */
export function iconButton(name, label, properties = {}) {
  return el("button", { type: "button", class: "gc-icon-button", "aria-label": label, title: label, ...properties }, icon(name));
}

/**
 * Put text on the clipboard, and show for a moment that it is there; where the browser refuses, nothing is shown.
 *
 * @param {string} text
 * @param {HTMLElement} [button]
 */
export async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyTheOldWay(text)) return;
  }
  if (!button) return;
  button.replaceChildren(icon("done"));
  setTimeout(() => button.replaceChildren(icon("copy")), 1200);
}

// The clipboard interface exists on secure addresses only; a server in the local network has none.
/**
 * @param {string} text
 * @returns {boolean} whether it is there
 */
function copyTheOldWay(text) {
  const before = focusedElement();
  const area = el("textarea", { class: "gc-offscreen", "aria-hidden": "true" });
  area.value = text;
  (before?.closest("dialog") ?? document.body).append(area); // beside an open dialog nothing can be selected
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true }); // whoever copies by keyboard stays where they are
  return copied;
}

/**
 * Set text only where it differs, so that nothing flickers and a selection survives.
 *
 * @param {Node | null} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/**
 * Set or remove an attribute only where it differs.
 *
 * @param {Element} node
 * @param {string} name
 * @param {string | number | null | undefined} value
 */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === "") {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/**
 * The same of being hidden: even writing what stands there already costs a frame.
 *
 * @param {HTMLElement} node
 * @param {boolean} hidden
 */
export function hide(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** @typedef {HTMLTextAreaElement | HTMLInputElement} Box */

/**
 * The text box inside a Gradio component.
 *
 * @param {string} id
 * @returns {Box | null}
 */
export const inputOf = (id) => document.querySelector(`#${id} textarea, #${id} input`);

/** The element that an event happened to; null where it was the window or the document. @param {Event} event */
export const targetOf = (event) => (event.target instanceof Element ? event.target : null);

/**
 * The first element of HTML that a selector finds, or null.
 *
 * @param {string} selector
 * @param {ParentNode} [root]
 */
export function find(selector, root = document) {
  const found = root.querySelector(selector);
  return found instanceof HTMLElement ? found : null;
}

/**
 * All elements of HTML that a selector finds.
 *
 * @param {string} selector
 * @param {ParentNode} [root]
 */
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)].filter((one) => one instanceof HTMLElement);

/** The node that has the focus, when it is an element of HTML. */
export const focusedElement = () => (document.activeElement instanceof HTMLElement ? document.activeElement : null);

/**
 * Put a value into a Gradio text box so that Gradio notices.
 *
 * @param {Box | null} input
 * @param {string} value
 */
export function fill(input, value) {
  if (!input) return;
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), "value")?.set;
  setter?.call(input, value);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/**
 * Let the browser save something as a file.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const HINT_MS = 4000;

/**
 * A function that tells something in a line of the page for a while, and to screen readers; `find` gives the line.
 *
 * @param {() => Element | null} find
 * @returns {(words: string) => void}
 */
export function hinter(find) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (words) => {
    const line = find();
    if (line) {
      setText(line, words);
      clearTimeout(timer);
      timer = setTimeout(() => setText(line, ""), HINT_MS);
    }
    announce(words);
  };
}

/**
 * Tell screen readers, and nobody else.
 *
 * @param {string} text
 */
export function announce(text) {
  let live = document.getElementById("gc-live");
  if (!live) {
    live = el("div", { id: "gc-live", class: "gc-offscreen", role: "status", "aria-live": "polite" });
    document.body.append(live);
  }
  live.textContent = text;
}

/**
 * Keep the screen on while somebody speaks; null where the browser, or the frame the page is shown in, does not allow it.
 *
 * @returns {Promise<WakeLockSentinel | null>}
 */
export async function keepScreenOn() {
  // Asking where a frame forbids it is written into the console as a violation.
  const policy = /** @type {{ featurePolicy?: { allowsFeature(name: string): boolean } }} */ (/** @type {unknown} */ (document)).featurePolicy;
  if (policy && !policy.allowsFeature("screen-wake-lock")) return null;
  return (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
}
