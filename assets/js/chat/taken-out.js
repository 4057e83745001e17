// Messages that another page of this browser has taken out of a conversation: what is still written of them here does not
// bring them back, and what somebody made of them goes into the box.

import { splitText } from "../shared/user-text.js";
import { takeEdit } from "./edits.js";

/**
 * @import { Keeper } from "./keeper.js"
 * @import { Message } from "./types.js"
 * @import { Tree } from "./tree.js"
 */

/**
 * Let go of them; their answers end.
 *
 * @param {Keeper} keeper
 * @param {string} id of the conversation
 * @param {string[]} ids
 */
export function takeOut({ conversation, store }, id, ids) {
  const runs = [...conversation.runs.values()].filter(({ tree, message }) => tree.head.id === id && ids.includes(message.id));
  for (const run of runs) {
    run.stop?.();
    for (const one of ids) run.tree.messages.delete(one);
  }
  // What was written of them after they were taken out, and before this page heard of it.
  if (runs.length && store.atOnce) return store.removeMessages(ids);
  return undefined;
}

/**
 * What somebody was making of questions that are not there any more, before what stands in the box.
 *
 * @param {Tree} tree what was shown
 * @param {Message[]} left
 * @param {string} draft
 */
export function withLostEdits(tree, left, draft) {
  const there = new Set(left.map(({ id }) => id));
  const lost = [...tree.messages.values()].filter(({ id }) => !there.has(id));
  const edits = lost.map(({ id, text }) => [takeEdit(id), splitText(text ?? "").question]);
  return [...edits.flatMap(([edit, question]) => (edit?.trim() && edit !== question ? [edit] : [])), draft].filter(Boolean).join("\n\n");
}
