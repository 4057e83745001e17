import assert from "node:assert/strict";
import { test } from "node:test";

import { toMarkdown } from "../../assets/js/chat/markdown-file.js";
import { fromFile, fromJson, toJson } from "../../assets/js/chat/transfer.js";
import { Tree, newHead, titleOf } from "../../assets/js/chat/tree.js";

// The same dice in every run.
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state % sides;
  };
}

const snapshot = (tree) => JSON.stringify([tree.head.leaf, [...tree.messages.values()].map(({ id, parent, text }) => [id, parent, text]).sort()]);

// A tree after so many random asks, edits, further answers, deletions and turns; every deletion is tried out backwards.
function grown(seed, steps) {
  const roll = dice(seed);
  const tree = new Tree(newHead("chat"));
  const any = () => [...tree.messages.values()][roll(tree.messages.size)];
  for (let step = 0; step < steps; step += 1) {
    const what = roll(6);
    if (what < 2 || tree.empty) {
      const question = tree.add({ role: "user", text: `q${step}` });
      tree.add({ role: "assistant", text: `a${step}`, state: "done" }, question.id);
    } else if (what === 2) tree.add({ role: any().role, text: `b${step}` }, any().parent);
    else if (what === 3) tree.turnTo(any(), roll(2) ? 1 : -1);
    else if (what === 4) {
      const before = snapshot(tree);
      const { back } = tree.remove(any());
      if (roll(2)) {
        back();
        assert.equal(snapshot(tree), before);
      }
    } else if (roll(20) === 0) {
      const before = snapshot(tree);
      tree.clear().back();
      assert.equal(snapshot(tree), before);
    }
    sound(tree);
  }
  return tree;
}

function sound(tree) {
  const ids = new Set(tree.messages.keys());
  for (const { parent } of tree.messages.values()) assert.ok(parent === null || ids.has(parent), "a message lost what it follows");
  assert.ok(tree.empty ? tree.head.leaf === null : ids.has(tree.head.leaf), "the open leaf is gone");
  const place = tree.places();
  for (const message of tree.branch()) {
    const { at, of } = place(message);
    assert.ok(at >= 1 && at <= of);
    assert.equal(of, tree.siblings(message).length);
  }
}

test("what another device asks below a message that is deleted meanwhile hides nothing of what stood before", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const roll = dice(seed);
    const tree = grown(seed, 25);
    if (tree.empty) continue;
    const messages = [...tree.messages.values()].map((message) => ({ ...message }));
    const other = new Tree({ ...tree.head }, messages.map((message) => ({ ...message })));
    const { gone } = other.remove([...other.messages.values()][roll(other.messages.size)]);
    const question = tree.add({ role: "user", text: "late" });
    const left = new Set([...messages.map(({ id }) => id)].filter((id) => !gone.some((one) => one.id === id)));
    const kept = [...[...other.messages.values()], question].map((message) => ({ ...message }));

    const merged = new Tree({ ...tree.head, leaf: question.id }, kept);
    sound(merged);
    assert.deepEqual(new Set(merged.messages.keys()), new Set([...left, question.id]));
    if (left.size && gone.some(({ id }) => id === question.parent)) assert.ok(merged.branch().length > 1, "what stood before is shown");
    for (const { id } of merged.messages.values()) assert.equal(merged.branch(id)[0].parent, null, "every message is reached from the beginning");
  }
});

test("whatever is asked, edited, deleted and taken back, a tree stays sound", () => {
  for (let seed = 1; seed <= 200; seed += 1) grown(seed, 40);
});

test("turning all the way round comes back to the same branch", () => {
  const tree = new Tree(newHead("chat"));
  const question = tree.add({ role: "user", text: "q" });
  for (const text of ["one", "two", "three"]) tree.add({ role: "assistant", text }, question.id);
  const shown = [];
  for (let turn = 0; turn < 4; turn += 1) {
    shown.push(tree.branch().at(-1).text);
    tree.turnTo(tree.branch().at(-1), 1);
  }
  assert.deepEqual(shown, ["three", "one", "two", "three"]);
});

test("what is exported comes back the same, under other ids", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const tree = grown(seed, 30);
    if (tree.empty) continue;
    const whole = { head: tree.head, messages: [...tree.messages.values()] };
    const [back] = fromJson(toJson([whole]));
    const again = new Tree(back.head, back.messages);
    sound(again);
    assert.deepEqual(again.branch().map(({ text }) => text), tree.branch().map(({ text }) => text));
    assert.equal(again.messages.size, tree.messages.size);
    for (const id of again.messages.keys()) assert.ok(!tree.messages.has(id));
  }
});

