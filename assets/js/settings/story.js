// A saved story, watched again: as fast as it was, or slowly.

import { Answer } from "../shared/answer.js";
import { el, find } from "../shared/dom.js";
import { FORMAT } from "../shared/story-file.js";
import { assertReadable, whyUnsent } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { modal, part } from "./parts.js";

/**
 * @import { Line, Trouble } from "../shared/types.js"
 *
 * @typedef {{ events: [seconds: number, line: Line][] }} Story
 */

const SPEEDS = { story_real: 1, story_slow: 0.2 };
/** @type {AbortController | null} */
let playing = null;

/** The section of the settings. */
export function storySection() {
  const told = el("p", { class: "gc-muted", role: "status" });
  const file = el("input", { type: "file", id: "story-open", accept: ".json,application/json" });
  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    try {
      await assertReadable(chosen);
      const story = JSON.parse(await chosen.text());
      if (story.format !== FORMAT) throw new Error("format");
      told.textContent = "";
      showStory(story);
    } catch (error) {
      told.textContent = /** @type {Trouble} */ (error).refused ? whyUnsent(error) : say("story_none");
    }
    file.value = "";
  });
  return part(say("story"), el("p", { class: "gc-muted" }, say("story_help")), el("label", { class: "gc-field" }, el("span", {}, say("story_open")), file), told);
}

/** @param {Story} story */
function showStory(story) {
  const place = el("div", { class: "gc-story-place" });
  const buttons = Object.entries(SPEEDS).map(([words, speed]) =>
    el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => play(story, place, speed) }, say(words)),
  );
  const dialog = modal("gc-story", say("story"), el("div", { class: "gc-dialog-buttons" }, ...buttons), place);
  dialog.addEventListener("close", () => {
    playing?.abort();
    dialog.remove();
  });
  (find(".gradio-container") ?? document.body).append(dialog);
  dialog.showModal();
  play(story, place, 1);
}

/**
 * @param {Story} story
 * @param {HTMLElement} place
 * @param {number} speed
 */
async function play({ events }, place, speed) {
  playing?.abort();
  const mine = (playing = new AbortController());
  const answer = new Answer();
  place.replaceChildren(answer.element);
  const began = performance.now();
  for (const [at, event] of events) {
    const wait = (at * 1000) / speed - (performance.now() - began);
    if (wait > 4) await new Promise((resolve) => setTimeout(resolve, wait));
    if (mine.signal.aborted) return;
    answer.hear(event);
  }
  await answer.end();
}
