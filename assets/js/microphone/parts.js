// How far a long recording is: one cell for every part, in the order of time, as they are sent and come back.

import { el, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { clock } from "./segments.js";

/**
 * @import { Line } from "../shared/types.js"
 *
 * @typedef {{ start_s: number, end_s: number, outcome: string, cell: HTMLElement }} Part
 */

/** A line of cells and a sentence; it shows itself when a recording has more than one part. */
export function partsView() {
  const track = el("div", { class: "gc-parts-track" });
  const words = el("p", { class: "gc-muted" });
  const element = el("div", { class: "gc-parts", role: "progressbar", "aria-label": say("parts"), "aria-valuemin": "0", "aria-valuemax": "100", hidden: true }, track, words);
  /** @type {Map<number, Part>} by their index */
  const parts = new Map();
  let total = 0;

  function show() {
    const all = [...parts.values()];
    const end = Math.max(total, ...all.map((part) => part.end_s));
    for (const { start_s, end_s, outcome, cell } of all) {
      cell.style.left = `${(100 * start_s) / end}%`;
      cell.style.width = `${(100 * (end_s - start_s)) / end}%`;
      cell.dataset.outcome = outcome;
    }
    const done = all.filter((part) => part.outcome === "answered" || part.outcome === "silent");
    const failed = all.filter((part) => part.outcome === "failed").length;
    const heard = Math.min(end, done.reduce((sum, part) => sum + part.end_s - part.start_s, 0));
    setText(words, say("parts_done", { n: done.length, at: clock(heard), of: clock(end) }) + (failed ? say("parts_failed", { n: failed }) : ""));
    element.setAttribute("aria-valuenow", String(Math.round((100 * heard) / end)));
    element.hidden = all.length < 2;
  }

  return {
    element,
    clear() {
      parts.clear();
      total = 0;
      track.replaceChildren();
      element.hidden = true;
    },
    /** Take an event of a transcription into account. @param {Line} event */
    hear(event) {
      if (event.e !== "part_started" && event.e !== "part_done") return;
      const cell = parts.get(event.index)?.cell ?? track.appendChild(el("i"));
      const { start_s, end_s } = event;
      const outcome = event.e === "part_done" ? event.outcome : event.again ? "again" : "running";
      parts.set(event.index, { start_s, end_s, outcome, cell });
      if (event.e === "part_started") total = event.total_s ?? total;
      show();
    },
  };
}
