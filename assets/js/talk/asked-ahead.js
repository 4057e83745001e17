// A question on its way before its words are known: the server asks it in the moment in which it has written down what
// was said. The page asks in its own way when it hears of the words, and finds the answer under way by its name.

import { newId, send } from "../shared/wire.js";

export class AskedAhead {
  /**
   * @param {(text: string) => string} body the question as it is sent, with its words
   * @param {string} words the name of what is being written down
   * @param {boolean} likely its words may say that somebody has not finished: then nobody is asked
   */
  constructor(body, words, likely) {
    this.body = body;
    /** By which the server knows the answer. */
    this.name = newId();
    this.hangUp = new AbortController();
    const query = new URLSearchParams({ words, likely: String(likely) });
    const headers = { "content-type": "application/json", "x-groq-core-answer": this.name };
    send(`chat?${query}`, { body: body(""), headers, signal: this.hangUp.signal }).catch(() => {}); // then it is asked as always
  }

  /**
   * Whether it is the question that is asked now; the conversation may have changed meanwhile.
   *
   * @param {string} text
   * @param {string} body
   */
  is(text, body) {
    return this.body(text) === body;
  }

  /** It is not wanted: nobody is asked any more, or the answer is stopped. */
  callOff() {
    this.hangUp.abort();
    send(`answers/${this.name}/stop`).catch(() => {}); // it was not asked
  }
}
