// Formulas. Loaded with the first one.

import "../../vendor/katex/katex.min.js";

const styles = Object.assign(document.createElement("link"), {
  rel: "stylesheet",
  href: new URL("../../vendor/katex/katex.min.css", import.meta.url).href,
});
document.head.append(styles);

/** What formulas of most kinds are set in; larger or rarer signs come when one is drawn that has them. */
const FONTS = ["KaTeX_Main", "italic 1em KaTeX_Math", "KaTeX_Size1", "KaTeX_Size2", "KaTeX_AMS"].map((name) => (name.includes(" ") ? name : `1em ${name}`));

/** Have the fonts at hand before a formula is drawn: paper does not wait for them. */
export async function prepareFonts() {
  if (!styles.sheet) await new Promise((loaded) => ["load", "error"].forEach((name) => styles.addEventListener(name, loaded)));
  await Promise.all(FONTS.map((name) => document.fonts.load(name)));
}

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
  if (!span.dataset.tex || span.querySelector(".katex") || !fits(span.dataset.tex)) return;
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
