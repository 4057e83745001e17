// Delete conversations; for ten seconds it can be taken back.

import { say } from "../shared/words.js";
import { offerUndo } from "./undo.js";

/** @import { Keeper } from "./keeper.js" */

/**
 * @param {Keeper} keeper
 * @param {string} id
 */
export async function deleteOne(keeper, id) {
  const { conversation, deletions, store } = keeper;
  const isOpen = conversation.tree.head.id === id;
  if (isOpen) keeper.draft();
  stopRuns(keeper, (of) => of === id);
  await keeper.settled();
  deletions.add(id);
  const at = Date.now();
  const whole = await store.remove(id);
  if (!whole) return;
  keeper.heads = keeper.heads.filter((head) => head.id !== id);
  keeper.finder.forget(id);
  keeper.channel?.postMessage({ changed: id, gone: [id], at });
  if (isOpen) keeper.fresh();
  keeper.draw();
  offerUndo(say("conversation_deleted"), async () => {
    deletions.takeBack(id);
    await store.put(whole);
    keeper.heads.push(whole.head);
    keeper.finder.forget(id);
    keeper.channel?.postMessage({ changed: id, back: [id] });
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
  await store.clear();
  keeper.heads = [];
  ids.forEach((id) => keeper.finder.forget(id));
  keeper.channel?.postMessage({ changed: null, gone: ids, at });
  keeper.fresh();
  offerUndo(say("conversations_deleted"), async () => {
    ids.forEach((id) => deletions.takeBack(id));
    for (const whole of all) await store.put(whole);
    keeper.heads.push(...all.map(({ head }) => head));
    ids.forEach((id) => keeper.finder.forget(id));
    keeper.channel?.postMessage({ changed: null, back: ids });
    keeper.draw();
  });
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
