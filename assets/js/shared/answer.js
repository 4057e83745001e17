// One answer: what it says, what happened on the way, and what it cost. Used by every tab that asks something.

import { announce, copy, el, hide, iconButton, setText } from "./dom.js";
import { errorCard } from "./error-card.js";
import { receiptView } from "./receipt.js";
import { count, seconds, wholeSeconds } from "./formats.js";
import { nextTask } from "./frames.js";
import { kindInWords, say, shortModel, told } from "./words.js";
import { TextView, rendererComing } from "./text-view.js";

/**
 * @import { AnswerText, ErrorLine, Line, Receipt, StoryLine, StoryName } from "./types.js"
 * @import { AnswerData, AnswerState } from "../chat/types.js"
 */

const MOST_EVENTS = 20_000;

export class Answer {
  /**
   * @param {object} given
   * @param {() => void} [given.painted] called after each change of height
   * @param {(() => void) | null} [given.again] asks anew
   * @param {(() => void) | null} [given.goOn] asks for more where it stopped
   * @param {(() => void) | null} [given.shorten] what is offered where older messages were left out
   * @param {AnswerText | null} [given.view] where the text goes, when it is not here
   */
  constructor({ painted = () => {}, again = null, goOn = null, shorten = null, view = null } = {}) {
    this.painted = painted;
    this.again = again;
    this.goOn = goOn;
    this.shorten = shorten;
    /** @type {[seconds: number, line: Line][]} the story with the times at which it came, to be saved */
    this.events = [];
    /** @type {Receipt[]} one for each time it was asked: the first, and those of going on */
    this.receipts = [];
    /** @type {Receipt | null} */
    this.receipt = null;
    /** @type {ErrorLine | null} */
    this.error = null;
    this.finish = "";
    this.leftOut = "";
    /** @type {import("./types.js").Quoted|null} passages of long documents that went along */
    this.quoted = null;
    /** @type {string[]} */
    this.keptTexts = [];
    /** @type {string | null} text that is not drawn yet, of an answer from the store */
    this.undrawn = null;
    this.lastFailure = "";
    /** Whether the text broke off, and somebody else is asked to go on with it. */
    this.brokeOff = false;
    this.halted = false;
    this.tokens = 0;
    this.began = performance.now();
    this.body = el("div", { class: "gc-text" });
    this.bar = el("div", { class: "gc-bar-row" });
    this.message = el("div", { class: "gc-message", "data-role": "assistant", "data-state": "waiting" }, this.body, this.bar);
    this.elsewhere = Boolean(view);
    this.view = view ?? new TextView(this.body, painted);
    this.storyWords = el("span", {}, say("story_asking"));
    this.story = el("div", { class: "gc-story" }, el("span", { class: "gc-pulse" }), this.storyWords);
    this.kept = el("div", { class: "gc-kept" });
    this.thinking = el("div", { class: "gc-thinking-slot" });
    this.foot = el("div", { class: "gc-foot" });
    this.element = el("article", { class: "gc-answer" }, this.kept, this.thinking, this.message, this.story, this.foot);
  }

  /** @type {AnswerState | null} how it ended, if it has */
  #ended = null;
  /** @type {HTMLElement | undefined} */
  thought;
  /** @type {HTMLElement | undefined} */
  leftOutLine;

  /** All it says. */
  get text() {
    return this.undrawn ?? this.view.text;
  }

  /** @type {AnswerState} */
  get state() {
    return /** @type {AnswerState} */ (this.message.dataset.state);
  }
  set state(state) {
    this.message.dataset.state = state;
  }

