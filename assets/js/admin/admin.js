// The admin page: shows what /ui/admin tells, and sends what is to be changed. Everything here is a command too.

import { send } from "../shared/wire.js";

const EVERY_MS = 5000;
const part = (name) => document.querySelector(`[data-part="${name}"]`);

/** An element; text is never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const day = (seconds) => (seconds ? new Date(seconds * 1000).toISOString().slice(0, 10) : "–");
const moment = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
const usd = (amount) => (amount >= 1 ? `$${amount.toFixed(2)}` : `$${amount.toFixed(4)}`);

/** A table; a column is [title, cell of a row, is a number]. */
function table(columns, rows, none) {
  if (!rows.length) return make("p", { class: "quiet" }, none);
  const cell = (tag, [, , number], ...content) => make(tag, { class: number ? "number" : null }, ...content);
  const head = make("tr", {}, ...columns.map((column) => cell("th", column, column[0])));
  const body = rows.map((row) => make("tr", {}, ...columns.map((column) => cell("td", column, column[1](row)))));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
}

function say(text, { wrong = false, secret = "" } = {}) {
  const said = document.getElementById("said");
  said.className = wrong ? "wrong" : "";
  said.replaceChildren(text, ...(secret ? [" ", make("code", { id: "new-key" }, secret)] : []));
}

