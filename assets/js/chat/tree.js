// A conversation as a tree of messages: every edit and every further answer is a branch beside the old one. Pure data;
// what is shown is the branch that ends in the open leaf.

import { splitText } from "../shared/user-text.js";
import { newId } from "../shared/wire.js";

/**
 * @import { Head, Message, Removal } from "./types.js"
 *
 * @typedef {{ leaf: string | null, all: [message: Message, parent: string | null][] }} Before what stood where
 */

const TITLE_LENGTH = 60;

/**
 * The head of a conversation that has not begun.
 *
 * @param {string} kind the tab it belongs to
 * @returns {Head}
 */
export function newHead(kind) {
  const now = Date.now();
  return { id: newId(), kind, title: "", titled: false, leaf: null, pinned: false, created: now, updated: now, draft: "", options: {} };
}

/**
 * Of a head, what every page that shows the conversation takes over; the rest is each one's own.
 *
 * @param {Head} head
 */
export const shared = ({ title, titled, asked, pinned, summary }) => ({ title, titled, asked, pinned, summary });

export class Tree {
  /**
   * @param {Head} head
   * @param {Message[]} messages in any order
   */
  constructor(head, messages = []) {
    this.head = head;
    /** Whether it is not kept. */
    this.temporary = false;
    /** @type {Map<string, Message>} */
    this.messages = new Map([...messages].sort((a, b) => a.created - b.created).map((message) => [message.id, message]));
    this.#attachLost();
    if (head.leaf === null || !this.messages.has(head.leaf)) head.leaf = [...this.messages.keys()].at(-1) ?? null;
  }

