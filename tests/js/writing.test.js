import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Tape } from "../../assets/js/microphone/recorder.js";
import { RATE } from "../../assets/js/microphone/wav.js";
import { passOf } from "../../assets/js/shared/wire.js";
import { opinionOfEnd, warm } from "../../assets/js/talk/heard.js";
import { END_S } from "../../assets/js/talk/turn-end.js";
import { TurnTaking } from "../../assets/js/talk/turn-taking.js";
import { Writing } from "../../assets/js/talk/writing.js";

/** A server that writes down how many seconds it heard; what it is told to refuse it refuses. It takes all for an end. */
let asked = [];
let judged = [];
let refuses = () => false;
let conditions = []; // by the name of the judgement that a recording waits for
let judgement = null; // a promise of what the turn model says, where that takes its time
beforeEach(() => {
  asked = [];
  judged = [];
  conditions = [];
  judgement = null;
  refuses = () => false;
  globalThis.fetch = async (address, { body, signal } = {}) => {
    if (String(address).includes("/pass")) return Response.json({ pass: "a pass" });
    if (String(address).includes("/turn")) {
      judged.push(body.length / RATE);
      return Response.json({ finished: (await judgement) ?? 0.99 });
    }
    conditions.push(new URL(address).searchParams.get("after"));
    const seconds = (body.size - 44) / 2 / RATE;
    asked.push(seconds);
    await new Promise((later) => setTimeout(later, 5));
    if (signal.aborted) throw Object.assign(new Error("gone"), { name: "AbortError" });
    const event = refuses(asked.length) ? { e: "error", message: "nobody listens" } : { e: "finished", transcript: { text: `${seconds}`, language: "english" } };
    return new Response(`data: ${JSON.stringify({ e: "open" })}\n\ndata: ${JSON.stringify(event)}\n\n`, { headers: { "content-type": "text/event-stream" } });
  };
});

function speak(tape, seconds) {
  for (let at = 0; at < seconds; at += 1) tape.push(new Float32Array(RATE));
  return tape;
}
const said = (tape) => ({ tape, kept: { dropped: 0, add() {}, drop() { this.dropped += 1; } } });
const written = () => {
  let writing;
  const done = new Promise((resolve) => (writing = new Writing(resolve)));
  return { writing, done };
};

