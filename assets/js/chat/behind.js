// What is not kept yet: what the page of before had no time for, and what a store on a server could not take, though it
// was sent for half a minute. That is done again until it can.

import { DeletedElsewhere } from "./deleted.js";
import { forgetUnkept, unkept } from "./unkept.js";

/** @import { ConversationStore } from "./types.js" */

const PAUSE_MS = 10_000;

export class Behind {
  /** @param {() => void} changed told when there begins or ceases to be something */
  constructor(changed) {
    this.changed = changed;
  }

  /** @type {Map<string, () => unknown>} what is to be done, by what it is about */
  #jobs = new Map();
  #waiting = false;

  /** Whether something is not kept yet. */
  get any() {
    return this.#jobs.size > 0;
  }

  /**
   * Do this later, in the place of what was to be done about the same before.
   *
   * @param {string} about
   * @param {() => unknown} job adds itself again where it fails again
   */
  add(about, job) {
    this.#jobs.set(about, job);
    this.#wait();
    this.changed();
  }

  #wait() {
    if (!this.#waiting && this.any) setTimeout(() => this.#again(), PAUSE_MS);
    this.#waiting = this.any;
  }

  async #again() {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) await job();
    this.#waiting = false;
    this.#wait();
    this.changed();
  }
}

/**
 * Keep what the page of before had no time to keep: a tab its own, the Chat tab, which is always there, all of it.
 *
 * @param {ConversationStore} store
 * @param {string} kind of the tab
 * @param {(id: string) => void} kept called with each conversation of which something is kept now
 * @returns {Promise<string | null>} the conversation of the tab in which it was asked last
 */
export async function keepUnkept(store, kind, kept) {
  const left = unkept(kind === "chat" ? undefined : kind);
  for (const { head, message } of left) {
    const whole = await store.read(head.id);
    if (whole?.messages.some(({ id }) => id === message.id)) continue;
    try {
      await store.putMessage(head.id, message);
      await store.putHead({ ...head, ...whole?.head, leaf: message.id });
    } catch (error) {
      if (!(error instanceof DeletedElsewhere)) throw error;
      if (error.precedes(message)) await store.put({ head: { ...head, leaf: message.id }, messages: [message] });
    }
    kept(head.id);
  }
  forgetUnkept(left);
  return left.findLast(({ head }) => head.kind === kind)?.head.id ?? null;
}
