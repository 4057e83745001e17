// Answers to what was said: where the question goes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Coming } from "../../assets/js/chat/coming.js";
import { Tree, newHead } from "../../assets/js/chat/tree.js";
import { Answering } from "../../assets/js/talk/answering.js";

for (const turned of [false, true]) {
  test(`who goes on with a question ${turned ? "after turning to another conversation asks there" : "asks in its place"}`, async () => {
    const asked = [];
    const before = new Tree(newHead("chat"));
    const question = before.add({ role: "user", text: "What is" });
    const other = new Tree(newHead("chat"));
    other.add({ role: "user", text: "Something else" });
    const conversation = {
      tree: turned ? other : before,
      turns: [],
      coming: new Coming(),
      ask: (text) => (asked.push(["below", text]), Promise.resolve()),
      askInstead: ({ id }, text) => (asked.push([id, text]), Promise.resolve()),
    };
    const answering = new Answering(conversation, { sounds() {}, told() {} });
    answering.continues = question;

    await answering.answer({ text: "What is a heron?" }, null, /** @type {any} */ ({}));
    assert.deepEqual(asked, [[turned ? "below" : question.id, "What is a heron?"]]);
  });
}
