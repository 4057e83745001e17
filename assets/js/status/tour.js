// The guided tour of the simulator: four faults, one after the other. Each breaks the first choice, asks a question,
// and shows what the chain makes of it.

import { el, find, findAll, setText } from "../shared/dom.js";
import { inSight, sheet } from "../shared/sheet.js";
import { say } from "../shared/words.js";
import { send } from "../shared/wire.js";
import { firstChoice } from "./status.js";

sheet("settings");

/** What is broken in each step, in the words of the fault switch. */
const STEPS = ["rate_limited", "cut", "error_event", "unauthorized"];

const count = el("span", { class: "gc-muted" });
const title = el("h2", { tabindex: "-1" });
const text = el("p");
const go = el("button", { type: "button", class: "gc-button", onclick: () => breakAndAsk() }, say("tour_break"));
const next = el("button", { type: "button", class: "gc-button", onclick: () => show(at + 1) }, say("tour_next"));
const card = el(
  "section",
  { id: "gc-tour", role: "dialog", "aria-label": say("tour_start") },
  el("header", {}, count, el("button", { type: "button", class: "gc-link", onclick: () => end() }, say("tour_end"))),
  title,
  text,
  el("div", { class: "gc-dialog-buttons" }, go, next),
);
let at = 0;
let waiting = false;

/** Begin with the first fault. */
export function startTour() {
  if (matchMedia("(max-width: 899px)").matches) find("#status-panel details")?.removeAttribute("open");
  document.getElementById("gc-composer")?.before(card);
  show(0);
}

/** @param {number} step */
function show(step) {
  if (step >= STEPS.length) return end();
  at = step;
  waiting = false;
  setText(count, say("tour_step", { n: at + 1, of: STEPS.length }));
  setText(title, say(`tour_${STEPS[at]}_title`));
  setText(text, say(`tour_${STEPS[at]}`));
  go.hidden = false;
  go.disabled = false;
  next.hidden = true;
  title.focus({ preventScroll: true });
}

/** @param {{ target: string | null | undefined, fault: string | null, once?: boolean }} body */
const flip = (body) => send("faults", { body: JSON.stringify(body), headers: { "content-type": "application/json" } });

async function breakAndAsk() {
  go.disabled = true;
  await flip({ target: null, fault: null });
  await flip({ target: firstChoice(), fault: STEPS[at], once: STEPS[at] !== "unauthorized" });
  waiting = true;
  setText(text, say("tour_watch"));
  document.dispatchEvent(new CustomEvent("gc:ask", { detail: { text: say(`tour_${STEPS[at]}_question`), extra: { fresh: true } } }));
}

document.addEventListener("gc:receipt", () => {
  if (!waiting) return;
  waiting = false;
  setText(text, say(`tour_${STEPS[at]}_after`));
  go.hidden = true;
  next.hidden = false;
  setText(next, say(at + 1 < STEPS.length ? "tour_next" : "tour_done"));
  const last = findAll("#chat-log .gc-receipt").at(-1);
  last?.setAttribute("open", "");
  last?.scrollIntoView({ block: "nearest" });
});

function end() {
  waiting = false;
  card.remove();
  flip({ target: null, fault: null });
  document.getElementById("tour-start")?.focus();
}
window.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !inSight(card.id)) return;
    event.stopPropagation();
    end();
  },
  true,
);