test("what is exported as Markdown comes back word for word, whatever its texts look like", () => {
  const texts = [
    "plain", "", "  # Title\n\n## You\n\nnot a mark\n", "## Answer <!-- answer -->", "# a <!-- \\conversation -->\n## b <!-- \\\\question -->", "\n\ntwo lines around\n\n",
    "```\n## You <!-- question -->\n```", "<!-- question -->", "## You <!-- question --> and more", "ends with #", "日本語 😀\u2028x",
  ];
  const trees = [0, 3, 7].map((from) => {
    const tree = new Tree({ ...newHead("chat"), title: `A title  with\nlines ${from}` });
    [...texts.slice(from), ...texts.slice(0, from)].forEach((text, at) => tree.add(at % 2 ? { role: "assistant", text, state: "done" } : { role: "user", text }));
    return tree;
  });
  const file = toMarkdown(trees.map((tree) => ({ head: tree.head, messages: [...tree.messages.values()] })));
  const back = fromFile(file);

  assert.equal(back.length, 3);
  back.forEach(({ head, messages }, at) => {
    const branch = trees[at].branch();
    assert.deepEqual(messages.map(({ text }) => text), branch.map(({ text }) => text));
    assert.deepEqual(messages.map(({ role }) => role), branch.map(({ role }) => role));
    assert.ok(head.title.startsWith("A title with lines"));
    sound(new Tree(head, messages));
  });
  assert.deepEqual(fromFile(file.replaceAll("\n", "\r\n")).map(({ messages }) => messages.length), [11, 11, 11]);
});

test("Markdown of others is read by its headings, and what is no conversation is refused", () => {
  const [{ head, messages }] = fromFile("# Foxes\n\n## User\nWhat is a fox?\n\n## ChatGPT\nAn animal.\n\n## Habitat\nWoods.\n\n## User\nThanks\n");
  assert.equal(head.title, "Foxes");
  assert.deepEqual(messages.map(({ role, text }) => [role, text]), [
    ["user", "What is a fox?"],
    ["assistant", "An animal.\n\n## Habitat\nWoods."],
    ["user", "Thanks"],
  ]);
  for (const text of ["", "no json", "# A recipe\n\n## Ingredients\n\nflour", "\u0000\u0001"]) assert.throws(() => fromFile(text));
});

test("an answer that was under way when it was exported comes back stopped", () => {
  const tree = new Tree(newHead("chat"));
  const question = tree.add({ role: "user", text: "q" });
  tree.add({ role: "assistant", text: "half", state: "writing", answer: "a-name" }, question.id);
  const [{ messages }] = fromJson(toJson([{ head: tree.head, messages: [...tree.messages.values()] }]));
  assert.deepEqual(messages.map(({ state, answer }) => [state, answer]), [[undefined, undefined], ["stopped", undefined]]);
});

test("what is no export is refused in words", () => {
  for (const text of ["", "no json", "[]", "{}", "3", '"x"', "[null]", '{"mapping": {}}', '{"messages": []}']) {
    assert.throws(() => fromJson(text), /JSON|no conversations/, text);
  }
});

test("a title is the first line of a question, and never breaks a word", () => {
  assert.equal(titleOf("  What is it?\nAnd more"), "What is it?");
  assert.equal(titleOf(`${"word ".repeat(40)}`), `${"word ".repeat(12).trim()}…`);
  assert.equal(titleOf(`a${"🙂".repeat(80)}`), `a${"🙂".repeat(59)}…`, "no letter is cut in half");
});

test("a tree opens at the newest end of the branch through a message, and stays where it is when that is gone", () => {
  const tree = new Tree(newHead("chat"));
  const question = tree.add({ role: "user", text: "an owl" });
  const first = tree.add({ role: "assistant", text: "answer 1", state: "done" });
  const further = tree.add({ role: "user", text: "and?" });
  const second = tree.add({ role: "assistant", text: "answer 2", state: "done" }, question.id);
  assert.equal(tree.openAt(first.id).head.leaf, further.id);
  assert.equal(tree.openAt("gone").head.leaf, further.id);
  assert.equal(tree.openAt(null).head.leaf, further.id);
  assert.equal(tree.openAt(second.id).head.leaf, second.id);
});

test("of what is open here and elsewhere a tree shows what was begun later", () => {
  const tree = new Tree(newHead("chat"));
  const question = tree.add({ role: "user", text: "an owl" });
  const first = tree.add({ role: "assistant", text: "answer 1", state: "done" });
  const second = tree.add({ role: "assistant", text: "answer 2", state: "done" }, question.id);
  assert.equal(tree.stayAt(first.id).head.leaf, second.id);
  assert.equal(tree.stayAt("gone").head.leaf, second.id);
  assert.equal(tree.stayAt(null).head.leaf, second.id);
  tree.openAt(first.id);
  assert.equal(tree.stayAt(second.id).head.leaf, second.id);
});
