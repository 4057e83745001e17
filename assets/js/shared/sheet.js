// Styles of a tab, fetched with its scripts and not before.

import { targetOf } from "./dom.js";
import { say } from "./words.js";

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
 * Let an element take the files that are dropped or pasted anywhere while it is in sight: beside it they would be gone in
 * silence. Cells of a table are copied as a picture too: into a box goes their text.
 *
 * @param {HTMLElement} element
 * @param {(files: File[]) => unknown} take
 */
export function takesFiles(element, take) {
  const wants = () => element.checkVisibility?.() ?? Boolean(element.offsetParent);
  for (const name of /** @type {const} */ (["dragover", "dragenter"])) {
    document.body.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !wants()) return;
      event.preventDefault();
      element.classList.add("gc-over");
    });
  }
  const leave = () => element.classList.remove("gc-over");
  document.body.addEventListener("dragleave", (event) => event.relatedTarget === null && leave());
  document.body.addEventListener("drop", (event) => {
    leave();
    if (!event.dataTransfer?.files.length || !wants()) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? {};
    if (!files?.length || !wants() || (types?.includes("text/plain") && targetOf(event)?.matches("textarea, input"))) return;
    event.preventDefault();
    take([...files]);
  });
}

/**
 * The same of one that takes one file at a time.
 *
 * @param {HTMLElement} element
 * @param {(file: File) => unknown} take
 * @param {(words: string) => void} tell what became of the others
 */
export function takesFile(element, take, tell) {
  takesFiles(element, (files) => {
    take(files[0]);
    if (files.length > 1) tell(say("file_only_first", { name: files[0].name }));
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