// The first: later ones leave judgements waited for, and such a one spares the way.
test("a server that took long to load its model is asked all the same", async () => {
  globalThis.fetch = async (_, { body, signal }) => {
    if (!body.length) await new Promise((resolve, reject) => {
      setTimeout(resolve, 1500);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return new Response(JSON.stringify({ finished: 0.7 }));
  };
  assert.equal(await warm(), true);
  assert.equal(await opinionOfEnd(new Int16Array(10), 0).chance, 0.7);
});

test("what takes long is sent part by part, and only the last part is waited for", async () => {
  const { writing, done } = written();
  const tape = new Tape();
  for (const [seconds, sent] of [[5, []], [16, [21]], [10, [21]], [15, [21, 25]]]) {
    writing.sendAhead(speak(tape, seconds));
    await null;
    await new Promise((later) => setTimeout(later, 10));
    assert.deepEqual(asked, sent);
  }
  writing.begin(said(speak(tape, 3)), "over");
  const { heard } = await done;
  assert.deepEqual(asked, [21, 25, 3]);
  assert.deepEqual(heard, { text: "21 25 3", language: "english" }, "in order, with nothing twice");
});

test("where a part could not be written down, all of it is, once more", async () => {
  const { writing, done } = written();
  refuses = (number) => number === 1;
  const tape = speak(new Tape(), 30);
  writing.sendAhead(tape);
  await new Promise((later) => setTimeout(later, 20));
  writing.begin(said(speak(tape, 2)), "over");
  assert.equal((await done).heard.text, "32");
  assert.deepEqual(asked, [30, 2, 32]);
});

test("parts of another turn are not used, and who takes words back calls them off", async () => {
  const { writing, done } = written();
  writing.sendAhead(speak(new Tape(), 30));
  writing.begin(said(speak(new Tape(), 1)), "maybe");
  writing.drop();
  assert.equal(writing.guess, null);
  writing.begin(said(speak(new Tape(), 4)), "over");
  assert.equal((await done).heard.text, "4");
});

test("what goes on with something already sent takes its place", () => {
  const { writing } = written();
  const before = said(speak(new Tape(), 1));
  writing.begin(before, "over");
  writing.guess.joined = true;
  writing.begin(said(speak(before.tape.copy(), 1)), "over");
  assert.equal(before.kept.dropped, 1, "kept no longer: the longer one is");
});

async function until(known) {
  for (let turn = 0; turn < 1000 && !known(); turn += 1) await new Promise((later) => setTimeout(later, 2));
}

/** Somebody who holds the button, and how loud they go on after the pause in which their words were asked for. */
async function holdAndSay(later, { seconds = 0.3, goesOn = false } = {}) {
  const taken = said(new Tape());
  const ears = { taken, quiet: 0.03, isWord: true, activity: { room: 0 }, waitOn() {} };
  const used = [];
  const writing = new Writing((guess) => turns.hearWords(guess));
  const turns = new TurnTaking({ ears }, writing, { isFree: () => false, show() {}, said: (_, heard) => used.push(heard.text) });
  taken.tape.push(new Float32Array(RATE).fill(0.1));
  await turns.hearPause(0);
  await until(() => writing.guess.heard);
  assert.deepEqual(used, [], "a hand says when it is over");
  taken.tape.push(new Float32Array(seconds * RATE).fill(later));
  if (goesOn) turns.hearOn();
  ears.taken = null;
  turns.letGo(taken);
  await until(() => used.length);
  return used;
}

test("who holds the button has their words ready when they let go, and nothing of them is left out", async () => {
  assert.deepEqual(await holdAndSay(0.001), ["1"], "what was asked for in the pause");
  assert.deepEqual(asked, [1]);
  for (const [later, goesOn] of [[0.1, true], [0.02, false], [0.1, false]]) {
    asked = [];
    assert.deepEqual(await holdAndSay(later, { goesOn }), ["1.3"], "a soft word is one too");
    assert.deepEqual(asked, [1, 1.3]);
  }
});

test("who has finished is asked as the voice falls, and not once more when it is known to be a pause", async () => {
  const { writing } = written();
  const taken = said(speak(new Tape(), 1));
  const turns = new TurnTaking({ ears: { taken, quiet: 0.03, patience: 0, activity: { room: 0 } } }, writing, { isFree: () => true, show() {}, said() {} });
  const after = (seconds) => taken.tape.push(new Float32Array(seconds * RATE));
  turns.hearFall();
  after(0.05);
  turns.hearFall(); // a flutter
  await turns.hearPause(0);
  assert.deepEqual(judged, [1]);
  await turns.hearPause(1);
  assert.deepEqual(judged, [1, 1.05], "the second time it hears the pause itself");
  turns.hearFall();
  after(0.4);
  await turns.hearPause(0);
  assert.deepEqual(judged.slice(2), [1.05, 1.45], "a fall of long ago says nothing of this pause");
});

test("where words may not be asked for in vain any more, the recording is sent while the last answer is on its way", async () => {
  for (const [first, second, sent] of [[0.95, 0.95, [2]], [0.95, 0.5, [2]], [0.9, 0.95, []]]) {
    asked = [];
    conditions = [];
    const { ears, writing, turns, used, tell } = await pauseInDoubt({ spent: true });
    assert.deepEqual(asked, [], "the first answer may be about a gap between two words");
    await tell(first);
    let tellAgain;
    judgement = new Promise((resolve) => (tellAgain = resolve));
    const paused = turns.hearPause(1);
    await until(() => judged.length === 2);
    assert.deepEqual([asked, conditions.every(Boolean)], [sent, true]);
    tellAgain(second);
    await paused;
    if (second < first) assert.deepEqual([ears.patience, writing.guess], [END_S, null]);
    if (!sent.length || second < first) continue;
    turns.finish("likely");
    await until(() => used.length);
    assert.deepEqual([used, asked], [["2"], [2]], "once");
  }
});

test("who may be about to go on is not written down before it is known", async () => {
  const { writing, taken, tell } = await pauseInDoubt({ stirs: true });
  assert.deepEqual([asked, writing.guess], [[], null], "as little as the pause is known");
  await tell(0.95);
  assert.equal(writing.guessOf(taken), null);
  for (const click of [false, true]) {
    asked = [];
    const { ears, writing, turns, used, tell } = await pauseInDoubt();
    const { controller } = writing.guess;
    turns.hearOnPause();
    assert.ok(!controller.signal.aborted);
    ears.stirs = true;
    turns.hearOnPause();
    assert.ok(controller.signal.aborted, "the server asks nobody");
    if (click) ears.stirs = false;
    await tell(0.95);
    if (click) {
      turns.finish("likely");
      await until(() => used.length);
      assert.deepEqual([used, asked], [["2"], [2, 2]]);
    } else {
      turns.hearOn();
      assert.deepEqual([writing.guess, writing.inVain, asked], [null, [], [2]]);
    }
  }
});

test("what is asked for already is not called off by a click, nor asked for again with the last answer", async () => {
  const { writing, turns, used, tell } = await pauseInDoubt();
  await tell(0.95);
  const { guess } = writing;
  turns.hearOnPause();
  judgement = new Promise(() => {});
  turns.hearPause(1);
  assert.equal(writing.guess, guess);
  turns.finish("likely");
  await until(() => used.length);
  assert.deepEqual([used, asked], [["2"], [2]]);
});

test("words are asked for in vain some times a minute and no more", async () => {
  const { writing } = written();
  for (let pause = 0; pause < 10; pause += 1) {
    writing.beginAhead(said(speak(new Tape(), 1)));
    if (writing.guess) await until(() => writing.guess.heard);
    writing.takeBack();
  }
  assert.equal(asked.length, 8, "of twenty a minute");
  writing.begin(said(speak(new Tape(), 3)), "over");
  await until(() => writing.guess.heard);
  assert.equal(writing.guess.heard.text, "3", "what was said to its end is always written down");
});

test("what was said is on its way before the page does anything else", async () => {
  const { writing, done } = written();
  await passOf();
  await null; // it is noted once it has come
  writing.begin(said(speak(new Tape(), 2)), "over");
  assert.deepEqual(asked, [2]);
  await done;
});

/** A pause of which the turn model has not said yet whether it is the end. */
async function pauseInDoubt({ isFree = true, seconds = 2, spent = false, stirs = false } = {}) {
  const taken = said(speak(new Tape(), seconds));
  const ears = { taken, quiet: 0.03, isWord: true, stirs, activity: { room: 0.001 }, waitOn() {}, cut: () => (ears.taken = null) };
  const used = [];
  const writing = new Writing((guess) => turns.hearWords(guess));
  if (spent) writing.inVain = Array(8).fill(performance.now());
  const turns = new TurnTaking({ ears }, writing, { isFree: () => isFree, show() {}, said: (_, heard) => used.push(heard.text) });
  await opinionOfEnd(new Int16Array(1), 0).chance; // it came soon
  judged = [];
  let tell;
  judgement = new Promise((resolve) => (tell = resolve));
  turns.hearFall();
  const paused = turns.hearPause(0);
  return { ears, taken, writing, turns, used, tell: async (chance) => (tell(chance), await paused) };
}

test("while it is judged whether it was the end the recording is sent, to be written down only if it was", async () => {
  const { writing, turns, used, tell } = await pauseInDoubt();
  assert.deepEqual([asked, conditions.length, writing.guessOf(writing.guess.said)], [[2], 1, null]);
  assert.match(conditions[0], /^[\w-]{20,}$/);
  await tell(0.95);
  turns.finish("likely");
  await until(() => used.length);
  assert.deepEqual([used, asked], [["2"], [2]]);
});

test("where it was not the end nobody has written anything down, in vain or else", async () => {
  for (const chance of [0.9, 0.5, null]) {
    asked = [];
    const { writing, turns, used, tell } = await pauseInDoubt();
    await tell(chance ?? -1);
    await new Promise((later) => setTimeout(later, 20));
    turns.hearOn();
    assert.deepEqual([writing.guess, writing.inVain, used, asked.length], [null, [], [], 1]);
  }
});

test("the last consonant of a word, which comes after a gap, is written down with it", async () => {
  const cases = [[0.01, 0.02, true], [0.001, 0.02, false], [0.003, 0.3, true], [0, 0.05, false]];
  for (const [level, seconds, again, inTime] of cases.flatMap((one) => [[...one, false], [...one, true]])) {
    asked = [];
    const { taken, writing, turns, used, tell } = await pauseInDoubt();
    taken.tape.chunks[1].fill(3000); // somebody spoke
    turns.hearOnPause();
    taken.tape.push(new Float32Array(seconds * RATE).fill(level));
    if (inTime) turns.hearOnPause();
    assert.equal(writing.guess === null, again && inTime);
    await tell(0.95);
    assert.equal(writing.inVain.length, Number(again && !inTime), "where it comes before the judgement nobody was asked");
    turns.finish("likely");
    await until(() => used.length);
    assert.deepEqual([used, asked], again ? [[`${2 + seconds}`], [2, 2 + seconds]] : [["2"], [2]], `${level}`);
  }
});

test("what is long is not sent again and again while it is judged", async () => {
  const { used, turns, tell } = await pauseInDoubt({ seconds: 21 });
  assert.deepEqual(asked, []);
  await tell(0.95);
  turns.finish("likely");
  await until(() => used.length);
  assert.deepEqual([used, asked, conditions], [["21"], [21], [null]]);
});

test("a recording that reached another process than the one that judges is sent once more", async () => {
  refuses = (number) => number === 1;
  const { turns, used, tell } = await pauseInDoubt();
  await tell(0.95);
  turns.finish("likely");
  await until(() => used.length);
  assert.deepEqual([used, asked, conditions[1]], [["2"], [2, 2], null]);
});

test("who lets go, or goes on, does not wait for the judgement", async () => {
  const held = await pauseInDoubt({ isFree: false });
  held.ears.taken = null;
  held.turns.letGo(held.taken);
  assert.deepEqual([asked, conditions[1]], [[2, 2], null]);
  await until(() => held.used.length);
  await held.tell(0.5);
  assert.deepEqual(held.used, ["2"]);
  const { writing, turns, tell } = await pauseInDoubt();
  turns.hearOn();
  assert.deepEqual([writing.guess, writing.inVain], [null, []]);
  await tell(0.99);
  assert.equal(writing.guess, null);
});

// The last: the way is spared for a while.
test("on a slow way the turn model is not asked again and again, so that the recording gets through", async () => {
  let asked = 0;
  globalThis.fetch = (_, { signal }) => {
    asked += 1;
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const alive = setInterval(() => {}, 100); // the signal's own timer keeps nothing running
  assert.equal(await opinionOfEnd(new Int16Array(10), 0).chance, null);
  clearInterval(alive);
  assert.equal(await opinionOfEnd(new Int16Array(10), 0).chance, null);
  assert.equal(asked, 1);
});
