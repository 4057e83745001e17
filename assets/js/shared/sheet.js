// Styles of a tab, fetched with its scripts and not before.

import { targetOf } from "./dom.js";

/**
 * Load a style sheet from `css/` once; it applies when it is there.
 *
 * @param {string} name
 */
export function sheet(name) {
  const href = new URL(`../../css/${name}.css`, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/**
 * Let an element take dropped files.
 *
 * @param {HTMLElement} element
 * @param {(files: File[]) => unknown} take
 * @param {() => boolean} [wants] whether it takes them now; else they are left to whoever else may
 */
export function takesFiles(element, take, wants = () => true) {
  for (const name of /** @type {const} */ (["dragover", "dragenter"])) {
    element.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !wants()) return;
      event.preventDefault();
      element.classList.add("gc-over");
    });
  }
  for (const name of ["dragleave", "drop"]) element.addEventListener(name, () => element.classList.remove("gc-over"));
  element.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length || !wants()) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

/**
 * Begin a tab's work by its button or Ctrl+Enter in it, and end it by its other button or Esc.
 *
 * @param {string} tab
 * @param {() => unknown} run
 * @param {() => unknown} stop
 */
export function onRun(tab, run, stop) {
  document.addEventListener("click", (event) => {
    if (targetOf(event)?.closest(`#${tab}-run`)) run();
    else if (targetOf(event)?.closest(`#${tab}-stop`)) stop();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") inSight(`${tab}-run`) && stop();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && targetOf(event)?.closest(`#tab-${tab}`)) run();
  });
}

/**
 * Esc stops what is before one's eyes; what works in a tab that is hidden goes on.
 *
 * @param {string} id
 */
export function inSight(id) {
  const element = document.getElementById(id);
  return element?.checkVisibility?.() ?? Boolean(element?.offsetParent);
}
