import assert from "node:assert/strict";
import { test } from "node:test";

import { Sentences, sentences } from "../../assets/js/talk/sentences.js";

function spoken(source, step) {
  const found = [];
  const ear = new Sentences((sentence) => found.push(sentence));
  for (let end = step; end < source.length; end += step) ear.hear(source.slice(0, end));
  ear.hear(source, true);
  return found;
}

const ANSWER = `# A heading

The **first** sentence. And the second, with \`code\`!

\`\`\`python
print("never spoken")
\`\`\`

- one item
- another. With two

| a | b |
|---|---|
| 1 | 2 |

The end?`;

test("an answer is told sentence by sentence, whatever pieces it came in", () => {
  const whole = spoken(ANSWER, ANSWER.length);
  for (let step = 1; step < 40; step += 1) assert.deepEqual(spoken(ANSWER, step), whole, `pieces of ${step}`);
  assert.equal(whole[0], "A heading");
  assert.ok(!whole.join(" ").includes("never spoken"));
});

test("no piece is longer than a voice takes, and no word is lost", () => {
  const long = "word, ".repeat(200) + "x".repeat(450) + " end.";
  const pieces = [...sentences(long)];
  assert.ok(pieces.every((piece) => piece.length <= 200));
  assert.equal(pieces.join("").replace(/\s/g, ""), long.replace(/\s/g, ""));
});
