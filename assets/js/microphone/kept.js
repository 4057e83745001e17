// Recordings that were not written down yet, kept in this browser (IndexedDB) while they are made, so that a page that is
// closed, crashes or loses its server loses nothing that was said. Thrown away as soon as they are written down.

/**
 * @import { IDBPDatabase } from "../../vendor/idb/idb.js"
 *
 * @typedef {object} Schema of the database
 * @property {{ key: string, value: { id: string, from: string, made: number } }} recordings
 * @property {{ key: number, value: { recording: string, samples: ArrayBuffer | Blob }, indexes: { recording: string } }} pieces
 *   bytes, since WebKit stores no blobs in a private window; of earlier, some are blobs
 *
 * @typedef {object} Kept a recording that the browser keeps
 * @property {(samples: Blob) => void} add 16-bit samples that follow
 * @property {() => void} drop it is written down, or thrown away
 */

import { wavOf } from "./wav.js";
import { heldNames, hold } from "../shared/held.js";
import { newId } from "../shared/wire.js";

const NAME = "groq-core-recordings";
/** Nobody looks for a recording any more after so long. */
const FORGET_MS = 30 * 24 * 3600 * 1000;

/** @type {Promise<IDBPDatabase<Schema> | null> | undefined} */
let opening;

/** Null where the browser keeps nothing: then a recording lives in the page alone, and leaving asks first. */
const database = () => (opening ??= open().catch(() => null));

/** @returns {Promise<IDBPDatabase<Schema>>} */
async function open() {
  const { openDB } = await import("../../vendor/idb/idb.js");
  return openDB(NAME, 1, {
    upgrade(/** @type {IDBPDatabase<Schema>} */ db) {
      db.createObjectStore("recordings", { keyPath: "id" });
      db.createObjectStore("pieces", { autoIncrement: true }).createIndex("recording", "recording");
    },
  });
}

/**
 * Keep a recording that is about to be made; what fails here must not disturb it.
 *
 * @param {string} from which part of the page makes it
 * @returns {Kept}
 */
export function keep(from) {
  const id = newId();
  const held = hold(lockOf(id));
  /** @type {Promise<unknown>} */
  let last = held;
  let begun = false;
  const then = (/** @type {(db: IDBPDatabase<Schema>) => Promise<unknown>} */ act) => {
    last = last.then(async () => {
      const db = await database();
      if (db) await act(db);
    }).catch(() => {});
  };
  return {
    add(samples) {
      if (!samples.size) return;
      if (!begun) then((db) => db.put("recordings", { id, from, made: Date.now() }));
      begun = true;
      const bytes = samples.arrayBuffer();
      then(async (db) => db.add("pieces", { recording: id, samples: await bytes }));
    },
    drop() {
      then((db) => remove(db, id));
      last.then(async () => (await held)());
    },
  };
}

// As long as this page lives and does not release it, no other takes the recording for one that was left behind.
const lockOf = (/** @type {string} */ id) => `gc-recording-${id}`;

/**
 * Recordings that another page left behind; from now on they are this one's.
 *
 * @param {string} from
 * @returns {Promise<{ file: Blob, made: Date, drop: () => void }[]>}
 */
export async function findStranded(from) {
  const db = await database().catch(() => null);
  if (!db) return [];
  const held = await heldNames();
  const found = [];
  for (const { id, from: whose, made } of await db.getAll("recordings")) {
    if (held.has(lockOf(id))) continue;
    if (Date.now() - made > FORGET_MS) await remove(db, id);
    else if (whose === from) found.push(await adopt(db, id, made));
  }
  return found;
}

/**
 * @param {IDBPDatabase<Schema>} db
 * @param {string} id
 * @param {number} made
 */
async function adopt(db, id, made) {
  const release = await hold(lockOf(id));
  const parts = (await db.getAllFromIndex("pieces", "recording", id)).map(({ samples }) => new Blob([samples]));
  const length = parts.reduce((sum, { size }) => sum + size, 0);
  return { file: wavOf(parts, length), made: new Date(made), drop: () => void remove(db, id).then(release) };
}

/**
 * @param {IDBPDatabase<Schema>} db
 * @param {string} id
 */
async function remove(db, id) {
  const change = db.transaction(["recordings", "pieces"], "readwrite");
  await change.objectStore("recordings").delete(id);
  for (const key of await change.objectStore("pieces").index("recording").getAllKeys(id)) await change.objectStore("pieces").delete(key);
  await change.done;
}

/** Throw all of them away. */
export async function forgetRecordings() {
  const db = await database();
  if (!db) return;
  await db.clear("pieces");
  await db.clear("recordings");
}
