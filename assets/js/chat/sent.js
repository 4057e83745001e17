// What is sent of a conversation: its branch as turns, for the server to fit to the model that answers. Pure.

import { say } from "../shared/words.js";

/**
 * @import { Head, Message } from "./types.js"
 *
 * @typedef {object} Sent what goes to the server of one message
 * @property {"system" | "user" | "assistant"} role
 * @property {string} text
 * @property {string[]} [images]
 *
 * @typedef {(message: Message) => string} TextOf what a message says as it stands on the page
 */

/**
 * A branch as it is sent. A broken answer without a word is left out, and of the pictures only the newest are sent:
 * older ones become a note, or they would be sent for ever.
 *
 * @param {Message[]} branch from the root on
 * @param {TextOf} textOf
 * @param {Head["summary"]} [summary] what stands for the messages up to one of them
 * @returns {Sent[]}
 */
export function turnsOf(branch, textOf, summary) {
  /** @type {Sent[]} */
  const sent = [];
  let seen = false;
  for (const message of branch.toReversed()) {
    if (message.id === summary?.until) {
      sent.push({ role: "system", text: `${say("summary_is", { n: summary.n })}\n${summary.text}` });
      break;
    }
    const text = textOf(message);
    if (!text) continue;
    sent.push(turnOf(message, text, seen));
    seen ||= Boolean(message.pictures?.length);
  }
  return sent.reverse();
}

/**
 * @param {Message} message
 * @param {string} text
 * @param {boolean} seen whether newer pictures are sent
 * @returns {Sent}
 */
function turnOf({ role, pictures = [] }, text, seen) {
  if (!pictures.length) return { role, text };
  if (seen) return { role, text: `${text}\n\n${say("picture_note", { n: pictures.length })}` };
  return { role, text, images: pictures.map(({ url }) => url) };
}

/**
 * The older half of what was said, in characters; the newest question is never among it.
 *
 * @param {Message[]} branch
 * @param {TextOf} textOf
 * @returns {{ turns: Sent[], last: Message | undefined }} and the last message of it
 */
export function olderHalf(branch, textOf) {
  const texts = branch.slice(0, -1).map((message) => ({ message, text: textOf(message) }));
  const half = texts.reduce((sum, { text }) => sum + text.length, 0) / 2;
  let sum = 0;
  /** @type {typeof texts} */
  const older = [];
  for (const one of texts) {
    if (sum >= half) break;
    sum += one.text.length;
    older.push(one);
  }
  return { turns: older.filter(({ text }) => text).map(({ message, text }) => ({ role: message.role, text })), last: older.at(-1)?.message };
}
