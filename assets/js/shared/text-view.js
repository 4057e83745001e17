// The text of one answer on the screen, as it grows: drawn at most once a frame, block by block.
//
// A finished block is never touched again, so a long answer costs no more per frame than a short one, and what a
// reader has selected or is copying stays as it is. Only the block that is still being written is drawn anew.

import { Frames, nextTask } from "./frames.js";
import { later } from "./later.js";
import { extend, patch } from "./patch.js";

/**
 * @import { Token, TokensList } from "../../vendor/marked/marked.esm.js"
 *
 * @typedef {typeof import("./markdown.js")} Renderer
 * @typedef {{ node: HTMLElement, raw: string, plain?: boolean }} Block one block of the text, and its source
 */

/** @type {Renderer | null} */
let markdown = null;
/** Load the renderer ahead of the first answer. */
export const prepareMarkdown = later(() => import("./markdown.js").then((module) => (markdown = module)));

/** The renderer on its way, where it is not there yet. */
export const rendererComing = () => (markdown ? null : prepareMarkdown());

/** Load what draws formulas ahead of the first one: paper waits for nothing. */
export const prepareFormulas = () => prepareMarkdown().then((module) => module.prepareFormulas());

/** Draw the formulas of these answers in this moment. @param {Element} root */
export const typesetNow = (root) => markdown?.typesetNow(root);

const LONGEST_FRAME_MS = 100;
const SLOW_LINK_MS = 80; // between two arrivals; a server that gathers sends at least every 50 ms
const ONE_LUMP_MS = 5;
const LONGEST_GAP_MS = 600;
const LONGEST_WORD = 24;
const HALF_A_WORD_MS = 500; // then it is shown as it stands: the model is thinking about the other half
const PATIENT_GAPS = 2; // on a slow link the other half comes with the next lump, and no lump is on time

