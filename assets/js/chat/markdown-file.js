// Conversations as Markdown, as people read them, and back: ours by marks that no reader sees, others' by their headings.

import { say } from "../shared/words.js";
import { Tree } from "./tree.js";

/**
 * @import { Whole } from "./types.js"
 *
 * @typedef {"conversation" | "question" | "answer"} Kind
 * @typedef {{ title: string, messages: { role: "user" | "assistant", text: string }[] }} Read
 */

const KINDS = "conversation|question|answer";
const MARKED = new RegExp(`^##? (.*) <!-- (${KINDS}) -->$`, "gm");
/** A line of a text that would be taken for a mark has one backslash more in the file. */
const LIKE_A_MARK = new RegExp(`^(##? .* <!-- \\\\*)((?:${KINDS}) -->)$`, "gm");
const ESCAPED = new RegExp(`^(##? .* <!-- \\\\*)\\\\((?:${KINDS}) -->)$`, "gm");
const HEADING = /^(##?) +(.+)$/gm;
const ASKS = /^(?:you|user|human|me|prompt|question|du|ich|frage)\b/i;

/** @param {number} level @param {string} words @param {Kind} kind */
const heading = (level, words, kind) => `${"#".repeat(level)} ${words.replace(/\s+/g, " ")} <!-- ${kind} -->`;

/**
 * Of each conversation the branch that is open.
 *
 * @param {Whole[]} conversations
 */
export function toMarkdown(conversations) {
  const parts = [];
  for (const { head, messages } of conversations) {
    parts.push(heading(1, head.title || say("conversation_untitled"), "conversation"));
    for (const { role, text, receipts } of new Tree({ ...head }, messages).branch()) {
      const asks = role === "user";
      const who = asks ? say("export_you") : (receipts?.at(-1)?.served_by?.model ?? say("export_answer"));
      parts.push(heading(2, who, asks ? "question" : "answer"), text.replace(LIKE_A_MARK, "$1\\$2"));
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/**
 * What a file in Markdown holds; nothing where it is none of a conversation.
 *
 * @param {string} file
 * @returns {Read[]}
 */
export function fromMarkdown(file) {
  const text = file.replace(/\r\n/g, "\n");
  const marks = [...text.matchAll(MARKED)].map((mark) => ({ mark, kind: /** @type {Kind} */ (mark[2]), words: mark[1] }));
  const exact = marks.length > 0;
  /** @type {Read[]} */
  const found = [];
  const all = exact ? marks : guess(text);
  all.forEach(({ mark, kind, words }, index) => {
    if (kind === "conversation") return void found.push({ title: words, messages: [] });
    if (!found.length) found.push({ title: "", messages: [] });
    const end = all[index + 1]?.mark.index;
    const body = text.slice(mark.index + mark[0].length, end);
    const said = exact ? body.slice(2, end === undefined ? -1 : -2).replace(ESCAPED, "$1$2") : body.trim();
    found[found.length - 1].messages.push({ role: kind === "question" ? "user" : "assistant", text: said });
  });
  return found;
}

// Without marks: who asks is known by name, and the first heading after a question names who answers.
/**
 * @param {string} text
 * @returns {{ mark: RegExpExecArray, kind: Kind, words: string }[]}
 */
function guess(text) {
  /** @type {{ mark: RegExpExecArray, kind: Kind, words: string }[]} */
  const found = [];
  for (const mark of text.matchAll(HEADING)) {
    const last = found.at(-1)?.kind;
    const [, level, words] = mark;
    if (ASKS.test(words)) found.push({ mark, kind: "question", words });
    else if (level === "#" && !last) found.push({ mark, kind: "conversation", words });
    else if (last === "question") found.push({ mark, kind: "answer", words });
  }
  return found.some(({ kind }) => kind === "question") ? found : [];
}
