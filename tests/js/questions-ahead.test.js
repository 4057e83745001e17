import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { Tape } from "../../assets/js/microphone/recorder.js";
import { RATE } from "../../assets/js/microphone/wav.js";
import { passOf } from "../../assets/js/shared/wire.js";
import { Answering } from "../../assets/js/talk/answering.js";
import { TurnTaking } from "../../assets/js/talk/turn-taking.js";
import { Writing } from "../../assets/js/talk/writing.js";

/** Everything that was asked of the server: its path, its query, its body; and whether the page has hung up. */
let asked = [];
let text = "What is it?";
let written = Promise.resolve();
const asks = (path) => asked.filter((one) => one.path.startsWith(path));

async function until(known) {
  for (let turn = 0; turn < 1000 && !known(); turn += 1) await new Promise((later) => setTimeout(later, 2));
}

/** Somebody whose turn is over, in a conversation in which an answer is under way or not. */
function turnOver({ sureness = "likely", seconds = 2, busy = false } = {}) {
  const tape = new Tape();
  for (let at = 0; at < seconds; at += 1) tape.push(new Float32Array(RATE));
  const taken = { tape, kept: { add() {}, drop() {} } };
  const ears = { taken, quiet: 0.2, patience: 0, waitOn() {}, cut: () => ((ears.taken = null), taken) };
  const used = [];
  const conversation = { nextBody: () => (busy ? null : (words) => JSON.stringify({ turns: [{ role: "user", text: words }] })) };
  const answering = new Answering(conversation, { sounds() {}, told() {} });
  const writing = new Writing((guess) => turns.hearWords(guess));
  const turns = new TurnTaking({ ears }, writing, {
    isFree: () => true,
    show() {},
    coming: (guess) => answering.askAhead(guess),
    said: (_, heard, ahead) => used.push([heard.text, ahead]),
  });
  turns.finish(sureness);
  return { ears, tape, turns, used, writing };
}

describe("a question that is sent ahead", () => {
  let before;
  beforeEach(async () => {
    before = globalThis.fetch;
    asked = [];
    text = "What is it?";
    written = Promise.resolve();
    globalThis.fetch = async (address, { body, signal, headers } = {}) => {
      const url = new URL(address);
      const path = url.pathname.replace(/.*\/ui\//, "").replace(/^.*?((chat|answers|transcribe|pass))/, "$1");
      if (path === "pass") return Response.json({ pass: "a pass" });
      asked.push({ path, query: url.searchParams, body, signal, name: headers["x-groq-core-answer"] });
      if (path !== "transcribe") return new Response(null, { status: 204 });
      await Promise.race([written, new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))]);
      const line = (event) => `data: ${JSON.stringify(event)}\n\n`;
      return new Response(line({ e: "open" }) + line({ e: "finished", transcript: { text, language: "english" } }), { headers: { "content-type": "text/event-stream" } });
    };
    await passOf();
    await null;
  });
  afterEach(() => {
    globalThis.fetch = before;
  });

  test("the question goes to the server while its words are written down there, and takes them from it", async () => {
    const { used } = turnOver();
    const [words] = asks("transcribe");
    const [question] = asks("chat");
    assert.match(words.query.get("called"), /^[\w-]{20,}$/);
    assert.deepEqual([question.query.get("words"), question.query.get("likely")], [words.query.get("called"), "true"]);
    assert.equal(question.body, '{"turns":[{"role":"user","text":""}]}');
    await until(() => used.length);
    const [[heard, ahead]] = used;
    assert.deepEqual([heard, ahead.name, ahead.hangUp.signal.aborted], [text, question.name, false], "it is used, not called off");
    assert.ok(ahead.is("Why?", '{"turns":[{"role":"user","text":"Why?"}]}'));
    assert.ok(!ahead.is("Why?", '{"turns":[{"role":"user","text":"Why not?"}]}'), "what was changed meanwhile is another question");
    assert.equal(asks("answers").length, 0);
  });

  test("who said that it was the end is asked about whatever the words are", () => {
    turnOver({ sureness: "over" });
    assert.equal(asks("chat")[0].query.get("likely"), "false");
  });

  test("nothing is sent ahead while an answer is under way, nor of what is written down in parts", async () => {
    turnOver({ busy: true });
    assert.equal(asks("chat").length, 0);
    const { writing, tape } = turnOver({ seconds: 1 });
    asked = [];
    for (let at = 0; at < 30; at += 1) tape.push(new Float32Array(RATE));
    writing.sendAhead(tape);
    await writing.begin({ tape, kept: { drop() {} } }, "over");
    assert.ok(asks("transcribe").length > 0);
    assert.equal(asks("chat").length, 0);
  });

  test("a pause in which nothing was sent yet, as little was said, keeps no question back", async () => {
    const { writing, tape, ears, turns } = turnOver({ sureness: "maybe", seconds: 2 });
    writing.drop();
    asked = [];
    writing.sendAhead(tape);
    ears.taken = { tape, kept: { add() {}, drop() {} } };
    turns.finish("likely");
    assert.equal(asks("chat")[0].query.get("words"), asks("transcribe")[0].query.get("called"));
    await until(() => !writing.guess);
  });

  test("whoever goes on calls the question off, and the answer if there is one", async () => {
    written = new Promise(() => {});
    const { writing } = turnOver();
    const [question] = asks("chat");
    writing.takeBack();
    assert.ok(question.signal.aborted && asks("transcribe")[0].signal.aborted);
    await until(() => asks("answers").length);
    assert.equal(asks("answers")[0].path, `answers/${question.name}/stop`);
  });

  test("where the words say that somebody goes on the question waits with them, and is asked as always then", async () => {
    text = "I would like to know if";
    const { used, turns, writing } = turnOver();
    const { guess } = writing;
    await until(() => guess.heard);
    assert.deepEqual([used, guess.sureness], [[], "maybe"]);
    turns.finish("over");
    await until(() => used.length);
    assert.equal(used[0][0], text);
    assert.equal(asks("chat").length, 1);
  });
});
