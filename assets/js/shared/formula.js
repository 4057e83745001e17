// Formulas. Loaded with the first one.

import "../../vendor/katex/katex.min.js";

const styles = Object.assign(document.createElement("link"), {
  rel: "stylesheet",
  href: new URL("../../vendor/katex/katex.min.css", import.meta.url).href,
});
document.head.append(styles);

/** Deeper than any formula people write, and far from what the renderer's own calls can take. */
const DEEPEST = 40;
const MOST_CHARACTERS = 6000;

/** @param {string} source */
function fits(source) {
  if (source.length > MOST_CHARACTERS) return false;
  let depth = 0;
  for (const letter of source) {
    if (letter === "{") depth += 1;
    else if (letter === "}") depth -= 1;
    if (depth > DEEPEST) return false;
  }
  return (source.match(/\\(?:left|begin)\b/g) ?? []).length <= DEEPEST;
}

/**
 * Draw a formula in place of its source; a source that is no formula stays as it is.
 *
 * @param {HTMLElement} span
 */
export function typeset(span) {
  if (!span.dataset.tex || !fits(span.dataset.tex)) return;
  const drawn = document.createElement("span");
  try {
    globalThis.katex.render(span.dataset.tex, drawn, {
      displayMode: span.hasAttribute("data-display"),
      throwOnError: true,
      trust: false,
      strict: false,
      maxSize: 20,
      maxExpand: 200,
    });
  } catch {
    return;
  }
  span.replaceChildren(...drawn.childNodes);
  if (span.hasAttribute("data-display")) span.tabIndex = 0; // it may be wider than the page
}
