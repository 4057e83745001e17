// The admin page: shows what /ui/admin tells, and sends what is to be changed. Everything here is a command too.

import { el as make, find, findAll } from "../shared/dom.js";
import { count } from "../shared/formats.js";
import { DirectWayBroken, send } from "../shared/wire.js";
import { language, told } from "../shared/words.js";

/**
 * @typedef {{ person: string, user: string, operation: string, model: string, since: number }} Asking somebody who asks now
 * @typedef {{ at: number, address: string, person: string, way: string }} RefusedSignIn
 *
 * @import { Child } from "../shared/types.js"
 * @import { TargetStatus } from "../status/types.js"
 *
 * @typedef {{ name: string, role: string, team?: string | null, limits?: string | null, seen?: number | null }} Person
 *
 * @typedef {object} Key
 * @property {string} id
 * @property {string} name
 * @property {string} start its first characters
 * @property {string} state
 * @property {string | null} [person]
 * @property {string | null} [limits]
 * @property {number | null} [used]
 * @property {number | null} [expires]
 * @property {number} requests
 * @property {number} usd
 *
 * @typedef {object} Spend what one person, key and model used on one day
 * @property {string} day
 * @property {string | null} [person]
 * @property {string | null} [key]
 * @property {string} model
 * @property {number} requests
 * @property {number} cached
 * @property {number} tokens_in
 * @property {number} tokens_out
 * @property {number} audio_s
 * @property {number} usd
 *
 * @typedef {{ at: number, who: string, action: string, subject: string, detail: string }} Deed
 *
 * @typedef {object} Overview everything an admin sees (ui/admin.py)
 * @property {string} mode
 * @property {boolean} ready
 * @property {number} inflight
 * @property {number} requests
 * @property {number} degraded
 * @property {number} fallbacks
 * @property {TargetStatus[]} targets
 * @property {string} limits
 * @property {boolean} database
 * @property {Asking[]} asking
 * @property {RefusedSignIn[]} sign_ins
 * @property {string} [announcement]
 * @property {Person[]} people what follows is there where there is a database
 * @property {{ name: string, limits: string | null }[]} groups
 * @property {Key[]} keys
 * @property {Spend[]} spend
 * @property {Deed[]} audit
 * @property {string[]} admins
 */

const SVG = "http://www.w3.org/2000/svg";
const EVERY_MS = 5000;
/** This page's words in another language, by the words themselves: nobody else needs them. @type {Record<string, string>} */
const OTHER = language === "en" ? {} : (await import("../../texts-admin-de.js")).default;

/**
 * @param {string} english with the names of what is filled in between braces
 * @param {Record<string, unknown>} [values]
 */
const words = (english, values = {}) => (OTHER[english] ?? english).replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

const UNREACHABLE = words("The server cannot be reached.");
const part = (/** @type {string} */ name) => find(`[data-part="${name}"]`);

