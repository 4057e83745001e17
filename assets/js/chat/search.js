// Search in the titles and texts of all conversations: by the server where it keeps them, else by an index in a thread
// of its own, or in this one where the browser keeps nothing or allows no other.

import { SearchIndex } from "./search-index.js";

/** @import { ConversationStore } from "./types.js" */

export class Search {
  /** @type {SearchIndex | Elsewhere | null} */
  #index;

  /** @param {ConversationStore} store */
  constructor(store) {
    this.store = store;
    this.#index = store.search ? null : store.lasts ? (startElsewhere() ?? new SearchIndex(store)) : new SearchIndex(store);
  }

  /** Read everything that is searched; the page stays free meanwhile. */
  async ready() {
    await this.#index?.ready().catch((/** @type {Error} */ error) => this.#stayHere(error));
  }

  /**
   * A conversation has changed, or is gone.
   *
   * @param {string} id
   */
  forget(id) {
    this.#index?.forget(id);
  }

  /**
   * Ids of the conversations that hold all these words, the best first.
   *
   * @param {string} words
   * @returns {Promise<string[]>}
   */
  async find(words) {
    if (this.store.search) return this.store.search(words);
    await this.ready();
    return this.#index?.find(words) ?? [];
  }

  /** Let go of the other thread. */
  close() {
    if (this.#index instanceof Elsewhere) this.#index.close();
  }

  /** @param {Error} error */
  #stayHere(error) {
    if (!(this.#index instanceof Elsewhere)) throw error;
    this.close();
    this.#index = new SearchIndex(this.store);
    return this.#index.ready();
  }
}

/** @returns {Elsewhere | null} null where there are no other threads */
function startElsewhere() {
  try {
    return new Elsewhere(new Worker(new URL("./search-worker.js", import.meta.url), { type: "module" }));
  } catch {
    return null;
  }
}

/** @typedef {{ ask: number, found?: string[], error?: string }} Told */

/** An index in another thread, with the same methods. */
class Elsewhere {
  /** @type {Map<number, { resolve: (found: string[]) => void, reject: (error: Error) => void }>} */
  #asked = new Map();
  #last = 0;
  /** @type {Promise<string[]> | undefined} */
  #coming;

  /** @param {Worker} worker */
  constructor(worker) {
    this.worker = worker;
    worker.onmessage = (/** @type {MessageEvent<Told>} */ { data }) => {
      const waits = this.#asked.get(data.ask);
      this.#asked.delete(data.ask);
      if (data.found) waits?.resolve(data.found);
      else waits?.reject(new Error(data.error));
    };
    worker.onerror = (event) => {
      for (const { reject } of this.#asked.values()) reject(new Error(event.message));
      this.#asked.clear();
    };
  }

  ready() {
    return (this.#coming ??= this.#ask(null));
  }

  /** @param {string} id */
  forget(id) {
    if (this.#coming) this.worker.postMessage({ forget: id });
  }

  /** @param {string} words */
  find(words) {
    return this.#ask(words);
  }

  close() {
    this.worker.terminate();
  }

  /**
   * @param {string | null} words
   * @returns {Promise<string[]>}
   */
  #ask(words) {
    const ask = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#asked.set(ask, { resolve, reject });
      this.worker.postMessage({ ask, words });
    });
  }
}
