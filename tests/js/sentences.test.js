import assert from "node:assert/strict";
import { test } from "node:test";

import { say } from "../../assets/js/shared/words.js";
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

const aloud = (source) => spoken(source, source.length);
const TEXTS = { spoken_formula: "a formula, which stands on the screen" };

test("no sentence ends at an abbreviation", () => {
  for (const short of ["U.S.", "a.m.", "Inc.", "Jr.", "et al.", "Dr.", "e.g.", "z.B.", "No.", "J.", "Sept.", "U.S.A."]) {
    const source = `Before it stands ${short} Then more of the same. The end.`;
    assert.deepEqual(aloud(source), [`Before it stands ${short} Then more of the same.`, "The end."], short);
  }
});

test("a price, an underscore or a bracket holds nothing back", () => {
  for (const sign of ["$5", "snake_case", "a [b", "C#", "2 * 3", "a ~ b", "\\"]) {
    const heard = [];
    new Sentences((sentence) => heard.push(sentence)).hear(`It is ${sign} here. The next one goes on`);
    assert.deepEqual(heard, [`It is ${sign} here.`]);
  }
});

test("emphasis over several sentences is not read with its marks", () => {
  for (const mark of ["**", "*", "_", "~~"]) {
    const source = `${mark}One here. Two here.${mark} Three.`;
    for (let step = 1; step <= source.length; step += 1) {
      assert.equal(spoken(source, step).join(" ").replace(/[*_~]/g, ""), "One here. Two here. Three.", `${mark} in ${step}`);
    }
  }
});

test("what cannot be read is said to stand on the screen", () => {
  const word = (name) => (process.env.PAGE_TEXTS ? TEXTS[name] : name);
  assert.deepEqual(aloud("The solution is $\\frac{1}{2}$."), [`The solution is ${word("spoken_formula")}.`]);
  assert.deepEqual(aloud("So $x = 5$ it is."), ["So x = 5 it is."]);
  assert.equal(aloud("```js\nlet a;\n```").length, 1);
  assert.equal(aloud("| a | b |\n|---|---|\n| 1 | 2 |").length, 1);
});

test("no part of an emoji, no citation and no footnote reaches the voice", () => {
  for (const picture of ["🎉", "👍🏽", "👨‍👩‍👧", "🇩🇪", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]) {
    const [heard] = aloud(`Well ${picture} done.`);
    assert.match(heard, /^Well 1? ?done\.$/u, `${picture}: ${JSON.stringify(heard)}`);
  }
  assert.deepEqual(aloud("It is so [1] and so [2, 3].【4†source】 Yes[^5]."), ["It is so and so .", "Yes."]);
});

test("what is said to tools and not to people stands on the screen, and the words of HTML are read", () => {
  const code = say("spoken_code");
  const call = '{"name": "search", "arguments": {"q": "A cat. A dog."}}';
  for (const [source, expected] of [
    [call, [code]],
    [`[${call}, ${call}]`, [code]],
    [`<tool_call>\n${call}\n</tool_call>`, [code]],
    [`I will look. <function=search>${call}</function> Done.`, ["I will look.", code, "Done."]],
    [`I will look. <function=search${call}></function>`, ["I will look.", code]],
    [`<|python_tag|>search(${call})\n\nDone.`, [code, "Done."]],
    ["[Note] This is so. It is.", ["[Note] This is so.", "It is."]],
    ["<div>Hello <b>there</b>.</div>\n\nMore.", ["Hello there.", "More."]],
    ["<details><summary>More</summary>Inside text.</details>", ["More", "Inside text."]],
    ["<!-- A note. -->Hello.", ["Hello."]],
    ["<think>\nI wonder.\n</think>\n\nIt is five.", ["It is five."]],
    ["Line<br>break.", ["Line", "break."]],
  ]) {
    for (const step of [1, 7, source.length]) {
      const found = spoken(source, step).map((sentence) => sentence.replaceAll(/^"|"$/g, ""));
      assert.deepEqual(found.join(" ").replace(/\s+/g, " "), expected.join(" "), `${source} by ${step}`);
    }
  }
});
