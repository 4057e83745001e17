import assert from "node:assert/strict";
import { test } from "node:test";

import { eventReader, events } from "../../assets/js/shared/sse.js";

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

test("line ends of every kind part events, wherever the bytes are cut", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const wire = bytes(STORY.map((event) => `data: ${JSON.stringify(event)}${end}${end}`).join("") + `: bye${end}`);
    for (let cut = 0; cut <= wire.length; cut += 1) {
      assert.deepEqual(await read(wire.slice(0, cut), wire.slice(cut)), STORY, `${JSON.stringify(end)} cut at ${cut}`);
    }
  }
});

test("a mark of the encoding, other fields and data in several lines change nothing", async () => {
  const wire = '\ufeffid: 7\nevent: message\nretry: 10\ndata:{"e":\ndata: "open"}\n\nnonsense\n: nothing\n\n';

  assert.deepEqual(await read(bytes(wire)), [{ e: "open" }]);
});

test("every arrival is told, of comments too", async () => {
  let beats = 0;
  await events(body(bytes(": a\n\n"), bytes(": b\n\n")), () => (beats += 1)).next();

  assert.equal(beats, 2);
});

test("who stops reading hangs up", async () => {
  let hungUp = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(WIRE),
    cancel: () => {
      hungUp = true;
    },
  });
  for await (const event of events(endless)) if (event.e === "done") break;

  assert.ok(hungUp);
});

test("text that grows is read as far as it is whole", () => {
  const text = STORY.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  for (let cut = 0; cut <= text.length; cut += 1) {
    const more = eventReader();
    assert.deepEqual([...more(text.slice(0, cut)), ...more(text.slice(cut))], STORY, `cut at ${cut}`);
  }
});

test("who hangs up is heard before the next look is due", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] }); // and nobody lets time go on
  const before = globalThis.document;
  globalThis.document = { hidden: false };
  t.after(() => void (globalThis.document = before));
  /** @type {ReadableStreamDefaultController} */
  let controller;
  const stream = new ReadableStream({ start: (its) => void (controller = its) });
  const heard = events(stream);
  for (let piece = 0; piece < 8; piece += 1) {
    controller.enqueue(bytes('data: {"e":"open"}\n\n'));
    const next = heard.next();
    if (piece < 4) await next;
    else {
      controller.error(new Error("hung up"));
      await assert.rejects(next, /hung up/);
      return;
    }
  }
});
