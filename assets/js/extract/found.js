// What was found: tables whose values say where they stand in the document, contradictions, and files to take away.

import { copy, el, iconButton, save } from "../shared/dom.js";
import { count, dollars } from "../shared/formats.js";
import { say, told } from "../shared/words.js";
import { demand } from "../shared/wire.js";

/**
 * @import { Conflict, LostPart, Span, StoryLine, Table } from "../shared/types.js"
 *
 * @typedef {{ name: string, picture: boolean, tries: number }} Given what was asked about, and how often
 * @typedef {Record<string, Span | null>} Spans
 */

const FORMS = ["json", "csv", "xlsx"];

/**
 * @param {StoryLine<"extracted">} found
 * @param {Given} given
 */
export function resultView(found, given) {
  const place = el("div", { class: "gc-place gc-muted", role: "status" }, given.picture ? "" : say("extract_pick"));
  const list = el("div", { class: "gc-tables" }, ...found.tables.map((table) => tableView(table, found.spans, place)));
  const json = el("pre", { class: "gc-json", tabindex: "0", hidden: true }, JSON.stringify(found.data, null, 2));
  /** @type {HTMLElement} */
  const view = el(
    "div",
    { class: "gc-switch", role: "tablist" },
    ...["table", "json"].map((name) =>
      el(
        "button",
        {
          type: "button",
          role: "tab",
          "aria-selected": String(name === "table"),
          onclick: (/** @type {Event} */ event) => {
            list.hidden = name !== "table";
            place.hidden = name !== "table" || given.picture;
            json.hidden = name !== "json";
            for (const tab of view.children) tab.setAttribute("aria-selected", String(tab === event.currentTarget));
          },
        },
        say(`extract_view_${name}`),
      ),
    ),
  );
  const downloads = FORMS.map((form) =>
    el("button", { type: "button", class: "gc-chip", "data-form": form, onclick: () => download(found.data, form, given.name) }, say("download", { form: form.toUpperCase() })),
  );
  const bar = el("div", { class: "gc-found-bar" }, view, el("span", { class: "gc-spring" }), iconButton("copy", say("copy_answer"), { onclick: (event) => copy(json.textContent ?? "", event.currentTarget) }), ...downloads);
  place.hidden = given.picture;
  return el("div", { class: "gc-found" }, summary(found, given), lostParts(found.lost), conflicts(found.conflicts), bar, list, json, place);
}

/**
 * What is known so far: tables without places, which are looked up at the end.
 *
 * @param {StoryLine<"partly_extracted">} event
 */
export function growingView(event) {
  const words = event.parts ? say("extract_part", { n: event.parts, of: event.of }) : say("extract_growing");
  const nowhere = el("div");
  return el("div", { class: "gc-found" }, el("p", { class: "gc-found-summary" }, words), el("div", { class: "gc-tables" }, ...event.tables.map((table) => tableView(table, {}, nowhere))));
}

/**
 * @param {StoryLine<"extracted">} found
 * @param {Given} given
 */
function summary(found, given) {
  const spans = Object.values(found.spans);
  const values = given.picture ? found.tables.reduce((sum, table) => sum + table.rows.length * table.columns.length, 0) : spans.length;
  const parts = [given.picture ? say("extract_summary_picture", { values }) : say("extract_summary", { values, found: spans.filter(Boolean).length })];
  if (found.chunks > 1) parts.push(say("extract_parts", { n: found.chunks }));
  parts.push(given.tries === 1 ? say("extract_one_try") : say("extract_tries", { n: given.tries }));
  if (found.cost_usd) parts.push(dollars(found.cost_usd));
  return el("p", { class: "gc-found-summary" }, parts.join(" · "));
}

/** @param {LostPart[]} all */
function lostParts(all) {
  if (!all.length) return null;
  const items = all.map((one) => el("li", {}, el("b", {}, say("extract_lost_part", { from: count(one.start + 1), to: count(one.end) })), ` ${told(one.error)}`));
  return el("div", { class: "gc-conflicts gc-lost", role: "alert" }, el("p", { class: "gc-card-title" }, say("extract_lost")), el("ul", {}, ...items));
}

