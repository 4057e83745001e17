// One answer: what it says, what happened on the way, and what it cost. Used by every tab that asks something.

import { announce, copy, el, iconButton, setText } from "./dom.js";
import { errorCard } from "./error-card.js";
import { receiptView } from "./receipt.js";
import { seconds, wholeSeconds } from "./formats.js";
import { kindInWords, say, shortModel } from "./words.js";
import { TextView } from "./text-view.js";

export class Answer {
  /**
   * @param {object} given
   * @param {() => void} [given.painted] called after each change of height
   * @param {() => void} [given.again] asks anew
   * @param {TextView} [given.view] where the text goes, when it is not here
   */
  constructor({ painted = () => {}, again = null, view = null } = {}) {
    this.again = again;
    this.painted = painted;
    this.receipt = null;
    this.error = null;
    this.tokens = 0;
    this.began = performance.now();
    this.body = el("div", { class: "gc-text", "data-role": "assistant", "data-state": "waiting" });
    this.elsewhere = Boolean(view);
    this.view = view ?? new TextView(this.body, painted);
    this.story = el("div", { class: "gc-story" }, el("span", { class: "gc-pulse" }), el("span", {}, say("story_asking")));
    this.kept = el("div", { class: "gc-kept" });
    this.thinking = el("div", { class: "gc-thinking-slot" });
    this.foot = el("div", { class: "gc-foot" });
    this.element = el("article", { class: "gc-answer" }, this.kept, this.thinking, this.body, this.story, this.foot);
  }

  get text() {
    return this.view.text;
  }

  /** Take the next line of the stream into account. */
  hear(event) {
    if (event.t !== undefined) this.#write(event.t);
    else if (event.r !== undefined) this.#think(event.r);
    else this.#on[event.e]?.call(this, event);
  }

  #write(text) {
    if (this.body.dataset.state === "waiting") {
      this.body.dataset.state = "writing";
      this.story.hidden = true;
    }
    this.view.append(text);
  }

  #think(text) {
    if (!this.thought) {
      this.thought = el("div", { class: "gc-thought" });
      this.thinking.append(el("details", { class: "gc-fold" }, el("summary", {}, say("thinking")), this.thought));
    }
    this.thought.append(text);
    this.painted();
  }

  #tell(words) {
    setText(this.story.lastChild, words);
    this.story.hidden = this.body.dataset.state === "writing" && !this.seamed;
    this.painted();
  }

  #on = {
    routed: (event) => this.#tell(say("story_routed", { model: shortModel(event.candidates[0] ?? event.tier) })),
    waiting: (event) => this.#tell(say("story_waiting", { s: seconds(event.seconds), why: event.reason })),
    attempt_started: (event) =>
      this.#tell(
        this.lastFailure
          ? `${this.lastFailure} → ${say("story_asking_next", { model: shortModel(event.model) })}`
          : say("story_asking_model", { model: shortModel(event.model) }),
      ),
    attempt_failed: (event) => {
      if (event.cancelled) return;
      this.lastFailure = failureInWords(event);
      this.#tell(this.lastFailure);
    },
    attempt_skipped: (event) => {
      this.lastFailure = say("story_skipped", { model: shortModel(event.model), why: kindInWords(event.kind) });
      this.#tell(this.lastFailure);
    },
    continued: (event) => this.view.seam(event.at, say("continued_by", { model: shortModel(event.model) })),
    restarted: (event) => this.#restart(event),
    degraded: () => this.element.classList.add("gc-degraded"),
    error: (event) => (this.error = event),
    receipt: (event) => (this.receipt = event),
  };

  #restart(event) {
    const old = el("div", { class: "gc-text" });
    this.kept.append(
      el("details", { class: "gc-fold" }, el("summary", {}, say(this.kept.children.length ? "kept_again" : "kept_first")), old),
    );
    const view = new TextView(old);
    view.append(event.kept);
    view.end();
    this.view.clear();
    this.body.dataset.state = "waiting";
    this.#tell(say("story_restarted", { model: shortModel(event.model) }));
  }

  /** The stream is over: whole, stopped by the reader, or broken. */
  async end({ stopped = false } = {}) {
    await this.view.catchUp();
    this.body.dataset.state = stopped ? "stopped" : this.error ? "broken" : "done";
    this.story.hidden = true;
    if (!this.text || this.elsewhere) this.body.hidden = true;
    await this.view.end();
    if (stopped) this.foot.append(el("p", { class: "gc-stopped" }, say("stopped")));
    if (this.error) this.foot.append(this.#card());
    this.foot.append(this.#bar());
    if (this.error) announce(this.error.message);
    else if (!stopped) announce(say("answer_finished"));
    this.painted();
  }

  #bar() {
    const bar = el("div", { class: "gc-bar-row" });
    if (this.text && !this.elsewhere) bar.append(iconButton("copy", say("copy_answer"), { onclick: (event) => copy(this.text, event.currentTarget) }));
    if (this.text && !this.elsewhere) bar.append(speakButton(() => this.text));
    if (this.again) bar.append(iconButton("retry", say("ask_again"), { class: "gc-icon-button gc-again", onclick: () => this.again() }));
    if (this.receipt) bar.append(receiptView(this.receipt, { shownTokensPerS: this.#shownTokensPerS() }));
    return bar;
  }

  // From the first word on the screen to the last; what the model thought was not shown between them.
  #shownTokensPerS() {
    const usage = this.receipt?.usage;
    const tokens = usage ? usage.completion_tokens - (usage.reasoning_tokens ?? 0) : 0;
    const span = (this.view.lastPaint - this.view.firstPaint) / 1000;
    return tokens && span > 0.05 ? tokens / span : null;
  }

  #card() {
    return errorCard(this.error, { kept: Boolean(this.text), again: this.again });
  }
}

/** Reads an answer aloud; what that takes is loaded when it is pressed. */
export function speakButton(text) {
  const button = iconButton("speaker", say("speak"), { "data-action": "speak", "aria-pressed": "false" });
  button.addEventListener("click", () => import("../chat/speak.js").then((module) => module.speak(text(), button, announce)));
  return button;
}

function failureInWords(event) {
  const words = `${shortModel(event.model)}: ${event.status ? `${event.status} ` : ""}${kindInWords(event.kind)}`;
  return event.rest_s > 0 ? `${words}, ${say("story_rests", { s: wholeSeconds(event.rest_s) })}` : words;
}
