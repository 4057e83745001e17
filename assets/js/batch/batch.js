// The Batch tab: a table on top, what to ask of each row below, then how far it is and the newest answers.

import { announce, el, hinter, icon, iconButton, save, setText } from "../shared/dom.js";
import { count, dollars, seconds } from "../shared/formats.js";
import { sentence } from "../shared/error-card.js";
import { kindInWords, say, told } from "../shared/words.js";
import { onRun, sheet, takesFile } from "../shared/sheet.js";
import { ask, demand, keepForAnotherDay, send, whyUnsent } from "../shared/wire.js";

/**
 * @import { ErrorLine, Line, Progress, StoryLine, Trouble } from "../shared/types.js"
 *
 * @typedef {object} Sheet a table as the server has read it
 * @property {string} id
 * @property {string} name
 * @property {string} kind of file
 * @property {string[]} columns
 * @property {string[][]} rows the first ones
 * @property {number} lines how many there are
 * @property {boolean} waits whether Groq has been asked for answers that nobody has fetched yet
 *
 * @typedef {{ prompt: string, system: string, model: string, max_tokens: number | null, via: Via }} Wanted
 * @typedef {"live" | "later"} Via
 * @typedef {Omit<StoryLine<"surveyed">, "e" | "t" | "r">} Estimate
 * @typedef {{ last?: StoryLine<"progressed">, error?: Pick<ErrorLine, "message" | "hint"> }} End
 */

sheet("work");

/** Counting a long table comes before the first word. */
const PATIENCE_MS = 120_000;
const ACCEPTED = ".csv,.tsv,.xlsx,.jsonl,.ndjson";
const JSON_TYPE = { "content-type": "application/json" };

const EXAMPLE =
  "title,text\n" +
  '"Tides","The sea rises and falls twice a day, drawn by the moon and, less strongly, by the sun."\n' +
  '"Rust","Iron takes up oxygen from damp air and turns into a brown powder that no longer protects it."\n' +
  '"Yeast","A fungus of one cell that eats sugar and leaves behind alcohol and the gas that raises bread."\n';

/**
 * Where this tab of the browser remembers its table, so that a page that is loaded again finds it; what Groq answers
 * within a day is remembered by the browser, until somebody removes it.
 */
const REMEMBERED = "gc-batch";
const GUESS_AFTER_MS = 400;

const EXAMPLE_PROMPT = "Explain in one short sentence for a child: {title}. {text}";

/** @type {Sheet | null} */
let table = null;
/** @type {AbortController | null} of a table that the server still reads */
let reading = null;
/** @type {AbortController | null} */
let running = null;
/** @type {Wanted | null} what the shown answers belong to */
let asked = null;
/** @type {Via} */
let via = "live";
let waits = false; // Groq has been asked for answers that nobody has fetched yet

// ── what is asked ──────────────────────────────────────────────────────────────────────────────────

const input = el("input", { type: "file", accept: ACCEPTED, class: "gc-offscreen", tabindex: "-1", "aria-label": say("batch_choose") });
const choose = el("button", { type: "button", class: "gc-button gc-quiet gc-with-icon", onclick: () => input.click() }, icon("upload"), say("batch_choose"));
const example = el("button", { type: "button", class: "gc-link", onclick: () => take(new File([EXAMPLE], "example.csv")) }, say("batch_example"));
const facts = el("div", { class: "gc-file" }, say("batch_drop"));
const rows = el("div", { class: "gc-batch-preview" });
const prompt = el("textarea", { class: "gc-batch-prompt", rows: "3", "aria-label": say("batch_prompt_label"), placeholder: say("batch_prompt_placeholder") });
const columns = el("div", { class: "gc-batch-columns" });
const system = el("input", { type: "text" });
const model = el("input", { type: "text", value: "auto", list: "gc-batch-tiers", spellcheck: "false" });
const longest = el("input", { type: "number", min: "1", inputmode: "numeric", placeholder: say("batch_no_limit") });
const tiers = el("datalist", { id: "gc-batch-tiers" }, ...["auto", "speed", "quality"].map((name) => el("option", { value: name })));
const ways = el(
  "div",
  { class: "gc-switch", role: "radiogroup", "aria-label": say("batch_when") },
  .../** @type {const} */ (["live", "later"]).map((way) => el("button", { type: "button", role: "radio", "data-via": way, onclick: () => go(way) }, say(`batch_${way}`))),
);
const guess = el("p", { class: "gc-batch-guess", role: "status" });
const withLabel = (/** @type {string} */ words, /** @type {HTMLElement} */ input) => el("label", { class: "gc-field" }, el("span", {}, words), input);
const question = el(
  "div",
  { class: "gc-batch-question", hidden: true },
  columns,
  prompt,
  el("div", { class: "gc-batch-options" }, withLabel(say("option_system"), system), withLabel(say("batch_model"), model), withLabel(say("option_max_tokens"), longest)),
  tiers,
  el("div", { class: "gc-batch-when" }, ways, guess),
);
const box = el("div", {}, el("div", { class: "gc-source-box" }, input, rows, el("div", { class: "gc-source-foot" }, choose, example, facts)), question);
const hint = el("span", { class: "gc-hint", role: "status" });
const tell = hinter(() => hint);
const progress = el("div", { class: "gc-batch-progress" });
const result = el("div", { class: "gc-batch-result" });

