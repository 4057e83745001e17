// A title that a fast model finds for a conversation, some seconds after its first answer, so that nothing waits for
// it; till then the first words of the question stand there.

import { send } from "../shared/wire.js";

/**
 * @import { Head } from "./types.js"
 * @import { Tree } from "./tree.js"
 */

const AFTER_MS = 4000;
const MOST_CHARACTERS = 2000;

export class Titles {
  /** @type {Set<string>} conversations that have been asked for */
  #asked = new Set();

  /**
   * @param {(tree: Tree) => boolean} passing whether a conversation is not kept
   * @param {(id: string, change: (head: Head) => void) => Promise<void>} change
   */
  constructor(passing, change) {
    this.passing = passing;
    this.change = change;
  }

  /** @param {Tree} tree */
  soon(tree) {
    const { head } = tree;
    if (head.titled || head.asked || this.#asked.has(head.id)) return;
    this.#asked.add(head.id);
    setTimeout(() => this.#find(tree).catch(() => {}), AFTER_MS);
  }

  /** @param {Tree} tree */
  async #find(tree) {
    const [question, answer] = tree.branch();
    if (tree.head.titled || !question || !answer?.text) return;
    const response = await send("title", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: question.text.slice(0, MOST_CHARACTERS), answer: answer.text.slice(0, MOST_CHARACTERS) }),
    });
    if (!response.ok) return;
    const { title } = await response.json();
    if (this.passing(tree)) return;
    // Meanwhile it may have been left, renamed or pinned: what counts is its head as it is now. Once is enough.
    await this.change(tree.head.id, (head) => {
      if (!head.titled) Object.assign(head, { asked: true }, title ? { title } : {});
    });
  }
}
