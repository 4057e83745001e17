// The Agent tab: a task, the steps it takes, every call of a tool with what it was given and what it gave.

import { announce, el, fill, hinter, iconButton, inputOf, targetOf } from "../shared/dom.js";
import { KeptRuns, isElsewhere, record, replay } from "./kept.js";
import { RunView } from "./run-view.js";
import { untilThere } from "../shared/later.js";
import { say, told } from "../shared/words.js";
import { Follower } from "../shared/scroll.js";
import { inSight, sheet, takesFiles } from "../shared/sheet.js";
import { ask, send, whyUnsent } from "../shared/wire.js";
import { opener } from "../chat/coming.js";
import { keepNoted } from "../chat/unkept.js";
import { serverFields, serversWanted } from "./servers.js";

/**
 * @import { Line, Properties, Trouble } from "../shared/types.js"
 * @import { Attached } from "../shared/user-text.js"
 *
 * @typedef {"max_steps" | "max_seconds" | "max_usd"} Limit
 * @typedef {Record<Limit, number | null>} Limits
 */

sheet("work");

const TOOLS = ["calculator", "units", "clock", "browser_search", "code_interpreter"];
const EXAMPLES = ["agent_example_1", "agent_example_2", "agent_example_3", "agent_example_4"];
const PATIENCE_MS = 20_000;
/** A run under way is kept so often: a server's store does not hear of a page that is closed. */
const KEEP_EVERY_MS = 1000;
/** A run that another device has under way is looked at so often. */
const LOOK_EVERY_MS = 5000;

const tools = new Set(["calculator", "units", "clock"]);
/** @type {Limits} */
const limits = { max_steps: 10, max_seconds: 120, max_usd: null };
/** @type {Attached[]} */
let files = [];
/** @type {Set<{ name: string, hangUp: AbortController }>} files that the server still reads */
const reading = new Set();
/** @type {AbortController | null} */
let running = null;

const list = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
const follower = new Follower(list);
const hintNode = el("span", { class: "gc-hint", role: "status" });
const hint = hinter(() => hintNode);

const kept = new KeptRuns(draw, () => running?.abort());
const composer = {
  text: () => inputOf("agent-task")?.value ?? "",
  options: () => ({}),
  adopt: (/** @type {{ draft?: string }} */ { draft = "" }) => {
    const box = inputOf("agent-task");
    if (box) fill(box, draft);
  },
  refused: hint,
  tell: hint,
};

// Its runs are kept like the conversations of the chat, whose list shows them too.
const keeper = untilThere(() => import("../chat/keeper.js").then(({ Keeper }) => Keeper.begin(kept, composer)));
keeper();

/** Show a conversation of before. */
export const openKept = opener(kept, keeper);

/** @param {HTMLElement} host */
export function showLogIn(host) {
  host.replaceChildren(list, follower.button);
  if (!list.children.length) draw();
  follower.followGrowth();
}

/**
 * What is drawn: runs that are over stay as they stand, unfolded or not, while another page goes on in their conversation.
 *
 * @type {{ id: string, over: Map<string, HTMLElement> }}
 */
let drawn = { id: "", over: new Map() };

/** Show the open conversation: the runs it has had, and the one that is under way. */
function draw() {
  const { id } = kept.tree.head;
  const before = drawn;
  drawn = { id, over: new Map() };
  const views = kept.tree.branch().map((message) => {
    if (message.role === "user") return taskView(message.text);
    const under = kept.running;
    if (under?.message === message) return under.view.element;
    const element = before.over.get(message.id) ?? replay(message, hint).element;
    if (message.state !== "writing") drawn.over.set(message.id, element);
    return element;
  });
  list.replaceChildren(...(views.length ? views : [welcome()]));
  clearInterval(looking);
  if (kept.tree.branch().some(isElsewhere)) looking = setInterval(() => void lookOn(), LOOK_EVERY_MS);
  if (before.id === id) follower.followGrowth();
  else follower.jump();
}

/** @type {ReturnType<typeof setInterval> | undefined} */
let looking;

async function lookOn() {
  if (!document.hidden && inSight("agent-task")) (await keeper()).lookAgain();
}

/** @param {string} task */
const taskView = (task) => el("section", { class: "gc-turn gc-user" }, el("div", { class: "gc-user-text", "data-role": "user", dir: "auto" }, task));