input.addEventListener("change", () => {
  if (input.files?.[0]) take(input.files[0]);
  input.value = "";
});
takesFile(box, take, tell);
question.addEventListener("input", () => {
  remember();
  guessSoon();
});

export const showFileIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(box);
export const showHintIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(hint);
export const showProgressIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(progress);
export const showResultIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(result);

/** @param {File} file */
async function take(file) {
  if (running) return tell(say("batch_busy"));
  reading?.abort();
  const { signal } = (reading = new AbortController());
  setText(facts, say("extract_reading", { name: file.name }));
  try {
    const response = await send(`batch?name=${encodeURIComponent(file.name)}`, { body: file, signal, headers: { "content-type": "application/octet-stream" } });
    const body = await response.json();
    if (signal.aborted) return undefined; // another one was chosen
    reading = null;
    if (!response.ok) return wrong(body.detail ? told(body.detail) : `HTTP ${response.status}`);
    forget(); // not before: a file that is no table takes nobody's answers away
    table = { ...body, name: file.name };
    showTable(/** @type {Sheet} */ (table));
  } catch (error) {
    if (signal.aborted) return undefined;
    reading = null;
    return wrong(whyUnsent(error));
  }
  if (file.name === "example.csv" && !prompt.value) prompt.value = EXAMPLE_PROMPT;
  remember();
  guessSoon(0);
}

/** @param {Sheet} table */
function showTable(table) {
  showFacts(table);
  rows.replaceChildren(el("div", { class: "gc-table-box" }, grid(table.columns, table.rows)));
  const names = table.kind === "jsonl" ? [] : table.columns;
  columns.replaceChildren(...names.map((name) => el("button", { type: "button", class: "gc-chip", onclick: () => insert(`{${name}}`) }, `{${name}}`)));
  question.hidden = false;
}

/** @param {Sheet} table */
const showFacts = ({ name, lines }) => facts.replaceChildren(say("batch_facts", { name, n: count(lines) }), iconButton("close", say("extract_file_remove"), { onclick: forget }));

/** @param {Via} way */
function go(way) {
  show(way);
  remember();
  guessSoon(0);
}

/** @param {Via} way */
function show(way) {
  via = way;
  for (const button of ways.children) button.setAttribute("aria-checked", String(button.getAttribute("data-via") === way));
}

/** @returns {Wanted} */
const readOptions = () => ({ prompt: prompt.value, system: system.value, model: model.value, max_tokens: Number(longest.value) || null, via });
const lacksQuestion = (/** @type {Sheet} */ table) => table.kind !== "jsonl" && !prompt.value.trim() && !table.columns.includes("prompt");

// ── what it will take ──────────────────────────────────────────────────────────────────────────────

/** @type {ReturnType<typeof setTimeout> | undefined} */
let guessing;
let guesses = 0;
/**
 * The newest estimate that has a price, to stand beside the cost at the end.
 * @type {Estimate | null}
 */
let estimated = null;

function guessSoon(after = GUESS_AFTER_MS) {
  clearTimeout(guessing);
  guessing = setTimeout(showGuess, after);
}

async function showGuess() {
  if (!table || lacksQuestion(table)) return setText(guess, "");
  const turn = (guesses += 1);
  try {
    const response = await send(`batch/${table.id}/estimate`, { body: JSON.stringify(readOptions()), headers: JSON_TYPE });
    const found = await response.json();
    if (guesses !== turn || !response.ok) return;
    estimated = found.usd_most ? found : null;
    guess.classList.toggle("gc-warn", Boolean(found.error));
    setText(guess, found.error ? `${sentence(told(found.error))} ${told(found.hint)}` : guessInWords(found));
  } catch {
    setText(guess, "");
  }
}

