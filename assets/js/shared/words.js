// The page's words. They come from the server (ui/texts.py), where all of them stand together; another language's
// words (ui/texts_de.py) are fetched by whoever reads that language.

import TEXTS from "../../texts.js";

/** Languages of the page: code to its own name. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

const NAME = "groq-core-language";

/** @returns {string} */
function chooseLanguage() {
  let stored = null;
  try {
    stored = localStorage.getItem(NAME);
  } catch {
    // as the browser speaks, then
  }
  const wanted = stored ?? navigator.language.split("-")[0];
  return wanted in LANGUAGES ? wanted : "en";
}

/** The language in use. */
export const language = chooseLanguage();
document.documentElement.lang = language;

const words = language === "en" ? TEXTS : { ...TEXTS, ...(await import("../../texts-de.js")).default };

/**
 * What the server said, in the page's language, where it has words for it.
 *
 * @type {(text: string) => string}
 */
export const told = language === "en" ? (text) => text : (await import("./server-words.js")).inTongue;

/**
 * Read the page in another language from now on; it is loaded anew in it.
 *
 * @param {string} code
 */
export function setLanguage(code) {
  try {
    localStorage.setItem(NAME, code);
  } catch {
    return;
  }
  location.reload();
}

/** Whether there is no keyboard, as far as a browser tells: what names a key is said in other words there. */
const touched = globalThis.matchMedia?.("(hover: none) and (pointer: coarse)").matches;

/**
 * A text by its name, with `{placeholders}` filled in; `{n|answer|answers}` is "1 answer" or "2 answers".
 *
 * @param {string} name
 * @param {Record<string, unknown>} [values]
 */
export function say(name, values = {}) {
  const text = (touched && words[`${name}_touch`]) || words[name];
  if (text === undefined) return name;
  return text.replace(/\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g, (all, key, one, many) => {
    if (!(key in values)) return all;
    const value = String(values[key]);
    return many === undefined ? value : `${value} ${value === "1" ? one : many}`;
  });
}

/**
 * What a kind of failure is called; the kind itself where we have no word for it.
 *
 * @param {string | null | undefined} kind
 */
export const kindInWords = (kind) => words[`kind_${kind}`] ?? String(kind ?? "").replaceAll("_", " ");

/**
 * The end of a model's id, which is what people call it: `openai/gpt-oss-20b` → `gpt-oss-20b`.
 *
 * @param {string | null | undefined} model
 */
export const shortModel = (model) => String(model ?? "").split("/").at(-1) ?? "";
