// Conversations as files: ours out and in, and other applications' in. Pure functions.

import { newId } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { fromMarkdown } from "./markdown-file.js";
import { newHead, titleOf } from "./tree.js";

/**
 * @import { AnswerState, Message, Whole } from "./types.js"
 *
 * @typedef {Pick<Message, "id" | "parent" | "role" | "text" | "created">} Bare a message as other applications have it
 *
 * @typedef {object} GptExport a conversation of ChatGPT
 * @property {string} [title]
 * @property {Record<string, { parent?: string | null, message?: GptMessage | null }>} mapping
 * @property {number} [create_time] Unix time in seconds
 * @property {number} [update_time]
 * @property {string | null} [current_node]
 *
 * @typedef {object} GptMessage
 * @property {{ role?: string }} [author]
 * @property {{ parts?: unknown[] }} [content]
 * @property {{ is_visually_hidden_from_conversation?: boolean }} [metadata]
 * @property {number | null} [create_time]
 *
 * @typedef {object} WebUiExport a conversation of Open WebUI, around or without its `chat`
 * @property {string} [title]
 * @property {number} [created_at] Unix time in seconds
 * @property {number} [updated_at]
 * @property {WebUiChat} [chat]
 *
 * @typedef {object} WebUiChat
 * @property {string} [title]
 * @property {{ messages?: Record<string, WebUiMessage>, currentId?: string | null }} [history]
 * @property {WebUiMessage[]} [messages]
 *
 * @typedef {{ id?: string, parentId?: string | null, role?: string, content?: unknown, timestamp?: number }} WebUiMessage
 */

const FORMAT = "groq-core conversations";

/**
 * Conversations whole, to be read by {@link fromJson}.
 *
 * @param {Whole[]} conversations
 */
export const toJson = (conversations) => JSON.stringify({ format: FORMAT, version: 1, conversations }, null, 1);

/**
 * Conversations from a file: JSON, or Markdown.
 *
 * @param {string} text
 * @returns {Whole[]}
 * @throws {Error} it is neither; its message is for people
 */