  /**
   * Everything that makes this answer, to be kept and shown again by {@link restore}.
   *
   * @type {AnswerData}
   */
  get data() {
    const { text, receipts, error, finish, leftOut, quoted, keptTexts } = this;
    return { text, state: this.#ended ?? this.state, receipts, error, finish, leftOut, quoted, keptTexts, thought: this.thought?.textContent ?? "" };
  }

  /**
   * Show an answer of before; its text stands there plain until it is drawn.
   *
   * @param {Partial<AnswerData>} data
   */
  restore({ text = "", state = "done", receipts = [], error = null, finish = "", leftOut = "", quoted = null, keptTexts = [], thought = "" }) {
    this.#forget();
    Object.assign(this, { receipts, receipt: receipts.at(-1) ?? null, error, finish, undrawn: text });
    this.body.classList.add("gc-plain");
    this.body.textContent = text;
    if (leftOut) this.#leaveOut(leftOut);
    this.quoted = quoted;
    keptTexts.forEach((kept) => this.#fold(kept));
    if (thought) this.#think(thought);
    this.state = state;
    this.#showEnd();
  }

  #forget() {
    for (const place of [this.kept, this.thinking]) place.replaceChildren();
    this.leftOutLine?.remove();
    this.thought = this.leftOutLine = undefined;
    Object.assign(this, { events: [], keptTexts: [], leftOut: "", lastFailure: "", brokeOff: false, halted: false });
    this.#ended = null;
  }

  /** Draw what {@link restore} left plain. */
  async draw() {
    const coming = this.undrawn === null ? null : rendererComing();
    if (coming) await coming; // till then it stands there plain, and is what is copied and sent
    if (this.undrawn === null) return;
    const text = this.undrawn;
    this.undrawn = null;
    this.body.classList.remove("gc-plain");
    await this.view.show?.(text);
  }

  /** It goes on: what was written stays, and more will be heard. */
  reopen() {
    const { text } = this;
    this.undrawn = null;
    this.body.classList.remove("gc-plain");
    this.body.hidden = false;
    this.view.clear();
    if (text) this.view.append(text);
    this.error = null;
    this.finish = "";
    this.foot.replaceChildren();
    this.bar.replaceChildren();
    this.#ended = null;
    this.state = "waiting";
    this.#tell(say("story_asking"));
  }

  /**
   * Take the next line of the stream into account.
   *
   * @param {Line} event
   */
  hear(event) {
    if (this.events.length < MOST_EVENTS) this.events.push([Math.round(performance.now() - this.began) / 1000, event]);
    if (event.t !== undefined) this.#write(event.t);
    else if (event.r !== undefined) this.#think(event.r);
    else /** @type {((line: Line) => void) | undefined} */ (this.#on[event.e])?.(event);
  }

  /** @param {string} text */
  #write(text) {
    if (this.state === "waiting" || this.brokeOff) {
      this.state = "writing";
      this.brokeOff = false;
      this.#showStory(false);
    }
    this.view.append(text);
  }

  /** @param {string} text */
  #think(text) {
    if (!this.thought) {
      this.thought = el("div", { class: "gc-thought" });
      this.thinking.append(el("details", { class: "gc-fold" }, el("summary", {}, say("thinking")), this.thought));
    }
    this.thought.append(text);
    this.painted();
  }

