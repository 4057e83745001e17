// Conversations as files: saved, and taken in again.

import { save } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { fromJson, toJson, toMarkdown } from "./transfer.js";

/** @import { Keeper } from "./keeper.js" */

const LONGEST_NAME = 60;

/**
 * @param {Keeper} keeper
 * @param {string} id
 * @param {"markdown" | "json"} form
 */
export async function saveOne(keeper, id, form) {
  const whole = await keeper.read(id);
  if (!whole) return;
  const title = whole.head.title || say("conversation_untitled");
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, LONGEST_NAME) || "conversation";
  if (form === "markdown") save(new Blob([toMarkdown(whole)], { type: "text/markdown" }), `${name}.md`);
  else save(new Blob([toJson([whole])], { type: "application/json" }), `${name}.json`);
}

/**
 * All conversations, whole, as one file.
 *
 * @param {Keeper} keeper
 */
export async function saveAll(keeper) {
  save(new Blob([toJson(await keeper.all())], { type: "application/json" }), "conversations.json");
}

/**
 * Add the conversations of a file, ours or another application's; gives how many there were.
 *
 * @param {Keeper} keeper
 * @param {File} file
 * @throws {Error} it is none we know; its message is for people
 */
export async function takeIn(keeper, file) {
  const found = fromJson(await file.text());
  await keeper.add(found);
  return found.length;
}
