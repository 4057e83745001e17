// The other way: through Gradio's queue, by components of the page that nobody sees. The lines are the same; they
// come as one growing text, and what is new of it is handed on.

import { fill, inputOf } from "./dom.js";
import { DirectWayBroken, passOf } from "./wire.js";

let current = null;

/** Gradio calls this with all lines so far whenever there are more. */
globalThis.groqCoreQueued = (lines) => current?.(lines);

const LAID_OUT_WITHIN_MS = 15_000;

/** Ask through the queue; the same promise as `ask` of wire.js. */
export async function ask(question, signal, heard) {
  const until = performance.now() + LAID_OUT_WITHIN_MS;
  // Gradio may still be laying out the page.
  while (!inputOf("chat-queue-question") && performance.now() < until && !signal?.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const box = inputOf("chat-queue-question");
  const start = document.getElementById("chat-queue-start");
  if (!box || !start) throw new DirectWayBroken("no queue");
  // The first line names the question, so that lines of an earlier one, still on their way, are not taken for ours.
  const name = crypto.getRandomValues(new Uint32Array(2)).join("-");
  return new Promise((resolve, reject) => {
    let read = 0;
    const stop = () => {
      current = null;
      document.getElementById("chat-queue-stop")?.click();
      reject(new DOMException("stopped", "AbortError"));
    };
    signal?.addEventListener("abort", stop, { once: true });
    current = (lines) => {
      if (!lines.startsWith(name)) return;
      const end = lines.lastIndexOf("\n\n") + 2;
      for (const line of lines.slice(Math.max(read, name.length), end).split("\n\n")) {
        const event = line.trim().startsWith("data: ") ? JSON.parse(line.trim().slice(6)) : null;
        if (!event) continue;
        heard(event);
        if (event.e === "receipt") {
          current = null;
          signal?.removeEventListener("abort", stop);
          resolve();
        }
      }
      read = end;
    };
    passOf().then((pass) => {
      if (signal?.aborted) return;
      fill(box, JSON.stringify({ name, question, pass }));
      start.click();
    }, reject);
  });
}
