// Do what somebody pressed, or tell them why it cannot be done.

import { isMissingPart } from "../shared/later.js";
import { whyUnsent } from "../shared/wire.js";
import { say } from "../shared/words.js";

/** @import { Keeper } from "./keeper.js" */

/**
 * @template T
 * @param {Pick<Keeper, "composer" | "store">} keeper
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T | undefined>}
 */
export async function attempt({ composer, store }, work) {
  try {
    return await work();
  } catch (error) {
    if (isMissingPart(error)) composer.tell(say("part_missing"));
    else composer.tell(store.atOnce ? /** @type {Error} */ (error).message : whyUnsent(error));
    return undefined;
  }
}
