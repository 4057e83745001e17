// The settings: one dialog, in sections. A section is a function that gives an element; its inputs act at once.

import { el, find } from "../shared/dom.js";
import { sheet } from "../shared/sheet.js";
import { setTheme, theme } from "../shared/theme.js";
import { say } from "../shared/words.js";
import { storageSection } from "./kept.js";
import { keySection } from "./own-key.js";
import { choice, modal, part, withLabel } from "./parts.js";
import { personSection } from "./person.js";
import { promptsSection } from "./prompts.js";
import { spaceSection } from "./space.js";
import { storySection } from "./story.js";
import { language, LANGUAGES, setLanguage } from "../shared/words.js";

sheet("settings");

const SECTIONS = [personSection, keySection, lookSection, promptsSection, storageSection, storySection, spaceSection];
/** @type {HTMLDialogElement | null} */
let dialog = null;

/** Show the dialog; it is made once. */
export function openSettings() {
  dialog ??= makeDialog();
  if (!dialog.isConnected) (find(".gradio-container") ?? document.body).append(dialog);
  if (!dialog.open) dialog.showModal();
}

const makeDialog = () => modal("settings", say("settings"), ...SECTIONS.map((section) => section()));

function lookSection() {
  const themes = choice("theme", ["system", "light", "dark"].map((name) => /** @type {const} */ ([name, say(`theme_${name}`)])), theme(), setTheme);
  const languages = choice("language", Object.entries(LANGUAGES), language, setLanguage);
  return part(say("settings_look"), el("div", { class: "gc-settings-row" }, withLabel(say("theme"), themes), withLabel(say("language"), languages)));
}
