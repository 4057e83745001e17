// Where conversations are kept: one small interface (`ConversationStore` in types.d.ts) with a home in this browser
// (IndexedDB), and one in memory for where the browser keeps nothing. A server's store has the same methods.

/**
 * @import { IDBPDatabase } from "../../vendor/idb/idb.js"
 * @import { ConversationStore, Head, Message, Whole } from "./types.js"
 *
 * @typedef {object} Schema of the database
 * @property {{ key: string, value: Head }} heads
 * @property {{ key: string, value: Message, indexes: { conversation: string } }} messages
 * @property {{ key: string, value: { id: string, conversation: string } & Kept, indexes: { conversation: string } }} blobs
 *
 * @typedef {{ bytes: ArrayBuffer, type: string, blob?: undefined } | { blob: Blob }} Kept
 *   a picture as bytes, since WebKit stores no blobs in a private window; of earlier, some are blobs
 *
 * @typedef {"heads" | "messages" | "blobs"} StoreName
 * @typedef {{ put: (value: unknown) => unknown, delete: (key: unknown) => unknown }} Changed a store while it is written
 */

import { KEEPS } from "../../texts.js";
import { openDB } from "../../vendor/idb/idb.js";

const NAME = "groq-core";
const VERSION = 1;

/** @returns {Promise<ConversationStore>} the server's for who signed in, else the browser's, or one in memory where that is refused; `lasts` says which. */
export async function openStore() {
  const kept = KEEPS ? await (await import("./server-store.js")).serverStore() : null;
  if (kept) return kept;
  return openBrowserStore().catch(() => (memory ??= new MemoryStore()));
}
/** @type {MemoryStore | undefined} of this page: its tabs show each other's conversations */
let memory;

/** The browser's own store; refused in some browsers and frames. */
export async function openBrowserStore() {
  /** @type {IDBPDatabase<Schema>} */
  const db = await openDB(NAME, VERSION, { upgrade });
  await db.count("heads"); // some browsers refuse only now
  return new BrowserStore(db);
}

/** @param {IDBPDatabase<Schema>} db */
function upgrade(db) {
  db.createObjectStore("heads", { keyPath: "id" });
  db.createObjectStore("messages", { keyPath: "id" }).createIndex("conversation", "conversation");
  db.createObjectStore("blobs", { keyPath: "id" }).createIndex("conversation", "conversation");
}

/** @implements {ConversationStore} */
class BrowserStore {
  lasts = true;
  atOnce = true;

  /** @param {IDBPDatabase<Schema>} db */
  constructor(db) {
    this.db = db;
    db.addEventListener("versionchange", () => db.close()); // a newer page wants to renew it
  }

  /** @type {Promise<void> | null} a message whose pictures become bytes: what comes after it waits */
  #pictured = null;

  /** @type {((store: (name: StoreName) => Changed) => void)[]} what this moment has changed */
  #changes = [];
  /** @type {Promise<void> | null} */
  #writing = null;

