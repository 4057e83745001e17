// The Extract tab: a text, a file or a picture on top, what to find in it below, and then what was found.

import { attemptsView } from "../shared/error-card.js";
import { announce, el, findAll, hinter, icon, iconButton, setText } from "../shared/dom.js";
import { Fields } from "./fields.js";
import { resultView, growingView } from "./found.js";
import { count, dollars, seconds } from "../shared/formats.js";
import { say, shortModel, told } from "../shared/words.js";
import { onRun, sheet, takesFile } from "../shared/sheet.js";
import { ask, send, whyUnsent } from "../shared/wire.js";
import { ENDINGS } from "../../texts.js";

/**
 * @import { ErrorLine, Line, PreparedPicture, StoryLine, Trouble } from "../shared/types.js"
 * @import { Field } from "./fields.js"
 *
 * @typedef {object} Source a file, as the server reads it: a text, or a picture
 * @property {string} name
 * @property {string} [text]
 * @property {number[]} [pages] where each begins
 * @property {string[]} [notes]
 * @property {PreparedPicture} [picture]
 *
 * @typedef {{ extracted?: StoryLine<"extracted">, error?: Pick<ErrorLine, "message" | "hint" | "failures"> }} End
 */

sheet("work");

/** A long document is read before the first word comes back. */
const PATIENCE_MS = 120_000;
const ACCEPTED = ["text/*", "image/*", ...ENDINGS.documents, ...ENDINGS.pictures].join();

/** @type {{ text: string, fields: Partial<Field>[] }} */
const EXAMPLE = {
  text:
    "Harbour Bikes, 2 Quay Street, Hull\n\nINVOICE\nNumber: HB-2041\nDate: 12 March 2026\nCustomer: Ada Lovelace\n\n" +
    "Brake pads, pair   2 x 14.50   29.00\nChain KMC X10      1 x 31.00   31.00\nLabour             1 x 45.00   45.00\n\n" +
    "Total: 105.00\nCurrency: GBP\nPaid by card, thank you!",
  fields: [
    { name: "number", required: true },
    { name: "date", type: "date", required: true },
    { name: "customer", description: "whom it is for" },
    { name: "total", type: "number", required: true },
    { name: "currency", description: "three letters" },
    { name: "articles", list: true, description: "what was sold, without prices" },
  ],
};

// ── what is asked about ────────────────────────────────────────────────────────────────────────────

/** @type {Source | null} */
let file = null;
/** What somebody had typed before a file took its place. */
let typed = "";
/** @type {AbortController | null} of a file that the server still reads */
let reading = null;
/** @type {AbortController | null} */
let running = null;

const fields = new Fields();
const text = el("textarea", { class: "gc-source", rows: "9", "aria-label": say("extract_text_label"), placeholder: say("extract_text_placeholder") });
const input = el("input", { type: "file", accept: ACCEPTED, class: "gc-offscreen", tabindex: "-1", "aria-label": say("extract_choose") });
const facts = el("div", { class: "gc-file", hidden: true });
const picture = el("img", { class: "gc-source-picture", hidden: true, alt: "" });
const choose = el("button", { type: "button", class: "gc-button gc-quiet gc-with-icon", onclick: () => input.click() }, icon("upload"), say("extract_choose"));
const example = el("button", { type: "button", class: "gc-link", onclick: showExample }, say("extract_example"));
const box = el("div", { class: "gc-source-box" }, input, text, picture, el("div", { class: "gc-source-foot" }, choose, example, facts));
const hint = el("span", { class: "gc-hint", role: "status" });
const tell = hinter(() => hint);
const result = el("div", { class: "gc-extract-result" });

input.addEventListener("change", () => {
  if (input.files?.[0]) take(input.files[0]);
  input.value = "";
});
// A text that somebody changed is no longer the file's.
text.addEventListener("input", () => file && !file.picture && forget());
takesFile(box, take, tell);

export const showInputIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(box);
export const showSchemaIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(fields.element);
export const showHintIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(hint);
export const showResultIn = (/** @type {HTMLElement} */ host) => host.replaceChildren(result);

function showExample() {
  putBack();
  text.value = EXAMPLE.text;
  fields.set(EXAMPLE.fields);
}

/** @param {File} chosen */
async function take(chosen) {
  putBack();
  const { signal } = (reading = new AbortController());
  tellFacts(say("extract_reading", { name: chosen.name }));
  try {
    const response = await send(`document?name=${encodeURIComponent(chosen.name)}`, { body: chosen, signal, headers: { "content-type": "application/octet-stream" } });
    const body = await response.json();
    if (signal.aborted) return; // another one was chosen, or none
    reading = null;
    if (!response.ok) return tellFacts(body.detail ? told(body.detail) : `HTTP ${response.status}`, true);
    typed = text.value;
    file = { ...body, name: body.name ?? chosen.name };
    showFile(/** @type {Source} */ (file));
  } catch (error) {
    if (signal.aborted) return;
    reading = null;
    tellFacts(whyUnsent(error), true);
  }
}

/** @param {Source} file */
function showFile({ name, text: source = "", pages = [], notes = [], picture: seen }) {
  if (seen) {
    picture.src = seen.url;
    picture.alt = name;
    tellFacts([name, seen.size, told(seen.removed ?? "")].filter(Boolean).join(" · "));
  } else {
    text.value = source;
    const length = pages.length ? ` · ${say("extract_file_pages", { n: pages.length })}` : "";
    tellFacts([say("extract_file_facts", { name, n: count(source.length) }) + length, ...notes.map(told)].join(" · "));
  }
  picture.hidden = !seen;
  text.hidden = Boolean(seen);
}

