// What stands at the end of the top row: whose key is in use, and the door to the settings.

import { el, iconButton, setText } from "../shared/dom.js";
import { ownKey } from "../shared/own-key.js";
import { say } from "../shared/words.js";
import { OWN_KEYS_ARE_REAL } from "../../texts.js";
import { personInTopRow, signOutButton } from "./account.js";

const chip = el("button", { type: "button", class: "gc-pill gc-own-key-chip", title: say("own_key_chip_help"), onclick: () => openSettings() });
const element = el(
  "div",
  { class: "gc-brand-tools" },
  chip,
  ...personInTopRow(() => openSettings()),
  signOutButton(),
  iconButton("gear", say("settings"), { id: "settings-open", "aria-haspopup": "dialog", onclick: () => openSettings() }),
);

/** Open the dialog, which is loaded when it is wanted first. */
export const openSettings = () => import("./settings.js").then((module) => module.openSettings());

// What stands at the bottom stays above a phone's keyboard: where the browser does not shrink the page for it, we do.
const viewport = globalThis.visualViewport;
const LOW_PX = 300; // a phone on its side has less than that above its keyboard
function fitAboveKeyboard() {
  const { height = innerHeight, scale = 1 } = viewport ?? {};
  const free = height * scale; // of a page that two fingers enlarged, less is seen and nothing is covered
  const { style } = document.documentElement;
  style.setProperty("--gc-vh", innerHeight - free > 80 ? `${free}px` : "100dvh");
  document.documentElement.toggleAttribute("data-low", free < LOW_PX);
}
viewport?.addEventListener("resize", fitAboveKeyboard);
fitAboveKeyboard();

function showKeyInUse() {
  const own = ownKey();
  chip.hidden = !own;
  setText(chip, own ? say("own_key_chip", { ending: own.ending }) : "");
  // With a real key nothing is simulated: the banner would tell a lie.
  document.documentElement.toggleAttribute("data-own-key", Boolean(own) && OWN_KEYS_ARE_REAL);
}
document.addEventListener("gc:own-key", showKeyInUse);

/** The tools; the same ones wherever they are asked for. */
export function brandTools() {
  showKeyInUse();
  return element;
}
