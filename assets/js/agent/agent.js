// The Agent tab: a task, the steps it takes, every call of a tool with what it was given and what it gave.

import { Answer } from "../shared/answer.js";
import { announce, el, fill, hinter, iconButton, inputOf, setText } from "../shared/dom.js";
import { receiptView } from "../shared/receipt.js";
import { seconds } from "../shared/formats.js";
import { say } from "../shared/words.js";
import { Follower } from "../shared/scroll.js";
import { inSight, sheet, takesFiles } from "../shared/sheet.js";
import { ask, send } from "../shared/wire.js";
import { serverFields, serversWanted } from "./servers.js";

sheet("work");

const TOOLS = ["calculator", "units", "clock", "browser_search", "code_interpreter"];
const EXAMPLES = ["agent_example_1", "agent_example_2", "agent_example_3", "agent_example_4"];
const PATIENCE_MS = 20_000;

const chosen = { tools: new Set(["calculator", "units", "clock"]), max_steps: 10, max_seconds: 120, max_usd: null };
/** @type {{name: string, text: string}[]} */
let files = [];
let messages = [];
let running = null;

const list = el("div", { class: "gc-turns", role: "log", "aria-label": say("conversation"), tabindex: "0" });
const follower = new Follower(list);
const hintNode = el("span", { class: "gc-hint", role: "status" });
const hint = hinter(() => hintNode);

export function showLogIn(host) {
  host.replaceChildren(list, follower.button);
  if (!list.children.length) list.replaceChildren(welcome());
  follower.grown();
}

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

export function showToolsIn(host) {
  const tools = TOOLS.map((name) => {
    const input = el("input", { type: "checkbox", "data-tool": name });
    input.checked = chosen.tools.has(name);
    input.addEventListener("change", () => (input.checked ? chosen.tools.add(name) : chosen.tools.delete(name)));
    return el("label", { class: "gc-check" }, input, el("span", {}, say(`tool_${name}`)));
  });
  const limits = [
    limit("max_steps", "limit_steps", { min: "1", max: "50", step: "1" }),
    limit("max_seconds", "limit_seconds", { min: "1", max: "600", step: "1" }),
    limit("max_usd", "limit_usd", { min: "0.0001", step: "any", placeholder: say("limit_usd_none") }),
  ];
  const input = el("input", { type: "file", multiple: true, class: "gc-offscreen", tabindex: "-1", "aria-label": say("agent_attach") });
  input.addEventListener("change", () => {
    attach([...input.files]);
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
        el("div", { class: "gc-tool-list" }, ...tools),
        ...serverFields(),
        el("div", { class: "gc-options-row" }, ...limits),
        // On a phone the options lie over the page, their heading too.
        el("button", { type: "button", class: "gc-button gc-quiet gc-sheet-close", onclick: (event) => (event.target.closest("details").open = false) }, say("close")),
      ),
    ),
    input,
    el("button", { type: "button", class: "gc-link", id: "agent-attach", onclick: () => input.click() }, say("agent_attach")),
    attached,
    hintNode,
    el("button", { type: "button", class: "gc-link", id: "agent-clear", onclick: clear }, say("clear")),
  );
}

function limit(name, label, properties) {
  const input = el("input", { type: "number", inputmode: "decimal", ...properties });
  if (chosen[name] !== null) input.value = chosen[name];
  input.addEventListener("input", () => (chosen[name] = input.value === "" ? null : Number(input.value)));
  return el("label", { class: "gc-field" }, el("span", {}, say(label)), input);
}

const attached = el("span", { class: "gc-attached" });

async function attach(picked) {
  for (const file of picked) {
    try {
      const response = await send(`document?name=${encodeURIComponent(file.name)}`, { body: file, headers: { "content-type": "application/octet-stream" } });
      const body = await response.json();
      if (!response.ok || body.text === undefined) hint(body.detail ?? say("extract_nothing"));
      else {
        files = [...files.filter((one) => one.name !== body.name), { name: body.name, text: body.text }];
        if (body.notes?.length) hint(`${body.name}: ${body.notes.join(" · ")}`);
      }
    } catch {
      hint(say("error_unreachable"));
    }
  }
  showFiles();
}

function showFiles() {
  attached.replaceChildren(
    ...files.map((file) =>
      el("span", { class: "gc-chip" }, file.name, iconButton("close", say("agent_file_remove", { name: file.name }), { onclick: () => ((files = files.filter((one) => one !== file)), showFiles()) })),
    ),
  );
}

takesFiles(document.body, (dropped) => document.querySelector("#agent-log")?.offsetParent && attach(dropped));

// ── running ────────────────────────────────────────────────────────────────────────────────────────