/** @param {Estimate} found */
function guessInWords(found) {
  const parts = [say("batch_lines", { n: count(found.lines) }), say("batch_tokens", { n: count(found.tokens_in) })];
  if (found.usd_most) parts.push(say("batch_price", { least: dollars(found.usd_least), most: dollars(found.usd_most) }));
  if (via === "later") parts.push(say("batch_within_day"));
  for (const [plan, value] of Object.entries(found.seconds)) if (value > 1) parts.push(say("batch_plan_time", { s: seconds(value), plan }));
  return parts.join(" · ");
}

// ── a page that is loaded again ────────────────────────────────────────────────────────────────────

function remember() {
  try {
    const kept = table && JSON.stringify({ id: table.id, ...readOptions() });
    if (kept) sessionStorage.setItem(REMEMBERED, kept);
    else sessionStorage.removeItem(REMEMBERED);
    if (!waits) return;
    if (kept) localStorage.setItem(REMEMBERED, kept);
    else localStorage.removeItem(REMEMBERED);
    keepForAnotherDay(Boolean(kept));
  } catch {
    // A browser that keeps nothing forgets this too.
  }
}

async function recall() {
  try {
    const was = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? localStorage.getItem(REMEMBERED) ?? "null");
    const response = was && (await send(`batch/${was.id}/look`));
    if (!response?.ok || table) return;
    const found = /** @type {Sheet} */ (await response.json());
    table = found;
    waits = found.waits;
    [prompt.value, system.value, model.value, longest.value] = [was.prompt, was.system, was.model, was.max_tokens ?? ""];
    showTable(found);
    go(was.via);
  } catch {
    // Then it begins anew.
  }
}

/** @param {string} words */
function wrong(words) {
  if (table) showFacts(table);
  else facts.replaceChildren();
  facts.prepend(el("span", { class: "gc-warn" }, words));
  announce(words);
}

function forget() {
  if (running) return tell(say("batch_busy"));
  table = null;
  asked = null;
  remember();
  waits = false;
  setText(guess, "");
  question.hidden = true;
  setText(facts, say("batch_drop"));
  rows.replaceChildren();
  progress.replaceChildren();
  result.replaceChildren();
}

/**
 * @param {string[]} names
 * @param {string[][]} lines
 */
function grid(names, lines) {
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...lines.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))))),
  );
}

/** @param {string} text */
function insert(text) {
  prompt.setRangeText(text, prompt.selectionStart, prompt.selectionEnd, "end");
  prompt.focus();
  prompt.dispatchEvent(new Event("input", { bubbles: true }));
}

// ── running ────────────────────────────────────────────────────────────────────────────────────────

async function run(retry = false) {
  if (running) return tell(say("batch_busy"));
  if (reading) return tell(say("attachments_preparing"));
  if (!table) return tell(say("batch_nothing"));
  if (lacksQuestion(table)) return tell(say("batch_no_prompt"));
  const stop = (running = new AbortController());
  asked = readOptions();
  waits ||= via === "later";
  remember();
  document.body.setAttribute("data-batch", "busy");
  const view = progressView();
  progress.replaceChildren(view.element);
  result.replaceChildren();
  progress.scrollIntoView({ block: "nearest" });
  /** @type {End} */
  const end = {};
  const hear = (/** @type {Line} */ event) => {
    if (event.e === "progressed") {
      end.last = event;
      view.show(event);
      showAnswers(event);
    } else if (event.e === "error") end.error = event;
  };
  try {
    await ask(`batch/${table.id}/run`, { body: JSON.stringify({ ...asked, retry }), signal: stop.signal, patience: PATIENCE_MS, headers: JSON_TYPE }, hear);
    if (!end.error && !end.last?.over) end.error = { message: say("error_cut"), hint: say("batch_again") };
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    if (!stop.signal.aborted) end.error = { message: error.refused ? error.message : say("error_unreachable"), hint: say("batch_again") };
  }
  running = null;
  document.body.removeAttribute("data-batch");
  view.end(end, stop.signal.aborted);
  if (end.last) showAnswers(end.last, true);
}

