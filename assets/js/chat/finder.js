// What of the list is searched for. The search itself is loaded when somebody reaches for it.

/**
 * @import { Search } from "./search.js"
 * @import { ConversationStore } from "./types.js"
 */

export class Finder {
  /**
   * @param {ConversationStore} store
   * @param {() => void} draw the list, when something else is found
   */
  constructor(store, draw) {
    this.store = store;
    this.draw = draw;
    /** @type {string[] | null} ids of what was searched for; null while nothing is */
    this.found = null;
  }

  /** @type {Search | undefined} */
  #search;
  #wanted = "";

  /**
   * Find only what holds these words; nothing finds all.
   *
   * @param {string} words
   * @param {Element | null} host which is busy meanwhile
   */
  async look(words, host) {
    this.#wanted = words;
    if (!words.trim()) this.found = null;
    else {
      host?.setAttribute("aria-busy", "true");
      const found = await (await this.#searching()).find(words);
      if (this.#wanted !== words) return;
      this.found = found;
    }
    host?.removeAttribute("aria-busy");
    this.draw();
  }

  /** Read everything that is searched. */
  async prepare() {
    await (await this.#searching()).ready();
  }

  /**
   * A conversation has changed, or is gone.
   *
   * @param {string} id
   */
  forget(id) {
    this.#search?.forget(id);
  }

  /** Many have changed: all is read anew when it is wanted. */
  forgetAll() {
    this.#search?.close();
    this.#search = undefined;
  }

  async #searching() {
    const { Search } = await import("./search.js");
    return (this.#search ??= new Search(this.store));
  }
}
