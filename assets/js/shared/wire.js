// From the page to its own routes: a question out, events back as they happen.

import { events } from "./sse.js";
import { say, told } from "./words.js";
import { isKept, storedKey, recallOwnKey, ownKeyHeaders, useOwnKey } from "./own-key.js";

/** @import { AskOptions, Hear, Line, OwnKey, Trouble } from "./types.js" */

const UI = new URL("../../../../", import.meta.url);
const OPEN_WITHIN_MS = 6000;
const SILENT_MS = 25_000; // a stream with heartbeats sends one every ten seconds
/** @type {Promise<string> | null} */
let pass = null;
/** The pass itself, once it has come. @type {string | null} */
let passHere = null;

/** The direct way to the server is blocked, or something on it holds streams back. */
export class DirectWayBroken extends Error {}

/**
 * Address of one of the page's routes.
 *
 * @param {string} path
 */
export const route = (path) => new URL(path, UI).href;

const KEPT_PASS = "groq-core:pass";

/** A word that only a computer could guess, as an id. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Knows this browser again after a reload and in its other tabs; where nothing is stored, this page only. */
export const visitor = visitorId();

function visitorId() {
  try {
    localStorage["gc-visitor"] ??= newId();
    return localStorage["gc-visitor"];
  } catch {
    return newId();
  }
}

/** @returns {Promise<string>} */
function newPass() {
  // The pass from before the page was loaded again makes this one the same visitor's, who finds what was left: tables.
  // Of this tab alone, unless something was left for another day.
  const old = storedPass();
  const coming = fetchPass(old ? { "x-groq-core-page": old } : {});
  pass = coming;
  passHere = null;
  coming.then(
    (given) => pass === coming && (passHere = given),
    () => (pass = null),
  );
  return coming;
}

/**
 * @param {Record<string, string>} headers
 * @returns {Promise<string>}
 */
async function fetchPass(headers) {
  const response = await fetch(route("pass"), { cache: "no-store", headers });
  if (!response.ok) throw new DirectWayBroken(`pass: ${response.status}`);
  const body = await response.json();
  keepPass(body.pass);
  return body.pass;
}

function storedPass() {
  try {
    return sessionStorage.getItem(KEPT_PASS) ?? localStorage.getItem(KEPT_PASS);
  } catch {
    return null; // storage is forbidden here
  }
}

/** @param {string} given */
function keepPass(given) {
  try {
    sessionStorage.setItem(KEPT_PASS, given);
    if (localStorage.getItem(KEPT_PASS)) localStorage.setItem(KEPT_PASS, given);
  } catch {
    // as above: the next load is another visitor's
  }
}

/**
 * Come back as the same visitor on another day, or do not any more.
 * @param {boolean} keeps
 */
export function keepForAnotherDay(keeps) {
  try {
    if (keeps) localStorage.setItem(KEPT_PASS, sessionStorage.getItem(KEPT_PASS) ?? "");
    else localStorage.removeItem(KEPT_PASS);
  } catch {
    // as above
  }
}

/** This page's pass, for what does not go through `send`. */
export const passOf = () => pass ?? newPass();

/**
 * Fetch one of the page's routes with this page's pass; a pass that has grown too old is renewed once.
 *
 * @param {string} path
 * @param {AskOptions} [options]
 * @param {boolean} [again]
 * @returns {Promise<Response>}
 */
export async function send(path, options = {}, again = true) {
  let response;
  const { signal, body } = options;
  if (signal?.aborted) throw new DOMException("stopped", "AbortError");
  if (body instanceof File) await orHungUp(signal, assertReadable(body));
  // Where nothing has to be waited for it is on its way when this returns: what else there is to do, and to draw, comes after.
  if (ready) await orHungUp(signal, ready);
  try {
    const known = { ...ownKeyHeaders(), "x-groq-core-visitor": visitor, "x-groq-core-page": passHere ?? (await orHungUp(signal, pass ?? newPass())) };
    const headers = { ...options.headers, ...known };
    response = await fetch(route(path), { method: "POST", cache: "no-store", ...options, headers });
  } catch (thrown) {
    const error = /** @type {Error} */ (thrown);
    if (error.name === "AbortError" || error instanceof DirectWayBroken) throw error;
    throw new DirectWayBroken(error.message);
  }
  if (response.status === 403 && again) {
    pass = passHere = null;
    return send(path, options, false);
  }
  // The server holds keys in memory only: one that was started anew is shown the key again, where it is known here.
  if (response.status === 401 && again && options.ownKey !== false) {
    const plain = recallOwnKey();
    if (plain && (await orHungUp(signal, showKey(plain, isKept()))).handle) return send(path, options, false);
  }
  return response;
}

/**
 * The same for what somebody pressed, where all but a good answer is in vain.
 *
 * @param {string} path
 * @param {AskOptions} [options]
 * @returns {Promise<Response>}
 * @throws {Trouble} the server refused, or cannot be reached; see `whyUnsent`
 */
