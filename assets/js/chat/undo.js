// For ten seconds, what was deleted or cleared can be taken back.

import { announce, el } from "../shared/dom.js";
import { say } from "../shared/words.js";

const OFFERED_MS = 10_000;
/** @type {{ button: HTMLElement, timer: ReturnType<typeof setTimeout> } | null} */
let offer = null;

/**
 * Offer to take something back; an older offer is over with that.
 *
 * @param {string} words
 * @param {() => unknown} back
 */
export function offerUndo(words, back) {
  withdraw();
  const button = el("button", { type: "button", id: "chat-undo", class: "gc-undo" }, el("span", {}, words), el("b", {}, say("undo")));
  button.addEventListener("click", () => {
    withdraw();
    back();
    announce(say("undone"));
  });
  const host = document.querySelector(".gradio-container:has(.gc-chat)") ?? document.body;
  host.append(button);
  offer = { button, timer: setTimeout(withdraw, OFFERED_MS) };
  announce(words);
}

function withdraw() {
  if (!offer) return;
  clearTimeout(offer.timer);
  offer.button.remove();
  offer = null;
}