export function fromFile(text) {
  if (/^\s*[[{]/.test(text)) return fromJson(text);
  const found = fromMarkdown(text).filter(({ messages }) => messages.length);
  if (!found.length) throw new Error(say("import_unreadable"));
  return found.map(({ title, messages }) => {
    const chained = messages.map((message, at) => ({ ...message, id: String(at), parent: at ? String(at - 1) : null, created: 0 }));
    return build(title, chained, chained[chained.length - 1].id, 0, 0);
  });
}

/**
 * Conversations from a file: ours, or an export of ChatGPT or Open WebUI.
 *
 * @param {string} text
 * @returns {Whole[]}
 * @throws {Error} it is none of these; its message is for people
 */
export function fromJson(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Error(say("import_unreadable"));
  }
  const all = data?.format === FORMAT ? data.conversations.map(ours) : [data].flat().map(other);
  const found = all.filter((/** @type {Whole | null} */ one) => one?.messages.length);
  if (!found.length) throw new Error(say("import_nothing"));
  return found;
}

// New ids, so that what is imported twice is there twice and nothing is overwritten.
/**
 * @param {Whole} whole
 * @returns {Whole}
 */
function ours({ head, messages }) {
  const ids = new Map(messages.map(({ id }) => [id, newId()]));
  const moved = messages.map(({ answer: _, ...message }) => ({
    ...message,
    id: ids.get(message.id) ?? newId(),
    parent: ids.get(message.parent ?? "") ?? null,
    state: stateToSave(message),
  }));
  return { head: { ...newHead(head.kind), ...head, id: newId(), leaf: ids.get(head.leaf ?? "") ?? null }, messages: moved };
}

/**
 * @param {Pick<Message, "role" | "state">} message
 * @returns {AnswerState | undefined}
 */
const stateToSave = ({ role, state }) => (role === "user" ? undefined : state === "waiting" || state === "writing" ? "stopped" : (state ?? "done"));

/**
 * @param {any} one whatever stands in the file
 * @returns {Whole | null}
 */
function other(one) {
  if (one?.mapping) return fromChatGpt(one);
  const chat = one?.chat ?? one;
  if (chat?.history?.messages || Array.isArray(chat?.messages)) return fromOpenWebUi(one, chat);
  return null;
}

/** @param {GptExport} one */
function fromChatGpt({ title, mapping, create_time, update_time, current_node }) {
  /** @type {Map<string, Omit<Bare, "id" | "parent">>} */
  const kept = new Map();
  for (const [id, { message }] of Object.entries(mapping)) {
    const role = message?.author?.role;
    const text = (message?.content?.parts ?? []).filter((part) => typeof part === "string").join("\n\n").trim();
    const hidden = message?.metadata?.is_visually_hidden_from_conversation;
    if ((role === "user" || role === "assistant") && text && !hidden) kept.set(id, { role, text, created: (message?.create_time ?? create_time ?? 0) * 1000 });
  }
  // Tool calls and system messages stand between; who followed them follows what stood before.
  const parentOf = (/** @type {string} */ id) => {
    let at = mapping[id]?.parent;
    while (at && !kept.has(at)) at = mapping[at]?.parent;
    return at ?? null;
  };
  let leaf = current_node;
  while (leaf && !kept.has(leaf)) leaf = mapping[leaf]?.parent;
  return build(title, [...kept].map(([id, message]) => ({ ...message, id, parent: parentOf(id) })), leaf, (create_time ?? 0) * 1000, (update_time ?? 0) * 1000);
}

/**
 * @param {WebUiExport} one
 * @param {WebUiChat} chat
 */
function fromOpenWebUi(one, chat) {
  const listed = Object.entries(chat.history?.messages ?? chat.messages ?? []).map(([key, message]) => ({ ...message, id: message.id ?? key }));
  const parents = new Map(listed.map(({ id, parentId }, index) => [id, chat.history || parentId !== undefined ? parentId : listed[index - 1]?.id]));
  const said = listed.filter(({ role, content }) => (role === "user" || role === "assistant") && typeof content === "string" && content.trim());
  const kept = new Set(said.map(({ id }) => id));
  // Who followed a message without words follows what stood before it.
  const lookUp = (/** @type {string | null | undefined} */ id) => {
    for (let left = listed.length; id && !kept.has(id) && left; left -= 1) id = parents.get(id);
    return id ?? null;
  };
  const messages = said.map(({ id, role, content, timestamp }) => /** @type {Bare} */ ({
    id,
    parent: lookUp(parents.get(id)),
    role,
    text: content,
    created: (timestamp ?? 0) * 1000,
  }));
  const time = (/** @type {number | undefined} */ seconds) => (seconds ?? 0) * 1000;
  return build(one.title ?? chat.title, messages, lookUp(chat.history?.currentId), time(one.created_at), time(one.updated_at));
}

/**
 * @param {string | undefined} title
 * @param {Bare[]} messages
 * @param {string | null | undefined} leaf
 * @param {number} created milliseconds
 * @param {number} updated
 * @returns {Whole}
 */
function build(title, messages, leaf, created, updated) {
  const ids = new Map(messages.map(({ id }) => [id, newId()]));
  const now = Date.now();
  const moved = messages.map(({ id, parent, role, text, created: at }, index) => /** @type {Message} */ ({
    id: ids.get(id),
    parent: ids.get(parent ?? "") ?? null,
    role,
    text,
    created: (at || created || now) + index / 1000,
    ...(role === "assistant" ? { state: "done" } : {}),
  }));
  const head = { ...newHead("chat"), title: title || titleOf(messages[0]?.text ?? ""), titled: Boolean(title), leaf: ids.get(leaf ?? "") ?? null };
  return { head: { ...head, created: created || now, updated: updated || created || now }, messages: moved };
}
