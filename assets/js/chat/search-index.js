// The index of all conversations of this browser: their titles and texts, made once and kept up to date.

import MiniSearch from "../../vendor/minisearch/minisearch.js";

const LONGEST_TEXT = 200_000; // characters of one conversation that are searched
const SLICE_MS = 12; // of indexing between two looks at what else is to do

/** @import { ConversationStore } from "./types.js" */

export class SearchIndex {
  #index = new MiniSearch({ fields: ["title", "text"], searchOptions: { prefix: true, combineWith: "AND", boost: { title: 3 } } });
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
      this.#index.add({ id, title, text: found.get(id) ?? "" });
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
    return this.#index.search(words).map(({ id }) => id);
  }

  /** @param {string} id */
  async #renew(id) {
    if (this.#index.has(id)) this.#index.discard(id);
    const whole = await this.store.read(id);
    if (!whole) return;
    const text = whole.messages.map((message) => message.text).join("\n").slice(0, LONGEST_TEXT);
    this.#index.add({ id, title: whole.head.title, text });
  }
}
