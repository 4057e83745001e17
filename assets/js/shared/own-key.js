// The visitor's own Groq key. The server holds it; here is only what stands for it, for as long as the tab is open,
// and the key itself where the person chose to keep it in this browser.

/** @import { OwnKey } from "./types.js" */

const HANDLE = "groq-core-own-key";
const KEPT = "groq-core-kept-key";

/**
 * Something the browser may refuse to store, as in a private window: then it lives as long as the page.
 *
 * @param {"sessionStorage" | "localStorage"} storage
 * @param {string} name
 */
function slotIn(storage, name) {
  /** @type {string | null} */
  let here = null;
  const box = () => {
    try {
      return globalThis[storage];
    } catch {
      return null;
    }
  };
  return {
    get: () => here ?? box()?.getItem(name) ?? null,
    /** @param {string | null} value */
    set(value) {
      here = value;
      try {
        if (value === null) box()?.removeItem(name);
        else box()?.setItem(name, value);
      } catch {
        // it lives as long as the page
      }
    },
  };
}

const handle = slotIn("sessionStorage", HANDLE);
const kept = slotIn("localStorage", KEPT);
/** @type {string | null} of this page alone, for a server that was started anew */
let key = null;

/**
 * What stands for the key in use, or null.
 *
 * @returns {OwnKey | null}
 */
export function ownKey() {
  const text = handle.get();
  return text ? JSON.parse(text) : null;
}

/**
 * The header that says whose key to ask with.
 *
 * @returns {Record<string, string>}
 */
export function ownKeyHeaders() {
  const own = ownKey();
  return own ? { "x-groq-core-own-key": own.handle } : {};
}

/** Whether a key stays in this browser when the tab is closed. */
export const isKept = () => kept.get() !== null;

/**
 * Use a key from now on that the server has taken; `keep` leaves it in this browser.
 *
 * @param {OwnKey} taken
 * @param {string} plain
 * @param {boolean} keep
 */
export function useOwnKey(taken, plain, keep) {
  key = plain;
  handle.set(JSON.stringify(taken));
  kept.set(keep ? plain : null);
  tell();
}

/** Ask with the server's key again. */
export function dropOwnKey() {
  key = null;
  handle.set(null);
  kept.set(null);
  tell();
}

/** The key is no longer with the server: what to show it again, if it is known here. */
export function recallOwnKey() {
  handle.set(null);
  tell();
  return key ?? kept.get();
}

/** The key that was kept in this browser and is not in use yet. */
export const storedKey = () => (ownKey() ? null : kept.get());

const tell = () => document.dispatchEvent(new CustomEvent("gc:own-key"));
