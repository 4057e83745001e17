// Colours for code. Loaded with the first code block.

import hljs from "../../vendor/highlight/highlight.min.js";

const MOST_CHARACTERS = 60_000;

/**
 * Colour one code block; its text stays the same, character for character.
 *
 * @param {HTMLElement} block
 */
export function colour(block) {
  const code = block.querySelector("code");
  if (!code) return;
  const language = (block.dataset.language ?? "").toLowerCase();
  const text = code.textContent ?? "";
  if (!hljs.getLanguage(language) || text.length > MOST_CHARACTERS) return;
  const coloured = document.createElement("code");
  coloured.innerHTML = hljs.highlight(text, { language, ignoreIllegals: true }).value;
  if (coloured.textContent === text) code.replaceChildren(...coloured.childNodes);
}
