// Where the page begins: it shows its first tab at once, Gradio lays out empty places, and this fills each as soon as it
// is there. What a tab needs beyond the first one is loaded when it is opened.

import * as chat from "./chat/chat.js";
import { announce, el, hinter, targetOf } from "./shared/dom.js";
import { isMissingPart, untilThere } from "./shared/later.js";
import { language, say } from "./shared/words.js";
import { pageKey } from "./shared/page-keys.js";
import { showWhatUnfolds } from "./shared/scroll.js";
import { dropShell, isInShell, shellStands, showShell } from "./shared/shell.js";
import { showStatusIn } from "./status/status.js";
import { isUnsent, whyUnsent } from "./shared/wire.js";
import { wearTheme } from "./shared/theme.js";
import { limitsLeft } from "./settings/account.js";
import { brandTools, openSettings } from "./settings/brand-tools.js";
import { SIMULATED } from "../texts.js";

// Nobody presses in vain and in silence: what was wanted of the server and did not come is told in the line of the tab.
const hint = hinter(() => [...document.querySelectorAll("span.gc-hint")].find((one) => one.checkVisibility()) ?? null);
function tellMissing(/** @type {unknown} */ error) {
  const words = isMissingPart(error) ? say("part_missing") : isUnsent(error) ? whyUnsent(error) : "";
  if (words) hint(words);
  return Boolean(words);
}
addEventListener("unhandledrejection", (event) => tellMissing(event.reason) && event.preventDefault());

showWhatUnfolds();

// What every tab may ask for, and the rooms that do it: the shared scripts know none of them.
document.addEventListener("gc:open-settings", () => openSettings());
document.addEventListener("gc:speak", (event) => {
  const { text, button } = event.detail;
  import("./chat/speak.js").then((module) => module.speak(text, button, announce));
});

/** @typedef {(host: HTMLElement) => Promise<unknown> | void} Fill puts what belongs there into a place */

/**
 * @param {string} path of the script
 * @param {string} what the function in it
 * @returns {Fill}
 */
const filledBy = (path, what) => (host) => import(path).then((module) => module[what](host));

/**
 * Which place is filled by what; a new tab adds its lines here.
 *
 * @type {Record<string, Fill>}
 */
const PLACES = {
  "gc-brand": showBrandIn,
  "status-panel": showStatusIn,
  "gc-chat": chat.showIn,
  "image-input": filledBy("./image/image.js", "showPicturesIn"),
  "gc-image-templates": filledBy("./image/image.js", "showTemplatesIn"),
  "image-answer": filledBy("./image/image.js", "showAnswersIn"),
  "mic-input": filledBy("./microphone/microphone.js", "showRecorderIn"),
  "mic-language": filledBy("./microphone/microphone.js", "showLanguageIn"),
  "gc-mic-options": filledBy("./microphone/microphone.js", "showOptionsIn"),
  "gc-mic-result": filledBy("./microphone/microphone.js", "showResultIn"),
  "gc-mic-segments": filledBy("./microphone/microphone.js", "showSegmentsIn"),
  "extract-input": filledBy("./extract/extract.js", "showInputIn"),
  "extract-schema": filledBy("./extract/extract.js", "showSchemaIn"),
  "gc-extract-hint": filledBy("./extract/extract.js", "showHintIn"),
  "extract-result": filledBy("./extract/extract.js", "showResultIn"),
  "agent-log": filledBy("./agent/agent.js", "showLogIn"),
  "gc-agent-tools": filledBy("./agent/agent.js", "showToolsIn"),
  "batch-file": filledBy("./batch/batch.js", "showFileIn"),
  "gc-batch-hint": filledBy("./batch/batch.js", "showHintIn"),
  "batch-progress": filledBy("./batch/batch.js", "showProgressIn"),
  "batch-result": filledBy("./batch/batch.js", "showResultIn"),
};

// On the simulator, and only there, every screen says so.
/** @param {HTMLElement} host */
function showBrandIn(host) {
  const banner = el(
    "div",
    { id: "mode-banner", role: "note" },
    el("b", {}, say("mode_simulator")),
    el("span", { class: "gc-short" }, say("mode_simulator_short")),
    el("span", {}, say("mode_simulator_text"), " ", el("em", {}, say("mode_simulator_mend"))),
  );
  host.replaceChildren(el("h1", {}, el("span", { class: "gc-mark", "aria-hidden": "true" }), say("title")), ...(SIMULATED ? [banner] : []), limitsLeft(openSettings), brandTools());
}

