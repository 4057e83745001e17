// Questions that are noted in the tab until they are kept.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { keepUnkept } from "../../assets/js/chat/behind.js";
import { noteUnkept, unkept } from "../../assets/js/chat/unkept.js";

afterEach(() => delete globalThis.sessionStorage);

const noted = () => unkept().map(({ message }) => message.id);
const question = (id, created) => ({ id, created, role: "user", text: id });

test("what is asked while the questions of before are being kept stays noted until it is kept itself", async () => {
  globalThis.sessionStorage = {};
  noteUnkept({ id: "one", kind: "chat" }, question("before", 1));
  const drop = [];
  const written = [];
  const store = {
    read: async () => null,
    putHead: async () => {},
    async putMessage(_, message) {
      written.push(message.id);
      drop.push(noteUnkept({ id: "two", kind: "chat" }, question("meanwhile", 2))); // somebody asks, and the store takes its time
    },
  };

  const told = [];
  assert.equal(await keepUnkept(store, "chat", (id) => told.push(id)), "one");
  assert.deepEqual([written, told, noted()], [["before"], ["one"], ["meanwhile"]]);

  drop[0]();
  assert.deepEqual(noted(), []);
  assert.deepEqual(sessionStorage, {});
});

test("what could not be kept stays noted", async () => {
  globalThis.sessionStorage = {};
  noteUnkept({ id: "one", kind: "chat" }, question("before", 1));
  const away = { read: () => Promise.reject(new Error("away")) };

  await assert.rejects(keepUnkept(away, "chat", () => assert.fail("it is not kept")), { message: "away" });
  assert.deepEqual(noted(), ["before"]);
});

test("a tab keeps what was asked in it, and the Chat tab, which is always there, all of it", async () => {
  for (const [kind, expected, left, open] of [["image", ["two"], ["one"], "of two"], ["chat", ["one", "two"], [], "of one"]]) {
    globalThis.sessionStorage = {};
    noteUnkept({ id: "of one", kind: "chat" }, question("one", 1));
    noteUnkept({ id: "of two", kind: "image" }, question("two", 2));
    const written = [];
    const store = { read: async () => null, putHead: async () => {}, putMessage: async (_, { id }) => void written.push(id) };

    assert.equal(await keepUnkept(store, kind, () => {}), open);
    assert.deepEqual([written, noted()], [expected, left]);
  }
});