async function change(fields) {
  const response = await send("admin", { body: JSON.stringify(fields) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) return say(String(answer.detail ?? `It could not be done (${response.status}).`), { wrong: true });
  if (answer.key) say("The new key, shown this once:", { secret: answer.key });
  else say("Done.");
  await refresh();
}

const act = (label, fields, question = "") =>
  make("button", { type: "button", onclick: () => (!question || confirm(question)) && change(fields) }, label);

function form(action, label, fields) {
  const inputs = fields.map(([name, placeholder, required]) =>
    make("input", { name, placeholder, "aria-label": placeholder, required: required ? "" : null, autocomplete: "off" }),
  );
  const submit = (event) => {
    event.preventDefault();
    change({ action, ...Object.fromEntries(new FormData(event.target)) });
    event.target.reset();
  };
  return make("form", { "data-action": action, onsubmit: submit }, ...inputs, make("button", {}, label));
}

const shows = {
  now({ mode, ready, inflight, requests, degraded, fallbacks, announcement, limits }) {
    const facts = { Mode: mode, Ready: ready ? "yes" : "no", "Asking now": inflight, Requests: requests, Fallbacks: fallbacks, Degraded: degraded, "Everybody's limits": limits || "none" };
    const list = make("dl", { class: "facts" }, ...Object.entries(facts).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value)))));
    return [list, ...(announcement === undefined ? [] : [form("announce", "Announce", [["value", announcement || "A text for everybody; empty takes it away", false]])])];
  },
  people({ people, admins }) {
    const columns = [
      ["Name", ({ name }) => name],
      ["Role", ({ name, role }) => (admins.includes(name) ? "admin (settings)" : role)],
      ["Group", ({ team }) => team || "–"],
      ["Limits", ({ limits }) => limits ?? "everybody's"],
      ["Last seen", ({ seen }) => day(seen)],
      ["", ({ name, role }) => act(role === "admin" ? "Make a user" : "Make an admin", { action: "people role", name, value: role === "admin" ? "user" : "admin" })],
      ["", ({ name }) => act("Remove", { action: "people remove", name }, `Remove ${name}, with all conversations and keys?`)],
    ];
    return [table(columns, people, "Nobody is written down yet."), form("people add", "Add", [["name", "Name", true]]), form("people limit", "Set limits", [["name", "Name, or @group", true], ["value", "20/minute, 2 usd/day", false]]), form("people group", "Set group", [["name", "Name", true], ["value", "Group", false]])];
  },
  keys({ keys }) {
    const columns = [
      ["Name", ({ name }) => name],
      ["Key", ({ start }) => `${start}…`],
      ["State", ({ state }) => state],
      ["Person", ({ person }) => person || "–"],
      ["Limits", ({ limits }) => limits ?? "–"],
      ["Last used", ({ used }) => day(used)],
      ["Expires", ({ expires }) => day(expires)],
      ["Requests", ({ requests }) => String(requests), true],
      ["Spent", (key) => usd(key.usd), true],
      ["", ({ name, state }) => (state === "active" ? act("Revoke", { action: "keys revoke", name }, `Revoke ${name}?`) : "")],
    ];
    return [table(columns, keys, "There are no keys."), form("keys create", "Create", [["name", "Name", true], ["person", "Person", false], ["value", "20/minute, 2 usd/day", false], ["expires", "90d", false]])];
  },
  spend({ spend, keys }) {
    const names = new Map(keys.map(({ id, name }) => [id, name]));
    const columns = [
      ["Day", (line) => line.day],
      ["Person", ({ person }) => person || "–"],
      ["Key", ({ key }) => names.get(key) ?? "–"],
      ["Model", ({ model }) => model],
      ["Requests", ({ requests }) => String(requests), true],
      ["From the cache", ({ cached }) => String(cached), true],
      ["Tokens in", ({ tokens_in }) => tokens_in.toLocaleString("en"), true],
      ["Tokens out", ({ tokens_out }) => tokens_out.toLocaleString("en"), true],
      ["Audio", ({ audio_s }) => (audio_s ? `${Math.round(audio_s)} s` : "–"), true],
      ["Spent", (line) => usd(line.usd), true],
    ];
    return [chart(spend), table(columns, [...spend].reverse(), "Nothing was spent.")];
  },
  targets({ targets }) {
    const columns = [
      ["Target", ({ name }) => name],
      ["State", ({ state }) => state],
      ["Asked now", ({ inflight }) => String(inflight), true],
      ["Answered", ({ answered }) => String(answered), true],
      ["Failed", ({ failed }) => String(failed), true],
      ["Limits left", ({ limits }) => limits.map((one) => `${Math.round(one.remaining)}/${one.limit} ${one.kind}`).join(", ") || "–"],
      ["Last error", ({ last_error_text }) => last_error_text ?? ""],
    ];
    return [table(columns, targets, "There is no target.")];
  },
  audit({ audit }) {
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

/** Dollars a day, as bars. */
function chart(spend) {
  const days = new Map();
  for (const { day, usd } of spend) days.set(day, (days.get(day) ?? 0) + usd);
  if (!days.size) return null;
  const most = Math.max(...days.values()) || 1;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const put = (tag, attributes, text = "") => {
    const element = document.createElementNS(svg.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    svg.append(element);
    return element;
  };
  svg.setAttribute("class", "chart");
  svg.setAttribute("viewBox", "0 0 620 120");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Dollars a day, at most ${usd(most)}`);
  put("text", { x: 0, y: 12 }, usd(most));
  [...days].forEach(([name, amount], index) => {
    const height = Math.max(1, (amount / most) * 85);
    const bar = put("rect", { x: index * 20, y: 105 - height, width: 14, height, rx: 2 });
    bar.append(Object.assign(document.createElementNS(svg.namespaceURI, "title"), { textContent: `${name}: ${usd(amount)}` }));
    put("text", { x: index * 20, y: 118 }, name.slice(8));
  });
  return svg;
}

async function refresh() {
  const response = await send("admin", { method: "GET" });
  if (!response.ok) return say(`The server answers ${response.status}.`, { wrong: true });
  const data = await response.json();
  for (const [name, show] of Object.entries(shows)) {
    const place = part(name);
    // What somebody is typing stays.
    if (place.contains(document.activeElement) && document.activeElement.matches("input")) continue;
    const known = name === "now" || name === "targets" || data.database;
    const children = known ? show(data) : [make("p", { class: "quiet" }, "There is no database: set GROQ_CORE_DATABASE.")];
    place.replaceChildren(...children.filter(Boolean));
  }

  document.documentElement.dataset.shown = "yes";
}

refresh().catch((error) => say(error.message, { wrong: true }));
setInterval(() => document.hidden || refresh().catch(() => {}), EVERY_MS);
