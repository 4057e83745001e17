// Where conversations are kept: one small interface with a home in this browser (IndexedDB), and one in memory for
// where the browser keeps nothing. A server's store has the same methods.
//
//   heads()                       what the list shows, of every conversation
//   read(id)                      {head, messages}, or null
//   putHead(head)                 new or changed
//   putMessage(id, message)       of the conversation with this id
//   removeMessages(ids)
//   remove(id)                    the whole conversation; gives what read(id) gave
//   put({head, messages})         a whole conversation, from elsewhere or taken back
//   texts()                       [{id, text}] of every conversation, for search
//   clear()

import { KEEPS } from "../../texts.js";
import { openDB } from "../../vendor/idb/idb.js";

const NAME = "groq-core";
const VERSION = 1;

/** The server's for who signed in, else the browser's, or one in memory where that is refused; `lasts` says which. */
export async function openStore() {
  const kept = KEEPS ? await (await import("./server-store.js")).serverStore() : null;
  if (kept) return kept;
  try {
    const db = await openDB(NAME, VERSION, { upgrade });
    await db.count("heads"); // some browsers refuse only now
    return new BrowserStore(db);
  } catch {
    return new MemoryStore();
  }
}

function upgrade(db) {
  db.createObjectStore("heads", { keyPath: "id" });
  db.createObjectStore("messages", { keyPath: "id" }).createIndex("conversation", "conversation");
  db.createObjectStore("blobs", { keyPath: "id" }).createIndex("conversation", "conversation");
}

class BrowserStore {
  lasts = true;

  constructor(db) {
    this.db = db;
    db.addEventListener("versionchange", () => db.close()); // a newer page wants to renew it
  }

  heads() {
    return this.db.getAll("heads");
  }

  async read(id) {
    const head = await this.db.get("heads", id);
    if (!head) return null;
    const [messages, blobs] = await Promise.all([
      this.db.getAllFromIndex("messages", "conversation", id),
      this.db.getAllFromIndex("blobs", "conversation", id),
    ]);
    const urls = new Map(await Promise.all(blobs.map(async ({ id, blob }) => [id, await urlOf(blob)])));
    for (const message of messages) {
      message.pictures?.forEach((picture, index) => (picture.url ??= urls.get(`${message.id}/${index}`) ?? ""));
    }
    return { head, messages: messages.sort(older) };
  }

  putHead(head) {
    return this.db.put("heads", head);
  }

  async putMessage(id, message) {
    const pictures = message.pictures?.length ? message.pictures : [];
    // Data URLs become blobs before the transaction, which does not wait for anything else.
    const blobs = await Promise.all(pictures.map(async ({ url }, index) => ({ id: `${message.id}/${index}`, conversation: id, blob: await blobOf(url) })));
    const work = this.db.transaction(["messages", "blobs"], "readwrite");
    const bare = pictures.map(({ url: _, ...facts }) => facts);
    work.objectStore("messages").put({ ...message, ...(bare.length ? { pictures: bare } : {}), conversation: id });
    for (const blob of blobs) work.objectStore("blobs").put(blob);
    await work.done;
  }

  async removeMessages(ids) {
    const work = this.db.transaction(["messages", "blobs"], "readwrite");
    for (const id of ids) {
      work.objectStore("messages").delete(id);
      work.objectStore("blobs").delete(IDBKeyRange.bound(`${id}/`, `${id}/\uffff`));
    }
    await work.done;
  }

  async remove(id) {
    const whole = await this.read(id);
    const work = this.db.transaction(["heads", "messages", "blobs"], "readwrite");
    work.objectStore("heads").delete(id);
    for (const name of ["messages", "blobs"]) {
      const store = work.objectStore(name);
      for (const key of await store.index("conversation").getAllKeys(id)) store.delete(key);
    }
    await work.done;
    return whole;
  }

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
    const texts = new Map();
    for (const { conversation, text } of await this.db.getAll("messages")) {
      if (text) texts.set(conversation, `${texts.get(conversation) ?? ""}\n${text}`);
    }
    return [...texts].map(([id, text]) => ({ id, text }));
  }

  async clear() {
    const work = this.db.transaction(["heads", "messages", "blobs"], "readwrite");
    for (const name of ["heads", "messages", "blobs"]) work.objectStore(name).clear();
    await work.done;
  }
}

const older = (a, b) => a.created - b.created;

const blobOf = async (url) => (await fetch(url)).blob();

const urlOf = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

/** The same for as long as the page is open; what goes in and out is copied, as a real store does. */
export class MemoryStore {
  lasts = false;
  #heads = new Map();
  #messages = new Map();

  async heads() {
    return structuredClone([...this.#heads.values()]);
  }

  async read(id) {
    if (!this.#heads.has(id)) return null;
    const messages = [...this.#messages.values()].filter((message) => message.conversation === id);
    return structuredClone({ head: this.#heads.get(id), messages: messages.sort(older) });
  }

  async putHead(head) {
    this.#heads.set(head.id, structuredClone(head));
  }

  async putMessage(id, message) {
    this.#messages.set(message.id, structuredClone({ ...message, conversation: id }));
  }

  async removeMessages(ids) {
    for (const id of ids) this.#messages.delete(id);
  }

  async remove(id) {
    const whole = await this.read(id);
    this.#heads.delete(id);
    await this.removeMessages((whole?.messages ?? []).map((message) => message.id));
    return whole;
  }

  async put({ head, messages }) {
    await this.putHead(head);
    for (const message of messages) await this.putMessage(head.id, message);
  }

  async texts() {
    const texts = new Map();
    for (const { conversation, text } of this.#messages.values()) texts.set(conversation, `${texts.get(conversation) ?? ""}\n${text ?? ""}`);
    return [...texts].map(([id, text]) => ({ id, text }));
  }

  async clear() {
    this.#heads.clear();
    this.#messages.clear();
  }
}
