// The index of all conversations of this browser: their titles and texts, made once and kept up to date.

import MiniSearch from "../../vendor/minisearch/minisearch.js";

const LONGEST_TEXT = 200_000; // characters of one conversation that are searched
const SLICE_MS = 12; // of indexing between two looks at what else is to do
/** How much a word counts, by where it stands. @type {Record<string, number>} */
const WEIGHTS = { title: 3, text: 1 };

const tokenize = MiniSearch.getDefault("tokenize");

/**
 * @import { ConversationStore } from "./types.js"
 *
 * @typedef {Map<string, number>} Initials of one conversation: letters that begin a word of it, and how much they count
 */

export class SearchIndex {
  #index = new MiniSearch({
    fields: ["title", "text"],
    processTerm: (term, field) => this.#note(term.toLowerCase(), field),
    searchOptions: { prefix: true, combineWith: "AND", boost: WEIGHTS },
  });
  // A single letter begins hundreds of words in nearly every conversation, each of which would be weighed: five times
  // the work of two letters, for an order that says nothing.
  /** @type {Map<string, Initials>} by the id of the conversation */
  #initials = new Map();
  /** @type {Initials} of the one that is being added */
  #adding = new Map();
  /** @type {Set<string>} */
  #stale = new Set();
  /** @type {Promise<void> | undefined} */
  #coming;

  /** @param {Pick<ConversationStore, "heads" | "texts" | "read">} store */
  constructor(store) {
    this.store = store;
  }

  /** The first call reads everything. */
  ready() {
    return (this.#coming ??= this.#fill());
  }

  async #fill() {
    const [heads, texts] = await Promise.all([this.store.heads(), this.store.texts()]);
    const found = new Map(texts.map(({ id, text }) => [id, text.slice(0, LONGEST_TEXT)]));
    let began = performance.now();
    for (const { id, title } of heads) {
      this.#add(id, title, found.get(id) ?? "");
      if (performance.now() - began < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      began = performance.now();
    }
  }

  /**
   * A conversation has changed, or is gone; it is read again before the next search.
   *
   * @param {string} id
   */
  forget(id) {
    if (this.#coming) this.#stale.add(id);
  }

  /**
   * Ids of the conversations that hold all these words, the best first.
   *
   * @param {string} words
   * @returns {Promise<string[]>}
   */
  async find(words) {
    await this.ready();
    const stale = [...this.#stale];
    this.#stale.clear();
    for (const id of stale) await this.#renew(id);
    /** @type {string[]} */
    const terms = tokenize(words.toLowerCase()).filter(Boolean);
    const letters = terms.filter(isLetter);
    if (letters.length && letters.length === terms.length) return this.#beginning(letters);
    const found = this.#index.search(terms.filter((term) => !isLetter(term)).join(" "), { filter: ({ id }) => this.#weigh(id, letters) > 0 });
    return found.map(({ id }) => id);
  }

  /**
   * @param {string} id
   * @param {string} title
   * @param {string} text
   */
  #add(id, title, text) {
    this.#adding = new Map();
    this.#index.add({ id, title, text });
    this.#initials.set(id, this.#adding);
  }

  /**
   * @param {string} term
   * @param {string} [field] none of a term that is searched for
   */
  #note(term, field) {
    if (!field || !term) return term;
    const [initial] = term;
    this.#adding.set(initial, (this.#adding.get(initial) ?? 0) + WEIGHTS[field]);
    return term;
  }

  /** @param {string[]} letters @returns {string[]} ids of the conversations with words for all of them */
  #beginning(letters) {
    const found = [...this.#initials.keys()].map((id) => ({ id, weight: this.#weigh(id, letters) })).filter(({ weight }) => weight > 0);
    return found.sort((a, b) => b.weight - a.weight).map(({ id }) => id);
  }

  // The share of its words that begin so, or a long conversation would be the first for every letter.
  /**
   * @param {string} id
   * @param {string[]} letters
   * @returns {number} 0 where one is missing
   */
  #weigh(id, letters) {
    const initials = this.#initials.get(id) ?? new Map();
    if (!letters.every((letter) => initials.has(letter))) return 0;
    if (!letters.length) return 1;
    const all = [...initials.values()].reduce((sum, count) => sum + count, 0);
    return letters.reduce((sum, letter) => sum + initials.get(letter) / all, 0);
  }

  /** @param {string} id */
  async #renew(id) {
    if (this.#index.has(id)) this.#index.discard(id);
    this.#initials.delete(id);
    const whole = await this.store.read(id);
    if (!whole) return;
    const text = whole.messages.map((message) => message.text).join("\n").slice(0, LONGEST_TEXT);
    this.#add(id, whole.head.title, text);
  }
}

const isLetter = (/** @type {string} */ term) => [...term].length === 1;