const day = (/** @type {number | null | undefined} */ seconds) => (seconds ? new Date(seconds * 1000).toISOString().slice(0, 10) : "–");
const moment = (/** @type {number} */ seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const usd = (/** @type {number} */ amount) => (amount >= 1 ? `$${amount.toFixed(2)}` : `$${amount.toFixed(4)}`);

/**
 * A table; a column is its title, the cell of a row, and whether it is a number.
 *
 * @template Row
 * @param {[title: string, content: (row: Row) => Child, number?: boolean][]} columns
 * @param {Row[]} rows
 * @param {string} none what to say where there are no rows
 */
function table(columns, rows, none) {
  if (!rows.length) return make("p", { class: "quiet" }, words(none));
  const cell = (/** @type {"th" | "td"} */ tag, /** @type {boolean | undefined} */ number, /** @type {Child} */ content) => make(tag, { class: number ? "number" : null }, content);
  const head = make("tr", {}, ...columns.map(([title, , number]) => cell("th", number, words(title))));
  const body = rows.map((row) => make("tr", {}, ...columns.map(([, content, number]) => cell("td", number, content(row)))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

/**
 * @param {string} text
 * @param {{ wrong?: boolean, secret?: string }} [given]
 */
function say(text, { wrong = false, secret = "" } = {}) {
  const said = document.getElementById("said");
  if (!said) return;
  said.className = wrong ? "wrong" : "";
  said.replaceChildren(text, ...(secret ? [" ", make("code", { id: "new-key" }, secret)] : []));
}

/**
 * @param {Record<string, unknown>} fields
 * @param {HTMLFormElement} [form] emptied when it is done, and not before: what was refused is mended, not typed again
 */
async function change(fields, form) {
  const response = await send("admin", { body: JSON.stringify(fields) }).catch(() => null);
  if (!response) return say(UNREACHABLE, { wrong: true });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) return say(answer.detail ? told(String(answer.detail)) : words("It could not be done ({status}).", { status: response.status }), { wrong: true });
  form?.reset();
  if (answer.key) say(words("The new key, shown this once:"), { secret: answer.key });
  else say(words("Done."));
  await look();
}

/**
 * @param {string} label
 * @param {Record<string, unknown>} fields
 * @param {string} [question] to be answered before
 */
const act = (label, fields, question = "") =>
  make("button", { type: "button", onclick: () => (!question || confirm(question)) && change(fields) }, words(label));

/**
 * @param {string} action
 * @param {string} label
 * @param {[name: string, placeholder: string, required: boolean][]} fields
 */
function form(action, label, fields) {
  const inputs = fields.map(([name, placeholder, required]) =>
    make("input", { name, placeholder: words(placeholder), type: name === "password" ? "password" : "text", "aria-label": words(placeholder), required: required ? "" : null, autocomplete: name === "password" ? "new-password" : "off" }),
  );
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    change({ action, ...Object.fromEntries(new FormData(made)) }, made);
  };
  /** @type {HTMLFormElement} */
  const made = make("form", { "data-action": action, onsubmit: submit }, ...inputs, make("button", {}, words(label)));
  return made;
}

/** @typedef {{ [Key in "now" | "people" | "keys" | "spend" | "sign_ins" | "targets" | "audit"]: (data: Overview) => (HTMLElement | SVGElement | null)[] }} Parts */

/** @type {Parts} */
const shows = {
  now({ mode, ready, inflight, requests, degraded, fallbacks, announcement, limits, asking, keys }) {
    const facts = { Mode: words(mode), Ready: words(ready ? "yes" : "no"), "Asking now": inflight, Requests: requests, Fallbacks: fallbacks, Degraded: degraded, "Everybody's limits": limits || words("none") };
    const list = make("dl", { class: "facts" }, ...Object.entries(facts).map(([name, value]) => make("div", {}, make("dt", {}, words(name)), make("dd", {}, String(value)))));
    const names = new Map((keys ?? []).map(({ id, name }) => [`key:${id}`, name]));
    /** @type {[string, (one: Asking) => Child, boolean?][]} */
    const columns = [
      ["Asking now", ({ person, user }) => person || names.get(user) || user],
      ["What", ({ operation }) => operation],
      ["Of", ({ model }) => model],
      ["For", ({ since }) => `${Math.max(0, Math.round(Date.now() / 1000 - since))} s`, true],
    ];
    return [list, table(columns, asking, "Nobody is asking now."), ...(announcement === undefined ? [] : [form("announce", "Announce", [["value", announcement || "A text for everybody; empty takes it away", false]])])];
  },
  people({ people, admins, groups }) {
    /** @type {[string, (person: Person) => Child, boolean?][]} */
    const columns = [
      ["Name", ({ name }) => name],
      ["Role", ({ name, role }) => words(admins.includes(name) ? "admin (settings)" : role)],
      ["Group", ({ team }) => team || "–"],
      ["Limits", ({ limits }) => limits ?? words("everybody's")],
      ["Last seen", ({ seen }) => day(seen)],
      ["", ({ name, role }) => act(role === "admin" ? "Make a user" : "Make an admin", { action: "people role", name, value: role === "admin" ? "user" : "admin" })],
      ["", ({ name }) => act("Remove", { action: "people remove", name }, words("Remove {name}, with all conversations and keys?", { name }))],
    ];
    /** @type {[string, (group: { name: string, limits: string | null }) => Child][]} */
    const ofGroups = [
      ["Group", ({ name }) => name],
      ["Limits together", ({ limits }) => limits ?? "–"],
    ];
    return [table(columns, people, "Nobody is written down yet."), ...(groups.length ? [table(ofGroups, groups, "")] : []), form("people add", "Add", [["name", "Name", true], ["password", "Password, or none", false]]), form("people password", "Set password", [["name", "Name", true], ["password", "At least 8 characters", true]]), form("people limit", "Set limits", [["name", "Name, or @group", true], ["value", "20/minute, 2 usd/day", false]]), form("people group", "Set group", [["name", "Name", true], ["value", "Group", false]])];
  },
  keys({ keys }) {
    /** @type {[string, (key: Key) => Child, boolean?][]} */
    const columns = [
      ["Name", ({ name }) => name],
      ["Key", ({ start }) => `${start}…`],
      ["State", ({ state }) => words(state)],
      ["Person", ({ person }) => person || "–"],
      ["Limits", ({ limits }) => limits ?? "–"],
      ["Last used", ({ used }) => day(used)],
      ["Expires", ({ expires }) => day(expires)],
      ["Requests", ({ requests }) => String(requests), true],
      ["Spent", (key) => usd(key.usd), true],
      ["", ({ name, state }) => (state === "active" ? act("Revoke", { action: "keys revoke", name }, words("Revoke {name}?", { name })) : "")],
    ];
    return [table(columns, keys, "There are no keys."), form("keys create", "Create", [["name", "Name", true], ["person", "Person", false], ["value", "20/minute, 2 usd/day", false], ["expires", "90d", false]])];
  },
  spend({ spend, keys }) {
    const names = new Map(keys.map(({ id, name }) => [id, name]));
    /** @type {[string, (line: Spend) => Child, boolean?][]} */
    const columns = [
      ["Day", (line) => line.day],
      ["Person", ({ person }) => person || "–"],
      ["Key", ({ key }) => names.get(key ?? "") ?? "–"],
      ["Model", ({ model }) => model],
      ["Requests", ({ requests }) => String(requests), true],
      ["From the cache", ({ cached }) => String(cached), true],
      ["Tokens in", ({ tokens_in }) => count(tokens_in), true],
      ["Tokens out", ({ tokens_out }) => count(tokens_out), true],
      ["Audio", ({ audio_s }) => (audio_s ? `${Math.round(audio_s)} s` : "–"), true],
      ["Spent", (line) => usd(line.usd), true],
    ];
    return [chart(spend), table(columns, [...spend].reverse(), "Nothing was spent.")];
  },
  sign_ins({ sign_ins }) {
    /** @type {[string, (one: RefusedSignIn) => Child][]} */
    const columns = [
      ["When (UTC)", ({ at }) => moment(at)],
      ["From", ({ address }) => address || "–"],
      ["Person", ({ person }) => person || words("nobody of that name")],
      ["By", ({ way }) => way],
    ];
    return [table(columns, sign_ins, "None was refused.")];
  },
  targets({ targets }) {
    /** @type {[string, (target: TargetStatus) => Child, boolean?][]} */
    const columns = [
      ["Target", ({ name }) => name],
      ["State", ({ state }) => words(state)],
      ["Asked now", ({ inflight }) => String(inflight), true],
      ["Answered", ({ answered }) => String(answered), true],
      ["Failed", ({ failed }) => String(failed), true],
      ["Limits left", ({ limits }) => limits.map((one) => `${Math.round(one.remaining)}/${one.limit} ${words(one.kind)}`).join(", ") || "–"],
      ["Last error", ({ last_error_text }) => told(last_error_text ?? "")],
    ];
    return [table(columns, targets, "There is no target.")];
  },
  audit({ audit }) {
    /** @type {[string, (deed: Deed) => Child][]} */
    const columns = [
      ["When (UTC)", ({ at }) => moment(at)],
      ["Who", ({ who }) => who],
      ["What", ({ action }) => action],
      ["Whom", ({ subject }) => subject],
      ["", ({ detail }) => detail],
    ];
    return [table(columns, audit, "Nothing was changed.")];
  },
};

/** Dollars a day, as bars. @param {Spend[]} spend */
function chart(spend) {
  /** @type {Map<string, number>} */
  const days = new Map();
  for (const { day, usd } of spend) days.set(day, (days.get(day) ?? 0) + usd);
  if (!days.size) return null;
  const most = Math.max(...days.values()) || 1;
  const svg = document.createElementNS(SVG, "svg");
  const put = (/** @type {string} */ tag, /** @type {Record<string, number>} */ attributes, text = "") => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    element.textContent = text;
    svg.append(element);
    return element;
  };
  svg.setAttribute("class", "chart");
  svg.setAttribute("viewBox", "0 0 620 120");
  svg.setAttribute("preserveAspectRatio", "xMinYMid meet");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", words("Dollars a day, at most {most}", { most: usd(most) }));
  put("text", { x: 0, y: 12 }, usd(most));
  [...days].forEach(([name, amount], index) => {
    const height = Math.max(1, (amount / most) * 85);
    const bar = put("rect", { x: index * 20, y: 105 - height, width: 14, height, rx: 2 });
    bar.append(Object.assign(document.createElementNS(SVG, "title"), { textContent: `${name}: ${usd(amount)}` }));
    put("text", { x: index * 20, y: 118 }, name.slice(8));
  });
  return svg;
}

const inputsIn = (/** @type {HTMLElement} */ place) => [...place.querySelectorAll("input")];
const nameOf = (/** @type {HTMLInputElement} */ input) => `${input.form?.dataset.action} ${input.name}`;

async function refresh() {
  const response = await send("admin", { method: "GET" });
  if (!response.ok) throw new Error(words("The server answers {status}.", { status: response.status }));
  /** @type {Overview} */
  const data = await response.json();
  for (const [name, show] of Object.entries(shows)) {
    const place = part(name);
    if (!place) continue;
    // What somebody is typing stays.
    if (place.contains(document.activeElement) && document.activeElement?.matches("input")) continue;
    const known = ["now", "targets", "sign_ins"].includes(name) || data.database;
    const children = known ? show(data) : [make("p", { class: "quiet" }, words("There is no database: set GROQ_CORE_DATABASE."))];
    const typed = new Map(inputsIn(place).map((input) => [nameOf(input), input.value]));
    place.replaceChildren(...children.filter((child) => child !== null));
    for (const input of inputsIn(place)) input.value = typed.get(nameOf(input)) ?? "";
  }

  document.documentElement.dataset.shown = "yes";
}

// In a line of its own: what was said of a deed stays, such as a key that is shown but once.
async function look() {
  const stale = document.getElementById("stale");
  const why = await refresh().then(
    () => "",
    (error) => `${words("What stands here may be old.")} ${error instanceof DirectWayBroken ? UNREACHABLE : error.message}`,
  );
  if (stale) stale.textContent = why;
}

// The frame comes from the server, in English.
for (const one of findAll("title, h1, h2, nav a, [data-word]")) one.textContent = words(one.textContent ?? "");
look();
setInterval(() => document.hidden || look(), EVERY_MS);
