// Server-sent events whose data is JSON, out of bytes or out of text.

import { createParser } from "../../vendor/eventsource-parser/eventsource-parser.js";
import { nextDraw } from "./frames.js";

const BEAT_MS = 24; // between two looks at a stream that is faster than a screen
const LONGEST_BEAT_MS = 100;
const QUICK = 4; // pieces that follow each other so fast

/**
 * Read events out of text that comes in pieces; a piece may end anywhere.
 *
 * @returns {(text: string) => unknown[]} takes the next piece, gives the events that are whole by now
 */
export function eventReader() {
  /** @type {string[]} */
  let found = [];
  const parser = createParser({ onEvent: ({ data }) => found.push(data) });
  return (text) => {
    parser.feed(text);
    const events = found.map((data) => JSON.parse(data));
    found = [];
    return events;
  };
}

/**
 * Events out of a stream of bytes, as they come.
 *
 * @param {ReadableStream<Uint8Array>} body cancelled when nobody wants more of it
 * @param {() => void} [beat] called whenever something came, comments too
 * @returns {AsyncGenerator<unknown, void>}
 */
export async function* events(body, beat = () => {}) {
  const reader = body.getReader();
  // Who hangs up is heard at once, and not when the next look is due.
  const ended = reader.closed.catch(() => {});
  // A decoder of our own: piping through a TextDecoderStream costs more than all the rest.
  const decoder = new TextDecoder();
  const read = eventReader();
  let whole = false;
  let quick = 0;
  let last = performance.now();
  try {
    for (;;) {
      // What comes faster waits outside for the next look, in one piece, till it can be drawn.
      if (quick >= QUICK && !document.hidden) await Promise.race([ended, rest(beatFrom(last) - performance.now())]);
      const { done, value } = await reader.read();
      const now = performance.now();
      quick = now - Math.max(last, nextDraw()) < 2 * BEAT_MS ? quick + 1 : 0;
      last = now;
      whole = done;
      if (done) return;
      beat();
      yield* read(decoder.decode(value, { stream: true }));
    }
  } finally {
    if (!whole) reader.cancel().catch(() => {});
  }
}

/** @param {number} ms */
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** When to look again. @param {number} last */
const beatFrom = (last) => Math.max(last + BEAT_MS, Math.min(nextDraw(), last + LONGEST_BEAT_MS));
