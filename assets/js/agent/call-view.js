// One call of a tool on the page: what it was given and what it gave, and whether it may run.

import { announce, el, setText } from "../shared/dom.js";
import { seconds } from "../shared/formats.js";
import { say } from "../shared/words.js";
import { send } from "../shared/wire.js";

/** @import { StoryLine } from "../shared/types.js" */

/** @typedef {"runs" | "asks" | "done" | "failed"} State */

export class CallView {
  /**
   * @param {StoryLine<"tool_started" | "approval_asked">} event
   * @param {State} state
   * @param {(words: string) => void} hint tells what is in the way
   */
  constructor(event, state, hint) {
    this.hint = hint;
    this.mark = el("span", { class: "gc-call-state" });
    this.result = el("pre", { tabindex: "0" });
    this.given = el("pre", { tabindex: "0", dir: "ltr" }, ...isolated(indent(event.arguments)));
    this.scrollHint = el("b", { class: "gc-call-scroll", hidden: true }, say("call_scroll"));
    this.resultBox = el("div", { hidden: true }, el("h4", {}, say("call_result")), this.result);
    this.element = el(
      "details",
      { class: "gc-call", "data-call": event.name },
      el("summary", {}, el("b", {}, event.name), el("code", { class: "gc-call-brief" }, brief(event.arguments)), event.e === "tool_started" && event.hosted ? el("small", {}, say("call_hosted")) : null, this.mark),
      el("div", { class: "gc-call-body" }, el("h4", {}, say("call_arguments")), this.given, this.resultBox),
    );
    this.state(state);
  }

  /** @type {HTMLElement | undefined} */
  question;

  /**
   * @param {State} state
   * @param {string} [words]
   */
  state(state, words = say(`call_${state}`)) {
    this.element.dataset.state = state;
    setText(this.mark, words);
  }

  /**
   * Ask whether it may be called. Refuse has the focus: what happens by mistake should be harmless.
   *
   * @param {StoryLine<"approval_asked">} event
   */
  ask(event) {
    const word = (/** @type {boolean} */ agreed) => () => {
      question.remove();
      this.state(agreed ? "runs" : "asks");
      giveWord(event.approval, agreed).then((said) => said || this.hint(say("call_waits_no_more")));
    };
    const refuse = el("button", { type: "button", class: "gc-chip", "data-word": "refuse", onclick: word(false) }, say("call_refuse"));
    const allow = el("button", { type: "button", class: "gc-chip gc-allow", "data-word": "allow", onclick: word(true) }, say("call_allow"));
    /** @type {HTMLElement} */
    const question = el("div", { class: "gc-call-question", role: "group", "aria-label": say("call_asks"), "data-approval": event.approval }, el("p", {}, say("call_question", { name: event.name }), " ", this.scrollHint), refuse, allow);
    this.question = question;
    this.element.open = true;
    this.element.append(question);
    announce(say("call_question", { name: event.name }));
    refuse.focus();
    this.#allowAtTheEnd(allow);
  }

  /** What does not fit its box must have been scrolled to its end before it can be allowed. @param {HTMLButtonElement} allow */
  #allowAtTheEnd(allow) {
    const shown = this.given;
    // What is in a tab that is not looked at, or folded away, has no size and has not been seen.
    const isAtEnd = () => shown.clientHeight > 0 && shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 2;
    const sized = new ResizeObserver(() => look());
    const look = () => {
      allow.disabled = !isAtEnd();
      allow.title = allow.disabled ? say("call_scroll") : "";
      this.scrollHint.hidden = !allow.disabled;
      if (allow.disabled) return;
      shown.removeEventListener("scroll", look);
      sized.disconnect();
    };
    shown.addEventListener("scroll", look);
    sized.observe(shown);
    look();
  }

  /** @param {StoryLine<"tool_finished">} event */
  finish(event) {
    this.result.textContent = indent(event.result);
    this.resultBox.hidden = false;
    const took = event.elapsed_s === null || event.elapsed_s === undefined ? "" : ` · ${seconds(event.elapsed_s)}`;
    if (event.error !== null) this.state("failed", say("call_failed") + took);
    else this.state("done", `${firstLine(event.result)}${took}`);
  }

  abandon() {
    this.question?.remove();
    if (["runs", "asks"].includes(this.element.dataset.state ?? "")) this.state("failed", say("stopped"));
  }
}

/**
 * @param {string} approval
 * @param {boolean} agreed
 */
async function giveWord(approval, agreed) {
  try {
    return (await send("agent/word", { body: JSON.stringify({ approval, agreed }), headers: { "content-type": "application/json" } })).ok;
  } catch {
    return false;
  }
}

const firstLine = (/** @type {string} */ text) => {
  const line = text.split("\n")[0];
  return line.length > 60 ? `${line.slice(0, 59)}…` : line || say("call_done");
};
const brief = (/** @type {string} */ text) => (text === "{}" || text === "null" ? "" : text.length > 80 ? `${text.slice(0, 79)}…` : text);

/**
 * Keep each text of laid-out JSON to itself: letters that are written from right to left would change places with those
 * of the next one, and a name stand where its value stands.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function isolated(text) {
  return text.split(/("(?:[^"\\]|\\.)*")/).map((piece, number) => (number % 2 ? el("bdi", {}, piece) : piece));
}

/**
 * Lay JSON out in lines without reading it: every sign of it stays as it is written, long numbers too.
 *
 * @param {string} text
 */
export function indent(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  let out = "";
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      out += sign;
      if (sign === "\\") out += text[(at += 1)] ?? "";
      else if (sign === '"') quoted = false;
    } else if (sign === '"') {
      quoted = true;
      out += sign;
    } else if ("{[".includes(sign)) {
      const empty = /^\s*[}\]]/.exec(text.slice(at + 1, at + 9));
      if (empty) at += empty[0].length;
      else depth += 1;
      out += empty ? sign + empty[0].trim() : `${sign}\n${"  ".repeat(depth)}`;
    } else if ("}]".includes(sign)) {
      depth = Math.max(0, depth - 1);
      out += `\n${"  ".repeat(depth)}${sign}`;
    } else if (sign === ",") out += `,\n${"  ".repeat(depth)}`;
    else if (sign === ":") out += ": ";
    else if (sign.trim()) out += sign;
  }
  return out;
}
