// Conversations as files: saved, and taken in again.

import { save } from "../shared/dom.js";
import { assertReadable, whyUnsent } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { takeBack } from "./deleting.js";
import { toMarkdown } from "./markdown-file.js";
import { fromFile, toJson } from "./transfer.js";

/**
 * @import { Keeper } from "./keeper.js"
 * @import { Whole } from "./types.js"
 *
 * @typedef {"markdown" | "json"} Form
 */

const LONGEST_NAME = 60;

/**
 * @param {Keeper} keeper
 * @param {string} id
 * @param {Form} form
 */
export async function saveOne(keeper, id, form) {
  await keeper.keepAsSeen();
  const whole = await keeper.store.read(id);
  if (!whole) return;
  const title = whole.head.title || say("conversation_untitled");
  saveAs(form, [whole], fileNameOf(title));
}

/**
 * Letters, the marks above and below them, and digits: whole ones, or a system could not write the name.
 *
 * @param {string} title
 */
function fileNameOf(title) {
  const words = title.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  return [...words].slice(0, LONGEST_NAME).join("") || "conversation";
}

/**
 * Show a link under which anybody may read one of the server's conversations, as it is seen now and from now on.
 *
 * @param {Keeper} keeper
 * @param {string} id
 */
export async function share(keeper, id) {
  await keeper.keepAsSeen();
  await keeper.store.share?.(id);
}

/**
 * All conversations, whole, as one file.
 *
 * @param {Keeper} keeper
 * @param {Form} form
 */
export async function saveAll(keeper, form) {
  saveAs(form, await keeper.all(), "conversations");
}

/**
 * Add the conversations of a file, ours or another application's; gives how many there were.
 *
 * @param {Keeper} keeper
 * @param {File} file
 * @throws {Error} it is none we know; its message is for people
 */
export async function takeIn(keeper, file) {
  await assertReadable(file);
  const found = fromFile(await file.text());
  await takeBack(keeper, found, null).catch((error) => {
    throw keeper.store.atOnce ? error : new Error(whyUnsent(error));
  });
  keeper.draw();
  return found.length;
}

/**
 * @param {Form} form
 * @param {Whole[]} all
 * @param {string} name of the file, without its ending
 */
function saveAs(form, all, name) {
  if (form === "markdown") save(new Blob([toMarkdown(all)], { type: "text/markdown" }), `${name}.md`);
  else save(new Blob([toJson(all)], { type: "application/json" }), `${name}.json`);
}
