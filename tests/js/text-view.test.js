import assert from "node:assert/strict";
import { test } from "node:test";

import { blocks } from "../../assets/js/shared/markdown.js";
import { patch } from "../../assets/js/shared/patch.js";
import { countSettled } from "../../assets/js/shared/text-view.js";

const element = (html) => {
  const made = document.createElement("div");
  made.innerHTML = html;
  return made;
};

test("blocks that are settled stay as they are, whatever is written next", () => {
  const source = "# Title\n\nA paragraph.\n\n- one\n- two\n\n```js\nlet a;\n```\n\nThe last one";
  for (let end = 1; end < source.length; end += 1) {
    const now = blocks(source.slice(0, end));
    const later = blocks(source);
    for (let at = 0; at < countSettled(now); at += 1) assert.equal(later[at].raw.trimEnd(), now[at].raw.trimEnd(), `after ${end}`);
  }
});

test("a patched node looks like the fresh one and keeps what did not change", () => {
  const old = element("<p>One <b>two</b></p><p>three</p>");
  const kept = old.querySelector("b");
  patch(old, element("<p>One <b>two</b> and more</p><p>three</p><p>four</p>"));
  assert.equal(old.innerHTML, "<p>One <b>two</b> and more</p><p>three</p><p>four</p>");
  assert.equal(old.querySelector("b"), kept);
});

test("a patch takes away what is gone, and its attributes", () => {
  const old = element('<p class="a" title="b">One</p><p>two</p>');
  patch(old, element('<p class="c">One</p>'));
  assert.equal(old.innerHTML, '<p class="c">One</p>');
});
