import assert from "node:assert/strict";
import { test } from "node:test";

import { SearchIndex } from "../../assets/js/chat/search-index.js";

const SYLLABLES = "ba Ce di fo ü la 猫 ni Po".split(" ");

/** A store in memory of `count` conversations whose words are the same every time. */
function filledStore(count) {
  let seed = 3;
  const next = (below) => (seed = (seed * 75 + 74) % 65537) % below;
  const say = (words) => Array.from({ length: words }, () => Array.from({ length: 1 + next(2) }, () => SYLLABLES[next(SYLLABLES.length)]).join("")).join(", ");
  const all = new Map(Array.from({ length: count }, (_, at) => [`c${at}`, { title: say(2), text: say(3 + next(8)) }]));
  return {
    all,
    heads: async () => [...all].map(([id, { title }]) => ({ id, title })),
    texts: async () => [...all].map(([id, { text }]) => ({ id, text })),
    read: async (id) => all.has(id) ? { head: { title: all.get(id).title }, messages: [{ text: all.get(id).text }] } : null,
  };
}

/** Ids of the conversations in which every word begins one of theirs. */
function holding({ all }, words) {
  const begins = ({ title, text }) => (word) => `${title}, ${text}`.toLowerCase().split(", ").some((one) => one.startsWith(word));
  return [...all].filter(([, one]) => words.toLowerCase().split(" ").every(begins(one))).map(([id]) => id).sort();
}

test("every beginning of a word finds what holds it, a single letter too, alone and beside others", async () => {
  const store = filledStore(60);
  const index = new SearchIndex(store);
  const words = ["b", "c", "C", "ü", "猫", "z", "ba", "ce", "b c", "b ü 猫", "ba c", "c ba", "d z", "bace d l"];
  for (const one of words) assert.deepEqual((await index.find(one)).sort(), holding(store, one), one);
  assert.deepEqual(await index.find(" "), []);

  // What was changed is found as it is now, and what is gone is not.
  store.all.get("c1").title = "zebra";
  store.all.delete("c2");
  ["c1", "c2"].forEach((id) => index.forget(id));
  for (const one of words) assert.deepEqual((await index.find(one)).sort(), holding(store, one), one);
  assert.deepEqual(await index.find("z"), ["c1"]);
});

test("of a single letter, the share of words that begin with it counts, in titles more", async () => {
  const store = filledStore(0);
  store.all.set("long", { title: "other", text: "word ".repeat(50) + "quite" });
  store.all.set("titled", { title: "quartz", text: "word ".repeat(50) });
  store.all.set("short", { title: "other", text: "quite a word" });
  const index = new SearchIndex(store);
  assert.equal((await index.find("q")).at(-1), "long");
  assert.equal((await index.find("q")).length, 3);
});
