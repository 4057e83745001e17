// An answer's story as a file: what happened and when, for a bug report or to be watched again. Keys and addresses are
// taken out of it; its words stay only where they are wanted.

import { save } from "./dom.js";

/** @import { Line } from "./types.js" */

export const FORMAT = "groq-core story 1";

/** @type {[pattern: RegExp, instead: string][]} */
const SECRETS = [
  [/\b(gsk_|sk-|hf_|xai-)[\w*.-]{4,}/g, "$1…"],
  [/\b(bearer|basic)\s+[\w.~+/=-]{4,}/gi, "$1 …"],
  [/\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>)]+/gi, "https://…"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "0.0.0.0"],
  [/\borg[_-][A-Za-z0-9]{6,}/g, "org…"],
];
/** Fields that hold words of the question or the answer. */
const WORDS = new Set(["t", "r", "kept", "transcript", "text"]);

/** @param {string} text */
const blank = (text) => text.replace(/[^\s]/g, "x");

/**
 * A copy without secrets; without words too unless `texts`.
 *
 * @param {unknown} value
 * @param {boolean} texts
 * @param {string} [name] of the field that holds it
 * @returns {unknown}
 */
export function redact(value, texts, name = "") {
  if (typeof value === "string") {
    if (WORDS.has(name) && !texts) return blank(value);
    return SECRETS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), value);
  }
  if (Array.isArray(value)) return value.map((one) => redact(one, texts, name));
  if (value && typeof value === "object") {
    if (WORDS.has(name) && !texts) return null;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redact(one, texts, key)]));
  }
  return value;
}

/**
 * Let the browser save it.
 *
 * @param {[seconds: number, line: Line][]} events
 * @param {boolean} texts
 */
export function saveStory(events, texts) {
  const story = { format: FORMAT, texts, events: events.map(([at, event]) => [at, redact(event, texts)]) };
  save(new Blob([JSON.stringify(story)], { type: "application/json" }), "story.json");
}
