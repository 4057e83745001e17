// Delete conversations; for ten seconds it can be taken back.

import { say } from "../shared/words.js";
import { offerUndo } from "./undo.js";

/**
 * @import { Keeper } from "./keeper.js"
 * @import { Whole } from "./types.js"
 */

/**
 * @param {Keeper} keeper
 * @param {string} id
 * @returns {Promise<void>}
 */
export async function deleteOne(keeper, id) {
  const { conversation, deletions, store } = keeper;
  if (conversation.tree.head.id === id) keeper.draft();
  stopRuns(keeper, (of) => of === id);
  await keeper.settled();
  deletions.add(id);
  const at = Date.now();
  /** @type {Whole | null} */
  let whole;
  try {
    whole = await store.remove(id);
  } catch (error) {
    if (store.atOnce) {
      deletions.takeBack(id); // or nothing more of it would be kept
      throw error;
    }
    return keeper.behind.add(`delete ${id}`, () => deletions.has(id) && deleteOne(keeper, id));
  }
  deletions.add(id); // a list that was asked for meanwhile still has it
  keeper.heads = keeper.heads.filter((head) => head.id !== id);
  keeper.finder.forget(id);
  keeper.channel?.postMessage({ changed: id, gone: [id], at });
  if (conversation.tree.head.id === id) keeper.fresh();
  keeper.draw();
  if (!whole) return; // another device was sooner
  offerUndo(say("conversation_deleted"), async () => {
    await takeBack(keeper, [whole], id);
    if (whole.head.kind === keeper.kind) await keeper.open(id);
    keeper.draw();
  });
}

/**
 * Everything that is kept.
 *
 * @param {Keeper} keeper
 */
export async function deleteAll(keeper) {
  const { deletions, store } = keeper;
  const all = await keeper.all();
  const ids = all.map(({ head }) => head.id);
  stopRuns(keeper, () => true);
  ids.forEach((id) => deletions.add(id));
  const at = Date.now();
  try {
    await store.clear();
  } catch (error) {
    ids.forEach((id) => deletions.takeBack(id));
    throw error;
  }
  ids.forEach((id) => deletions.add(id));
  keeper.heads = [];
  ids.forEach((id) => keeper.finder.forget(id));
  keeper.channel?.postMessage({ changed: null, gone: ids, at });
  keeper.fresh();
  offerUndo(say("conversations_deleted"), async () => {
    await takeBack(keeper, all, null);
    keeper.draw();
  });
}

/**
 * Keep whole conversations that were deleted, or come from elsewhere and may have been deleted here before.
 *
 * @param {Keeper} keeper
 * @param {Whole[]} all
 * @param {string | null} changed the one, where it is one
 */
export async function takeBack(keeper, all, changed) {
  const ids = all.map(({ head }) => head.id);
  ids.forEach((id) => keeper.deletions.takeBack(id));
  for (const whole of all) await keeper.store.put(whole);
  keeper.heads = [...keeper.heads.filter(({ id }) => !ids.includes(id)), ...all.map(({ head }) => head)];
  ids.forEach((id) => keeper.finder.forget(id));
  keeper.channel?.postMessage({ changed, back: ids });
}

/**
 * Nobody will read these answers, also those of conversations that are not shown.
 *
 * @param {Keeper} keeper
 * @param {(id: string) => boolean} which
 */
function stopRuns({ conversation }, which) {
  if (which(conversation.tree.head.id)) conversation.stop();
  for (const run of conversation.runs.values()) if (which(run.tree.head.id)) run.stop?.();
}
