// Change what is kept of a conversation beside its messages: its title, and whether it stands first.

import { shared } from "./tree.js";

/**
 * @import { Keeper } from "./keeper.js"
 * @import { Head } from "./types.js"
 */

/**
 * @param {Keeper} keeper
 * @param {string} id
 * @param {(head: Head) => void} how
 * @returns {Promise<void>}
 */
export async function change(keeper, id, how) {
  const { tree, runs } = keeper.conversation;
  const held = [tree.head, ...[...runs.values()].map((run) => run.tree.head), ...keeper.heads];
  const [head, ...others] = new Set(held.filter((one) => one.id === id));
  if (!head) return;
  how(head);
  // An answer that still runs in a conversation that was left writes that one's head when it ends.
  for (const one of others) Object.assign(one, shared(head));
  keeper.putHead(head);
  await keeper.settled();
}

/**
 * @param {Keeper} keeper
 * @param {string} id
 * @param {string} title
 */
export const rename = (keeper, id, title) => change(keeper, id, (head) => Object.assign(head, { title: title.trim() || head.title, titled: true }));

/**
 * Let it stand first, or no more.
 *
 * @param {Keeper} keeper
 * @param {string} id
 */
export const pin = (keeper, id) => change(keeper, id, (head) => Object.assign(head, { pinned: !head.pinned }));