  // All that one moment changes is one transaction, begun at once and said to be whole: a page that is loaded again
  // in this moment would take along what is begun later, or waits for another one.
  /**
   * @param {(store: (name: StoreName) => Changed) => void} change
   * @returns {Promise<void>}
   */
  #write(change) {
    this.#changes.push(change);
    this.#writing ??= Promise.resolve(this.#pictured).then(() => {
      const changes = this.#changes.splice(0);
      this.#writing = null;
      const work = this.db.transaction(["heads", "messages", "blobs"], "readwrite");
      for (const one of changes) one((name) => /** @type {Changed} */ (work.objectStore(name)));
      work.commit();
      return work.done;
    });
    return this.#writing;
  }

  heads() {
    return this.db.getAll("heads");
  }

  /**
   * @param {string} id
   * @returns {Promise<Whole | null>}
   */
  async read(id) {
    const head = await this.db.get("heads", id);
    if (!head) return null;
    const [messages, blobs] = await Promise.all([
      this.db.getAllFromIndex("messages", "conversation", id),
      this.db.getAllFromIndex("blobs", "conversation", id),
    ]);
    /** @type {Map<string, string>} */
    const urls = new Map();
    await Promise.all(blobs.map(async (kept) => urls.set(kept.id, await urlOf(kept.blob ?? new Blob([kept.bytes], { type: kept.type })))));
    for (const message of messages) {
      message.pictures?.forEach((picture, index) => (picture.url ??= urls.get(`${message.id}/${index}`) ?? ""));
    }
    return { head, messages: messages.sort(older) };
  }

  /** @param {Head} head */
  putHead(head) {
    return this.#write((store) => store("heads").put(head));
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  putMessage(id, message) {
    const { pictures } = message;
    if (!pictures?.length) return this.#write((store) => store("messages").put({ ...message, conversation: id }));
    const written = this.#putPictured(id, message, pictures);
    const over = written.catch(() => {}).then(() => {
      if (this.#pictured === over) this.#pictured = null;
    });
    this.#pictured = over;
    return written;
  }

  /**
   * @param {string} id
   * @param {Message} message
   * @param {NonNullable<Message["pictures"]>} pictures
   */
  async #putPictured(id, message, pictures) {
    const before = this.#pictured;
    // Data URLs become bytes before the transaction, which does not wait for anything else.
    const blobs = await Promise.all(pictures.map(async ({ url }, index) => ({ id: `${message.id}/${index}`, conversation: id, ...(await bytesOf(url)) })));
    await before;
    const work = this.db.transaction(["messages", "blobs"], "readwrite");
    const bare = pictures.map(({ url: _, ...facts }) => facts);
    work.objectStore("messages").put(/** @type {Message} */ ({ ...message, pictures: bare, conversation: id }));
    for (const blob of blobs) work.objectStore("blobs").put(blob);
    await work.done;
  }

  /** @param {string[]} ids */
  removeMessages(ids) {
    return this.#write((store) => {
      for (const id of ids) {
        store("messages").delete(id);
        store("blobs").delete(IDBKeyRange.bound(`${id}/`, `${id}/\uffff`));
      }
    });
  }

  /** @param {string} id */
  async remove(id) {
    const whole = await this.read(id);
    const work = this.db.transaction(["heads", "messages", "blobs"], "readwrite");
    work.objectStore("heads").delete(id);
    for (const name of /** @type {const} */ (["messages", "blobs"])) {
      const store = work.objectStore(name);
      for (const key of await store.index("conversation").getAllKeys(id)) store.delete(key);
    }
    await work.done;
    return whole;
  }

  /**
   * @param {Whole} whole
   * @returns {Promise<unknown>}
   */
  async put({ head, messages }) {
    if (messages.some(({ pictures }) => pictures?.length)) {
      for (const message of messages) await this.putMessage(head.id, message);
      return this.putHead(head);
    }
    const work = this.db.transaction(["heads", "messages"], "readwrite");
    work.objectStore("heads").put(head);
    for (const message of messages) work.objectStore("messages").put({ ...message, conversation: head.id });
    return work.done;
  }

  async texts() {
    /** @type {Map<string, string>} */
    const texts = new Map();
    for (const { conversation, text } of await this.db.getAll("messages")) {
      if (conversation && text) texts.set(conversation, `${texts.get(conversation) ?? ""}\n${text}`);
    }
    return [...texts].map(([id, text]) => ({ id, text }));
  }

  async clear() {
    const work = this.db.transaction(["heads", "messages", "blobs"], "readwrite");
    for (const name of /** @type {const} */ (["heads", "messages", "blobs"])) work.objectStore(name).clear();
    await work.done;
  }
}

/**
 * @param {Message} a
 * @param {Message} b
 */
const older = (a, b) => a.created - b.created;

/** @param {string} url a data URL */
async function bytesOf(url) {
  const blob = await (await fetch(url)).blob();
  return { bytes: await blob.arrayBuffer(), type: blob.type };
}

/**
 * @param {Blob} blob
 * @returns {Promise<string>} as a data URL
 */
const urlOf = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(/** @type {string} */ (reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

/**
 * The same for as long as the page is open; what goes in and out is copied, as a real store does.
 *
 * @implements {ConversationStore}
 */
export class MemoryStore {
  lasts = false;
  atOnce = true;
  /** @type {Map<string, Head>} */
  #heads = new Map();
  /** @type {Map<string, Message>} */
  #messages = new Map();

  async heads() {
    return structuredClone([...this.#heads.values()]);
  }

  /**
   * @param {string} id
   * @returns {Promise<Whole | null>}
   */
  async read(id) {
    const head = this.#heads.get(id);
    if (!head) return null;
    const messages = [...this.#messages.values()].filter((message) => message.conversation === id);
    return structuredClone({ head, messages: messages.sort(older) });
  }

  /** @param {Head} head */
  async putHead(head) {
    this.#heads.set(head.id, structuredClone(head));
  }

  /**
   * @param {string} id
   * @param {Message} message
   */
  async putMessage(id, message) {
    this.#messages.set(message.id, structuredClone({ ...message, conversation: id }));
  }

  /** @param {string[]} ids */
  async removeMessages(ids) {
    for (const id of ids) this.#messages.delete(id);
  }

  /** @param {string} id */
  async remove(id) {
    const whole = await this.read(id);
    this.#heads.delete(id);
    await this.removeMessages((whole?.messages ?? []).map((message) => message.id));
    return whole;
  }

  /** @param {Whole} whole */
  async put({ head, messages }) {
    await this.putHead(head);
    for (const message of messages) await this.putMessage(head.id, message);
  }

  async texts() {
    /** @type {Map<string, string>} */
    const texts = new Map();
    for (const { conversation = "", text } of this.#messages.values()) texts.set(conversation, `${texts.get(conversation) ?? ""}\n${text ?? ""}`);
    return [...texts].map(([id, text]) => ({ id, text }));
  }

  async clear() {
    this.#heads.clear();
    this.#messages.clear();
  }
}
