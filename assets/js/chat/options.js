// What goes along with a question: the model, and the settings behind "Options".

import { announce, el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";

/**
 * @import { Properties } from "../shared/types.js"
 * @import { Options } from "./types.js"
 *
 * @typedef {"fresh" | "cheap" | "json" | "search"} Switch
 */

/** @type {Options} */
const FIRST = { model: "auto", system: "", temperature: null, max_tokens: null, effort: "", fresh: false, cheap: false, json: false, search: false };
const NAME = "groq-core-defaults";
const chosen = { ...defaults() };
/** @type {HTMLElement | null} */
let form = null;

// What a new conversation begins with: the person's own choice, where there is one.
/** @returns {Options} */
function defaults() {
  try {
    return { ...FIRST, ...JSON.parse(localStorage.getItem(NAME) ?? "{}") };
  } catch {
    return FIRST;
  }
}

function keepAsDefault() {
  try {
    localStorage.setItem(NAME, JSON.stringify(chosen));
    announce(say("options_kept"));
  } catch {
    // this browser keeps nothing
  }
}

/** All that is chosen, instructions included: it belongs to the conversation. */
export const currentOptions = () => ({ ...chosen });

/**
 * Choose what was chosen in another conversation.
 *
 * @param {Partial<Options>} values
 */
export function adoptOptions(values) {
  Object.assign(chosen, defaults(), values);
  for (const heard of listeners) heard();
  if (!form) return;
  const old = form;
  old.replaceWith(optionsForm());
}

/**
 * Ask this model from now on, or this tier.
 *
 * @param {string} value
 */
export function pickModel(value) {
  chosen.model = value || "auto";
}

/** The options of the next question, under the names of its fields. */
export function options() {
  const { system, ...rest } = chosen;
  return rest;
}

options.system = () => chosen.system.trim();

/** @type {(() => void)[]} of the switches */
const listeners = [];
/** @type {(() => void)[]} */
let formListeners = [];

// The same switch stands beside the box and, for small screens, among the options.
/**
 * @param {Switch} name
 * @param {boolean} on
 */
function turn(name, on) {
  chosen[name] = on;
  for (const heard of [...listeners, ...formListeners]) heard();
}

/** The switches beside the box: answer in JSON, search the web. */
export function switches() {
  return /** @type {const} */ (["json", "search"]).map((name) => {
    const button = iconButton(name, say(`switch_${name}`), { id: `chat-${name}`, class: "gc-icon-button gc-tool", "aria-pressed": "false" });
    button.addEventListener("click", () => turn(name, !chosen[name]));
    listeners.push(() => button.setAttribute("aria-pressed", String(chosen[name])));
    return button;
  });
}

/** The form behind "Options". */
export function optionsForm() {
  formListeners = [];
  const number = (/** @type {"temperature" | "max_tokens"} */ name, /** @type {Properties} */ properties) => {
    const input = el("input", { type: "number", inputmode: "decimal", ...properties });
    if (chosen[name] !== null) input.value = String(chosen[name]);
    const wrong = el("small", { class: "gc-wrong", role: "status" });
    // A value that cannot be is refused here, and the last good one counts.
    input.addEventListener("input", () => {
      const fits = input.validity.valid || input.validity.stepMismatch;
      if (fits) chosen[name] = input.value === "" ? null : Number(input.value);
      input.toggleAttribute("aria-invalid", false);
      if (!fits) input.setAttribute("aria-invalid", "true");
      wrong.textContent = fits ? "" : say(`option_${name}_wrong`);
    });
    const labelled = field(name, input);
    labelled.append(wrong);
    return labelled;
  };
  const check = (/** @type {Switch} */ name) => {
    const input = el("input", { type: "checkbox" });
    input.checked = chosen[name];
    input.addEventListener("change", () => turn(name, input.checked));
    formListeners.push(() => (input.checked = chosen[name]));
    return el("label", { class: "gc-check" }, input, el("span", {}, say(`option_${name}`)), el("small", {}, say(`option_${name}_help`)));
  };
  const system = el("textarea", { rows: "3", placeholder: say("option_system_placeholder") });
  system.value = chosen.system;
  system.addEventListener("input", () => (chosen.system = system.value));
  const effort = el("select", {}, ...["", "none", "low", "medium", "high"].map((value) => el("option", { value }, say(`effort_${value || "auto"}`))));
  effort.value = chosen.effort;
  effort.addEventListener("change", () => (chosen.effort = effort.value));
  const presets = el("div", {});
  const showPresets = () => import("./prompts.js").then((module) => presets.childElementCount || presets.append(module.presetButtons(system)));
  for (const kind of ["focusin", "pointerenter"]) system.addEventListener(kind, showPresets, { once: true });
  form = el(
    "div",
    { class: "gc-options" },
    field("system", system),
    presets,
    el(
      "div",
      { class: "gc-options-row" },
      number("temperature", { min: "0", max: "2", step: "0.1", placeholder: say("option_default") }),
      number("max_tokens", { min: "1", step: "1", placeholder: say("option_default") }),
      field("effort", effort),
    ),
    check("fresh"),
    check("cheap"),
    check("json"),
    check("search"),
    el("button", { type: "button", class: "gc-link gc-keep-options", onclick: keepAsDefault }, say("options_keep")),
    el("button", { type: "button", class: "gc-button gc-quiet gc-sheet-close", onclick: (event) => event.currentTarget.closest("details")?.removeAttribute("open") }, say("close")),
  );
  return form;
}

/**
 * @param {string} name
 * @param {HTMLElement} input
 */
function field(name, input) {
  return el("label", { class: "gc-field" }, el("span", {}, say(`option_${name}`)), input);
}