function welcome() {
  return el(
    "div",
    { class: "gc-welcome" },
    el("h2", {}, say("agent_title")),
    el("p", { class: "gc-muted" }, say("agent_text")),
    el("div", { class: "gc-suggestions" }, ...EXAMPLES.map((name) => el("button", { type: "button", class: "gc-suggestion", onclick: () => run(say(name)) }, say(name)))),
  );
}

// ── tools, files, limits ───────────────────────────────────────────────────────────────────────────

/** @param {HTMLElement} host */
export function showToolsIn(host) {
  const marks = TOOLS.map((name) => {
    const input = el("input", { type: "checkbox", "data-tool": name });
    input.checked = tools.has(name);
    input.addEventListener("change", () => (input.checked ? tools.add(name) : tools.delete(name)));
    return el("label", { class: "gc-check" }, input, el("span", {}, say(`tool_${name}`)));
  });
  const fields = [
    limit("max_steps", "limit_steps", { min: "1", max: "50", step: "1" }),
    limit("max_seconds", "limit_seconds", { min: "1", max: "600", step: "1" }),
    limit("max_usd", "limit_usd", { min: "0.0001", step: "any", placeholder: say("limit_usd_none") }),
  ];
  const input = el("input", { type: "file", multiple: true, class: "gc-offscreen", tabindex: "-1", "aria-label": say("agent_attach") });
  input.addEventListener("change", () => {
    attach([...(input.files ?? [])]);
    input.value = "";
  });
  host.replaceChildren(
    el(
      "details",
      { class: "gc-fold gc-options-fold" },
      el("summary", {}, say("agent_tools")),
      el(
        "div",
        { class: "gc-options" },
        el("div", { class: "gc-tool-list" }, ...marks),
        ...serverFields(),
        el("div", { class: "gc-options-row" }, ...fields),
        // On a phone the options lie over the page, their heading too.
        el("button", { type: "button", class: "gc-button gc-quiet gc-sheet-close", onclick: (event) => event.currentTarget.closest("details")?.removeAttribute("open") }, say("close")),
      ),
    ),
    input,
    el("button", { type: "button", class: "gc-link", id: "agent-attach", onclick: () => input.click() }, say("agent_attach")),
    attached,
    hintNode,
    el("button", { type: "button", class: "gc-link", id: "agent-clear", onclick: clear }, say("clear")),
  );
}


/**
 * @param {Limit} name
 * @param {string} label
 * @param {Properties} properties
 */
function limit(name, label, properties) {
  const input = el("input", { type: "number", inputmode: "decimal", ...properties });
  if (limits[name] !== null) input.value = String(limits[name]);
  input.addEventListener("input", () => (limits[name] = input.value === "" ? null : Number(input.value)));
  return el("label", { class: "gc-field" }, el("span", {}, say(label)), input);
}

const attached = el("span", { class: "gc-attached" });
/** Why files cannot go along, by their names: of several, each is told. @type {Map<string, string>} */
const refused = new Map();

/** @param {File[]} picked */
async function attach(picked) {
  const coming = picked.map((file) => ({ file, name: file.name, hangUp: new AbortController() }));
  for (const one of coming) {
    reading.add(one);
    refused.delete(one.name); // chosen again
  }
  showFiles();
  for (const one of coming) {
    if (reading.has(one)) await attachOne(one);
    reading.delete(one);
    showFiles();
  }
}

/** @param {{ file: File, hangUp: AbortController }} one */
async function attachOne({ file, hangUp: { signal } }) {
  try {
    const response = await send(`document?name=${encodeURIComponent(file.name)}`, { body: file, signal, headers: { "content-type": "application/octet-stream" } });
    const body = await response.json();
    if (!response.ok || body.text === undefined) return refuse(file.name, body.detail ? told(body.detail) : say("extract_nothing"));
    files = [...files.filter((one) => one.name !== body.name), { name: body.name, text: body.text }];
    if (body.notes?.length) hint(`${body.name}: ${body.notes.map(told).join(" · ")}`);
  } catch (error) {
    if (!signal.aborted) refuse(file.name, whyUnsent(error));
  }
  return undefined;
}

/**
 * @param {string} name
 * @param {string} why
 */
function refuse(name, why) {
  refused.set(name, why);
  announce(why);
}

