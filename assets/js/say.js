// The page's words and figures. The words come from the server (ui/texts.py), where all of them stand together.

import TEXTS from "../texts.js";

/** A text by its name, with `{placeholders}` filled in. */
export function say(name, values = {}) {
  const text = TEXTS[name];
  if (text === undefined) return name;
  return text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
}

/** What a kind of failure is called; the kind itself where we have no word for it. */
export const kindInWords = (kind) => TEXTS[`kind_${kind}`] ?? String(kind ?? "").replaceAll("_", " ");

/** Seconds for reading: `0.18 s`, `2.4 s`, `35 s`, `2 min 5 s`, `3 h 4 min`. */
export function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 0.9995) return `${Math.round(value * 1000)} ms`;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
}

/** Whole seconds for what runs: `3 s ago`, `rests 12 s`. */
export const wholeSeconds = (value) => seconds(Math.max(0, Math.round(value)) || 0).replace(".0 ", " ").replace("0 ms", "0 s");

/** Dollars with the digits that matter: `$0.00004`, `$0.012`. */
export function dollars(value) {
  if (value === null || value === undefined) return "";
  if (value === 0) return "$0";
  return `$${value >= 0.01 ? value.toFixed(3) : value.toPrecision(2).replace(/e-(\d+)/, "×10⁻$1")}`;
}

/** Whole numbers in groups of three that stay on one line: `12 400`. */
export const count = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");

/** The end of a model's id, which is what people call it: `openai/gpt-oss-20b` → `gpt-oss-20b`. */
export const shortModel = (model) => String(model ?? "").split("/").pop();
