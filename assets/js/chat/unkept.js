// What was asked and is not in the store yet: noted in this tab in the same moment, for a page that is loaded again
// before what keeps conversations is there, or has been heard.

import { rememberOpen } from "./open-here.js";

/**
 * @import { Keeper } from "./keeper.js"
 * @import { Tree } from "./tree.js"
 * @import { Head, Message } from "./types.js"
 *
 * @typedef {{ head: Head, message: Message }} Noted
 */

const KEY = "gc-unkept";

/** @returns {Record<string, Noted>} by the id of the message */
function read() {
  try {
    return JSON.parse(sessionStorage[KEY] ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Record<string, Noted>} noted */
function write(noted) {
  try {
    if (Object.keys(noted).length) sessionStorage[KEY] = JSON.stringify(noted);
    else delete sessionStorage[KEY];
  } catch {
    // nothing is stored here, or not so much
  }
}

/**
 * Note a message until it is kept.
 *
 * @param {Head} head
 * @param {Message} message
 * @returns {() => void} it is kept
 */
export function noteUnkept(head, message) {
  write({ ...read(), [message.id]: { head, message } });
  return () => forgetUnkept([{ message }]);
}

/**
 * Keep a message, noted until it is.
 *
 * @param {() => Promise<Keeper>} keeper
 * @param {Tree} tree
 * @param {Message} message
 * @param {boolean} isOpen whether its conversation is shown
 * @param {boolean} [isNew] whether nothing else knows of it: of an answer that goes on, its server does
 */
export async function keepNoted(keeper, tree, message, isOpen, isNew = message.role === "user" || message.state === "waiting") {
  const drop = isNew && !tree.temporary ? noteUnkept(tree.head, message) : null;
  if (drop && isOpen) rememberOpen(tree.head.kind, tree.head.id);
  const one = await keeper();
  await one.message(tree, message);
  if (!one.full && !one.behind.any) drop?.();
}

/**
 * What the page of before did not come to keep, the oldest first.
 *
 * @param {string} [kind] in conversations of this tab alone
 */
export const unkept = (kind) =>
  Object.values(read())
    .filter(({ head }) => !kind || head.kind === kind)
    .sort((a, b) => a.message.created - b.message.created);

/**
 * These are kept. What was asked meanwhile is not yet.
 *
 * @param {{ message: { id: string } }[]} kept
 */
export function forgetUnkept(kept) {
  const noted = read();
  for (const { message } of kept) delete noted[message.id];
  write(noted);
}
