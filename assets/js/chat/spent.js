// What a conversation has cost so far: all its answers, those of other branches too.

import { count, dollars } from "../shared/formats.js";
import { say } from "../shared/words.js";

/** @import { Tree } from "./tree.js" */

/**
 * @param {Pick<Tree, "messages">} tree
 * @returns {{ tokens: number, usd: number | null }} null where no answer had a price
 */
export function spentOn({ messages }) {
  let tokens = 0;
  /** @type {number | null} */
  let usd = null;
  for (const { receipts = [] } of messages.values()) {
    for (const { usage, cost_usd } of receipts) {
      tokens += usage?.total_tokens ?? 0;
      if (cost_usd !== null && cost_usd !== undefined) usd = (usd ?? 0) + cost_usd;
    }
  }
  return { tokens, usd };
}

/** The same for reading; nothing where nothing was spent. @param {Pick<Tree, "messages">} tree */
export function spentInWords(tree) {
  const { tokens, usd } = spentOn(tree);
  if (!tokens) return "";
  return say(usd ? "conversation_spent" : "conversation_tokens", { n: count(tokens), usd: dollars(usd) });
}
