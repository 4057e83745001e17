// Conversations of somebody who signed in, kept on the server: found again on every device. The methods are those of
// the store in the browser (store.js); it also searches by itself and shares by link.

import { el, iconButton } from "../shared/dom.js";
import { demand, route, send, whyUnsent } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { DeletedElsewhere } from "./deleted.js";
import { shared } from "./tree.js";

/** @import { ConversationStore, Head, Message, Whole } from "./types.js" */

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 16_000; // half a minute in all

/** The server's store, or null for somebody who has not signed in. */
export async function serverStore() {
  const store = new ServerStore();
  return (await store.isSignedIn()) ? store : null;
}

/** @implements {ConversationStore} */
class ServerStore {
  lasts = true;
  atOnce = false;

  async isSignedIn() {
    const { ok, status } = await send("conversations", { method: "GET" });
    return ok || status === 503; // its database is away for a moment
  }

  /** @type {Map<string, Head>} what this page last wrote, or first saw, and what it has taken over since */
  #known = new Map();

  async heads() {
    /** @type {{ heads: Head[] }} */
    const { heads } = await answer("conversations");
    for (const head of heads) this.#know({ ...head, ...this.#known.get(head.id), ...shared(head) });
    return heads;
  }

  /** @param {string} id */
  async read(id) {
    /** @type {Whole | null} */
    const whole = await answer(`conversations/${id}`);
    if (whole && !this.#known.has(id)) this.#know(whole.head);
    return whole;
  }

  /** @param {Head} head */
  #know(head) {
    this.#known.set(head.id, structuredClone(head));
  }

  // Another device may have renamed it meanwhile: only what is new here is written.
  /** @param {Head} head */
  async putHead(head) {
    const known = this.#known.get(head.id);
    const names = known && /** @type {(keyof Head)[]} */ (Object.keys(head)).filter((name) => JSON.stringify(head[name]) !== JSON.stringify(known[name]));
    await change("PUT", `conversations/${head.id}/head${names ? `?changed=${names}` : ""}`, head);
    this.#know(head);
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  putMessage(id, message) {
    return change("PUT", `conversations/${id}/messages/${message.id}`, message);
  }

  /** @param {string[]} ids */
  removeMessages(ids) {
    return change("POST", "conversations/remove-messages", ids);
  }

  /** @param {string} id */
  async remove(id) {
    const whole = await answer(`conversations/${id}`);
    await change("DELETE", `conversations/${id}`);
    return whole;
  }

  /** @param {Whole} whole */
  put(whole) {
    return change("PUT", `conversations/${whole.head.id}`, whole);
  }

  async texts() {
    /** @type {{ conversations: Whole[] }} */
    const { conversations } = await answer("conversations/export");
    return conversations.map(({ head, messages }) => ({ id: head.id, text: messages.map(({ text }) => text ?? "").join("\n") }));
  }

  clear() {
    return change("DELETE", "conversations");
  }

  /**
   * Ids of the conversations that hold all these words.
   *
   * @param {string} words
   */
  async search(words) {
    /** @type {{ found: { id: string }[] }} */
    const { found } = await answer(`conversations/search?q=${encodeURIComponent(words)}`);
    return found.map(({ id }) => id);
  }

  /**
   * Make a link under which anybody may read it, and show it, with a way to take it back.
   *
   * @param {string} id
   */
  async share(id) {
    const response = await demand(`conversations/${id}/share`);
    showLink(id, new URL(`../${(await response.json()).path}`, route("")).href);
  }
}

/**
 * Send it until the server can take it: its database may be away or its disk full for a moment, or the server itself be
 * away. Whatever is sent
 * here may come twice.
 *
 * @param {string} path
 * @param {{ method: string, body?: string }} options
 */
async function patiently(path, options) {
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const last = pause > LONGEST_PAUSE_MS;
    try {
      const response = await send(path, options);
      if (last || ![502, 503, 504, 507].includes(response.status)) return response;
    } catch (error) {
      if (last) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** @param {string} path */
async function answer(path) {
  const response = await patiently(path, { method: "GET" });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [value]
 */
async function change(method, path, value) {
  const body = value === undefined ? undefined : JSON.stringify(value);
  const response = await patiently(path, { method, body });
  if (response.status === 410) throw new DeletedElsewhere(Number(response.headers.get("x-groq-core-deleted-ago")) * 1000);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}

/**
 * @param {string} id
 * @param {string} link
 */
function showLink(id, link) {
  const input = el("input", { id: "share-link", type: "text", readOnly: true, value: link, "aria-label": say("share_link") });
  const copy = el("button", { type: "button", id: "share-copy", class: "gc-button" }, say("share_copy"));
  const stop = el("button", { type: "button", id: "share-stop", class: "gc-link" }, say("share_stop"));
  const told = el("p", { class: "gc-muted", role: "status" });
  /** @type {HTMLDialogElement} */
  const dialog = el(
    "dialog",
    { id: "share-dialog", class: "gc-dialog", "aria-labelledby": "share-title" },
    el(
      "div",
      { class: "gc-dialog-body" },
      el("header", {}, el("h2", { id: "share-title" }, say("share_title")), iconButton("close", say("close"), { onclick: () => dialog.close() })),
      el("p", {}, say("share_note")),
      input,
      told,
      el("div", { class: "gc-dialog-buttons" }, copy, stop),
    ),
  );
  copy.addEventListener("click", async () => {
    input.select();
    await navigator.clipboard?.writeText(link).catch(() => {});
    copy.textContent = say("share_copied");
  });
  stop.addEventListener("click", async () => {
    try {
      await change("DELETE", `conversations/${id}/share`);
      dialog.close();
    } catch (error) {
      told.textContent = whyUnsent(error);
    }
  });
  dialog.addEventListener("close", () => dialog.remove());
  (document.querySelector(".gradio-container") ?? document.body).append(dialog);
  dialog.showModal();
  input.select();
}
