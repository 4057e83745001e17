// MCP servers: those the operator has set, with a token of the visitor's own, and the visitor's own where that is allowed.
// What is typed here lives in this module alone: it goes along with a run and is written nowhere.

import { el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { OWN_SERVERS, SERVERS } from "../../texts.js";

/** @typedef {{ address: string, token: string, headers: string }} OwnServer */

const MOST = 5;

/** @type {Map<string, string>} names of the operator's servers that are chosen, with the visitor's token or "" */
const offered = new Map();
/** @type {OwnServer[]} */
let own = [];

/** What goes along with a run. */
export const serversWanted = () => ({
  servers: [...offered.keys()],
  tokens: Object.fromEntries([...offered].filter(([, token]) => token.trim())),
  own_servers: own.filter((server) => server.address.trim()).map((server) => ({ address: server.address.trim(), token: server.token.trim(), headers: headersOf(server.headers) })),
});

/**
 * "NAME: VALUE" lines as an object; a line without a colon is left for the server to refuse by name.
 *
 * @param {string} text
 */
function headersOf(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => [line.split(":")[0].trim(), line.includes(":") ? line.slice(line.indexOf(":") + 1).trim() : ""]));
}

/** @returns {HTMLElement[]} */
export function serverFields() {
  if (!SERVERS.length && !OWN_SERVERS) return [];
  return [...SERVERS.map(choiceField), ...(OWN_SERVERS ? [ownFields()] : [])];
}

/**
 * A password field keeps a token from being read over a shoulder, and "off" from being offered again.
 *
 * @param {string} label
 * @param {(value: string) => void} hear
 */
const secret = (label, hear) => {
  const input = el("input", { type: "password", autocomplete: "off", spellcheck: "false", "data-secret": "", "aria-label": label, placeholder: label });
  input.addEventListener("input", () => hear(input.value));
  return input;
};

/** @param {string} name */
function choiceField(name) {
  const check = el("input", { type: "checkbox", "data-server": name });
  const token = secret(say("server_token_optional"), (value) => offered.set(name, value));
  check.checked = offered.has(name);
  token.value = offered.get(name) ?? "";
  token.hidden = !check.checked;
  check.addEventListener("change", () => {
    token.hidden = !check.checked;
    if (check.checked) offered.set(name, token.value);
    else offered.delete(name);
  });
  return el("div", { class: "gc-server" }, el("label", { class: "gc-check" }, check, el("span", {}, say("tool_server", { name }))), token);
}

function ownFields() {
  const list = el("div", { class: "gc-own-servers" });
  const add = el("button", { type: "button", class: "gc-link", id: "agent-server-add", onclick: () => grow() }, say("server_add"));
  const draw = () => {
    list.replaceChildren(...own.map((server) => ownRow(server, () => ((own = own.filter((one) => one !== server)), draw()))));
    add.hidden = own.length >= MOST;
  };
  const grow = () => {
    own.push({ address: "", token: "", headers: "" });
    draw();
    list.lastElementChild?.querySelector("input")?.focus();
  };
  draw();
  return el("div", { class: "gc-own-server-box" }, list, add, el("p", { class: "gc-muted" }, say("server_own_help")));
}

/**
 * @param {OwnServer} server
 * @param {() => void} remove
 */
function ownRow(server, remove) {
  const address = el("input", { type: "url", class: "gc-server-address", autocomplete: "off", spellcheck: "false", "data-own-server": "", "aria-label": say("server_address"), placeholder: say("server_address_example") });
  address.value = server.address;
  address.addEventListener("input", () => (server.address = address.value));
  const token = secret(say("server_token"), (value) => (server.token = value));
  token.value = server.token;
  const headers = el("textarea", { rows: "1", autocomplete: "off", spellcheck: "false", "data-own-headers": "", "aria-label": say("server_headers"), placeholder: say("server_headers") });
  headers.value = server.headers;
  headers.addEventListener("input", () => (server.headers = headers.value));
  return el("div", { class: "gc-own-server", role: "group", "aria-label": say("server_own") }, address, token, headers, iconButton("close", say("server_remove"), { onclick: remove }));
}
