// Formulas. Loaded with the first one.

import "../../vendor/katex/katex.min.js";

const styles = Object.assign(document.createElement("link"), {
  rel: "stylesheet",
  href: new URL("../../vendor/katex/katex.min.css", import.meta.url).href,
});
document.head.append(styles);

/** Draw a formula in place of its source; a source that is no formula stays as it is. */
export function typeset(span) {
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
}
