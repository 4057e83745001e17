// What a page has in hand, as the other pages of this browser know: until it releases it, or is gone.

/**
 * @param {string} name
 * @returns {Promise<() => void>} releases it
 */
export function hold(name) {
  return new Promise((held) => {
    if (!navigator.locks) return held(() => {});
    navigator.locks.request(name, () => new Promise((release) => held(() => release(undefined)))).catch(() => held(() => {}));
  });
}

/** Names of all that is held now; of nothing where the browser has no such thing. */
export async function heldNames() {
  return new Set((await navigator.locks?.query())?.held?.map(({ name }) => name));
}
