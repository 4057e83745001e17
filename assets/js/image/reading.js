// Structured reading: a small form says what to look for in the pictures, and the answer comes back field by field.

import { copy, el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";

/**
 * The form.
 *
 * @param {(fields: {name: string, description: string}[]) => void} read what the button does
 */
export function readingForm(read) {
  const rows = el("div", { class: "gc-reading-rows" });
  const element = el(
    "form",
    { class: "gc-reading", hidden: true, "aria-label": say("reading") },
    rows,
    el(
      "div",
      { class: "gc-reading-foot" },
      el("button", { type: "button", class: "gc-link", onclick: () => add().focus() }, say("field_add")),
      el("button", { type: "submit", class: "gc-button" }, say("reading_read")),
    ),
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    read(fields());
  });

  function add() {
    const name = el("input", { type: "text", name: "name", maxlength: "80", placeholder: say("reading_name"), "aria-label": say("field_name") });
    const about = el("input", { type: "text", name: "description", maxlength: "300", placeholder: say("reading_about"), "aria-label": say("field_description") });
    const row = el("div", { class: "gc-reading-row" }, name, about);
    row.append(iconButton("close", say("reading_remove"), { onclick: () => rows.children.length > 1 && row.remove() }));
    rows.append(row);
    return name;
  }

  const fields = () =>
    [...rows.children]
      .map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()))
      .map(([name, description]) => ({ name, description }))
      .filter(({ name }) => name);

  add();
  return element;
}

/**
 * Show an answer that is a JSON object as what was read, field by field; any other answer stays as it is.
 *
 * @param {import("../shared/answer.js").Answer} answer it has ended
 * @param {{name: string}[]} fields
 */
export function showReading(answer, fields) {
  const found = objectIn(answer.text);
  if (!found) return;
  const read = Object.fromEntries(fields.map(({ name }) => [name, found[name] ?? null]));
  const json = JSON.stringify(read, null, 2);
  const table = el(
    "table",
    {},
    ...Object.entries(read).map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: value === null ? "gc-muted" : null }, inWords(value)))),
  );
  answer.body.replaceChildren(
    el("div", { class: "gc-table" }, table),
    el(
      "div",
      { class: "gc-reading-foot" },
      el("button", { type: "button", class: "gc-chip", onclick: () => copy(json) }, say("reading_copy")),
      el("a", { class: "gc-chip", download: "reading.json", href: URL.createObjectURL(new Blob([json], { type: "application/json" })) }, say("download", { form: "JSON" })),
    ),
  );
}

/** @param {unknown} value */
function inWords(value) {
  if (value === null) return say("reading_nothing");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// With or without a code fence around it.
/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function objectIn(text) {
  try {
    const value = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
