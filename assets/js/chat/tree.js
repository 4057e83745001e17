// A conversation as a tree of messages: every edit and every further answer is a branch beside the old one. Pure data;
// what is shown is the branch that ends in the open leaf.

import { parted } from "../shared/user-text.js";
import { newId } from "../shared/wire.js";

const TITLE_LENGTH = 60;

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {string|null} parent
 * @property {"user"|"assistant"} role
 * @property {string} text
 * @property {number} created Unix time in milliseconds
 * @property {object[]} [pictures] of a question
 * @property {object} [extra] fields that went along with a question
 * @property {string} [state] of an answer, see Answer
 * @property {string} [answer] name under which the server logs a running answer
 *
 * @typedef {object} Head what the list shows of a conversation, and what belongs to it as a whole
 * @property {string} id
 * @property {string} kind the tab it belongs to
 * @property {string} title
 * @property {boolean} titled whether somebody chose the title
 * @property {string|null} leaf
 * @property {boolean} pinned
 * @property {number} created
 * @property {number} updated
 * @property {string} draft
 * @property {object} options
 */

/** The head of a conversation that has not begun. */
export function newHead(kind) {
  const now = Date.now();
  return { id: newId(), kind, title: "", titled: false, leaf: null, pinned: false, created: now, updated: now, draft: "", options: {} };
}

export class Tree {
  /**
   * @param {Head} head
   * @param {Message[]} messages in any order
   */
  constructor(head, messages = []) {
    this.head = head;
    /** @type {Map<string, Message>} */
    this.messages = new Map([...messages].sort((a, b) => a.created - b.created).map((message) => [message.id, message]));
    if (!this.messages.has(head.leaf)) head.leaf = [...this.messages.keys()].at(-1) ?? null;
  }

  get empty() {
    return this.messages.size === 0;
  }

  /** Add a message below `parent` (the open leaf if not given) and open the branch that ends in it. */
  add(fields, parent = this.head.leaf) {
    const message = { id: newId(), created: this.#now(), text: "", ...fields, parent };
    this.messages.set(message.id, message);
    this.head.leaf = message.id;
    if (!this.head.title && message.role === "user") this.head.title = titleOf(message.text);
    return message;
  }

  // Later than every other, so that brothers keep their order.
  #now() {
    return Math.max(Date.now(), ...[...this.messages.values()].slice(-1).map((message) => message.created + 1));
  }

  /** Messages from the root to `leaf`. */
  branch(leaf = this.head.leaf) {
    const path = [];
    for (let at = this.messages.get(leaf); at; at = this.messages.get(at.parent)) path.unshift(at);
    return path;
  }

  /** The message's brothers and itself, the oldest first. */
  siblings(message) {
    return this.children(message.parent).filter((one) => one.role === message.role);
  }

  /** How many brothers each message has, found in one go. */
  places() {
    const families = new Map();
    for (const message of this.messages.values()) {
      const key = `${message.parent} ${message.role}`;
      if (!families.has(key)) families.set(key, []);
      families.get(key).push(message);
    }
    return (message) => {
      const family = families.get(`${message.parent} ${message.role}`);
      return { at: family.indexOf(message) + 1, of: family.length };
    };
  }

  children(id) {
    return [...this.messages.values()].filter((message) => message.parent === id);
  }

  /** Open the brother so many places on, at the end of its newest branch. */
  turnTo(message, by) {
    const family = this.siblings(message);
    const brother = family[(family.indexOf(message) + by + family.length) % family.length];
    this.head.leaf = this.#newest(brother.id);
  }

  #newest(id) {
    for (let last = id; ; id = last) {
      last = this.children(id).at(-1)?.id;
      if (!last) return id;
    }
  }

  /** Take one message out; what followed it follows what stood before it. Gives a function that puts it back. */
  remove(message) {
    const before = { leaf: this.head.leaf, all: [...this.messages.values()].map((one) => [one, one.parent]) };
    const family = this.siblings(message);
    const followers = this.children(message.id);
    // A branch with brothers goes as a whole: its questions were about this answer.
    const gone = family.length > 1 ? this.#below(message) : [message];
    for (const one of gone) this.messages.delete(one.id);
    if (family.length === 1) for (const one of followers) one.parent = message.parent;
    if (!this.messages.has(before.leaf)) {
      const brother = family.filter((one) => one !== message).at(-1) ?? this.children(message.parent).at(-1);
      this.head.leaf = brother ? this.#newest(brother.id) : message.parent;
    }
    return { gone, moved: family.length === 1 ? followers : [], back: () => this.#restore(before) };
  }

  /** Take all messages out. */
  clear() {
    const before = { leaf: this.head.leaf, all: [...this.messages.values()].map((one) => [one, one.parent]) };
    const gone = [...this.messages.values()];
    this.messages.clear();
    this.head.leaf = null;
    return { gone, moved: [], back: () => this.#restore(before) };
  }

  #below(message) {
    return [message, ...this.children(message.id).flatMap((child) => this.#below(child))];
  }

  #restore({ leaf, all }) {
    const since = [...this.messages.values()].filter((message) => !all.some(([one]) => one === message));
    this.messages = new Map([...all.map(([message]) => message), ...since].map((message) => [message.id, message]));
    for (const [message, parent] of all) message.parent = parent;
    this.head.leaf = leaf;
  }
}

/** The first words of a question, until somebody or a model finds a better title. */
export function titleOf(text) {
  const { question, documents } = parted(text);
  const line = (question || documents[0]?.name || "").trim().split("\n", 1)[0].replace(/\s+/g, " ");
  return line.length <= TITLE_LENGTH ? line : `${line.slice(0, TITLE_LENGTH).replace(/\s+\S*$/, "")}…`;
}
