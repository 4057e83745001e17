// A conversation of the list that was pressed and is on its way: what is asked meanwhile is meant for it.

import { fill } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @typedef {HTMLTextAreaElement | HTMLInputElement} Box */

export class Coming {
  /** @type {string | null} the conversation that is on its way, or none */
  id = null;
  /** @type {Promise<boolean> | null} whether it came, once that is known */
  arrival = null;
  #settle = (/** @type {boolean} */ _came) => {};
  /** @type {(() => void) | null} puts a question that was sent and waits into the box once more */
  #putBack = null;

  /** Another one was pressed; or, null, none is on its way any more. @param {string | null} id */
  expect(id) {
    if (id === this.id) return;
    this.end(false);
    this.id = id;
    if (id) this.arrival = new Promise((resolve) => (this.#settle = resolve));
  }

  /** @param {boolean} came whether it is shown */
  end(came) {
    this.id = this.arrival = null;
    this.#settle(came);
  }

  /**
   * Ask a question in the conversation that is shown, or in the one that is on its way once it is there. Where it does
   * not come, or the question cannot be asked there, that is in the box once more.
   *
   * @param {object} given
   * @param {string} given.question
   * @param {() => Box | null} given.box
   * @param {(text: string) => void} given.hint
   * @param {() => unknown} given.ask gives whether it could
   */
  async ask({ question, box, hint, ask }) {
    if (!this.arrival) return ask();
    hint(say("conversation_coming"));
    if (this.#putBack) return undefined;
    const back = (this.#putBack = () => putBack(question, box()));
    if (box()?.value.trim() === question) fill(box(), "");
    const came = await this.arrival;
    if (this.#putBack !== back) return undefined; // the page was left
    this.#putBack = null;
    if (came) hint("");
    if (!came || !ask()) back();
    return undefined;
  }

  /** @type {Set<() => unknown>} what else is put into the box when the page is left, where nothing stands there */
  leaving = new Set();

  // By a call and no listener: the window calls its own in the order in which they were added, whatever phase they want.
  /** The page is left: what waits is in the box in this moment, since what stands there is kept in the next. */
  leave() {
    const back = this.#putBack;
    this.#putBack = null;
    back?.();
    for (const put of this.leaving) put();
  }
}

/**
 * What shows a conversation of before in a tab, also where what keeps its conversations is on its way itself.
 *
 * @param {{ tree: import("./tree.js").Tree, coming: Coming }} conversation
 * @param {() => Promise<import("./keeper.js").Keeper>} keeper
 */
export const opener = (conversation, keeper) => async (/** @type {string} */ id) => {
  if (id !== conversation.tree.head.id) conversation.coming.expect(id);
  await (await keeper()).open(id);
};

/**
 * Put a question into the box once more, before what was typed since.
 *
 * @param {string} question
 * @param {Box | null} box
 */
export const putBack = (question, box) => fill(box, [question, box?.value ?? ""].filter((one) => one.trim()).join("\n\n"));
