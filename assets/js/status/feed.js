// The news of the server: a stream that is opened anew when it ends, and that says within seconds when it is gone. Of
// several windows one reads it and tells the others: a browser has six connections to one host, and a stream of news in
// each window would leave too few for answers.

import { locks } from "../shared/locks.js";
import { events } from "../shared/sse.js";
import { passOf, route } from "../shared/wire.js";
import { ownKeyHeaders } from "../shared/own-key.js";
import { SHARED } from "../../texts.js";

/**
 * @import { News } from "./types.js"
 *
 * @typedef {{ asks: true } | { there: boolean, news?: News }} Told among the windows; without news, that it is still there
 */

/** The server says something every second and a half. */
const SILENCE_MS = 4000;
const AGAIN_MS = 1000;
const OTHERS_SILENCE_MS = SILENCE_MS + 2 * AGAIN_MS; // of a window that reads, while the server says nothing

export class Feed {
  /**
   * @param {(news: News) => void} heard
   * @param {(there: boolean) => void} changed the server is gone, or back
   */
  constructor(heard, changed) {
    this.heard = heard;
    this.changed = changed;
    this.hangUp = new AbortController();
    document.addEventListener("visibilitychange", () => this.begin());
    document.addEventListener("gc:own-key", () => this.begin());
    addEventListener("online", () => this.begin());
  }

  /** @type {BroadcastChannel | null} */
  #others = null;
  /** @type {News | null} all that is known, where this window reads */
  #latest = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;

  /** Listen, anew if it listens already; a hidden page needs no news. */
  begin() {
    this.hangUp.abort();
    this.hangUp = new AbortController();
    clearTimeout(this.#silence);
    this.#others?.close();
    this.#others = null;
    if (!document.hidden) void this.#listen(this.hangUp.signal);
  }

  /** @param {AbortSignal} over */
  async #listen(over) {
    // Where others reach this simulator too, everybody has faults of his own.
    const headers = ownKeyHeaders();
    if (SHARED) headers["x-groq-core-page"] = await passOf().catch(() => "");
    if (over.aborted) return;
    if (!globalThis.BroadcastChannel) return this.#read(headers, over);
    const name = `gc-news ${mark(JSON.stringify(headers))}`; // windows with other headers hear other news
    this.#others = new BroadcastChannel(name);
    this.#others.onmessage = ({ data }) => this.#hear(data, over);
    this.#tell({ asks: true });
    /** @returns {Promise<boolean>} whether it may be asked for again */
    const take = async (/** @type {LockOptions} */ how) => {
      const mine = new AbortController();
      over.addEventListener("abort", () => mine.abort());
      this.#expect();
      try {
        await locks.request(name, how, () => this.#read(headers, mine.signal));
      } catch (error) {
        mine.abort(); // from whom it was taken reads no more: or each window would in the end, and hold a connection
        if (/** @type {Error} */ (error).name !== "AbortError") return false;
      }
      if (!over.aborted) this.#expect();
      return !over.aborted;
    };
    // Who reads and says nothing any more is frozen, or held up: somebody else does it then.
    this.#take = () => void take({ steal: true });
    while (await take({ signal: over }));
    if (!over.aborted) await this.#read(headers, over); // in a frame that allows no locks
  }

  #take = () => {};

  /** Of another window. */
  #expect() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#take(), OTHERS_SILENCE_MS);
  }

  /** @param {Told} told */
  #tell(told) {
    this.#others?.postMessage(told);
  }

  /**
   * @param {Told} told
   * @param {AbortSignal} over
   */
  #hear(told, over) {
    if (over.aborted) return;
    if ("asks" in told) {
      if (this.#latest) this.#tell({ there: true, news: this.#latest });
      return;
    }
    if (this.#latest) return;
    this.#expect();
    this.changed(told.there);
    if (told.news) this.heard(told.news);
  }

  /**
   * @param {Record<string, string>} headers
   * @param {AbortSignal} over
   */
  async #read(headers, over) {
    clearTimeout(this.#silence);
    while (!over.aborted) {
      try {
        await this.#readOnce(headers, over);
      } catch {
        // told below: an ended stream and a broken one are the same
      }
      if (over.aborted) break;
      this.#latest = null;
      this.changed(false);
      this.#tell({ there: false });
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    this.#latest = null;
  }

  /**
   * @param {Record<string, string>} headers
   * @param {AbortSignal} over
   */
  async #readOnce(headers, over) {
    const hangUp = new AbortController();
    const leave = () => hangUp.abort();
    over.addEventListener("abort", leave);
    let watch = setTimeout(leave, SILENCE_MS);
    const beat = () => {
      clearTimeout(watch);
      watch = setTimeout(leave, SILENCE_MS);
      this.#tell({ there: true });
    };
    try {
      const response = await fetch(route("status/events"), { cache: "no-store", headers, signal: hangUp.signal });
      if (!response.ok || !response.body) throw new Error(`status: ${response.status}`);
      for await (const one of events(response.body, beat)) {
        if (over.aborted) return;
        const news = /** @type {News} */ (one);
        this.#latest = { ...this.#latest, ...news };
        this.changed(true);
        this.heard(news);
        this.#tell({ there: true, news });
      }
    } finally {
      clearTimeout(watch);
      over.removeEventListener("abort", leave);
    }
  }
}

/**
 * A word for a text that tells nothing of it: names of channels are no place for keys. FNV-1a.
 *
 * @param {string} text
 */
function mark(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(36);
}
