import assert from "node:assert/strict";
import { test } from "node:test";

import { olderHalf, turnsOf } from "../../assets/js/chat/sent.js";

const picture = { name: "a.png", url: "data:image/png;base64,AA" };
const message = (id, fields = {}) => ({ id: String(id), parent: null, role: id % 2 ? "assistant" : "user", text: `text ${id}`, created: id, ...fields });
const textOf = ({ text }) => text;

test("of the pictures only the newest are sent, older ones become a note", () => {
  // Every way in which six messages may have pictures.
  for (let mask = 0; mask < 64; mask += 1) {
    const branch = Array.from({ length: 6 }, (_, at) => message(at, (mask >> at) & 1 ? { pictures: [picture] } : {}));
    const sent = turnsOf(branch, textOf);
    assert.deepEqual(sent.map(({ role }) => role), branch.map(({ role }) => role));
    const withImages = sent.flatMap(({ images }, at) => (images ? [at] : []));
    const newest = branch.findLastIndex(({ pictures }) => pictures);
    assert.deepEqual(withImages, newest < 0 ? [] : [newest], `mask ${mask}`);
    sent.forEach(({ text }, at) => assert.equal(text !== `text ${at}`, Boolean(branch[at].pictures) && at !== newest, `mask ${mask} at ${at}`));
  }
});

test("a summary stands for everything up to its message, and nothing after it is lost", () => {
  const branch = Array.from({ length: 7 }, (_, at) => message(at));
  for (let until = 0; until < 7; until += 1) {
    const sent = turnsOf(branch, textOf, { until: String(until), text: "so far", n: until + 1 });
    assert.equal(sent[0].role, "system");
    assert.match(sent[0].text, /so far/);
    assert.deepEqual(sent.slice(1).map(({ text }) => text), branch.slice(until + 1).map(textOf));
  }
});

test("an answer without a word is left out", () => {
  assert.deepEqual(turnsOf([message(0), message(1, { text: "" }), message(2)], textOf).map(({ text }) => text), ["text 0", "text 2"]);
});

test("the older half is about half of the characters, and never the newest question", () => {
  for (let length = 1; length < 12; length += 1) {
    for (const size of [1, 7, 40]) {
      const branch = Array.from({ length }, (_, at) => message(at, { text: "x".repeat(1 + ((at * size) % 50)) }));
      const { turns, last } = olderHalf(branch, textOf);
      assert.equal(turns.length, last ? branch.indexOf(last) + 1 : 0);
      assert.ok(turns.length < length);
      const all = branch.slice(0, -1).reduce((sum, { text }) => sum + text.length, 0);
      const older = turns.reduce((sum, { text }) => sum + text.length, 0);
      assert.ok(older >= all / 2 && older - (turns.at(-1)?.text.length ?? 0) <= all / 2);
    }
  }
});
