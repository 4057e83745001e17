// Locks among windows where the browser has none of its own: what all windows can write and read decides.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

/** What all windows share. */
class Storage {
  setItem(name, value) {
    this[name] = value;
  }
  getItem(name) {
    return this[name] ?? null;
  }
  removeItem(name) {
    delete this[name];
  }
}

const left = () => Object.keys(localStorage);

/** The locks of a window of its own. */
let windows = 0;
async function openWindow() {
  const found = navigator.locks;
  Object.defineProperty(navigator, "locks", { value: undefined, configurable: true });
  const { locks } = await import(`../../assets/js/shared/locks.js?window=${(windows += 1)}`);
  Object.defineProperty(navigator, "locks", { value: found, configurable: true });
  return locks;
}

beforeEach(() => Object.assign(globalThis, { localStorage: new Storage(), addEventListener() {}, removeEventListener() {} }));
afterEach(() => ["localStorage", "addEventListener", "removeEventListener"].forEach((name) => delete globalThis[name]));

test("of all windows one has it at a time, and whoever asked first has it first", async () => {
  const order = [];
  let inside = 0;
  const asked = [];
  for (let at = 0; at < 4; at += 1) {
    const locks = await openWindow();
    asked.push(
      locks.request("one", {}, async () => {
        assert.equal((inside += 1), 1);
        await pause(20);
        inside -= 1;
        order.push(at);
        return at;
      }),
    );
    await pause(2);
  }

  assert.deepEqual(await Promise.all(asked), [0, 1, 2, 3]);
  assert.deepEqual(order, [0, 1, 2, 3]);
  assert.deepEqual(left(), []);
});

test("windows that ask in the same moment never have it both", async () => {
  const all = await Promise.all(Array.from({ length: 5 }, openWindow));
  let inside = 0;
  const hold = async (lock) => {
    if (!lock) return 0;
    assert.equal((inside += 1), 1);
    await pause(150);
    return 1;
  };

  const got = await Promise.all(all.map((locks) => locks.request("one", { ifAvailable: true }, hold)));

  assert.equal(got.reduce((sum, one) => sum + one), 1);
  assert.deepEqual(left(), []);
});

test("another name is another lock", async () => {
  const locks = await openWindow();
  let free = () => {};
  const held = locks.request("gc-news 1", {}, () => new Promise((resolve) => (free = resolve)));
  await pause(80);
  assert.equal(await locks.request("gc-news", { ifAvailable: true }, (lock) => Boolean(lock)), true);
  assert.equal(await locks.request("gc-news 1", { ifAvailable: true }, (lock) => Boolean(lock)), false);
  free("done");
  assert.equal(await held, "done");
});

test("from whom it is stolen hears of it, and the thief has it", async () => {
  const [one, other] = [await openWindow(), await openWindow()];
  const held = one.request("one", {}, () => new Promise(() => {}));
  held.catch(() => {});
  await pause(80);

  assert.equal(await other.request("one", { steal: true }, (lock) => Boolean(lock)), true);
  await assert.rejects(held, { name: "AbortError" });
  assert.deepEqual(left(), []);
});

test("who waits can give up, and is not waited for", async () => {
  const locks = await openWindow();
  let free = () => {};
  const held = locks.request("one", {}, () => new Promise((resolve) => (free = resolve)));
  await assert.rejects(locks.request("one", { signal: AbortSignal.abort() }, () => {}), { name: "AbortError" });
  await assert.rejects(locks.request("one", { signal: AbortSignal.timeout(100) }, () => {}), { name: "TimeoutError" });
  free();
  await held;
  assert.deepEqual(left(), []);
});

test("a window that crashed holds it no longer than it says", async () => {
  const locks = await openWindow();
  localStorage.setItem("gc-lock-one 1000000000000 x 1", String(Date.now() - 1));
  assert.equal(await locks.request("one", { ifAvailable: true }, (lock) => Boolean(lock)), true);
  localStorage.setItem("gc-lock-one 1000000000000 x 1", String(Date.now() + 60_000));
  assert.equal(await locks.request("one", { ifAvailable: true }, (lock) => Boolean(lock)), false);
  assert.deepEqual(left(), ["gc-lock-one 1000000000000 x 1"]);
});

test("a window's own come in their order, those of one moment too", async () => {
  const locks = await openWindow();
  /** @type {number[]} */
  const came = [];
  const all = Array.from({ length: 5 }, (_, number) => number);
  await Promise.all(all.map((number) => locks.request("one", {}, () => void came.push(number))));
  assert.deepEqual(came, all);
});

test("what the work throws is thrown, and the lock is free", async () => {
  const locks = await openWindow();
  await assert.rejects(locks.request("one", {}, () => Promise.reject(new Error("no"))), { message: "no" });
  assert.deepEqual(left(), []);
});