const SPACE = /\s/;
const LETTER = /[\p{L}\p{N}]/u;
const UNPARTED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\udc00-\udfff]/u;

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class TextView {
  /**
   * @param {HTMLElement} root where the answer stands; its visible text is the answer
   * @param {() => void} painted called after each change
   */
  constructor(root, painted = () => {}) {
    this.root = root;
    this.painted = painted;
    this.text = ""; // as it came over the wire
    /** @type {number | null} */
    this.firstPaint = null;
    /** @type {number | null} */
    this.lastPaint = null;
    this.ended = false;
    /** @type {{at: number, words: string}[]} */
    this.seams = [];
    this.clear();
    prepareMarkdown().then(() => this.#schedule());
  }

  clear() {
    this.text = "";
    this.firstPaint = null;
    this.lastPaint = null;
    this.ended = false;
    this.seams = [];
    this.#source = "";
    this.#cutLineEnd = false;
    this.#frozen = [];
    this.#frozenTo = 0;
    this.#drawn = 0;
    this.#open = [];
    this.#live = null;
    this.#shown = 0;
    this.#gap = 0;
    this.#arrived = null;
    clearTimeout(this.#patience);
    this.root.replaceChildren();
  }

  #shown = 0; // how much of the source is on the screen
  #gap = 0; // milliseconds between two arrivals, smoothed
  /** @type {number | null} when the last text came */
  #arrived = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  #cutLineEnd = false;
  #source = ""; // the same with plain line ends, as the parser counts
  /** @type {Block[]} finished */
  #frozen = [];
  #frozenTo = 0; // how far in the source they reach
  #drawn = 0; // how far the last drawing came
  /** @type {Block[]} still being written */
  #open = [];
  /** @type {Element | null} the block with the cursor */
  #live = null;
  #frames = new Frames(
    () => this.#draw(),
    () => this.painted(),
  );

  /** @param {string} text */
  append(text) {
    this.text += text;
    // A line end may be cut in two: the second half must not count as another one.
    const from = this.#cutLineEnd && text.startsWith("\n") ? 1 : 0;
    this.#cutLineEnd = text.endsWith("\r");
    this.#source += text.slice(from).replace(/\r\n?/g, "\n");
    const now = performance.now();
    // A lump may hold many lines, which come one after the other in the same moment.
    if (this.#arrived === null) this.#arrived = now;
    else if (now - this.#arrived > ONE_LUMP_MS) {
      this.#gap += (Math.min(now - this.#arrived, LONGEST_GAP_MS) - this.#gap) * 0.3;
      this.#arrived = now;
    }
    // The first words come alone: they need not wait for a frame in which to be drawn together with others.
    if (this.firstPaint === null && markdown) this.#paint();
    else this.#schedule();
  }

  /** What has not been shown yet will not be: the text is what stands on the screen. */
  halt() {
    this.text = this.#source = this.#source.slice(0, this.#shown);
  }

  /**
   * Show a text that is whole, at once where the renderer is there; resolves when it is as it stays.
   *
   * @param {string} text
   */
  async show(text) {
    this.clear();
    this.text = text;
    this.#source = text.replace(/\r\n?/g, "\n");
    this.ended = true;
    const renderer = markdown ?? (await prepareMarkdown());
    this.#paint();
    await Promise.all(this.#frozen.map(({ node }) => renderer.enrich(node)));
    this.painted();
  }

  /** Nothing more comes; resolves when the last words are on the screen. */
  async catchUp() {
    this.ended = true;
    clearTimeout(this.#patience);
    await prepareMarkdown();
    this.#frames.cancel();
    this.#paint();
    await nextFrame();
  }

  /** Nothing more comes; resolves when all of it is as it stays, colours and formulas included. */
  async end() {
    if (!this.ended) await this.catchUp();
    const renderer = await prepareMarkdown();
    await nextTask();
    this.#mend(renderer);
    await Promise.all(this.#frozen.map(({ node }) => renderer.enrich(node)));
    this.painted();
  }

  /**
   * Mark the block in which another model took over.
   *
   * @param {number} at
   * @param {string} words
   */
  seam(at, words) {
    this.seams.push({ at, words });
  }

  #schedule() {
    if (this.#source) this.#frames.schedule();
  }

  // Whole words; and on a link that delivers in lumps, a lump is spread over the time until the next.
  #reveal() {
    const length = this.#source.length;
    if (this.ended) {
      this.#shown = length;
      return;
    }
    if (this.lastPaint === null) {
      const whole = this.#wholeWords(length);
      this.#shown = LETTER.test(this.#source.slice(0, whole)) ? whole : length; // better half a word than none
      if (this.#shown < length) this.#wait();
      return;
    }
    const due = this.#due();
    this.#shown = Math.max(this.#shown, this.#wholeWords(due));
    clearTimeout(this.#patience);
    if (due < length) this.#schedule();
    else if (this.#shown < length) this.#wait();
  }

  #wait() {
    const patience = Math.max(HALF_A_WORD_MS, PATIENT_GAPS * this.#gap);
    this.#patience = setTimeout(() => this.#showHalf(), patience);
  }

  #due() {
    const length = this.#source.length;
    const now = performance.now();
    const arrived = this.#arrived ?? now;
    const left = arrived + this.#gap - now; // until the next lump
    const since = now - Math.max(this.lastPaint ?? 0, arrived);
    // Nor is it spread where lumps come as often as they can be drawn.
    if (this.#gap < SLOW_LINK_MS + this.#frames.rest || left <= since || still.matches) return length;
    return this.#shown + Math.ceil(((length - this.#shown) * since) / left);
  }

  // The end of the last word that is whole at this place; the place itself where words are not parted by spaces.
  /** @param {number} at */
  #wholeWords(at) {
    if (SPACE.test(this.#source[at] ?? "")) return at;
    for (let end = at; end > this.#shown; end -= 1) {
      if (SPACE.test(this.#source[end - 1]) || UNPARTED.test(this.#source[end - 1])) return end;
      if (at - end > LONGEST_WORD) return at;
    }
    return this.#shown;
  }

  #showHalf() {
    this.#shown = this.#source.length;
    this.#schedule();
  }

  #paint() {
    this.#draw();
    this.painted();
  }

  #draw() {
    this.#reveal();
    if (!markdown) this.#paintPlain();
    else this.#paintBlocks(markdown);
    const now = performance.now();
    this.firstPaint ??= now;
    this.lastPaint = now;
  }

  // For the few milliseconds until the renderer is there.
  #paintPlain() {
    if (!this.#open.length) {
      const node = document.createElement("div");
      node.className = "gc-block gc-plain";
      this.root.append(node);
      this.#open.push({ node, raw: "", plain: true });
      this.#point(node);
    }
    this.#open[0].node.textContent = this.#source.slice(0, this.#shown);
  }

  /** @param {Renderer} renderer */
  #paintBlocks(renderer) {
    if (this.#open[0]?.plain) {
      this.#open[0].node.remove();
      this.#open = [];
    }
    const more = this.#source.slice(this.#drawn, this.#shown);
    const grows = this.#open.length === 1 && !this.ended && this.#drawn > this.#frozenTo;
    this.#drawn = this.#shown;
    if (grows && extend(this.#open[0].node, more)) return;
    const tokens = renderer.blocks(this.#source.slice(this.#frozenTo, this.#shown));
    const finished = this.ended ? tokens.length : countSettled(tokens);
    const fragments = renderer.draw(tokens.filter(isSeen), tokens.links).values();
    /** @type {Block[]} */
    const open = [];
    const fresh = document.createDocumentFragment(); // filled before it is on the page, whose observers see it once
    tokens.forEach((token, index) => {
      const start = this.#frozenTo;
      if (index < finished) this.#frozenTo += token.raw.length;
      if (!isSeen(token)) return;
      const old = this.#open.shift();
      const entry = old ?? newBlock(fresh);
      const fragment = /** @type {DocumentFragment} */ (fragments.next().value);
      if (old) patch(old.node, fragment);
      else entry.node.append(fragment);
      entry.raw = token.raw;
      if (index < finished) this.#freeze(entry, start, renderer);
      else open.push(entry);
    });
    this.#open.forEach(({ node }) => node.remove());
    this.#open = open;
    this.root.append(fresh);
    this.#point(this.ended ? null : this.root.lastElementChild);
  }

  // A class of the one block, since a rule about the whole answer would be applied to all of it anew at its end.
  /** @param {Element | null} node */
  #point(node) {
    if (node === this.#live) return;
    this.#live?.classList.remove("gc-live");
    node?.classList.add("gc-live");
    this.#live = node;
  }

  /**
   * @param {Block} entry
   * @param {number} start
   * @param {Renderer} renderer
   */
  #freeze(entry, start, renderer) {
    this.#frozen.push(entry);
    for (const seam of this.seams) {
      if (seam.at >= start && seam.at <= start + entry.raw.length) entry.node.dataset.seam = seam.words;
    }
    if (!this.ended) renderer.enrich(entry.node);
  }

  // Read as a whole, an answer may fall into other blocks than it did line by line: a link's address may stand at
  // the end, a list may go on after a blank line. What differs is drawn once more.
  /** @param {Renderer} renderer */
  #mend(renderer) {
    const tokens = renderer.blocks(this.#source);
    const whole = tokens.filter(isSeen);
    const links = Object.keys(tokens.links ?? {}).length > 0;
    whole.forEach((token, index) => {
      const entry = this.#frozen[index] ?? (this.#frozen[index] = newBlock(this.root));
      if (entry.raw === token.raw && !(links && token.raw.includes("["))) return;
      entry.node.replaceChildren(...renderer.draw([token], tokens.links));
      entry.raw = token.raw;
    });
    for (const { node } of this.#frozen.splice(whole.length)) node.remove();
  }
}

/** Whether anything is shown of it. @param {Pick<Token, "type">} token */
const isSeen = ({ type }) => type !== "space" && type !== "def";

/**
 * @param {ParentNode} place
 * @returns {Block}
 */
function newBlock(place) {
  const node = document.createElement("div");
  node.className = "gc-block";
  place.append(node);
  return { node, raw: "" };
}

/**
 * Resolves when what was drawn is on the screen; soon, where nobody looks and no frame comes.
 *
 * @returns {Promise<void>}
 */
function nextFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(() => resolve()));
    setTimeout(resolve, LONGEST_FRAME_MS);
  });
}

/**
 * How many of the first blocks can no longer change, whatever comes: all before the last one, once that one's first
 * line is whole (until then it could still turn out to belong to the block before it).
 *
 * @param {Pick<Token, "type" | "raw">[]} tokens
 */
export function countSettled(tokens) {
  let last = tokens.length - 1;
  while (last >= 0 && tokens[last].type === "space") last -= 1;
  if (last <= 0) return 0;
  if (tokens[last].raw.includes("\n")) return last;
  last -= 1;
  while (last >= 0 && tokens[last].type === "space") last -= 1;
  return Math.max(0, last);
}