async function run(task) {
  if (running) return hint(say("still_answering"));
  if (!task) return hint(say("message_empty"));
  if (!messages.length) list.replaceChildren();
  fill(inputOf("agent-task"), "");
  running = new AbortController();
  document.body.setAttribute("data-agent", "busy");
  list.append(el("section", { class: "gc-turn gc-user" }, el("div", { class: "gc-user-text", "data-role": "user" }, task)));
  const turn = new Run(() => follower.grown());
  list.append(turn.element);
  follower.jump();
  const { tools, ...limits } = chosen;
  const body = JSON.stringify({ text: task, messages, tools: [...tools], ...serversWanted(), files, ...defaults(limits) });
  try {
    await ask("agent", { body, signal: running.signal, patience: PATIENCE_MS, headers: { "content-type": "application/json" } }, (event) => turn.hear(event));
    if (!turn.receipt) turn.hear({ e: "error", message: say("error_cut"), hint: "" });
  } catch (error) {
    if (!running.signal.aborted) turn.hear({ e: "error", message: error.refused ? error.message : say("error_unreachable"), hint: say("hint_unreachable") });
  }
  await turn.end(running.signal.aborted);
  if (turn.ended) messages = turn.ended.messages;
  running = null;
  document.body.removeAttribute("data-agent");
  if (turn.receipt) document.dispatchEvent(new CustomEvent("gc:receipt", { detail: turn.receipt }));
}

// A limit that was left empty is the usual one.
const defaults = (limits) => ({ max_steps: limits.max_steps ?? 10, max_seconds: limits.max_seconds ?? 120, max_usd: limits.max_usd });

function clear() {
  running?.abort();
  messages = [];
  list.replaceChildren(welcome());
  announce(say("cleared"));
}

/** One run on the page: its steps, each an answer and the calls it made. */
class Run {
  constructor(painted) {
    this.painted = painted;
    this.calls = new Map();
    this.receipt = null;
    this.ended = null;
    this.error = null;
    this.element = el("section", { class: "gc-turn gc-run" });
    this.#step();
  }

  hear(event) {
    if (event.e === "step_started") {
      if (event.step > 1) this.#step(event.step);
    } else if (event.e === "tool_started" || event.e === "approval_asked") this.#started(event);
    else if (event.e === "tool_finished") this.#finished(event);
    else if (event.e === "run_ended") this.ended = event;
    else if (event.e === "receipt") this.receipt = event;
    else if (event.e === "error") this.error = event;
    else this.answer.hear(event);
    this.painted();
  }

  #step(number = 1) {
    if (this.answer) settle(this.answer);
    this.answer = new Answer({ painted: this.painted });
    this.slot = el("div", { class: "gc-calls" });
    this.element.append(el("div", { class: "gc-step" }, el("span", { class: "gc-step-number", title: say("agent_step", { n: number }) }, String(number)), el("div", { class: "gc-step-body" }, this.answer.element, this.slot)));
  }

  #started(event) {
    this.answer.story.hidden = true;
    const asks = event.e === "approval_asked";
    const known = this.calls.get(event.call);
    if (known) return known.state("runs");
    const call = new CallView(event, asks ? "asks" : "runs");
    this.calls.set(event.call, call);
    this.slot.append(call.element);
    if (asks) call.ask(event);
  }

  #finished(event) {
    this.calls.get(event.call)?.finish(event);
  }

  async end(stopped) {
    for (const call of this.calls.values()) call.abandon();
    const last = this.answer;
    if (this.error) last.error = this.error;
    await last.end({ stopped });
    const reason = this.ended && this.ended.reason !== "answered" ? say(`ended_${this.ended.reason}`, { n: this.ended.steps }) : "";
    if (reason) this.element.append(el("p", { class: "gc-ended" }, reason));
    if (!this.receipt) return this.painted();
    const steps = this.ended?.steps ?? 0;
    const took = seconds(this.ended?.elapsed_s ?? 0);
    const facts = steps ? el("span", { class: "gc-muted" }, steps === 1 ? say("agent_one_step", { s: took }) : say("agent_steps_done", { n: steps, s: took })) : null;
    this.element.append(el("div", { class: "gc-bar-row gc-run-bar" }, facts, receiptView(this.receipt, { shownTokensPerS: null })));
    this.painted();
  }
}

// A step between others: its text stands, its calls follow, and the receipt comes once, at the end.
function settle(answer) {
  answer.state = "done";
  answer.story.hidden = true;
  if (!answer.text) answer.body.hidden = true;
  answer.view.end();
}

