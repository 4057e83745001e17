// Server-sent events whose data is JSON, out of bytes or out of text.

import { createParser } from "../../vendor/eventsource-parser/eventsource-parser.js";

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
  // A decoder of our own: piping through a TextDecoderStream costs more than all the rest.
  const decoder = new TextDecoder();
  const read = eventReader();
  let whole = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      whole = done;
      if (done) return;
      beat();
      yield* read(decoder.decode(value, { stream: true }));
    }
  } finally {
    if (!whole) reader.cancel().catch(() => {});
  }
}
