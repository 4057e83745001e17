// The index in a thread of its own: making it takes a second or two with a thousand conversations, and the page is free.

import { SearchIndex } from "./search-index.js";
import { openBrowserStore } from "./store.js";

/** @typedef {{ forget: string } | { ask: number, words: string | null }} Wish no words: be ready */

const opening = openBrowserStore().then((store) => new SearchIndex(store));

addEventListener("message", async (/** @type {MessageEvent<Wish>} */ { data }) => {
  try {
    const index = await opening;
    if ("forget" in data) return index.forget(data.forget);
    const found = data.words === null ? (await index.ready(), []) : await index.find(data.words);
    postMessage({ ask: data.ask, found });
  } catch (error) {
    if ("ask" in data) postMessage({ ask: data.ask, error: String(error) });
  }
});