/**
 * What fills each place that is there: a promise while its script is on its way, then nothing.
 *
 * @type {WeakMap<Element, Promise<unknown> | undefined>}
 */
const filling = new WeakMap();

// A syllable that is still being composed would be lost on the way.
let composing = false;
document.addEventListener("compositionstart", () => (composing = true));
document.addEventListener("compositionend", () => {
  composing = false;
  fillPlaces();
});

// What the shell shows moves together, when the last of its places is there: until then it would be there twice.
const FRAME = ["gc-brand", "status-panel", "gc-chat"];

/** @param {string} id */
function placeOf(id) {
  const host = document.getElementById(id);
  return host && !isInShell(host) ? host : null;
}

function fillPlaces() {
  if (composing) return;
  const framed = !shellStands() || FRAME.every(placeOf);
  for (const [id, fill] of Object.entries(PLACES)) {
    const host = placeOf(id);
    if (!host || filling.has(host) || (!framed && FRAME.includes(id))) continue;
    const coming = fill(host) ?? undefined;
    filling.set(host, coming);
    coming?.then(
      () => filling.set(host, undefined),
      (error) => {
        filling.delete(host); // the line may be back when the tab is opened again
        tellMissing(error);
      },
    );
  }
  if (framed) dropShell();
}

/** @param {Element} panel */
const comingIn = (panel) =>
  Object.keys(PLACES).flatMap((id) => {
    const place = panel.querySelector(`#${id}`);
    const coming = place && filling.get(place);
    return coming ? [coming] : [];
  });

// A tab's buttons and boxes are there before its script: what is pressed too early waits until somebody can hear it.
const early = new WeakSet();

/** @param {KeyboardEvent | MouseEvent} event */
function keepEarly(event) {
  const pressed = targetOf(event)?.closest(event.type === "click" ? "button" : "textarea");
  const panel = pressed?.closest("[role=tabpanel]");
  if (!pressed || !panel || (event.type === "keydown" && !(event instanceof KeyboardEvent && event.key === "Enter" && !event.shiftKey))) return;
  fillPlaces();
  const coming = comingIn(panel);
  if (!coming.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (early.has(pressed)) return;
  early.add(pressed);
  Promise.all(coming)
    .then(() => pressed.dispatchEvent(event instanceof KeyboardEvent ? new KeyboardEvent(event.type, event) : new MouseEvent(event.type, event)))
    .finally(() => early.delete(pressed));
}
for (const type of /** @type {const} */ (["click", "keydown"])) document.addEventListener(type, keepEarly, true);

// So do the keys of the whole page.
const keysHeard = untilThere(() => import("./settings/keys.js").then(() => document.removeEventListener("keydown", keepKey, true)));

/** @param {KeyboardEvent} event */
function keepKey(event) {
  if (!pageKey(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const target = targetOf(event);
  keysHeard().then(() => (target?.isConnected ? target : document.body).dispatchEvent(new KeyboardEvent(event.type, event)));
}
document.addEventListener("keydown", keepKey, true);

// An entry of the list may belong to another tab.
document.addEventListener("gc:open", async ({ detail: { kind, id } }) => {
  document.getElementById(`tab-${kind}-button`)?.click();
  if (kind === "chat") (await chat.conversations()).open(id);
  else (await import(`./${kind}/${kind}.js`)).openKept(id);
});

// A narrow screen shows the row of tabs in part: the chosen one comes into it, also when a key or a link chose it.
document.addEventListener("click", (event) => targetOf(event)?.closest("[role=tab][data-tab-id]")?.scrollIntoView({ block: "nearest", inline: "nearest" }));

// This script waits for nothing, so the body may not have begun.
while (!document.body) await new Promise(requestAnimationFrame);

// Gradio draws tabs when they are opened, and may draw anything anew: look again after changes, once a frame.
let due = false;
const inConversation = (/** @type {MutationRecord} */ { target }) => target instanceof Element && target.closest(".gc-turns");
new MutationObserver((changes) => {
  if (due || changes.every(inConversation)) return; // what an answer writes makes no place, and need cause no frame
  due = true;
  requestAnimationFrame(() => {
    due = false;
    fillPlaces();
  });
}).observe(document.body, { childList: true, subtree: true });
wearTheme();
if (!document.getElementById("gc-chat")) {
  showShell({ showBrandIn, showStatusIn, content: chat.element });
}
fillPlaces();
chat.invite();
if (language !== "en") import("./shared/labels.js");
(globalThis.requestIdleCallback ?? setTimeout)(() => [keysHeard(), untilThere(() => import("./shared/done-title.js"))()]);
