// Conversations as files: ours out and in, and other applications' in. Pure functions.

import { newId } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { Tree, newHead, titleOf } from "./tree.js";

const FORMAT = "groq-core conversations";

/** One conversation, the branch that is open, as people read it. */
export function toMarkdown({ head, messages }) {
  const parts = [`# ${head.title || say("conversation_untitled")}`];
  for (const message of new Tree({ ...head }, messages).branch()) {
    const who = message.role === "user" ? say("export_you") : message.receipts?.at(-1)?.served_by?.model ?? say("export_answer");
    parts.push(`## ${who}`, message.text);
  }
  return `${parts.join("\n\n")}\n`;
}

/** Conversations whole, to be read by {@link fromJson}. */
export const toJson = (conversations) => JSON.stringify({ format: FORMAT, version: 1, conversations }, null, 1);

/**
 * Conversations from a file: ours, or an export of ChatGPT or Open WebUI.
 *
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
  const found = all.filter((one) => one?.messages.length);
  if (!found.length) throw new Error(say("import_nothing"));
  return found;
}

// New ids, so that what is imported twice is there twice and nothing is overwritten.
function ours({ head, messages }) {
  const ids = new Map(messages.map(({ id }) => [id, newId()]));
  const moved = messages.map(({ answer: _, ...message }) => ({
    ...message,
    id: ids.get(message.id),
    parent: ids.get(message.parent) ?? null,
    state: settled(message),
  }));
  return { head: { ...newHead(head.kind), ...head, id: newId(), leaf: ids.get(head.leaf) ?? null }, messages: moved };
}

const settled = ({ role, state }) => (role === "user" ? undefined : state === "waiting" || state === "writing" ? "stopped" : (state ?? "done"));

function other(one) {
  if (one?.mapping) return fromChatGpt(one);
  const chat = one?.chat ?? one;
  if (chat?.history?.messages || Array.isArray(chat?.messages)) return fromOpenWebUi(one, chat);
  return null;
}

function fromChatGpt({ title, mapping, create_time, update_time, current_node }) {
  const kept = new Map();
  for (const [id, { message }] of Object.entries(mapping)) {
    const role = message?.author?.role;
    const text = (message?.content?.parts ?? []).filter((part) => typeof part === "string").join("\n\n").trim();
    const hidden = message?.metadata?.is_visually_hidden_from_conversation;
    if ((role === "user" || role === "assistant") && text && !hidden) kept.set(id, { role, text, created: (message.create_time ?? create_time ?? 0) * 1000 });
  }
  // Tool calls and system messages stand between; who followed them follows what stood before.
  const parentOf = (id) => {
    let at = mapping[id]?.parent;
    while (at && !kept.has(at)) at = mapping[at]?.parent;
    return at ?? null;
  };
  let leaf = current_node;
  while (leaf && !kept.has(leaf)) leaf = mapping[leaf]?.parent;
  return built(title, [...kept].map(([id, message]) => ({ ...message, id, parent: parentOf(id) })), leaf, create_time * 1000, update_time * 1000);
}

function fromOpenWebUi(one, chat) {
  const listed = chat.history?.messages ? Object.values(chat.history.messages) : chat.messages;
  const messages = listed
    .filter(({ role, content }) => (role === "user" || role === "assistant") && typeof content === "string" && content.trim())
    .map(({ id, parentId, role, content, timestamp }, index) => ({
      id: id ?? String(index),
      parent: parentId === undefined && !chat.history ? (index ? (listed[index - 1].id ?? String(index - 1)) : null) : (parentId ?? null),
      role,
      text: content,
      created: (timestamp ?? 0) * 1000,
    }));
  const time = (seconds) => (seconds ?? 0) * 1000;
  return built(one.title ?? chat.title, messages, chat.history?.currentId, time(one.created_at), time(one.updated_at));
}

function built(title, messages, leaf, created, updated) {
  const ids = new Map(messages.map(({ id }) => [id, newId()]));
  const now = Date.now();
  const moved = messages.map(({ id, parent, role, text, created: at }, index) => ({
    id: ids.get(id),
    parent: ids.get(parent) ?? null,
    role,
    text,
    created: (at || created || now) + index / 1000,
    ...(role === "assistant" ? { state: "done" } : {}),
  }));
  const head = { ...newHead("chat"), title: title || titleOf(messages[0]?.text ?? ""), titled: Boolean(title), leaf: ids.get(leaf) ?? null };
  return { head: { ...head, created: created || now, updated: updated || created || now }, messages: moved };
}
