// What the server makes of what was said: whether it was the end of it, by its sound and by its words.

import { send } from "../shared/wire.js";

/** An opinion that comes later is of no use: the pause has decided. */
const JUDGED_WITHIN_MS = 1200;
/** The turn model listens to so much. */
export const JUDGED_S = 8;

/** Where one came too late the way is slow, and is spared for so long: the recording itself must go the same way. */
const SPARED_MS = 30_000;

let askAgainAt = 0;
let deaf = false; // the server has no such model, and will have none

/** Have the model at hand before somebody speaks; resolves to whether there is one. */
export async function warm() {
  await chanceOfEnd(new Int16Array(0), 0);
  return !deaf;
}

/**
 * How likely it is that somebody has finished speaking, from 0 to 1; null where nobody knows in time.
 *
 * @param {Int16Array<ArrayBuffer>} samples the last {@link JUDGED_S} of what they said
 * @param {number} quiet seconds at its end
 * @returns {Promise<number | null>}
 */
export async function chanceOfEnd(samples, quiet) {
  if (deaf || performance.now() < askAgainAt) return null;
  const signal = AbortSignal.timeout(JUDGED_WITHIN_MS);
  try {
    const response = await send(`turn?quiet=${quiet.toFixed(3)}`, { body: samples, signal, headers: { "content-type": "application/octet-stream" } });
    if (response.status === 503 && !samples.length) deaf = true;
    return response.status === 200 ? (await response.json()).finished : null;
  } catch {
    if (signal.aborted) askAgainAt = performance.now() + SPARED_MS;
    return null;
  }
}

/** Words after which nobody has finished; Whisper writes them with the pause's comma, its dots, or nothing. */
const OPEN =
  /(?:[,;:–—-]|\.{3}|…|(?:^|\s)(?:and|or|but|because|if|that|which|the|an?|of|to|for|with|in|on|at|from|my|your|und|oder|aber|weil|dass|wenn|der|die|das|ein|eine|mit|von|zu|für|et|ou|mais|parce que|que|le|la|les|un|une|de|du|y|o|pero|porque|el|los|una|con|para)[.…]*)$/iu;

/** Whether a sentence cannot be over, by its words. @param {string} text */
export const isOpen = (text) => OPEN.test(text.trim());
