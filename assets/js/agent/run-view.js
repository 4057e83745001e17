// One run of the agent on the page: its steps, each an answer and the calls it made.

import { Answer } from "../shared/answer.js";
import { el } from "../shared/dom.js";
import { seconds } from "../shared/formats.js";
import { receiptView } from "../shared/receipt.js";
import { say } from "../shared/words.js";
import { CallView } from "./call-view.js";

/** @import { ErrorLine, Line, Receipt, StoryLine } from "../shared/types.js" */

export class RunView {
  /**
   * @param {() => void} painted called after each change of height
   * @param {(words: string) => void} hint tells what is in the way
   */
  constructor(painted, hint) {
    this.painted = painted;
    this.hint = hint;
    /** @type {Map<string, CallView>} */
    this.calls = new Map();
    /** @type {Receipt | null} */
    this.receipt = null;
    /** @type {StoryLine<"run_ended"> | null} */
    this.ended = null;
    /** @type {ErrorLine | null} */
    this.error = null;
    this.element = el("section", { class: "gc-turn gc-run" });
    /** The step under way, and the calls it makes. */
    this.answer = new Answer({ painted });
    this.slot = el("div", { class: "gc-calls" });
    this.#showStep(1);
  }

  /** @param {Line} event */
  hear(event) {
    if (event.e === "step_started") {
      if (event.step > 1) this.#step(event.step);
    } else if (event.e === "tool_started" || event.e === "approval_asked") this.#showStart(event);
    else if (event.e === "tool_finished") this.#showEnd(event);
    else if (event.e === "run_ended") this.ended = event;
    else if (event.e === "receipt") this.receipt = event;
    else if (event.e === "error") this.error = event;
    else this.answer.hear(event);
    this.painted();
  }

  /** @param {number} number counted from 1 */
  #step(number) {
    settle(this.answer);
    this.answer = new Answer({ painted: this.painted });
    this.slot = el("div", { class: "gc-calls" });
    this.#showStep(number);
  }

  /** @param {number} number */
  #showStep(number) {
    this.element.append(el("div", { class: "gc-step" }, el("span", { class: "gc-step-number", title: say("agent_step", { n: number }) }, String(number)), el("div", { class: "gc-step-body" }, this.answer.element, this.slot)));
  }

  /** @param {StoryLine<"tool_started" | "approval_asked">} event */
  #showStart(event) {
    this.answer.story.hidden = true;
    const asks = event.e === "approval_asked";
    const known = this.calls.get(event.call);
    if (known) return known.state("runs");
    const call = new CallView(event, asks ? "asks" : "runs", this.hint);
    this.calls.set(event.call, call);
    this.slot.append(call.element);
    if (event.e === "approval_asked") call.ask(event);
  }

  /** @param {StoryLine<"tool_finished">} event */
  #showEnd(event) {
    this.calls.get(event.call)?.finish(event);
  }

  /** What is known of it ends here, though it may go on on another device. */
  leaveOpen() {
    this.element.append(el("p", { class: "gc-ended", role: "note" }, say("run_elsewhere")));
    this.painted();
  }

  /** @param {boolean} stopped */
  async end(stopped) {
    for (const call of this.calls.values()) call.abandon();
    const last = this.answer;
    if (this.error) last.error = this.error;
    await last.end({ stopped });
    const reason = this.ended && this.ended.reason !== "answered" ? say(`ended_${this.ended.reason}`, { n: this.ended.steps }) : "";
    if (reason) this.element.append(el("p", { class: "gc-ended" }, reason));
    if (!this.receipt) return this.painted();
    const steps = this.ended?.steps ?? 0;
    const took = seconds(this.ended?.elapsed_s ?? 0);
    const facts = steps ? el("span", { class: "gc-muted" }, steps === 1 ? say("agent_one_step", { s: took }) : say("agent_steps_done", { n: steps, s: took })) : null;
    this.element.append(el("div", { class: "gc-bar-row gc-run-bar" }, facts, receiptView(this.receipt, { shownTokensPerS: null })));
    this.painted();
  }
}

// A step between others: its text stands, its calls follow, and the receipt comes once, at the end.
/** @param {Answer} answer */
function settle(answer) {
  answer.state = "done";
  answer.story.hidden = true;
  if (!answer.text) answer.body.hidden = true;
  answer.view.end();
}
