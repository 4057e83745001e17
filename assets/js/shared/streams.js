// How many streams the windows of one browser read at the same time. It has six connections to one host, and all else
// waits for one of them in silence: one is for the news, three are for answers, and two stay free for what is short. Who
// gets none of the three asks for the next lines every now and then.

import { locks } from "./locks.js";

const AT_ONCE = 3;

/**
 * The right to read a stream for longer, among all windows; it is given back when a window is closed.
 *
 * @returns {Promise<(() => void) | null>} gives it back; null where others have it
 */
export async function takeStream() {
  for (let at = 0; at < AT_ONCE; at += 1) {
    const giveBack = await take(`gc-stream-${at}`);
    if (giveBack) return giveBack;
  }
  return null;
}

/**
 * @param {string} name
 * @returns {Promise<(() => void) | null>}
 */
function take(name) {
  return new Promise((resolve) => {
    const hold = (/** @type {object | null} */ lock) => (lock ? new Promise((giveBack) => resolve(() => giveBack(undefined))) : resolve(null));
    locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(() => {})); // forbidden here, so that no window knows of the others
  });
}