  /** @param {string} words */
  #tell(words) {
    setText(this.storyWords, words);
    this.#showStory(this.state !== "writing" || this.brokeOff);
    this.painted();
  }

  /** @type {{[Name in StoryName]?: (line: StoryLine<Name>) => void} & {error: (line: ErrorLine) => void, receipt: (line: Receipt) => void}} */
  #on = {
    routed: (event) => this.#tell(say("story_routed", { model: shortModel(event.candidates[0] ?? event.tier) })),
    waiting: (event) => this.#tell(say("story_waiting", { s: seconds(event.seconds), why: told(event.reason) })),
    attempt_started: (event) =>
      this.#tell(
        this.lastFailure
          ? `${this.lastFailure} → ${say("story_asking_next", { model: shortModel(event.model) })}`
          : say("story_asking_model", { model: shortModel(event.model) }),
      ),
    attempt_failed: (event) => {
      if (event.cancelled) return;
      this.brokeOff = this.state === "writing";
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
    note: (event) => void (event.code === "conversation_trimmed" && this.#leaveOut(event.text)),
    quoted: (event) => this.#quote(event),
    finished: (event) => void (this.finish = event.finish_reason ?? ""),
    stopped: () => void (this.halted = true),
    error: (event) => void (this.error = event),
    receipt: (event) => void this.receipts.push((this.receipt = event)),
  };

  // A line in the conversation: nothing is shortened in silence.
  /** @param {string} words */
  #leaveOut(words) {
    this.leftOut = words;
    this.leftOutLine?.remove();
    this.leftOutLine = el("p", { class: "gc-left-out", role: "note" }, el("span", {}, told(words)));
    if (this.shorten) this.leftOutLine.append(el("button", { type: "button", class: "gc-link gc-shorten", onclick: () => this.shorten?.() }, say("shorten")));
    this.element.prepend(this.leftOutLine);
  }

  /**
   * Likewise of a document.
   *
   * @param {import("./types.js").Quoted} event
   */
  #quote(event) {
    this.quoted = event;
    import("./sources.js").then(({ showSources }) => showSources(this));
  }

  /** @param {string} text */
  #fold(text) {
    this.keptTexts.push(text);
    const old = el("div", { class: "gc-text" });
    this.kept.append(
      el("details", { class: "gc-fold" }, el("summary", {}, say(this.kept.children.length ? "kept_again" : "kept_first")), old),
    );
    new TextView(old).show(text);
  }

  /** @param {StoryLine<"restarted">} event */
  #restart(event) {
    this.#fold(event.kept || this.text);
    this.view.clear();
    this.state = "waiting";
    this.#tell(event.model ? say("story_restarted", { model: shortModel(event.model) }) : say("story_anew"));
  }

  /** The line was cut, and is being found again. */
  tellLost() {
    this.#tell(say("story_lost"));
    this.#showStory(true);
  }

  /** It is there again. */
  tellFound() {
    if (this.state === "writing") this.#showStory(false);
  }

  /** @param {boolean} shown */
  #showStory(shown) {
    hide(this.story, !shown);
  }

  /**
   * The stream is over: whole, stopped by the reader, or broken.
   *
   * @param {object} [given]
   * @param {boolean} [given.stopped]
   */
  async end({ stopped = this.halted } = {}) {
    const ended = stopped ? "stopped" : this.error ? "broken" : this.finish === "length" ? "cut" : "done";
    // The screen takes a moment, and in that moment the page may be left: what is kept of it has ended at once.
    this.#ended = ended;
    if (stopped) {
      this.state = "stopped"; // at once
      this.view.halt?.();
      this.#showEnd(); // whatever the rest waits for
    }
    await this.view.catchUp();
    this.state = ended;
    await this.view.end();
    // What an end takes is no long task, since somebody may be about to press something.
    await nextTask();
    this.#showEnd();
    if (this.error) announce(told(this.error.message));
    else if (!stopped) announce(say("answer_finished"));
    await nextTask();
    this.painted();
  }

  /**
   * A receipt that came after the end: of an answer that was stopped.
   *
   * @param {Receipt} receipt
   */
  addReceipt(receipt) {
    this.receipts.push((this.receipt = receipt));
    this.#showEnd();
  }

  #showEnd() {
    this.#showStory(false);
    hide(this.body, !this.text || this.elsewhere);
    const more = this.goOn && this.text ? el("button", { type: "button", class: "gc-link gc-continue", onclick: () => this.goOn?.() }, say("continue_answer")) : null;
    this.foot.replaceChildren();
    if (this.state === "stopped") this.foot.append(el("p", { class: "gc-stopped" }, say("stopped"), " ", more));
    if (this.state === "cut") this.foot.append(el("p", { class: "gc-cut", role: "note" }, this.#cutInWords(), " ", more));
    if (this.error) this.foot.append(errorCard(this.error, { kept: Boolean(this.text), again: this.again }));
    if (this.quoted) this.#quote(this.quoted);
    const seen = { shownTokensPerS: this.#tokensPerS() };
    this.foot.append(...this.receipts.map((receipt) => receiptView(receipt, seen, this.#saves())));
    if (!this.bar.childElementCount) this.bar.append(...this.#buttons());
  }

  // Only of what this page has heard itself.
  #saves() {
    if (!this.events.length) return null;
    const link = (/** @type {string} */ words, /** @type {boolean} */ texts) =>
      el("button", { type: "button", class: "gc-link", onclick: () => import("./story-file.js").then((module) => module.saveStory(this.events, texts)) }, say(words));
    return el("p", { class: "gc-story-save" }, link("story_save", false), link("story_save_texts", true));
  }

  #cutInWords() {
    const n = this.receipt?.usage?.completion_tokens;
    return n ? say("cut_at", { n: count(n) }) : say("cut_somewhere");
  }

  #buttons() {
    const buttons = [];
    if (this.text && !this.elsewhere) buttons.push(iconButton("copy", say("copy_answer"), { "data-action": "copy", onclick: (event) => copy(this.text, event.currentTarget) }));
    if (this.text && !this.elsewhere) buttons.push(speakButton(() => this.text));
    if (this.again) buttons.push(iconButton("retry", say("ask_again"), { "data-action": "again", class: "gc-icon-button gc-again", onclick: () => this.again?.() }));
    return buttons;
  }

  // From the first word on the screen to the last; what the model thought was not shown between them.
  #tokensPerS() {
    const { firstPaint, lastPaint } = this.view;
    if (firstPaint === null || lastPaint === null) return null;
    const usage = this.receipt?.usage;
    const tokens = usage ? usage.completion_tokens - (usage.reasoning_tokens ?? 0) : 0;
    const span = (lastPaint - firstPaint) / 1000;
    return tokens && span > 0.05 ? tokens / span : null;
  }
}

/**
 * Reads an answer aloud; who hears of it loads what that takes.
 *
 * @param {() => string} text
 */
export function speakButton(text) {
  const button = iconButton("speaker", say("speak"), { "data-action": "speak", "aria-pressed": "false" });
  button.addEventListener("click", () => document.dispatchEvent(new CustomEvent("gc:speak", { detail: { text: text(), button } })));
  return button;
}

/** @param {StoryLine<"attempt_failed">} event */
function failureInWords(event) {
  const words = `${shortModel(event.model)}: ${event.status ? `${event.status} ` : ""}${kindInWords(event.kind)}`;
  return event.rest_s > 0 ? `${words}, ${say("story_rests", { s: wholeSeconds(event.rest_s) })}` : words;
}