export async function demand(path, options) {
  const response = await send(path, options);
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Whether somebody's press came to nothing, for a reason that `whyUnsent` tells. @param {unknown} error */
export const isUnsent = (error) => error instanceof DirectWayBroken || Boolean(/** @type {Trouble | null} */ (error)?.refused);

// Of what cannot be read, a browser says that the network has failed.
/**
 * @param {File} file
 * @throws {Trouble} for people: a folder that was dropped, or a file that was moved or is forbidden by now
 */
export async function assertReadable(file) {
  // One that is gone has no size: of that a piece is empty, and empty pieces are not read.
  const some = file.size ? file.slice(0, 1) : file;
  await some.arrayBuffer().catch(() => {
    throw Object.assign(new Error(say("file_unreadable", { name: file.name })), { refused: true });
  });
}

/**
 * Why something could not be sent, for people.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function whyUnsent(error) {
  const { refused, message } = /** @type {Trouble} */ (error);
  return refused ? message : say("error_unreachable");
}

/**
 * What is waited for before something can be sent, unless somebody hangs up first: they do not wait for it too.
 *
 * @template T
 * @param {AbortSignal | null | undefined} signal
 * @param {T | Promise<T>} coming
 * @returns {Promise<T>}
 * @throws {DOMException} an `AbortError`, as of a fetch that is hung up on
 */
export function orHungUp(signal, coming) {
  if (!signal) return Promise.resolve(coming);
  return new Promise((resolve, reject) => {
    const leave = () => reject(new DOMException("stopped", "AbortError"));
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    const forget = () => signal.removeEventListener("abort", leave);
    Promise.resolve(coming).then(resolve, reject).finally(forget);
  });
}

/**
 * Show the server a visitor's own key, in a header; it asks Groq about it, and from now on it asks with it.
 *
 * @returns {Promise<{handle?: string, ending?: string, detail?: string}>} `detail` says why it was not taken
 * @param {string} plain
 * @param {boolean} keep
 */
export async function showKey(plain, keep) {
  const headers = { "x-groq-core-key": plain, "x-groq-core-page": await (pass ?? newPass()) };
  const response = await fetch(route("own-key"), { method: "POST", cache: "no-store", headers });
  const body = await response.json();
  if (response.ok) useOwnKey(/** @type {OwnKey} */ (body), plain, keep);
  return body;
}

/**
 * Ask, and hand every event to `heard` as it arrives. Resolves when the stream ends.
 *
 * @param {string} path a route under /ui
 * @param {AskOptions} options its signal hangs up, and the server then hangs up upstream unless it logs the answer
 * @param {Hear} heard
 * @throws {DirectWayBroken} before anything was heard; asking by another way is safe then
 */
export async function ask(path, options, heard) {
  const hangUp = new AbortController();
  const leave = () => hangUp.abort();
  if (options.signal?.aborted) leave(); // before it was sent
  options.signal?.addEventListener("abort", leave);
  let opened = false;
  let enough = false;
  const quit = () => {
    enough = true;
    leave();
  };
  let alive = performance.now();
  const watch = options.heartbeat ? setInterval(() => performance.now() - alive > SILENT_MS && hangUp.abort(), 5000) : undefined;
  const impatient = setTimeout(() => !opened && hangUp.abort(), options.patience ?? OPEN_WITHIN_MS);
  try {
    const response = await send(path, { ...options, signal: hangUp.signal });
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) throw await refusal(response);
    for await (const event of events(response.body, () => (alive = performance.now()))) {
      if (!opened) options.opened?.(response, quit);
      opened = true;
      const line = /** @type {Line} */ (event);
      if (line.e !== "open") heard(line);
    }
    if (!opened) throw new DirectWayBroken("nothing came");
  } catch (error) {
    if (enough) return;
    if (!opened && hangUp.signal.aborted && !options.signal?.aborted) throw new DirectWayBroken("held back on the way");
    throw error;
  } finally {
    clearInterval(watch);
    clearTimeout(impatient);
    options.signal?.removeEventListener("abort", leave);
  }
}

/**
 * What a proxy on the way says when it is not the page's server that answers.
 *
 * @type {Record<number, string>}
 */
const PROXY_SAYS = { 413: "error_413", 429: "error_429", 502: "error_502", 503: "error_503", 504: "error_504" };

/**
 * @param {Response} response
 * @returns {Promise<Trouble>}
 */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  if (!body && response.status in PROXY_SAYS) {
    return Object.assign(new Error(say(PROXY_SAYS[response.status])), { refused: true, status: response.status });
  }
  if (body && response.status !== 404 && response.status !== 405) {
    return Object.assign(new Error(body.detail ? told(body.detail) : `HTTP ${response.status}`), { refused: true });
  }
  return Object.assign(new DirectWayBroken(`HTTP ${response.status}`), { status: response.status });
}

newPass();

// A key kept in this browser is shown before the first question, which must not go with the server's.
const kept = storedKey();
/** @type {Promise<unknown> | null} */
let ready = kept ? showKey(kept, true).catch(() => {}) : null;
ready?.then(() => (ready = null));