function showFiles() {
  const chip = (/** @type {string} */ name, /** @type {string} */ words, /** @type {string} */ state, /** @type {() => void} */ remove) =>
    el("span", { class: "gc-chip", "data-state": state }, el("span", {}, words), iconButton("close", say("agent_file_remove", { name }), { onclick: () => (remove(), showFiles()) }));
  attached.replaceChildren(
    ...files.map((file) => chip(file.name, file.name, "ready", () => (files = files.filter((one) => one !== file)))),
    ...[...reading].map((one) => chip(one.name, `${one.name} ${say("picture_preparing")}`, "preparing", () => (one.hangUp.abort(), reading.delete(one)))),
    ...[...refused].map(([name, why]) => chip(name, why.includes(name) ? why : `${name}: ${why}`, "refused", () => refused.delete(name))),
  );
}

takesFiles(list, attach);

// ── running ────────────────────────────────────────────────────────────────────────────────────────

/** @param {string} wanted */
function run(wanted) {
  if (running) return hint(say("still_answering"));
  if (!wanted) return hint(say("message_empty"));
  return kept.coming.ask({ question: wanted, box: () => inputOf("agent-task"), hint, ask: () => begin(wanted) });
}

/** @param {string} wanted */
function begin(wanted) {
  if (running) return hint(say("still_answering"));
  if (reading.size) return hint(say("attachments_preparing"));
  if (refused.size) return hint(say("attachments_refused"));
  void carryOut(wanted);
  return true;
}

/** @param {string} wanted */
async function carryOut(wanted) {
  if (kept.tree.empty) list.replaceChildren();
  if (task() === wanted) fill(inputOf("agent-task"), ""); // what was pressed leaves there what was typed
  const { signal } = (running = new AbortController());
  document.body.setAttribute("data-agent", "busy");
  const messages = kept.turns;
  const turn = new RunView(() => follower.followGrowth(), hint);
  const begun = kept.begin(wanted, turn);
  list.append(taskView(wanted), turn.element);
  follower.jump();
  keep(begun, true);
  let news = false;
  const hear = (/** @type {Line} */ event) => {
    record(begun.message.events ?? [], event);
    turn.hear(event);
    news = true;
  };
  const keeping = setInterval(() => news && ((news = false), keep(begun)), KEEP_EVERY_MS);
  const body = JSON.stringify({ text: wanted, messages, tools: [...tools], ...serversWanted(), files, ...limitsInForce() });
  try {
    await ask("agent", { body, signal, patience: PATIENCE_MS, headers: { "content-type": "application/json" } }, hear);
    if (!turn.receipt) hear({ e: "error", kind: "connection", message: say("error_cut"), hint: "" });
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    if (!signal.aborted) hear({ e: "error", kind: "connection", message: error.refused ? error.message : say("error_unreachable"), hint: say("hint_unreachable") });
  }
  clearInterval(keeping);
  await turn.end(signal.aborted);
  kept.end(begun, signal.aborted);
  void keep(begun, true).then(async () => (await keeper()).settled()).then(() => kept.letGo(begun));
  running = null;
  document.body.removeAttribute("data-agent");
  if (turn.receipt) document.dispatchEvent(new CustomEvent("gc:receipt", { detail: turn.receipt }));
}

// A limit that was left empty is the usual one.
const limitsInForce = () => ({ max_steps: limits.max_steps ?? 10, max_seconds: limits.max_seconds ?? 120, max_usd: limits.max_usd });

/**
 * @param {import("./kept.js").Running} run
 * @param {boolean} [isNew] it begins, or has ended: no server knows of a run
 */
async function keep({ tree, message, answer }, isNew = false) {
  message.text = answer.data.text ?? "";
  const isOpen = tree === kept.tree;
  for (const one of [tree.message(message.parent), message]) if (one) void keepNoted(keeper, tree, one, isOpen, isNew);
  (await keeper()).head(tree);
}

// The runs so far stay in the list.
async function clear() {
  running?.abort();
  (await keeper()).fresh();
}

const task = () => inputOf("agent-task")?.value.trim() ?? "";

document.addEventListener("click", (event) => {
  if (targetOf(event)?.closest("#agent-run")) run(task());
  else if (targetOf(event)?.closest("#agent-stop")) running?.abort();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && inSight("agent-task")) running?.abort();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !targetOf(event)?.closest("#agent-task")) return;
    event.preventDefault();
    event.stopPropagation();
    run(task());
  },
  true,
);
