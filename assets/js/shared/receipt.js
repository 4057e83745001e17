// The receipt under an answer: who wrote it, after what, in how much time, for how much.

import { el } from "./dom.js";
import { count, dollars, seconds } from "./formats.js";
import { kindInWords, say, shortModel, told } from "./words.js";

/**
 * @import { Attempt, Child, Receipt } from "./types.js"
 *
 * @typedef {{ shownTokensPerS: number | null }} Seen what this page measured itself
 */

/**
 * One line that is always visible, and the whole story to unfold.
 *
 * @param {Receipt} receipt the stream's last line
 * @param {Seen} seen
 * @param {Child} [more] what stands at its end
 */
export function receiptView(receipt, seen, more = null) {
  return el(
    "details",
    { class: "gc-receipt" },
    el("summary", {}, ...headline(receipt, seen)),
    el("div", { class: "gc-receipt-body" }, why(receipt), waterfall(receipt.attempts), facts(receipt, seen), notes(receipt), more ?? ""),
  );
}

/**
 * @param {Receipt} receipt
 * @param {Seen} seen
 */
function headline(receipt, seen) {
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  const by = receipt.served_by;
  if (receipt.degraded) parts.push(el("strong", { class: "gc-warn" }, say("receipt_degraded")));
  else if (by) parts.push(el("strong", {}, shortModel(by.model)));
  else parts.push(el("strong", {}, say(receipt.attempts.length ? "receipt_unfinished" : "receipt_nobody")));
  const failed = receipt.attempts.filter((attempt) => attempt.outcome === "failed").length;
  if (failed) parts.push(el("span", { class: "gc-warn" }, say(failed === 1 ? "receipt_one_failed" : "receipt_some_failed", { n: failed })));
  if (receipt.cache === "hit") parts.push(el("span", { class: "gc-good" }, say("receipt_cached")));
  const answered = receipt.attempts.find((attempt) => attempt.outcome === "answered");
  if (answered?.ttft_s != null) parts.push(say("receipt_ttft", { s: seconds(answered.ttft_s) }));
  const speed = receipt.tokens_per_s ?? seen.shownTokensPerS;
  if (speed) parts.push(say("receipt_speed", { n: count(speed) }));
  if (receipt.cost_usd) parts.push(dollars(receipt.cost_usd));
  return parts.map((part) => (typeof part === "string" ? el("span", {}, part) : part));
}

/** @param {Receipt} receipt */
function why(receipt) {
  if (!receipt.reason) return null;
  return el("p", { class: "gc-why" }, el("b", {}, receipt.tier || say("receipt_route")), ` · ${told(receipt.reason.replace(`${receipt.tier}: `, ""))}`);
}

/**
 * Attempts as bars on one time axis.
 *
 * @param {Attempt[]} attempts
 */
export function waterfall(attempts) {
  if (!attempts?.length) return null;
  const end = Math.max(...attempts.map((attempt) => (attempt.started_s ?? 0) + (attempt.elapsed_s ?? 0)), 0.001);
  const rows = attempts.map((attempt) => {
    const bar = el("i", { class: "gc-bar", "data-outcome": attempt.outcome });
    const start = attempt.started_s ?? 0;
    bar.style.left = `${(100 * start) / end}%`;
    bar.style.width = `max(3px, ${(100 * (attempt.elapsed_s ?? 0)) / end}%)`;
    if (attempt.ttft_s !== null && attempt.elapsed_s) {
      bar.style.setProperty("--first", `${(100 * attempt.ttft_s) / attempt.elapsed_s}%`);
    }
    return el(
      "div",
      { class: "gc-attempt", role: "listitem" },
      el("span", { class: "gc-attempt-name", title: `${attempt.provider}:${attempt.model}` }, shortModel(attempt.model)),
      el("span", { class: "gc-track" }, bar),
      el("span", { class: "gc-attempt-end", "data-outcome": attempt.outcome }, outcome(attempt)),
    );
  });
  return el("div", { class: "gc-waterfall", role: "list", "aria-label": say("receipt_attempts") }, ...rows);
}

/** @param {Attempt} attempt */
function outcome(attempt) {
  if (attempt.outcome === "answered") return seconds(attempt.elapsed_s);
  const words = [attempt.outcome === "cancelled" ? say("outcome_cancelled") : kindInWords(attempt.error)];
  if (attempt.status) words.push(String(attempt.status));
  if (attempt.outcome === "skipped") words.push(say("outcome_skipped"));
  else if (attempt.elapsed_s) words.push(seconds(attempt.elapsed_s));
  if (attempt.retry_after_s) words.push(say("outcome_retry_after", { s: seconds(attempt.retry_after_s) }));
  return words.join(" · ");
}

/**
 * @param {Receipt} receipt
 * @param {Seen} seen
 */
function facts(receipt, seen) {
  const usage = receipt.usage;
  /** @type {[name: string, value: string][]} */
  const rows = [];
  if (receipt.tokens_per_s || seen.shownTokensPerS) {
    const both = [];
    if (receipt.tokens_per_s) both.push(say("fact_model_speed", { n: count(receipt.tokens_per_s) }));
    if (seen.shownTokensPerS) both.push(say("fact_shown_speed", { n: count(seen.shownTokensPerS) }));
    rows.push([say("fact_speed"), both.join(", ")]);
  }
  if (usage?.total_tokens) {
    const words = [say("fact_tokens_value", { in: count(usage.prompt_tokens), out: count(usage.completion_tokens) })];
    if (usage.cached_tokens) words.push(say("fact_tokens_cached", { n: count(usage.cached_tokens) }));
    if (usage.reasoning_tokens) words.push(say("fact_tokens_reasoning", { n: count(usage.reasoning_tokens) }));
    rows.push([say("fact_tokens"), words.join(", ")]);
  }
  if (usage?.audio_s) rows.push([say("fact_audio"), seconds(usage.audio_s)]);
  if (receipt.cost_usd !== null && receipt.cost_usd !== undefined) rows.push([say("fact_price"), dollars(receipt.cost_usd)]);
  if (receipt.cache !== "off") rows.push([say("fact_cache"), cacheInWords(receipt)]);
  if (receipt.request_id) rows.push([say("fact_request"), receipt.request_id]);
  return el("dl", { class: "gc-facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** @param {Receipt} receipt */
function cacheInWords(receipt) {
  if (receipt.cache !== "hit") return say("cache_miss");
  const saved = receipt.saved_usd ? say("cache_saved", { usd: dollars(receipt.saved_usd) }) : "";
  return say("cache_hit", { age: seconds(receipt.cache_age_s ?? 0) }) + saved;
}

/** @param {Receipt} receipt */
function notes(receipt) {
  if (!receipt.notes?.length) return null;
  return el("ul", { class: "gc-notes" }, ...receipt.notes.map((note) => el("li", {}, told(note))));
}
