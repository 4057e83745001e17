// Conversations as files that somebody saves.

import { save } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { toJson, toMarkdown } from "./transfer.js";

/** @import { Whole } from "./types.js" */

const LONGEST_NAME = 60;

/**
 * @param {Whole} whole
 * @param {"markdown" | "json"} form
 */
export function saveOne(whole, form) {
  const title = whole.head.title || say("conversation_untitled");
  const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, LONGEST_NAME) || "conversation";
  if (form === "markdown") save(new Blob([toMarkdown(whole)], { type: "text/markdown" }), `${name}.md`);
  else save(new Blob([toJson([whole])], { type: "application/json" }), `${name}.json`);
}

/** @param {Whole[]} all */
export const saveAll = (all) => save(new Blob([toJson(all)], { type: "application/json" }), "conversations.json");
