// Ask a question and show the answer: directly, or through Gradio's queue where the direct way is blocked.

import { Answer } from "./answer.js";
import { ownKey } from "./own-key.js";
import { say } from "./words.js";
import { DirectWayBroken, ask, orHungUp } from "./wire.js";

/** @import { AskOptions, ErrorLine, Hear, Line, Trouble } from "./types.js" */

let direct = true;

/**
 * Fill an {@link Answer} from a route.
 *
 * @param {Answer} answer already on the page
 * @param {string} path a route under /ui
 * @param {AskOptions} options
 * @param {string|null} queued what to send through the queue instead when the direct way is broken
 */
export async function answerFrom(answer, path, options, queued = null) {
  const hear = (/** @type {Line} */ event) => answer.hear(event);
  let stopped = false;
  try {
    await oneWayOrTheOther(path, options, queued, hear);
    if (!answer.receipt) answer.hear(localError(say("error_cut")));
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    stopped = options.signal?.aborted ?? false;
    if (!stopped) answer.hear(error.refused ? { e: "error", kind: "refused", message: error.message, status: error.status, hint: "" } : localError(say("error_unreachable")));
  }
  await answer.end({ stopped });
  if (answer.receipt) document.dispatchEvent(new CustomEvent("gc:receipt", { detail: answer.receipt }));
}

/**
 * @param {string} path
 * @param {AskOptions} options
 * @param {string | null} queued
 * @param {Hear} heard
 * @returns {Promise<void>}
 */
async function oneWayOrTheOther(path, options, queued, heard) {
  if (ownKey()) queued = null; // the queue asks with the server's key
  if (direct || queued === null) {
    try {
      return await ask(path, options, heard);
    } catch (error) {
      if (!(error instanceof DirectWayBroken) || queued === null || options.signal?.aborted) throw error;
      direct = false;
    }
  }
  const queue = await orHungUp(options.signal, import("./queue.js"));
  return queue.ask(queued, options.signal, heard);
}

/**
 * @param {string} message
 * @returns {ErrorLine}
 */
const localError = (message) => ({ e: "error", kind: "connection", message, hint: say("hint_unreachable") });

export { Answer };