/**
 * @param {string} words
 * @param {boolean} [wrong]
 */
function tellFacts(words, wrong = false) {
  facts.replaceChildren(el("span", { class: wrong ? "gc-warn" : "" }, words), ...(wrong ? [] : [iconButton("close", say("extract_file_remove"), { onclick: dropFile })]));
  facts.hidden = false;
  if (wrong) announce(words);
}

function dropFile() {
  putBack();
  text.focus();
}

/** In the place of a file, what was typed before it. */
function putBack() {
  reading?.abort();
  reading = null;
  if (file) text.value = typed;
  forget();
}

function forget() {
  file = null;
  facts.hidden = true;
  picture.hidden = true;
  text.hidden = false;
}

// ── asking ─────────────────────────────────────────────────────────────────────────────────────────

async function extract() {
  if (running) return tell(say("extract_busy"));
  if (reading) return tell(say("attachments_preparing"));
  if (!file?.picture && !text.value.trim()) return tell(say("extract_nothing"));
  if (fields.empty) return tell(say("extract_no_fields"));
  const { signal } = (running = new AbortController());
  document.body.setAttribute("data-extract", "busy");
  const progress = el("ol", { class: "gc-tries" });
  const story = el("span", {}, say("extract_asking"));
  const pulse = el("span", { class: "gc-pulse" });
  const fold = el("details", { class: "gc-fold", open: true }, el("summary", {}, el("div", { class: "gc-story" }, pulse, story)), progress);
  const growing = el("div", { class: "gc-growing" });
  result.replaceChildren(growing, fold);
  bringIntoSight();
  let tries = 0;
  /** @type {End} */
  const end = {};
  const hear = (/** @type {Line} */ event) => {
    if (event.e === "tried") {
      tries += 1;
      const view = tryView(event);
      progress.append(view);
      setText(story, event.chunks > 1 ? say("extract_part", { n: partsDone(progress), of: event.chunks }) : (view.textContent ?? ""));
    } else if (event.e === "partly_extracted") {
      const first = !growing.children.length;
      growing.replaceChildren(growingView(event));
      if (first) bringIntoSight();
    } else if (event.e === "extracted") end.extracted = event;
    else if (event.e === "error") end.error = event;
  };
  try {
    await ask("extract", { body: JSON.stringify(question()), signal, patience: PATIENCE_MS, headers: { "content-type": "application/json" } }, hear);
    if (!end.extracted && !end.error) end.error = { message: say("error_cut"), hint: "" };
  } catch (thrown) {
    const error = /** @type {Trouble} */ (thrown);
    if (!signal.aborted) end.error = { message: error.refused ? error.message : say("error_unreachable"), hint: say("hint_unreachable") };
  }
  pulse.remove();
  fold.open = !end.extracted;
  setText(story, tries === 1 ? say("extract_one_try") : say("extract_tries", { n: tries }));
  // What was known when it broke off stays.
  if (end.extracted || !growing.children.length) growing.remove();
  if (!progress.children.length && !growing.isConnected) result.replaceChildren();
  show(end, tries, signal.aborted);
  if (!growing.isConnected) bringIntoSight();
  running = null;
  document.body.removeAttribute("data-extract");
}

/** As much of the result as there is room for; from its beginning where there is more. */
const bringIntoSight = () => result.scrollIntoView({ block: "nearest" });

function question() {
  const source = file?.picture ? { picture: file.picture.url } : { text: text.value, pages: file?.pages ?? [] };
  return { name: file?.name ?? "", ...source, ...fields.wanted };
}

/** @param {HTMLElement} progress */
const partsDone = (progress) => new Set(findAll("[data-outcome=fits]", progress).map((node) => node.dataset.chunk)).size;

/** @param {StoryLine<"tried">} event */
function tryView(event) {
  const words = [];
  if (event.chunks > 1) words.push(say("extract_part", { n: event.chunk + 1, of: event.chunks }));
  if (event.number > 1) words.push(say("extract_try", { n: event.number }));
  if (event.model) words.push(shortModel(event.model));
  words.push(say(`outcome_${event.outcome}`));
  if (event.mode === "json_object") words.push("json_object");
  if (event.elapsed_s) words.push(seconds(event.elapsed_s));
  if (event.cost_usd) words.push(dollars(event.cost_usd));
  return el(
    "li",
    { "data-outcome": event.outcome, "data-chunk": event.chunk },
    words.join(" · "),
    event.problems.length ? el("ul", {}, ...event.problems.map((problem) => el("li", {}, problem))) : null,
  );
}

/**
 * @param {End} end
 * @param {number} tries
 * @param {boolean} stopped
 */
function show(end, tries, stopped) {
  if (stopped) result.append(el("p", { class: "gc-stopped" }, say("extract_stopped")));
  else if (end.error) result.append(card(end.error));
  else if (end.extracted) {
    result.prepend(resultView(end.extracted, { name: file?.name ?? "", picture: Boolean(file?.picture), tries }));
    announce(say("extract_done"));
  }
}

/** @param {NonNullable<End["error"]>} error */
function card(error) {
  const [message, mend] = [told(error.message), told(error.hint ?? "")];
  announce(message);
  return el(
    "div",
    { class: "gc-card", role: "alert" },
    el("p", { class: "gc-card-title" }, message),
    mend ? el("p", {}, mend) : null,
    attemptsView(error.failures),
  );
}

onRun("extract", () => extract(), () => running?.abort());
