import assert from "node:assert/strict";
import { test } from "node:test";

import { events } from "../../assets/js/shared/wire.js";

const bytes = (text) => new TextEncoder().encode(text);

function body(...pieces) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function read(...pieces) {
  const found = [];
  for await (const event of events(body(...pieces))) found.push(event);
  return found;
}

const STORY = [{ e: "open" }, { e: "text", t: "Grüße, 世界 😀" }, { e: "done" }];
const WIRE = bytes(STORY.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(": still here\n\n"));

test("events come whole wherever the bytes are cut", async () => {
  for (let cut = 0; cut <= WIRE.length; cut += 1) {
    assert.deepEqual(await read(WIRE.slice(0, cut), WIRE.slice(cut)), STORY, `cut at ${cut}`);
  }
});

test("events come whole byte by byte", async () => {
  assert.deepEqual(await read(...Array.from(WIRE, (byte) => Uint8Array.of(byte))), STORY);
});

test("an event that is cut off at the end is none", async () => {
  assert.deepEqual(await read(bytes('data: {"e":"open"}\n\ndata: {"e":"te')), [{ e: "open" }]);
});
