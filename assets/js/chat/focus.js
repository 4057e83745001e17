// Who works by keyboard, or by a screen reader, goes on where they were: what they pressed is often gone with what it
// did, and the focus with it.

import { find, findAll, focusedElement } from "../shared/dom.js";

/** Some of it goes when a store has answered. */
const WATCH_MS = 1000;

/** @typedef {() => HTMLElement | null | undefined} Place where one goes on, if that is there */

let turn = 0;

/** @param {HTMLElement} pressed */
function watch(pressed) {
  const places = placesOf(pressed);
  const until = performance.now() + WATCH_MS;
  const mine = ++turn;
  let here = pressed;
  const look = () => {
    const now = focusedElement();
    if (mine !== turn || (now && now !== here && now !== document.body)) return; // they went on themselves
    if (now !== here) {
      const next = places.map((place) => place()).find((place) => place?.checkVisibility());
      next?.focus({ preventScroll: true });
      here = next ?? here;
    }
    if (performance.now() < until) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/**
 * Where one goes on, the nearest first.
 *
 * @param {HTMLElement} pressed
 * @returns {Place[]}
 */
function placesOf(pressed) {
  const entry = pressed.closest("[data-conversation]");
  if (entry) return [...inPlaceOf(entry, "#conversations", "data-conversation", "menu"), () => document.getElementById("conversation-new")];
  // A box that a finger reaches brings its keyboard up.
  const box = () => (matchMedia("(pointer: coarse)").matches ? null : find("#chat-message textarea"));
  const action = pressed.matches(".gc-edit-box, .gc-edit-form *") ? "edit" : (pressed.dataset.action ?? "");
  const message = pressed.closest("#chat-log [data-message]");
  if (message) return [...inPlaceOf(message, "#chat-log", "data-message", action), box];
  const question = pressed.closest("#chat-queue li");
  return question ? [...inPlaceOf(question, "#chat-queue", "data-queued", action), box] : [box];
}

/**
 * The same button of the same thing, or of what stands in its place now.
 *
 * @param {Element} thing
 * @param {string} list
 * @param {string} name by which attribute things are known
 * @param {string} action
 * @returns {Place[]}
 */
function inPlaceOf(thing, list, name, action) {
  const all = () => findAll(`${list} [${name}]`);
  const at = all().findIndex((one) => one === thing);
  const id = thing.getAttribute(name);
  const button = (/** @type {HTMLElement | undefined} */ one) => one && find(`[data-action="${action}"]`, one);
  return [() => (id ? button(all().find((one) => one.getAttribute(name) === id)) : null), () => button(all()[Math.min(at, all().length - 1)])];
}

/** @param {KeyboardEvent | MouseEvent} event */
function hear(event) {
  if (event instanceof KeyboardEvent ? !["Enter", "Escape"].includes(event.key) : event.detail) return;
  const pressed = focusedElement();
  if (pressed?.closest(".gc-chat")) watch(pressed);
}
for (const type of /** @type {const} */ (["click", "keydown"])) document.addEventListener(type, hear, true);
