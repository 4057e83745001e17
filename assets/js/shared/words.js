// The page's words. They come from the server (ui/texts.py), where all of them stand together.

import TEXTS from "../../texts.js";

/** A text by its name, with `{placeholders}` filled in. */
export function say(name, values = {}) {
  const text = TEXTS[name];
  if (text === undefined) return name;
  return text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
}

/** What a kind of failure is called; the kind itself where we have no word for it. */
export const kindInWords = (kind) => TEXTS[`kind_${kind}`] ?? String(kind ?? "").replaceAll("_", " ");

/** The end of a model's id, which is what people call it: `openai/gpt-oss-20b` → `gpt-oss-20b`. */
export const shortModel = (model) => String(model ?? "").split("/").pop();
