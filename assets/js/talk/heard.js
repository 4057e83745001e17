// What the server makes of what was said: whether it was the end of it, by its sound and by its words.

import { newId, send } from "../shared/wire.js";

/** An opinion that comes later is of no use: the pause has decided. */
const JUDGED_WITHIN_MS = 1200;
/** A server that has yet to load its model may take longer over nothing, and be quick afterwards. */
const WARM_WITHIN_MS = 10_000;
/** The turn model listens to so much. */
export const JUDGED_S = 8;

/** Where one came too late the way is slow, and is spared for so long: the recording itself must go the same way. */
const SPARED_MS = 30_000;

/** Where one came sooner than this, the recording may go the same way beside the next. */
const QUICK_MS = 500;

let askAgainAt = 0;
let quick = false; // the last one was
let deaf = false; // the server has no such model, and will have none

/**
 * @typedef {object} Opinion what the turn model says of an end
 * @property {string} name by which the server knows it
 * @property {Promise<number | null>} chance how likely it is that somebody has finished, from 0 to 1; null where nobody knows in time
 * @property {number | null} [known] the same, once it is there
 * @property {boolean} quick whether it will be there soon, as the one before was
 * @property {() => void} drop it is not wanted any more: a server that has not begun with it is spared it
 */

/** Have the model at hand before somebody speaks; resolves to whether there is one. */
export async function warm() {
  await opinionOfEnd(new Int16Array(0), 0).chance;
  return !deaf;
}

/**
 * Ask whether somebody has finished speaking.
 *
 * @param {Int16Array<ArrayBuffer>} samples the last {@link JUDGED_S} of what they said
 * @param {number} quiet seconds at its end
 * @returns {Opinion}
 */
export function opinionOfEnd(samples, quiet) {
  const name = newId();
  if (deaf || performance.now() < askAgainAt) return { name, chance: Promise.resolve(null), known: null, quick, drop() {} };
  const controller = new AbortController();
  /** @type {Opinion} */
  const opinion = { name, chance: chanceOfEnd(name, samples, quiet, controller), quick, drop: () => controller.abort() };
  opinion.chance.then((chance) => (opinion.known = chance));
  return opinion;
}

/**
 * @param {string} name
 * @param {Int16Array<ArrayBuffer>} samples
 * @param {number} quiet
 * @param {AbortController} hangUp
 * @returns {Promise<number | null>}
 */
async function chanceOfEnd(name, samples, quiet, hangUp) {
  const asked = performance.now();
  const tooLate = () => {
    askAgainAt = performance.now() + SPARED_MS;
    quick = false;
    hangUp.abort();
  };
  const timer = samples.length ? setTimeout(tooLate, JUDGED_WITHIN_MS) : setTimeout(() => hangUp.abort(), WARM_WITHIN_MS);
  try {
    const query = new URLSearchParams({ quiet: quiet.toFixed(3), name });
    const response = await send(`turn?${query}`, { body: samples, signal: hangUp.signal, headers: { "content-type": "application/octet-stream" } });
    quick = performance.now() - asked < QUICK_MS;
    if (response.status === 503 && !samples.length) deaf = true;
    return response.status === 200 ? (await response.json()).finished : null;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Words after which nobody has finished; Whisper writes them with the pause's comma, its dots, or nothing. */
const OPEN =
  /(?:[,;:–—-]|\.{3}|…|(?:^|\s)(?:and|or|but|because|if|that|which|the|an?|of|to|for|with|in|on|at|from|my|your|und|oder|aber|weil|dass|wenn|der|die|das|ein|eine|mit|von|zu|für|et|ou|mais|parce que|que|le|la|les|un|une|de|du|y|o|pero|porque|el|los|una|con|para)[.…]*)$/iu;

/** Whether a sentence cannot be over, by its words. @param {string} text */
export const isOpen = (text) => OPEN.test(text.trim());
