// Conversations that were deleted, here, in another tab or on another device: what still comes of them is not kept.

/**
 * @import { Tree } from "./tree.js"
 * @import { ConversationStore, Head, Message } from "./types.js"
 */

/** Told by a store that several devices share: the conversation that should change was deleted on one of them. */
export class DeletedElsewhere extends Error {
  /** @param {number} [agoMs] how long ago */
  constructor(agoMs = 0) {
    super("deleted elsewhere");
    this.agoMs = agoMs;
  }

  /**
   * Whether this was asked after the deletion, so that somebody wants the conversation after all. What was asked before
   * it, and is only written late, goes with it.
   *
   * @param {{ created: number }} message
   */
  precedes({ created }) {
    return Date.now() - created < this.agoMs;
  }
}

/**
 * Keep a message. Whoever asks on in a conversation that was deleted on another device wants it after all, and whole.
 *
 * @param {ConversationStore} store
 * @param {Tree} tree
 * @param {Message} message
 */
export async function putMessage(store, tree, message) {
  const { conversation: _, ...kept } = message;
  try {
    await store.putMessage(tree.head.id, kept);
  } catch (error) {
    if (!(error instanceof DeletedElsewhere) || message.role !== "user" || !error.precedes(message)) throw error;
    await store.put({ head: tree.head, messages: [...tree.messages.values()] });
  }
}

export class Deletions {
  /** @type {Map<string, number>} which deletion of this page it was */
  #gone = new Map();
  #count = 0;
  /** @type {Map<string, number>} when this page last wrote a conversation, Unix time in milliseconds */
  #written = new Map();
  /** @type {Map<string, Tree>} those that were shown here when another page deleted them: it may take them back */
  #left = new Map();

  /** @param {string} id */
  has(id) {
    return this.#gone.has(id);
  }

  /** @param {string} id */
  add(id) {
    this.#gone.set(id, (this.#count += 1));
  }

  /** How many there were so far, for `sift`. */
  get count() {
    return this.#count;
  }

  /**
   * What of a list still stands that was asked for after so many deletions: it may have been read before the later
   * ones. What was deleted before it was read, and is in it, another device has brought back.
   *
   * @param {Head[]} heads
   * @param {number} count
   * @param {boolean} shared whether other devices write this store
   */
  sift(heads, count, shared) {
    const standing = heads.filter(({ id }) => (this.#gone.get(id) ?? 0) <= count);
    if (shared) standing.forEach(({ id }) => this.#gone.delete(id));
    return standing;
  }

  /** @param {string} id */
  noteWritten(id) {
    this.#written.set(id, Date.now());
  }

  /**
   * Whether this page may have written it after it was deleted elsewhere.
   *
   * @param {string} id
   * @param {number} at when it was deleted
   */
  mayHaveComeBack(id, at) {
    return this.has(id) && (this.#written.get(id) ?? 0) >= at;
  }

  /** @param {Tree} tree */
  leave(tree) {
    this.#left.set(tree.head.id, tree);
  }

  /**
   * It is there again. Gives what was seen of it here, which may be more than was kept.
   *
   * @param {string} id
   */
  takeBack(id) {
    this.#gone.delete(id);
    const tree = this.#left.get(id);
    this.#left.delete(id);
    return tree;
  }
}
