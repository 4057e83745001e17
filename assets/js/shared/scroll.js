// A list that follows its end while somebody reads along, and stays put for a reader who scrolled up; and what is
// unfolded comes into sight.

import { el, icon, targetOf } from "./dom.js";
import { say } from "./words.js";

const NEAR_PX = 48;

export class Follower {
  /** @param {HTMLElement} list the scrolling element */
  constructor(list) {
    this.list = list;
    this.following = true;
    this.button = el(
      "button",
      { type: "button", class: "gc-latest", "aria-label": say("jump_to_latest"), title: say("jump_to_latest"), hidden: true, onclick: () => this.jump() },
      icon("down"),
    );
    let before = 0;
    list.addEventListener(
      "scroll",
      () => {
        const near = this.#near();
        // Growing content never scrolls up by itself, so upwards is the reader's own hand.
        if (list.scrollTop < before && !near) this.following = false;
        else if (near) this.following = true;
        before = list.scrollTop;
        this.#hide(this.following || near);
      },
      { passive: true },
    );
    // Options that open, a keyboard that comes up take room from below: who read the end goes on reading it.
    globalThis.ResizeObserver && new ResizeObserver(() => this.following && (list.scrollTop = this.#end)).observe(list);
  }

  /** Where who reads along is: where nothing was said yet, at the beginning of what invites them. */
  get #end() {
    return this.list.firstElementChild?.classList.contains("gc-welcome") ? 0 : this.list.scrollHeight;
  }

  #near() {
    return this.#end === 0 || this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_PX;
  }

  /** The content has grown. */
  followGrowth() {
    if (this.following) this.list.scrollTop = this.#end;
    else this.#hide(this.#near());
  }

  /** The same in the next frame, which measures the list anyway: whoever pressed a button need not wait for it. */
  followSoon() {
    requestAnimationFrame(() => this.followGrowth());
  }

  /** @param {boolean} hidden */
  #hide(hidden) {
    if (this.button.hidden !== hidden) this.button.hidden = hidden;
  }

  jump() {
    this.following = true;
    this.#hide(true);
    requestAnimationFrame(() => this.list.scrollTo({ top: this.#end, behavior: motion() }));
  }
}

/** @returns {"auto" | "smooth"} how what scrolls by itself does so */
const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

/** Whoever unfolds something at the lower edge of what is in sight sees what is in it, wherever on the page. */
export function showWhatUnfolds() {
  document.addEventListener("click", (event) => {
    const fold = targetOf(event)?.closest("summary")?.parentElement;
    // It opens after this event, and what opens it may fill it only then.
    if (fold) requestAnimationFrame(() => fold.hasAttribute("open") && showWhole(fold));
  });
}

const GROWS_FOR_MS = 3000; // what is fetched for it may come late

/** Into sight, now and when it has grown, until somebody moves by themselves. @param {Element} fold */
function showWhole(fold) {
  const show = () => fold.hasAttribute("open") && fold.scrollIntoView({ block: "nearest", behavior: motion() });
  show();
  if (!globalThis.ResizeObserver) return;
  const growing = new ResizeObserver(show);
  const leave = () => {
    growing.disconnect();
    for (const name of MOVES) removeEventListener(name, leave, true);
  };
  growing.observe(fold);
  for (const name of MOVES) addEventListener(name, leave, { capture: true, passive: true });
  setTimeout(leave, GROWS_FOR_MS);
}
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];
