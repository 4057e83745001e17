import assert from "node:assert/strict";
import { test } from "node:test";

import { fromJson } from "../../assets/js/chat/transfer.js";
import { Tree } from "../../assets/js/chat/tree.js";

const said = (text) => {
  const [{ head, messages }] = fromJson(text);
  return new Tree(head, messages).branch().map((message) => message.text);
};
const ROLES = ["system", "user", "assistant", "tool"];
const words = ({ role, content }) => (["user", "assistant"].includes(role) && content ? [content] : []);

// Every conversation of up to four messages, of every role, with words and without.
function* conversations() {
  for (let length = 1; length <= 4; length += 1) {
    for (let code = 0; code < 8 ** length; code += 1) {
      yield Array.from({ length }, (_, at) => {
        const kind = Math.floor(code / 8 ** at) % 8;
        return { role: ROLES[kind % 4], content: kind < 4 ? `m${at}` : "" };
      });
    }
  }
}

test("a list of Open WebUI comes whole and in order, whatever stands between", () => {
  for (const messages of conversations()) {
    const expected = messages.flatMap(words);
    const text = JSON.stringify([{ title: "t", chat: { messages } }]);
    if (expected.length) assert.deepEqual(said(text), expected, text);
    else assert.throws(() => fromJson(text));
  }
});

test("a tree of Open WebUI keeps its branch where messages without words stand between", () => {
  for (const messages of conversations()) {
    const expected = messages.flatMap(words);
    const nodes = messages.map((message, at) => ({ ...message, id: `n${at}`, parentId: at ? `n${at - 1}` : null }));
    const history = { messages: Object.fromEntries(nodes.map((node) => [node.id, node])), currentId: nodes.at(-1).id };
    const text = JSON.stringify([{ title: "t", chat: { history } }]);
    if (expected.length) assert.deepEqual(said(text), expected, text);
    else assert.throws(() => fromJson(text));
  }
});

test("an export of ChatGPT keeps its branch too", () => {
  for (const messages of conversations()) {
    const expected = messages.flatMap(words);
    const mapping = Object.fromEntries(
      messages.map(({ role, content }, at) => [`n${at}`, { parent: at ? `n${at - 1}` : null, message: { author: { role }, content: { parts: [content] } } }]),
    );
    const text = JSON.stringify([{ title: "t", mapping, current_node: `n${messages.length - 1}`, create_time: 1, update_time: 2 }]);
    if (expected.length) assert.deepEqual(said(text), expected, text);
    else assert.throws(() => fromJson(text));
  }
});
