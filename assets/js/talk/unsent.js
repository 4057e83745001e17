// Recordings that were not written down: kept, in the page and by the browser, until they are, or are thrown away by the
// one who spoke.

import { findStranded } from "../microphone/kept.js";
import { save } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @typedef {{ file: Blob, why: string, drop: () => void }} Recording */

export class Unsent {
  /**
   * @param {import("./voice-bar.js").VoiceBar} bar where it is told
   * @param {() => void} again sends the oldest once more
   */
  constructor(bar, again) {
    this.bar = bar;
    this.again = again;
    /** @type {Recording[]} */
    this.recordings = [];
    findStranded("talk").then((found) => {
      this.recordings.unshift(...found.map(({ file, drop }) => ({ file, drop, why: say("recording_left") })));
      if (found.length) this.tell();
    });
  }

  /** @param {Recording} recording */
  add(recording) {
    this.recordings.push(recording);
    this.tell();
  }

  /** The oldest, which is about to be sent again. */
  shift() {
    const recording = this.recordings.shift();
    if (recording) this.tell();
    return recording;
  }

  /** Say what is kept, and what can be done with it. */
  tell() {
    const { recordings } = this;
    const last = recordings.at(-1);
    if (!last) return this.bar.tell("");
    this.bar.tell(say(recordings.length > 1 ? "talk_unsent_more" : "talk_unsent", { why: last.why, count: recordings.length }), [
      [say("talk_send_again"), this.again],
      [say("talk_download"), () => recordings.forEach(({ file }, index) => save(file, `${index + 1}-${say("recording_name")}`))],
      [say("talk_throw_away"), () => this.#throwAway()],
    ]);
  }

  #throwAway() {
    for (const { drop } of this.recordings.splice(0)) drop();
    this.bar.tell("");
  }
}
