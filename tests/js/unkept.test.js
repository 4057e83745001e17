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
  noteUnkept({ id: "one" }, question("before", 1));
  const drop = [];
  const written = [];
  const store = {
    read: async () => null,
    putHead: async () => {},
    async putMessage(_, message) {
      written.push(message.id);
      drop.push(noteUnkept({ id: "two" }, question("meanwhile", 2))); // somebody asks, and the store takes its time
    },
  };

  const told = [];
  assert.equal(await keepUnkept(store, (id) => told.push(id)), "one");
  assert.deepEqual([written, told, noted()], [["before"], ["one"], ["meanwhile"]]);

  drop[0]();
  assert.deepEqual(noted(), []);
  assert.deepEqual(sessionStorage, {});
});

test("what could not be kept stays noted", async () => {
  globalThis.sessionStorage = {};
  noteUnkept({ id: "one" }, question("before", 1));
  const away = { read: () => Promise.reject(new Error("away")) };

  await assert.rejects(keepUnkept(away, () => assert.fail("it is not kept")), { message: "away" });
  assert.deepEqual(noted(), ["before"]);
});
