// The language of a recording: chosen from the list, or typed by any of its names.

import { el } from "../shared/dom.js";
import { LANGUAGES, language, say } from "../shared/words.js";

/** Those that transcribers know, of two letters; whoever types another code sends that. */
export const CODES = (
  "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo " +
  "lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
).split(" ");

/**
 * What a language is called in a tongue; undefined where the browser has no name for it there.
 *
 * @param {string} code
 * @param {string} [tongue]
 */
const nameOf = (code, tongue = language) => new Intl.DisplayNames([tongue], { type: "language", fallback: "none" }).of(code);

/** As one types it without the accents of another keyboard. @param {string} name */
const plain = (name) => name.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().trim();

/** @type {Map<string, string> | null} a language's names to its code: first those of the page's tongue, its own last */
let names = null;

function allNames() {
  if (names) return names;
  names = new Map(CODES.map((code) => [code, code]));
  const tongues = new Set([language, ...Object.keys(LANGUAGES), ...navigator.languages]);
  for (const of of [...[...tongues].map((tongue) => () => tongue), (/** @type {string} */ code) => code]) {
    for (const code of CODES) {
      const name = plain(nameOf(code, of(code)) ?? code);
      if (!names.has(name)) names.set(name, code);
    }
  }
  return names;
}

/**
 * The code of a language that is typed; what nobody here knows goes to the server as it is.
 *
 * @param {string} typed
 */
export const codeOf = (typed) => allNames().get(plain(typed)) ?? typed.trim();

const input = el("input", { type: "text", list: "gc-languages", placeholder: say("language_auto"), autocomplete: "off", spellcheck: "false", dir: "auto" });
// Who comes back to choose another would else be offered none but the one that stands there.
input.addEventListener("focus", () => input.select());
input.addEventListener("change", () => {
  const code = codeOf(input.value);
  if (CODES.includes(code)) input.value = nameOf(code) ?? code;
});

/** The code of the one that stands in the box; empty where it is to be found out. */
export const chosenLanguage = () => input.value.trim() && codeOf(input.value);

/** @param {HTMLElement} host */
export function showLanguageIn(host) {
  const all = CODES.map((code) => nameOf(code) ?? code).sort(new Intl.Collator(language).compare);
  const list = el("datalist", { id: "gc-languages" }, ...all.map((value) => el("option", { value })));
  host.replaceChildren(el("label", { class: "gc-field" }, el("span", {}, say("language_label")), input, list));
}