  // What was asked below a message while that was deleted in another tab, or on another device: it follows what stood
  // before, or all of that could be reached no more.
  #attachLost() {
    /** @type {string | null} */
    let before = null;
    for (const message of this.messages.values()) {
      const lost = message.parent !== null && !this.messages.has(message.parent);
      // Another device's clock may be late, so that what follows it stands earlier.
      if (lost) message.parent = this.branch(before).includes(message) ? null : before;
      before = message.id;
    }
  }

  /** @param {string | null} id */
  message(id) {
    return id === null ? undefined : this.messages.get(id);
  }

  get empty() {
    return this.messages.size === 0;
  }

  /**
   * Add a message below `parent` (the open leaf if not given) and open the branch that ends in it.
   *
   * @param {Partial<Message> & Pick<Message, "role">} fields
   * @param {string | null} [parent]
   */
  add(fields, parent = this.head.leaf) {
    /** @type {Message} */
    const message = { id: newId(), created: this.#later(), text: "", ...fields, parent };
    this.messages.set(message.id, message);
    this.head.leaf = message.id;
    if (!this.head.title && message.role === "user") this.head.title = titleOf(message.text);
    return message;
  }

  // Later than every other, so that brothers keep their order.
  #later() {
    return Math.max(Date.now(), ...[...this.messages.values()].slice(-1).map((message) => message.created + 1));
  }

  /** Messages from the root to `leaf`. */
  branch(leaf = this.head.leaf) {
    /** @type {Message[]} */
    const path = [];
    for (let at = this.message(leaf); at; at = this.message(at.parent)) path.push(at);
    return path.reverse();
  }

  /**
   * Whether these are all its messages, as they stand in it, and what is open is among them.
   *
   * @param {Message[]} messages
   */
  holds(messages) {
    if (this.head.leaf !== null && !this.messages.has(this.head.leaf)) return false;
    return messages.length === this.messages.size && messages.every(({ id, state, text, events }) => {
      const own = this.messages.get(id);
      return own && own.state === state && (own.text ?? "") === (text ?? "") && own.events?.length === events?.length;
    });
  }

  /**
   * The message's brothers and itself, the oldest first.
   *
   * @param {Message} message
   */
  siblings(message) {
    return this.children(message.parent).filter((one) => one.role === message.role);
  }

  /**
   * How many brothers each message has, found in one go.
   *
   * @returns {(message: Message) => { at: number, of: number }}
   */
  places() {
    /** @type {Map<string, Message[]>} */
    const families = new Map();
    for (const message of this.messages.values()) {
      const key = `${message.parent} ${message.role}`;
      const family = families.get(key);
      if (family) family.push(message);
      else families.set(key, [message]);
    }
    return (message) => {
      const family = families.get(`${message.parent} ${message.role}`) ?? [message];
      return { at: family.indexOf(message) + 1, of: family.length };
    };
  }

  /** @param {string | null} id */
  children(id) {
    return [...this.messages.values()].filter((message) => message.parent === id);
  }

  /**
   * Open the brother so many places on, at the end of its newest branch.
   *
   * @param {Message} message
   * @param {number} by
   */
  turnTo(message, by) {
    const family = this.siblings(message);
    const brother = family[(family.indexOf(message) + by + family.length) % family.length];
    this.head.leaf = this.#newest(brother.id);
  }

  /** Open the newest branch through this message, if it is there. @param {string | null} id */
  openAt(id) {
    if (id && this.messages.has(id)) this.head.leaf = this.#newest(id);
    return this;
  }

  /** The same, where what is open was begun earlier: what ends elsewhere leads nobody away from what they asked since. @param {string | null} id */
  stayAt(id) {
    const [own, open] = [this.message(id), this.message(this.head.leaf)];
    return own && open && own.created > open.created ? this.openAt(id) : this;
  }

  /**
   * @param {string} id
   * @returns {string}
   */
  #newest(id) {
    for (;;) {
      const last = this.children(id).at(-1)?.id;
      if (!last) return id;
      id = last;
    }
  }

  /**
   * Take one message out; what followed it follows what stood before it.
   *
   * @param {Message} message
   * @returns {Removal}
   */
  remove(message) {
    const before = this.#now();
    const family = this.siblings(message);
    const followers = this.children(message.id);
    // A branch with brothers goes as a whole: its questions were about this answer.
    const gone = family.length > 1 ? this.#below(message) : [message];
    for (const one of gone) this.messages.delete(one.id);
    if (family.length === 1) for (const one of followers) one.parent = message.parent;
    if (!this.message(before.leaf)) {
      const brother = family.filter((one) => one !== message).at(-1) ?? this.children(message.parent).at(-1);
      this.head.leaf = brother ? this.#newest(brother.id) : message.parent;
    }
    return { gone, moved: family.length === 1 ? followers : [], back: () => this.#restore(before) };
  }

  /**
   * Take all messages out.
   *
   * @returns {Removal}
   */
  clear() {
    const before = this.#now();
    const gone = [...this.messages.values()];
    this.messages.clear();
    this.head.leaf = null;
    return { gone, moved: [], back: () => this.#restore(before) };
  }

  /** @returns {Before} */
  #now() {
    return { leaf: this.head.leaf, all: [...this.messages.values()].map((one) => [one, one.parent]) };
  }

  /**
   * @param {Message} message
   * @returns {Message[]}
   */
  #below(message) {
    return [message, ...this.children(message.id).flatMap((child) => this.#below(child))];
  }

  /** @param {Before} before */
  #restore({ leaf, all }) {
    const since = [...this.messages.values()].filter((message) => !all.some(([one]) => one === message));
    this.messages = new Map([...all.map(([message]) => message), ...since].map((message) => [message.id, message]));
    for (const [message, parent] of all) message.parent = parent;
    this.head.leaf = leaf;
  }
}

/**
 * The first words of a question, until somebody or a model finds a better title.
 *
 * @param {string} text
 */
export function titleOf(text) {
  const { question, documents } = splitText(text);
  const line = (question || documents[0]?.name || "").trim().split("\n", 1)[0].replace(/\s+/g, " ");
  const letters = [...line]; // whole ones: half of a pair is no text that a server takes
  return letters.length <= TITLE_LENGTH ? line : `${letters.slice(0, TITLE_LENGTH).join("").replace(/\s+\S*$/, "")}…`;
}
