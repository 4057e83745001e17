// The news of the server: a stream that is opened anew when it ends, and that says within seconds when it is gone.

import { events } from "../shared/sse.js";
import { passOf, route } from "../shared/wire.js";
import { ownKeyHeaders } from "../shared/own-key.js";
import { SHARED } from "../../texts.js";

/** @import { News } from "./types.js" */

/** The server says something every second and a half. */
const SILENCE_MS = 4000;
const AGAIN_MS = 1000;

export class Feed {
  /**
   * @param {(news: News) => void} heard
   * @param {(there: boolean) => void} changed the server is gone, or back
   */
  constructor(heard, changed) {
    this.heard = heard;
    this.changed = changed;
    this.run = 0;
    /** @type {AbortController | undefined} */
    this.hangUp = undefined;
    document.addEventListener("visibilitychange", () => this.begin());
    document.addEventListener("gc:own-key", () => this.begin());
    addEventListener("online", () => this.begin());
  }

  /** Listen, anew if it listens already; a hidden page needs no news, and a browser keeps few connections to one host. */
  begin() {
    this.run += 1;
    this.hangUp?.abort();
    if (!document.hidden) this.#listen(this.run);
  }

  /** @param {number} run */
  async #listen(run) {
    while (run === this.run) {
      const hangUp = (this.hangUp = new AbortController());
      try {
        await this.#read(hangUp);
      } catch {
        // told below: an ended stream and a broken one are the same
      }
      if (run !== this.run) return;
      this.changed(false);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {AbortController} hangUp */
  async #read(hangUp) {
    let watch = setTimeout(() => hangUp.abort(), SILENCE_MS);
    const beat = () => {
      clearTimeout(watch);
      watch = setTimeout(() => hangUp.abort(), SILENCE_MS);
    };
    try {
      // Where others reach this simulator too, everybody has faults of his own.
      const headers = ownKeyHeaders();
      if (SHARED) headers["x-groq-core-page"] = await passOf().catch(() => "");
      const response = await fetch(route("status/events"), { cache: "no-store", headers, signal: hangUp.signal });
      if (!response.ok || !response.body) throw new Error(`status: ${response.status}`);
      for await (const news of events(response.body, beat)) {
        this.changed(true);
        this.heard(/** @type {News} */ (news));
      }
    } finally {
      clearTimeout(watch);
    }
  }
}
