// Conversations as files that somebody saves.

import { save } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { toMarkdown } from "./markdown-file.js";
import { toJson } from "./transfer.js";

/** @import { Whole } from "./types.js" */

const LONGEST_NAME = 60;

/** @typedef {"markdown" | "json"} Form */

/**
 * @param {Whole} whole
 * @param {Form} form
 */
export function saveOne(whole, form) {
  const title = whole.head.title || say("conversation_untitled");
  saveAll([whole], form, title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, LONGEST_NAME) || "conversation");
}

/**
 * @param {Whole[]} all
 * @param {Form} form
 * @param {string} [name] of the file, without its ending
 */
export function saveAll(all, form, name = "conversations") {
  if (form === "markdown") save(new Blob([toMarkdown(all)], { type: "text/markdown" }), `${name}.md`);
  else save(new Blob([toJson(all)], { type: "application/json" }), `${name}.json`);
}
