// The fallback chain as a picture: who would be asked in which order, and the way the last answer took, lit up.

import { el } from "./dom.js";
import { seconds } from "./formats.js";
import { kindInWords, say, shortModel } from "./words.js";

/**
 * @import { Attempt, Receipt } from "./types.js"
 * @import { Snapshot } from "../status/types.js"
 */

const MOST_NODES = 6;

/**
 * @param {Snapshot} snapshot
 * @param {Receipt | null} receipt of the last answer
 */
export function chainView(snapshot, receipt) {
  const tier = receipt?.tier || snapshot.tiers[0]?.tier || "";
  const names = receipt?.candidates?.length ? receipt.candidates : (snapshot.tiers.find((one) => one.tier === tier)?.candidates ?? []);
  /** @type {Map<string, string>} */
  const states = new Map(snapshot.targets.map((target) => [target.name, target.state]));
  const nodes = names.slice(0, MOST_NODES).map((name, index) => node(name, index, names, states, receipt));
  nodes.push(degradationNode(receipt));
  return el("ol", { class: "gc-chain", "aria-label": say("chain_of", { tier }) }, ...nodes);
}

/**
 * @param {string} name
 * @param {number} index
 * @param {string[]} names
 * @param {Map<string, string>} states
 * @param {Receipt | null} receipt
 */
function node(name, index, names, states, receipt) {
  const [provider, ...rest] = name.split(":");
  const attempts = (receipt?.attempts ?? []).filter((attempt) => `${attempt.provider}:${attempt.model}` === name);
  const last = attempts.at(-1);
  return el(
    "li",
    { class: "gc-node", "data-state": states.get(name) ?? "healthy", "data-outcome": last?.outcome },
    el("i", { class: "gc-dot", "data-state": states.get(name) ?? "healthy" }),
    el("span", { class: "gc-node-name", title: name }, shortModel(rest.join(":"))),
    el("small", {}, place(provider, index, names)),
    last ? el("em", {}, outcome(last, attempts.length)) : null,
  );
}

/**
 * @param {string} provider
 * @param {number} index
 * @param {string[]} names
 */
function place(provider, index, names) {
  if (provider !== names[0].split(":")[0]) return say("chain_backup");
  return say(index === 0 ? "chain_primary" : "chain_next");
}

/**
 * @param {Attempt} attempt
 * @param {number} times
 */
function outcome(attempt, times) {
  const again = times > 1 ? ` ×${times}` : "";
  if (attempt.outcome === "answered") return say("chain_answered", { s: seconds(attempt.ttft_s ?? attempt.elapsed_s) }) + again;
  if (attempt.outcome === "cancelled") return say("outcome_cancelled") + again;
  if (attempt.outcome === "skipped") return say("outcome_skipped") + again;
  return kindInWords(attempt.error) + again;
}

/** @param {Receipt | null} receipt */
function degradationNode(receipt) {
  return el(
    "li",
    { class: "gc-node gc-node-end", "data-outcome": receipt?.degraded ? "degraded" : null },
    el("i", { class: "gc-dot" }),
    el("span", { class: "gc-node-name" }, say("chain_degraded")),
    el("small", {}, say("chain_degraded_help")),
  );
}
