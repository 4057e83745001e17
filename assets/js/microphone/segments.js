// A transcript by phrases: when each was said, how sure the model was, and a click to hear it again.

import { el, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";

/** @import { Segment, Transcript, Word } from "../shared/types.js" */

/**
 * `0:07.4`, `12:03.0`, `1:02:03.5`
 *
 * @param {number} at seconds
 */
export function clock(at) {
  const tenths = Math.round(at * 10); // rounded first: 59.97 is a minute
  const minutes = Math.floor(tenths / 600);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/**
 * How sure the model was of a phrase, from the mean log probability of its tokens: above −0.5 (0.6 a token) is usual
 * for clear speech; below −1 Whisper itself counts a phrase as failed.
 *
 * @param {number | null | undefined} logprob
 */
export function sureness(logprob) {
  if (logprob === null || logprob === undefined || logprob > -0.5) return null;
  return logprob > -1 ? "medium" : "low";
}

/** @param {(seconds: number) => void} play */
export function segmentsView(play) {
  const list = el("div", { class: "gc-segments", role: "list", "aria-label": say("segments") });
  const legend = el("p", { class: "gc-legend", hidden: true }, el("span", {}, say("sure_medium")), el("span", {}, say("sure_low")));
  /** @type {{ segment: Segment, element: HTMLElement }[]} */
  let shown = [];

  /**
   * @param {Segment} segment
   * @param {Word[]} words
   */
  function row(segment, words) {
    const text = el("span", { "data-sure": sureness(segment.avg_logprob) });
    if (words.length) {
      words.forEach((word, index) => {
        text.append(index ? " " : "", el("span", { class: "gc-word", onclick: () => play(word.start) }, word.word.trim()));
      });
    } else setText(text, segment.text.trim());
    const label = say("play_from", { at: clock(segment.start) });
    return el(
      "div",
      { class: "gc-segment", role: "listitem" },
      el("button", { type: "button", "aria-label": label, title: label, onclick: () => play(segment.start) }, clock(segment.start)),
      el("span", {}, text),
    );
  }

  /**
   * @param {Segment[]} segments
   * @param {Word[]} [words]
   */
  function add(segments, words = []) {
    for (const segment of segments) {
      const own = words.filter((word) => word.start >= segment.start - 0.01 && word.start < segment.end - 0.005);
      const element = row(segment, sameWords(own, segment.text) ? own : []);
      shown.push({ segment, element });
      list.append(element);
      if (sureness(segment.avg_logprob)) legend.hidden = false;
    }
  }

  return {
    element: el("div", {}, legend, list),
    add,
    clear() {
      shown = [];
      list.replaceChildren();
      legend.hidden = true;
    },
    /** The whole of it, once it is known: with words, which can be played one by one. @param {Transcript} transcript */
    show(transcript) {
      this.clear();
      add(transcript.segments ?? [], transcript.words ?? []);
    },
    /** Mark what is being said. @param {number} at seconds */
    now(at) {
      for (const { segment, element } of shown) element.toggleAttribute("data-now", at >= segment.start && at < segment.end);
    },
  };
}

// Words come without the phrase's punctuation; they stand in for it only where nothing would be lost.
/**
 * @param {Word[]} words
 * @param {string} text
 */
function sameWords(words, text) {
  const plain = (/** @type {string} */ value) => value.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return words.length > 0 && plain(words.map((word) => word.word).join("")) === plain(text) && words.some((word) => /[^\p{L}\p{N}\s]/u.test(word.word)) === /[^\p{L}\p{N}\s]/u.test(text);
}