/** @param {Conflict[]} all */
function conflicts(all) {
  if (!all.length) return null;
  return el(
    "div",
    { class: "gc-conflicts", role: "note" },
    el("p", { class: "gc-card-title" }, say("extract_conflicts")),
    el(
      "ul",
      {},
      ...all.map((one) =>
        el(
          "li",
          {},
          el("b", {}, one.path),
          ` ${one.said.map((said) => say("conflict_said", { n: said.chunk + 1, value: inWords(said.value) })).join(", ")} → ${say("conflict_chosen", { value: inWords(one.chosen) })}`,
        ),
      ),
    ),
  );
}

// ── tables ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * @param {Table} table
 * @param {Spans} spans
 * @param {HTMLElement} place where a value's place is shown
 */
function tableView(table, spans, place) {
  const single = table.rows.length === 1 && table.name === "data";
  const shown = table.columns.map((name, index) => ({ name, index })).filter((column) => !column.name.endsWith(" no."));
  const cell = (/** @type {unknown[]} */ row, /** @type {number} */ number, /** @type {{ name: string, index: number }} */ column) => valueView(row[column.index], spans, pathsOf(table, row, number, column.name), place);
  const body = single
    ? shown.map((column) => el("tr", {}, el("th", { scope: "row" }, column.name), cell(table.rows[0], 0, column)))
    : table.rows.map((row, number) => el("tr", {}, ...shown.map((column) => cell(row, number, column))));
  const head = single ? null : el("thead", {}, el("tr", {}, ...shown.map((column) => el("th", { scope: "col" }, column.name))));
  const title = table.name === "data" ? say("extract_table_data") : table.name;
  return el("div", { class: "gc-table-box" }, el("table", { class: single ? "gc-pairs" : "gc-rows" }, el("caption", {}, `${title}${single ? "" : ` · ${count(table.rows.length)}`}`), head, el("tbody", {}, ...body)));
}

// A cell's path in the data; a column that joins several values has several.
/**
 * @param {Table} table
 * @param {unknown[]} row
 * @param {number} number
 * @param {string} column
 */
function pathsOf(table, row, number, column) {
  const own = table.columns.indexOf(`${table.name} no.`);
  const at = own < 0 ? number : Number(row[own]) - 1;
  if (table.name === "data") return own < 0 ? column : `[${at}].${column}`;
  return `${table.name}[${at}].${column}`;
}

/**
 * @param {unknown} value
 * @param {Spans} spans
 * @param {string} path
 * @param {HTMLElement} place
 */
function valueView(value, spans, path, place) {
  if (value === null || value === undefined || value === "") return el("td", { class: "gc-none" }, "–");
  const text = inWords(value);
  const numeric = typeof value === "number" ? " gc-number" : "";
  const span = spanOf(spans, path);
  if (span === undefined) return el("td", { class: numeric.trim() }, text);
  const pick = () => show(place, span, text);
  const button = el("button", { type: "button", class: span ? "gc-value" : "gc-value gc-unfounded", title: span ? span.quote : say("extract_unfounded"), onclick: pick }, text);
  return el("td", { class: numeric.trim() }, button);
}

// Lists of single values share a cell: the first that was found stands for them, and one that was not for all.
/**
 * @param {Spans} spans
 * @param {string} path
 */
function spanOf(spans, path) {
  if (path in spans) return spans[path];
  const members = Object.keys(spans).filter((key) => key.startsWith(`${path}[`));
  if (!members.length) return undefined;
  return members.some((key) => !spans[key]) ? null : spans[members[0]];
}

/**
 * @param {HTMLElement} place
 * @param {Span | null} span
 * @param {string} text
 */
function show(place, span, text) {
  place.classList.remove("gc-muted");
  if (!span) return place.replaceChildren(el("b", {}, text), ` ${say("extract_unfounded")}`);
  place.replaceChildren(
    ...(span.page ? [el("b", {}, say("extract_found_page", { n: span.page }), " ")] : []),
    `…${span.before}`,
    el("mark", {}, span.quote),
    `${span.after}…`,
  );
}

/** @param {unknown} value */
function inWords(value) {
  if (value === true) return say("extract_yes");
  if (value === false) return say("extract_no");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @param {unknown} data
 * @param {string} form
 * @param {string} name
 */
async function download(data, form, name) {
  const response = await demand(`extraction/${form}`, { body: JSON.stringify(data), headers: { "content-type": "application/json" } });
  const file = `${(name || "extraction").replace(/\.[^.]+$/, "")}.${form}`;
  save(await response.blob(), file);
}
