// What to find: a small table of fields, or a JSON Schema for those who have one.

import { el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";

/**
 * @import { Properties } from "../shared/types.js"
 *
 * @typedef {"text" | "number" | "integer" | "yes/no" | "date"} FieldType
 *
 * @typedef {object} Field one thing to find
 * @property {string} name
 * @property {FieldType} type
 * @property {boolean} required
 * @property {boolean} list
 * @property {string} description
 */

/** @type {FieldType[]} */
const TYPES = ["text", "number", "integer", "yes/no", "date"];
/** @type {Field[]} */
const FIRST = [
  { name: "number", type: "text", required: true, list: false, description: "" },
  { name: "date", type: "date", required: false, list: false, description: "" },
  { name: "total", type: "number", required: true, list: false, description: "" },
];

/** @type {Field} */
const EMPTY = { name: "", type: "text", required: false, list: false, description: "" };
const MODES = /** @type {const} */ (["fields", "json"]);

export class Fields {
  constructor() {
    this.rows = FIRST.map((row) => ({ ...row }));
    /** @type {"fields" | "json"} */
    this.mode = "fields";
    this.body = el("tbody");
    this.json = el("textarea", {
      class: "gc-schema-json",
      rows: "10",
      spellcheck: "false",
      "aria-label": say("schema_json_label"),
      placeholder: '{"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}',
    });
    this.table = el(
      "div",
      { class: "gc-fields" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...["name", "type", "required", "list", "description"].map((name) => el("th", { scope: "col" }, say(`field_${name}`))), el("th", {}))),
        this.body,
      ),
      el("button", { type: "button", class: "gc-link", onclick: () => this.#add() }, say("field_add")),
    );
    this.tabs = el(
      "div",
      { class: "gc-switch", role: "tablist" },
      ...MODES.map((mode) => el("button", { type: "button", role: "tab", "data-mode": mode, onclick: () => this.show(mode) }, say(`schema_${mode}`))),
    );
    this.element = el("div", { class: "gc-schema" }, this.tabs, this.table, this.json);
    this.#draw();
    this.show("fields");
  }

  get #rowsWithNames() {
    return this.rows.filter((row) => row.name.trim());
  }

  /** What goes along with the question. */
  get wanted() {
    if (this.mode === "json") return { schema: this.json.value };
    return { fields: this.#rowsWithNames };
  }

  get empty() {
    return this.mode === "json" ? !this.json.value.trim() : !this.#rowsWithNames.length;
  }

  /** @param {"fields" | "json"} mode */
  show(mode) {
    if (mode === "json" && !this.json.value.trim()) this.json.value = JSON.stringify(asSchema(this.#rowsWithNames), null, 2);
    this.mode = mode;
    this.table.hidden = mode !== "fields";
    this.json.hidden = mode !== "json";
    for (const tab of this.tabs.children) tab.setAttribute("aria-selected", String(tab.getAttribute("data-mode") === mode));
  }

  /**
   * Replace the fields, as an example does.
   *
   * @param {Partial<Field>[]} rows
   */
  set(rows) {
    this.rows = rows.map((row) => ({ ...EMPTY, ...row }));
    this.#draw();
    this.show("fields");
  }

  #add() {
    this.rows.push({ ...EMPTY });
    this.#draw();
    this.body.lastElementChild?.querySelector("input")?.focus();
  }

  #draw() {
    this.body.replaceChildren(...this.rows.map((row) => this.#row(row)));
  }

  /** @param {Field} row */
  #row(row) {
    const text = (/** @type {"name" | "description"} */ key, /** @type {Properties} */ properties) => {
      const input = el("input", { type: "text", "aria-label": say(`field_${key}`), ...properties });
      input.value = row[key];
      input.addEventListener("input", () => (row[key] = input.value));
      return input;
    };
    const check = (/** @type {"required" | "list"} */ key) => {
      const input = el("input", { type: "checkbox", "aria-label": `${say(`field_${key}`)}: ${row.name}` });
      input.checked = row[key];
      input.addEventListener("change", () => (row[key] = input.checked));
      return el("label", { class: "gc-tick" }, input);
    };
    const type = el("select", { "aria-label": say("field_type") }, ...TYPES.map((name) => el("option", { value: name }, say(`type_${name}`))));
    type.value = row.type;
    type.addEventListener("change", () => (row.type = /** @type {FieldType} */ (type.value)));
    const remove = iconButton("close", say("field_remove", { name: row.name }), {
      onclick: () => {
        this.rows.splice(this.rows.indexOf(row), 1);
        this.#draw();
      },
    });
    const cells = [text("name", { maxlength: "64" }), type, check("required"), check("list"), text("description", { placeholder: say("field_description_placeholder") }), remove];
    // On a phone there is no head above the marks, so each says itself what it is for.
    const labels = [null, null, say("field_required"), say("field_list")];
    return el("tr", {}, ...cells.map((cell, place) => el("td", { "data-label": labels[place] }, cell)));
  }
}

/** @type {Record<FieldType, { type: string, format?: string }>} */
const JSON_TYPES = { text: { type: "string" }, number: { type: "number" }, integer: { type: "integer" }, "yes/no": { type: "boolean" }, date: { type: "string", format: "date" } };

/** @param {Field[]} rows */
function asSchema(rows) {
  const property = (/** @type {Field} */ row) => {
    const plain = row.list ? { type: "array", items: JSON_TYPES[row.type] } : { ...JSON_TYPES[row.type] };
    return row.description ? { ...plain, description: row.description } : plain;
  };
  return {
    type: "object",
    properties: Object.fromEntries(rows.map((row) => [row.name.trim(), property(row)])),
    required: rows.filter((row) => row.required).map((row) => row.name.trim()),
    additionalProperties: false,
  };
}
