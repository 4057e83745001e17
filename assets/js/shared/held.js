// What a page has in hand, as the other pages of this browser know: until it releases it, or is gone.

import { locks } from "./locks.js";

/**
 * @param {string} name
 * @returns {Promise<() => void>} releases it
 */
export function hold(name) {
  return new Promise((held) => {
    locks.request(name, {}, () => new Promise((release) => held(() => release(undefined)))).catch(() => held(() => {}));
  });
}

/** When no page has it in hand any more: it was released, or its page is gone, however that came. @param {string} name */
export const freed = (name) => locks.request(name, {}, () => {}).catch(() => {});

/** Names of all that is held now; of nothing where the browser has no such thing. */
export async function heldNames() {
  return new Set((await navigator.locks?.query())?.held?.map(({ name }) => name));
}
