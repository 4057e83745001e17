// What the panel says in sentences: who answers now and why not another, what is about to end, how much is left.

import { count, wholeSeconds } from "../shared/formats.js";
import { kindInWords, language, say, shortModel } from "../shared/words.js";

/** @import { Models, Snapshot, TargetStatus, TierStatus } from "./types.js" */

const DAY_MS = 86_400_000;
/** Tokens of a message while this page has seen none. */
const TYPICAL_TOKENS = 900;

const idOf = (/** @type {string} */ name) => name.slice(name.indexOf(":") + 1);

/**
 * What people call a model.
 *
 * @param {string} name
 * @param {Models} models
 */
const labelOf = (name, models) => {
  const label = models[name]?.label;
  return label && label !== idOf(name) ? label : shortModel(idOf(name));
};

/**
 * Why a target is not the one that answers; empty where nothing is the matter with it.
 *
 * @param {TargetStatus} target
 * @param {Models} models
 */
export function matter(target, models) {
  const model = labelOf(target.name, models);
  const { status, shutdown } = models[target.name] ?? {};
  if (target.state === "gone") {
    if (shutdown && (status === "retired" || status === "enterprise")) return say("passed_shut", { model, when: monthOf(shutdown) });
    return say("passed_gone", { model });
  }
  if (target.state === "no_key") return say("passed_no_key", { model });
  if (target.state !== "resting") return "";
  const why = target.last_error ? kindInWords(target.last_error) : "";
  return say("passed_resting", { model, s: wholeSeconds(Math.ceil(target.rests_for_s ?? 0)), why });
}

/**
 * The sentence under a tier.
 *
 * @param {TierStatus} tier
 * @param {Snapshot} snapshot
 * @param {Models} models
 * @param {string[]} [list] names of its models, in order of preference
 */
export function tierInWords(tier, snapshot, models, list = []) {
  const targets = new Map(snapshot.targets.map((target) => [target.name, target]));
  /** @type {string[]} */
  const passed = [];
  for (const name of list) {
    if (name === tier.target) break;
    const target = targets.get(name);
    const words = target ? matter(target, models) : "";
    if (words) passed.push(words);
  }
  if (passed.length > 2) passed.splice(1, passed.length - 1, say("passed_more", { n: passed.length - 1 }));
  if (!tier.target) return [say("tier_nobody_now"), ...passed].join(" ");
  return passed.join(" ") || say("tier_first_choice");
}

/** @param {string} iso */
function monthOf(iso) {
  const day = new Date(`${iso}T12:00:00`);
  const year = day.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return day.toLocaleDateString(language, { month: "long", year });
}

/**
 * Models in use that are about to be shut down, with the days that are left.
 *
 * @param {Snapshot} snapshot
 * @param {Models} models
 * @param {number} [now]
 */
export function endings(snapshot, models, now = Date.now()) {
  return snapshot.targets.flatMap((target) => {
    const { status, shutdown } = models[target.name] ?? {};
    if (status !== "announced" || !shutdown || target.state === "gone") return [];
    const days = Math.max(0, Math.ceil((Date.parse(`${shutdown}T00:00:00Z`) - now) / DAY_MS));
    return [say(days === 1 ? "ending_one" : "ending_some", { model: labelOf(target.name, models), n: days })];
  });
}

/**
 * About how many messages a target still takes before a limit is reached; null where no limit is known.
 *
 * @param {TargetStatus} target
 * @param {number} tokensPerMessage
 */
export function messagesLeft(target, tokensPerMessage) {
  const left = target.limits
    .map(({ kind, remaining }) => (kind === "requests" ? remaining : kind === "tokens" ? remaining / (tokensPerMessage || TYPICAL_TOKENS) : null))
    .filter((value) => value !== null);
  return left.length ? Math.max(0, Math.floor(Math.min(...left))) : null;
}

/**
 * The same as words.
 *
 * @param {TargetStatus} target
 * @param {number} tokensPerMessage
 */
export function remainderInWords(target, tokensPerMessage) {
  const left = messagesLeft(target, tokensPerMessage);
  return left === null ? "" : say(left === 1 ? "left_one" : "left_some", { n: count(left) });
}
