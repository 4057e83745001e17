// What is left of this visitor's limits, and the way out where somebody is signed in.

import { el, iconButton, setAttribute, setText } from "../shared/dom.js";
import { count, dollars, wholeSeconds } from "../shared/formats.js";
import { say } from "../shared/words.js";
import { route, send } from "../shared/wire.js";
import { LIMITED, SIGN_IN } from "../../texts.js";

/**
 * @typedef {object} Limit what one person may use
 * @property {"requests" | "usd"} kind
 * @property {string} window
 * @property {number} limit
 * @property {number} used
 * @property {number} remaining
 * @property {number} resets_in_s
 *
 * @typedef {{ person: string, limits: Limit[] }} Account
 */

/** Below this share of a limit the page says so in a colour. */
export const LOW = 0.15;

const left = el("button", { type: "button", id: "limits-left", class: "gc-pill gc-limits-left", hidden: true, title: say("limits_help") });
const out = iconButton("leave", say("sign_out"), { id: "sign-out", hidden: true, onclick: signOut });
const signIn = signInLink("sign-in", "gc-pill");
const who = el("button", { type: "button", id: "signed-in", class: "gc-pill", hidden: true });
/** @type {Account} */
const known = { person: "", limits: [] };
/** @type {Set<(account: Account) => void>} whoever shows them elsewhere too */
const seen = new Set();

if (LIMITED) {
  setTimeout(look); // after what the page begins with
  document.addEventListener("gc:receipt", look);
}

/** What is left, for the top row; a click opens the settings. @param {() => void} openSettings */
export function limitsLeft(openSettings) {
  left.onclick = openSettings;
  return left;
}

/** The way out, for the tools in the top row. */
export const signOutButton = () => out;

/**
 * Who is signed in, or the way in where people may sign in but need not; a click on the name opens the settings.
 *
 * @param {() => void} openSettings
 */
export function personInTopRow(openSettings) {
  who.onclick = openSettings;
  return [signIn, who];
}

/**
 * The way in. In a frame of another site the browser keeps no cookies: there, in a tab of its own.
 *
 * @param {string} id
 * @param {string} look
 */
export function signInLink(id, look) {
  const href = SIGN_IN ? new URL(`../${SIGN_IN}`, route("")).href : null;
  return el("a", { id, class: look, hidden: true, href, target: window.top === window ? null : "_blank" }, say("sign_in_hf"));
}

/** There is a way in, and nobody has taken it. */
export const maySignIn = () => Boolean(SIGN_IN) && !known.person;

/** Call with what is known now, and whenever it changes. @param {(account: Account) => void} show */
export function watchAccount(show) {
  seen.add(show);
  show(known);
}

async function look() {
  try {
    const response = await send("limits", { method: "GET" });
    if (response.ok) Object.assign(known, await response.json());
  } catch {
    return; // what was known stays
  }
  const least = known.limits.toSorted((a, b) => share(a) - share(b))[0];
  left.hidden = !least;
  setText(left, least ? inWords(least) : "");
  setAttribute(left, "data-low", least && share(least) < LOW ? "yes" : null);
  out.hidden = !known.person;
  signIn.hidden = !maySignIn();
  who.hidden = !known.person;
  setText(who, known.person);
  setAttribute(out, "title", known.person ? `${say("signed_in_as", { name: known.person })}: ${say("sign_out")}` : null);
  for (const show of seen) show(known);
}

export const share = (/** @type {Limit} */ limit) => limit.remaining / limit.limit;

/** `38 of 50 today`. @param {Limit} limit */
export function inWords(limit) {
  const number = limit.kind === "usd" ? dollars : count;
  return say(`limits_used_${limit.kind}`, { used: number(limit.used), limit: number(limit.limit), window: say(`within_${limit.window}`) });
}

/** When nothing of it is used any more. @param {Limit} limit */
export const resetInWords = (limit) => say("limits_reset", { s: wholeSeconds(limit.resets_in_s) });

export async function signOut() {
  try {
    await fetch(new URL("../logout", route("x")), { method: "POST", cache: "no-store", redirect: "manual" });
  } finally {
    location.reload();
  }
}
