// Which conversations a list still shows, of those that were deleted while it was asked for, and before.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DeletedElsewhere, Deletions } from "../../assets/js/chat/deleted.js";

const heads = [{ id: "a" }, { id: "b" }];
const ids = (found) => found.map(({ id }) => id);

test("a list that was asked for before a deletion does not bring it back", () => {
  const deletions = new Deletions();
  const { count } = deletions;
  deletions.add("a");
  for (const shared of [false, true]) assert.deepEqual(ids(deletions.sift(heads, count, shared)), ["b"]);
  assert.ok(deletions.has("a"));
});

test("what is in a shared list that was asked for afterwards is there again", () => {
  const deletions = new Deletions();
  deletions.add("a");
  assert.deepEqual(ids(deletions.sift(heads, deletions.count, true)), ["a", "b"]);
  assert.ok(!deletions.has("a"), "what is asked in it now is kept");
});

test("a deletion that takes its time counts once more when it is done", () => {
  const deletions = new Deletions();
  deletions.add("a");
  const { count } = deletions;
  deletions.add("a");
  assert.deepEqual(ids(deletions.sift(heads, count, true)), ["b"]);
});

test("in a browser's own store no other device brings anything back", () => {
  const deletions = new Deletions();
  deletions.add("a");
  deletions.sift(heads, deletions.count, false);
  assert.ok(deletions.has("a"));
});

test("what was asked before a deletion goes with it, what is asked after it brings it back", () => {
  const now = Date.now();
  const refused = new DeletedElsewhere(5000);
  assert.ok(!refused.precedes({ created: now - 20_000 }));
  assert.ok(refused.precedes({ created: now - 1000 }));
});