class CallView {
  constructor(event, state) {
    this.mark = el("span", { class: "gc-call-state" });
    this.result = el("pre", { tabindex: "0" });
    this.given = el("pre", { tabindex: "0" }, indented(event.arguments));
    this.scrollHint = el("b", { class: "gc-call-scroll", hidden: true }, say("call_scroll"));
    this.resultBox = el("div", { hidden: true }, el("h4", {}, say("call_result")), this.result);
    this.element = el(
      "details",
      { class: "gc-call", "data-call": event.name },
      el("summary", {}, el("b", {}, event.name), el("code", { class: "gc-call-brief" }, brief(event.arguments)), event.hosted ? el("small", {}, say("call_hosted")) : null, this.mark),
      el("div", { class: "gc-call-body" }, el("h4", {}, say("call_arguments")), this.given, this.resultBox),
    );
    this.state(state);
  }

  state(state, words = say(`call_${state}`)) {
    this.element.dataset.state = state;
    setText(this.mark, words);
  }

  /** Ask whether it may be called. Refuse has the focus: what happens by mistake should be harmless. */
  ask(event) {
    const word = (agreed) => () => {
      question.remove();
      this.state(agreed ? "runs" : "asks");
      giveWord(event.approval, agreed).then((said) => said || hint(say("call_waits_no_more")));
    };
    const refuse = el("button", { type: "button", class: "gc-chip", "data-word": "refuse", onclick: word(false) }, say("call_refuse"));
    const allow = el("button", { type: "button", class: "gc-chip gc-allow", "data-word": "allow", onclick: word(true) }, say("call_allow"));
    const question = el("div", { class: "gc-call-question", role: "group", "aria-label": say("call_asks"), "data-approval": event.approval }, el("p", {}, say("call_question", { name: event.name }), " ", this.scrollHint), refuse, allow);
    this.question = question;
    this.element.open = true;
    this.element.append(question);
    announce(say("call_question", { name: event.name }));
    refuse.focus();
    this.#allowAtTheEnd(allow);
  }

  /** What does not fit its box must have been scrolled to its end before it can be allowed. */
  #allowAtTheEnd(allow) {
    const shown = this.given;
    // What is in a tab that is not looked at, or folded away, has no size and has not been seen.
    const seen = () => shown.clientHeight > 0 && shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 2;
    const sized = new ResizeObserver(() => look());
    const look = () => {
      allow.disabled = !seen();
      allow.title = allow.disabled ? say("call_scroll") : "";
      this.scrollHint.hidden = !allow.disabled;
      if (allow.disabled) return;
      shown.removeEventListener("scroll", look);
      sized.disconnect();
    };
    shown.addEventListener("scroll", look);
    sized.observe(shown);
    look();
  }

  finish(event) {
    this.result.textContent = indented(event.result);
    this.resultBox.hidden = false;
    const took = event.elapsed_s === null || event.elapsed_s === undefined ? "" : ` · ${seconds(event.elapsed_s)}`;
    if (event.error !== null) this.state("failed", say("call_failed") + took);
    else this.state("done", `${firstLine(event.result)}${took}`);
  }

  abandon() {
    this.question?.remove();
    if (["runs", "asks"].includes(this.element.dataset.state)) this.state("failed", say("stopped"));
  }
}

async function giveWord(approval, agreed) {
  try {
    return (await send("agent/word", { body: JSON.stringify({ approval, agreed }), headers: { "content-type": "application/json" } })).ok;
  } catch {
    return false;
  }
}

const firstLine = (text) => {
  const line = text.split("\n")[0];
  return line.length > 60 ? `${line.slice(0, 59)}…` : line || say("call_done");
};
const brief = (text) => (text === "{}" || text === "null" ? "" : text.length > 80 ? `${text.slice(0, 79)}…` : text);

/** Lay JSON out in lines without reading it: every sign of it stays as it is written, long numbers too. */
export function indented(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  let [out, depth, quoted] = ["", 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      out += sign;
      if (sign === "\\") out += text[(at += 1)] ?? "";
      else if (sign === '"') quoted = false;
    } else if (sign === '"') {
      quoted = true;
      out += sign;
    } else if ("{[".includes(sign)) {
      const empty = /^\s*[}\]]/.exec(text.slice(at + 1, at + 9));
      if (empty) at += empty[0].length;
      else depth += 1;
      out += empty ? sign + empty[0].trim() : `${sign}\n${"  ".repeat(depth)}`;
    } else if ("}]".includes(sign)) {
      depth = Math.max(0, depth - 1);
      out += `\n${"  ".repeat(depth)}${sign}`;
    } else if (sign === ",") out += `,\n${"  ".repeat(depth)}`;
    else if (sign === ":") out += ": ";
    else if (sign.trim()) out += sign;
  }
  return out;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#agent-run")) run(inputOf("agent-task").value.trim());
  else if (event.target.closest("#agent-stop")) running?.abort();
});
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape") return inSight("agent-task") && running?.abort();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.closest?.("#agent-task")) return;
    event.preventDefault();
    event.stopPropagation();
    run(inputOf("agent-task").value.trim());
  },
  true,
);
