// What to find: a small table of fields, or a JSON Schema for those who have one.

import { el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";

const TYPES = ["text", "number", "integer", "yes/no", "date"];
const FIRST = [
  { name: "number", type: "text", required: true, list: false, description: "" },
  { name: "date", type: "date", required: false, list: false, description: "" },
  { name: "total", type: "number", required: true, list: false, description: "" },
];

export class Fields {
  constructor() {
    this.rows = FIRST.map((row) => ({ ...row }));
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
      ...["fields", "json"].map((mode) => el("button", { type: "button", role: "tab", "data-mode": mode, onclick: () => this.show(mode) }, say(`schema_${mode}`))),
    );
    this.element = el("div", { class: "gc-schema" }, this.tabs, this.table, this.json);
    this.#draw();
    this.show("fields");
  }

  /** What goes along with the question. */
  get wanted() {
    if (this.mode === "json") return { schema: this.json.value };
    return { fields: this.rows.filter((row) => row.name.trim()) };
  }

  get empty() {
    return this.mode === "json" ? !this.json.value.trim() : !this.wanted.fields.length;
  }

  show(mode) {
    if (mode === "json" && !this.json.value.trim()) this.json.value = JSON.stringify(asSchema(this.wanted.fields ?? []), null, 2);
    this.mode = mode;
    this.table.hidden = mode !== "fields";
    this.json.hidden = mode !== "json";
    for (const tab of this.tabs.children) tab.setAttribute("aria-selected", String(tab.dataset.mode === mode));
  }

  /** Replace the fields, as an example does. */
  set(rows) {
    this.rows = rows.map((row) => ({ type: "text", required: false, list: false, description: "", ...row }));
    this.#draw();
    this.show("fields");
  }

  #add() {
    this.rows.push({ name: "", type: "text", required: false, list: false, description: "" });
    this.#draw();
    this.body.lastChild.querySelector("input").focus();
  }

  #draw() {
    this.body.replaceChildren(...this.rows.map((row) => this.#row(row)));
  }

  #row(row) {
    const text = (key, properties = {}) => {
      const input = el("input", { type: "text", "aria-label": say(`field_${key}`), ...properties });
      input.value = row[key];
      input.addEventListener("input", () => (row[key] = input.value));
      return input;
    };
    const check = (key) => {
      const input = el("input", { type: "checkbox", "aria-label": `${say(`field_${key}`)}: ${row.name}` });
      input.checked = row[key];
      input.addEventListener("change", () => (row[key] = input.checked));
      return input;
    };
    const type = el("select", { "aria-label": say("field_type") }, ...TYPES.map((name) => el("option", { value: name }, name)));
    type.value = row.type;
    type.addEventListener("change", () => (row.type = type.value));
    const remove = iconButton("close", say("field_remove", { name: row.name }), {
      onclick: () => {
        this.rows.splice(this.rows.indexOf(row), 1);
        this.#draw();
      },
    });
    const cells = [text("name", { maxlength: "64" }), type, check("required"), check("list"), text("description", { placeholder: say("field_description_placeholder") }), remove];
    // On a phone there is no head above the marks, so each says itself what it is for.
    const labels = { 2: say("field_required"), 3: say("field_list") };
    return el("tr", {}, ...cells.map((cell, place) => el("td", { "data-label": labels[place] }, cell)));
  }
}

const JSON_TYPES = { text: { type: "string" }, number: { type: "number" }, integer: { type: "integer" }, "yes/no": { type: "boolean" }, date: { type: "string", format: "date" } };

function asSchema(rows) {
  const property = (row) => {
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
