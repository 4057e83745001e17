// Diagrams. Loaded with the first one; drawn when an answer is complete, and a source that is none stays as it is.

import { say } from "./words.js";

// It sets itself up as a global, which a module could not.
await new Promise((resolve, reject) => {
  const src = new URL("../../vendor/mermaid/mermaid.tiny.js", import.meta.url).href;
  document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
});

const MOST_CHARACTERS = 20_000;
let drawn = 0;

/**
 * Draw the diagram of a code block above its source, which is folded away.
 *
 * @param {HTMLElement} block
 */
export async function draw(block) {
  const source = block.querySelector("code")?.textContent ?? "";
  if (source.length > MOST_CHARACTERS || block.previousElementSibling?.classList.contains("gc-diagram")) return;
  const dark = document.body.classList.contains("dark");
  globalThis.mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral", htmlLabels: false, flowchart: { htmlLabels: false }, maxTextSize: MOST_CHARACTERS });
  let svg;
  try {
    ({ svg } = await globalThis.mermaid.render(`gc-diagram-${(drawn += 1)}`, source));
  } catch {
    document.querySelectorAll(`[id^="dgc-diagram-"]`).forEach((rest) => rest.remove()); // what it leaves behind on an error
    return;
  }
  const picture = document.createElement("div");
  picture.className = "gc-diagram";
  picture.tabIndex = 0;
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", say("diagram"));
  // An image and not elements: what a model wrote runs no script and loads nothing there.
  const image = document.createElement("img");
  image.alt = "";
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(setSize(svg))}`;
  picture.append(image);
  block.before(picture);
  block.classList.add("gc-diagram-source");
}

// An image needs its size in pixels; mermaid gives it in the view box alone.
/** @param {string} svg */
function setSize(svg) {
  const box = /viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"/.exec(svg);
  return box ? svg.replace(/<svg /, `<svg width="${box[1]}" height="${box[2]}" `).replace(/(<svg [^>]*?) width="100%"/, "$1") : svg;
}