function progressView() {
  const bar = el("div", { class: "gc-track-fill" });
  const track = el("div", { class: "gc-track", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100", "aria-label": say("tab_batch") }, bar);
  const words = el("p", { class: "gc-batch-words" }, say("batch_counting"));
  const element = el("div", {}, track, words);
  return {
    element,
    /** @param {{ progress: Progress }} event */
    show({ progress: now }) {
      const settled = now.done + now.failed;
      const share = now.total ? Math.min(100, (100 * (settled + now.duplicates)) / now.total) : 0;
      bar.style.width = `${share}%`;
      track.setAttribute("aria-valuenow", String(Math.round(share)));
      const parts = [say("batch_of", { n: count(settled), of: count(now.total ?? settled) })];
      if (now.failed) parts.push(say("batch_failed", { n: count(now.failed) }));
      if (now.rate_per_min) parts.push(say("batch_rate", { n: count(now.rate_per_min) }));
      parts.push(say("batch_tokens", { n: count(now.tokens_in + now.tokens_out) }));
      if (now.usd) parts.push(dollars(now.usd));
      if (now.note) parts.push(told(now.note));
      if (now.paused_s >= 1) parts.push(say("batch_paused", { s: seconds(Math.round(now.paused_s)), why: told(now.paused_why) }));
      else if (now.eta_s && settled < (now.total ?? settled)) parts.push(say("batch_left", { s: seconds(Math.max(1, Math.round(now.eta_s))) }));
      setText(words, parts.join(" · "));
    },
    /**
     * @param {End} what
     * @param {boolean} stopped
     */
    end(what, stopped) {
      track.toggleAttribute("data-over", Boolean(what.last?.over));
      const spent = what.last?.progress.usd;
      if (estimated && typeof spent === "number") element.append(el("p", { class: "gc-batch-cost" }, say("batch_cost", { usd: dollars(spent), least: dollars(estimated.usd_least), most: dollars(estimated.usd_most) })));
      if (stopped) element.append(el("p", { class: "gc-stopped" }, say("batch_stopped")));
      else if (what.error) element.append(el("div", { class: "gc-card", role: "alert" }, el("p", { class: "gc-card-title" }, told(what.error.message)), el("p", {}, told(what.error.hint ?? ""))));
      else announce(say("batch_done"));
    },
  };
}

// ── answers ────────────────────────────────────────────────────────────────────────────────────────

/**
 * @param {StoryLine<"progressed">} event
 * @param {boolean} [over]
 */
function showAnswers(event, over = false) {
  const answers = event.recent.map(([id, text, error]) => el("tr", {}, el("th", { scope: "row" }, id), el("td", { class: error ? "gc-warn" : "" }, told(error ?? "") || text)));
  const failures = (event.failures ?? []).map(([id, why]) => el("tr", {}, el("th", { scope: "row" }, id), el("td", { class: "gc-warn" }, told(why))));
  const reasons = Object.entries(event.reasons).map(([code, n]) => el("li", {}, `${count(n)} × ${kindInWords(code)}`));
  const settled = event.progress.done + event.progress.failed;
  result.replaceChildren(
    ...(over && settled ? [downloads(event.progress.failed)] : []),
    ...(reasons.length ? [el("ul", { class: "gc-batch-reasons" }, ...reasons)] : []),
    ...(failures.length ? [el("div", { class: "gc-table-box" }, el("table", {}, el("caption", {}, say("batch_failed_rows")), el("tbody", {}, ...failures)))] : []),
    ...(answers.length ? [el("div", { class: "gc-table-box" }, el("table", {}, el("caption", {}, say("batch_newest")), el("tbody", {}, ...answers)))] : []),
  );
}

/** @param {number} failed */
function downloads(failed) {
  const buttons = /** @type {const} */ (["csv", "jsonl"]).map((form) => el("button", { type: "button", class: "gc-chip", "data-form": form, onclick: () => download(form) }, say("download", { form: form.toUpperCase() })));
  if (failed) buttons.push(el("button", { type: "button", class: "gc-chip", onclick: () => run(true) }, say("batch_retry")));
  return el("div", { class: "gc-found-bar" }, ...buttons);
}

/** @param {"csv" | "jsonl"} form */
async function download(form) {
  if (!table) return;
  const response = await demand(`batch/${table.id}/${form}`, { body: JSON.stringify(asked), headers: JSON_TYPE });
  save(await response.blob(), `${table.name.replace(/\.[^.]+$/, "")}-answers.${form}`);
}

onRun("batch", () => run(), () => running?.abort());

show("live");
recall();
