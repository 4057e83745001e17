// What is being said, written down in parts while somebody still speaks, so that only the last part has to be waited for.

import { say, told } from "../shared/words.js";
import { ask } from "../shared/wire.js";

/** So much is worth a request of its own: shorter ones are there as soon whole, and are billed as ten seconds anyway. */
export const PART_S = 20;
const PATIENCE_MS = 60_000;

/**
 * @import { Receipt, Transcript, Trouble } from "../shared/types.js"
 * @import { Tape } from "./recorder.js"
 *
 * @typedef {object} Heard what was said, in words; or why it is not known
 * @property {string} text
 * @property {string | null} [language]
 * @property {string} [error]
 * @property {Transcript} [transcript] with its times
 * @property {Receipt} [receipt]
 *
 * @typedef {{ from: number, heard: Promise<Heard> }} Part where it begins, in seconds, and its words
 */

/**
 * What was said, in words; or why it is not known.
 *
 * @param {Blob} file
 * @param {AbortSignal} signal
 * @param {string | URLSearchParams} [query] what else the server is told; without it the times of the words are not asked for, which
 *   takes longer
 * @returns {Promise<Heard>}
 */
export async function transcribe(file, signal, query = new URLSearchParams({ name: say("recording_name"), words: "false" })) {
  /** @type {Heard} */
  const heard = { text: "" };
  const options = { body: file, signal, patience: PATIENCE_MS, headers: { "content-type": "application/octet-stream" } };
  try {
    await ask(`transcribe?${query}`, options, (event) => {
      if (event.e === "finished" && event.transcript) {
        heard.text = event.transcript.text.trim();
        heard.language = event.transcript.language;
        heard.transcript = event.transcript;
      } else if (event.e === "error") heard.error = told(event.message);
      else if (event.e === "receipt") heard.receipt = event;
    });
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    heard.error = error.refused ? error.message : say("error_unreachable");
  }
  return heard;
}

/** Parts of a recording that goes on. */
export class Ahead {
  /**
   * @param {Tape} tape
   * @param {(file: Blob, signal: AbortSignal) => Promise<Heard>} [write]
   */
  constructor(tape, write = transcribe) {
    this.tape = tape;
    this.write = write;
    this.blocks = 0;
    /** How many seconds of it were sent. */
    this.seconds = 0;
    /** @type {Part[]} */
    this.parts = [];
    this.controller = new AbortController();
  }

  /** Send what was said since the last part, if it is long enough; best in a pause. Gives the part. */
  send() {
    const { tape, seconds: from } = this;
    if (tape.seconds - from < PART_S) return null;
    const part = { from, heard: this.write(tape.file(this.blocks), this.controller.signal) };
    this.parts.push(part);
    this.blocks = tape.chunks.length;
    this.seconds = tape.seconds;
    return part;
  }

  /** What was not sent yet, as a file. */
  rest() {
    return this.tape.file(this.blocks);
  }

  /** What the parts say, in their order; null where one could not be written down, since it would be missed. */
  async written() {
    const all = await Promise.all(this.parts.map(({ heard }) => heard));
    return all.some(({ error }) => error) ? null : all;
  }

  /**
   * All of it, in words: of what was sent, and of the rest.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<Heard>}
   */
  async words(signal) {
    const last = await this.write(this.rest(), signal);
    if (!this.parts.length || last.error) return last;
    const before = await this.written();
    if (!before) return this.write(this.tape.file(), signal);
    const told = [...before, last].filter(({ text }) => text);
    return { text: told.map(({ text }) => text).join(" "), language: told[0]?.language };
  }

  /** Nothing of it is wanted. */
  cancel() {
    this.controller.abort();
  }
}

/**
 * One transcript of several, each of which begins at its own time.
 *
 * @param {{ from: number, transcript: Transcript }[]} parts in their order
 * @returns {Transcript}
 */
export function join(parts) {
  const [first] = parts;
  const last = parts[parts.length - 1];
  /**
   * @template {{ start: number, end: number }} Timed
   * @param {Timed[]} timed
   * @param {number} from
   */
  const later = (timed, from) => timed.map((one) => ({ ...one, start: one.start + from, end: one.end + from }));
  return {
    text: parts.map(({ transcript }) => transcript.text.trim()).filter(Boolean).join(" "),
    language: parts.find(({ transcript }) => transcript.text.trim())?.transcript.language ?? first.transcript.language,
    duration: last.from + (last.transcript.duration ?? 0),
    segments: parts.flatMap(({ from, transcript }) => later(transcript.segments ?? [], from)),
    words: parts.flatMap(({ from, transcript }) => later(transcript.words ?? [], from)),
  };
}
