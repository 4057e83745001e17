import assert from "node:assert/strict";
import { test } from "node:test";

import { Answer } from "../../assets/js/shared/answer.js";

/** A place for an answer's text, as the Microphone tab has one of its own. */
class PlainText {
  text = "";
  firstPaint = null;
  lastPaint = null;
  clear() {
    this.text = "";
  }
  append(text) {
    this.text += text;
  }
  seam() {}
  async catchUp() {}
  async end() {}
}
const newAnswer = () => new Answer({ view: new PlainText() });

const failed = (fields = {}) => ({ e: "attempt_failed", provider: "groq", model: "one", kind: "stream_cut", message: "cut", rest_s: 0, cancelled: false, ...fields });
const started = { e: "attempt_started", number: 2, provider: "groq", model: "two", hedge: false };

test("who is asked next is told while a broken text stands there, until it goes on", () => {
  const answer = newAnswer();
  answer.hear({ t: "Half a sen" });
  assert.equal(answer.story.hidden, true);

  answer.hear(failed());
  assert.equal(answer.story.hidden, false);
  assert.match(answer.story.textContent, /one/);
  answer.hear(started);
  assert.equal(answer.story.hidden, false);
  assert.match(answer.story.textContent, /two/);
  assert.equal(answer.state, "writing");

  answer.hear({ t: "tence." });
  assert.equal(answer.story.hidden, true);
  assert.equal(answer.text, "Half a sentence.");
});

test("a race that somebody lost says nothing beside the text that won it", () => {
  const answer = newAnswer();
  answer.hear({ t: "The winner's" });
  answer.hear(failed({ cancelled: true }));

  assert.equal(answer.story.hidden, true);
});

test("an answer ends as what happened to it", async () => {
  const ends = [
    ["done", [{ t: "a" }, { e: "finished", finish_reason: "stop" }]],
    ["cut", [{ t: "a" }, { e: "finished", finish_reason: "length" }]],
    ["broken", [{ t: "a" }, { e: "error", kind: "chain", message: "nobody", hint: "" }]],
    ["stopped", [{ t: "a" }, { e: "stopped", why: "asked" }]],
  ];
  for (const [state, lines] of ends) {
    const answer = newAnswer();
    for (const line of lines) answer.hear(line);
    await answer.end();
    assert.equal(answer.state, state);
    assert.equal(answer.data.text, "a");
  }
});

test("what is kept of an answer has ended with its stream, however long the screen takes, until it goes on", async () => {
  const view = new PlainText();
  let draw = () => {};
  const drawn = new Promise((resolve) => (draw = resolve));
  view.catchUp = () => drawn;
  const answer = new Answer({ view });
  for (const line of [{ t: "a" }, { e: "finished", finish_reason: "length" }]) answer.hear(line);
  const ended = answer.end();
  assert.deepEqual([answer.state, answer.data.state], ["writing", "cut"]);
  draw();
  await ended;
  assert.deepEqual([answer.state, answer.data.state], ["cut", "cut"]);

  answer.reopen();
  assert.equal(answer.data.state, "waiting");
});

test("what was kept is shown again as it was", () => {
  const answer = newAnswer();
  const kept = { text: "**bold** text", state: "cut", finish: "length", leftOut: "2 older messages were not sent", quoted: null, keptTexts: [], thought: "hm", error: null, receipts: [] };
  answer.restore(kept);

  assert.deepEqual(answer.data, kept);
  assert.match(answer.element.textContent, /2 older messages were not sent/);
});

test("what is hidden already is not hidden again with every piece, which would cost a frame each", () => {
  const answer = newAnswer();
  answer.hear({ t: "The first" });
  let written = 0;
  Object.defineProperty(answer.story, "hidden", {
    get: () => true,
    set: () => {
      written += 1;
    },
  });
  for (let piece = 0; piece < 5; piece += 1) {
    answer.tellFound();
    answer.hear({ t: " and more" });
  }

  assert.equal(written, 0);
});
