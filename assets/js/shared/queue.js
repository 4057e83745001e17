// The other way: through Gradio's queue, by components of the page that nobody sees. The lines are the same; they
// come as one growing text, and what is new of it is handed on.

import { fill, inputOf } from "./dom.js";
import { eventReader } from "./sse.js";
import { DirectWayBroken, orHungUp, passOf } from "./wire.js";

/** @import { Hear, Line } from "./types.js" */

/** @type {((lines: string) => void) | null} */
let current = null;

/** Gradio calls this with all lines so far whenever there are more. */
globalThis.groqCoreQueued = (/** @type {string} */ lines) => current?.(lines);

const LAID_OUT_WITHIN_MS = 15_000;

/**
 * Ask through the queue; the same promise as `ask` of wire.js.
 *
 * @param {string} question
 * @param {AbortSignal | null | undefined} signal
 * @param {Hear} heard
 * @returns {Promise<void>}
 */
export async function ask(question, signal, heard) {
  const until = performance.now() + LAID_OUT_WITHIN_MS;
  // Gradio may still be laying out the page.
  while (!inputOf("chat-queue-question") && performance.now() < until && !signal?.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  signal?.throwIfAborted();
  const box = inputOf("chat-queue-question");
  const start = document.getElementById("chat-queue-start");
  if (!box || !start) throw new DirectWayBroken("no queue");
  // The first line names the question, so that lines of an earlier one, still on their way, are not taken for ours.
  const name = crypto.getRandomValues(new Uint32Array(2)).join("-");
  return new Promise((resolve, reject) => {
    const read = eventReader();
    let at = name.length;
    const stop = () => {
      current = null;
      document.getElementById("chat-queue-stop")?.click();
      reject(new DOMException("stopped", "AbortError"));
    };
    signal?.addEventListener("abort", stop, { once: true });
    current = (lines) => {
      if (!lines.startsWith(name)) return;
      const more = lines.slice(at);
      at = lines.length;
      for (const event of /** @type {Line[]} */ (read(more))) {
        heard(event);
        if (event.e === "receipt") {
          current = null;
          signal?.removeEventListener("abort", stop);
          resolve();
        }
      }
    };
    orHungUp(signal, passOf()).then((pass) => {
      fill(box, JSON.stringify({ name, question, pass }));
      start.click();
    }, reject);
  });
}
