// The status panel: what the router sees, as it sees it. Rows are changed in place and never drawn anew.

import { chainView } from "../shared/chain.js";
import { el, find, hide, setAttribute, setText } from "../shared/dom.js";
import { breaks, faultMenu, showFaults } from "./fault-switch.js";
import { Feed } from "./feed.js";
import { endings, remainderInWords, tierInWords } from "./plain.js";
import { count, dollars, seconds, wholeSeconds } from "../shared/formats.js";
import { kindInWords, say, shortModel, told } from "../shared/words.js";
import { SIMULATED } from "../../texts.js";

/**
 * @import { Child, Receipt } from "../shared/types.js"
 * @import { FaultInForce, LimitStatus, Models, Snapshot, TargetStatus } from "./types.js"
 */

/** @type {Map<string, ReturnType<typeof targetRow>>} */
const rows = new Map();
/** @type {Snapshot | null} */
let snapshot = null;
/** @type {FaultInForce[]} */
let inForce = [];
let receivedAt = 0;
/** @type {Receipt | null} */
let receipt = null;
/** @type {Models} */
let models = {};
/** @type {Record<string, string[]>} of each tier: its models in order of preference */
let lists = {};
let begun = false;
const spent = { messages: 0, tokens: 0, usd: 0, hits: 0, saved: 0 }; // by this page

const dot = el("i", { class: "gc-dot" });
const headline = el("span", { class: "gc-status-headline" });
const tiers = el("div", { class: "gc-tiers" });
const chain = el("div", { class: "gc-chain-slot" });
const targets = el("div", { class: "gc-targets", role: "list" });
const others = el("div", { class: "gc-targets", role: "list" });
const retired = el("div", { class: "gc-targets", role: "list" });
const retiredFold = el("details", { class: "gc-fold", hidden: true }, el("summary", {}), retired);
const ending = el("div", { class: "gc-ending", role: "status" });
const mine = el("p", { class: "gc-status-foot" });
const caveat = el("p", { class: "gc-status-foot", hidden: true }, say("left_caveat"));
const gone = el("div", { id: "gc-gone", role: "alert", hidden: true }, say("server_gone"));
const tour = el("button", { type: "button", id: "tour-start", class: "gc-pill", onclick: () => import("./tour.js").then((module) => module.startTour()) }, say("tour_start"));
const othersFold = el("details", { class: "gc-fold", hidden: true }, el("summary", {}), others);
const faults = el("div", { class: "gc-faults" });
const foot = el("p", { class: "gc-status-foot" });
const notices = el("div", { class: "gc-notices" });
const panel = el(
  "details",
  { class: "gc-status" },
  el("summary", { class: "gc-status-head" }, dot, el("b", {}, say("status")), headline),
  el(
    "div",
    { class: "gc-status-body" },
    ending,
    section("status_tiers", tiers),
    section("status_chain", chain),
    SIMULATED ? el("div", { class: "gc-tour-door" }, tour) : null,
    section("status_targets", faults, targets, caveat, retiredFold, othersFold),
    mine,
    foot,
  ),
);

/**
 * @param {string} name
 * @param {...Child} children
 */
function section(name, ...children) {
  return el("section", {}, el("h2", {}, say(name)), ...children);
}

// On a narrow page the open panel is a drawer: it goes by Esc or a touch beside it, too.
const narrow = matchMedia("(max-width: 899px)");
narrow.addEventListener("change", () => narrow.matches && (panel.open = false)); // nobody opened a drawer over the page
const scrim = el("div", { class: "gc-scrim", "aria-hidden": "true", onclick: () => (panel.open = false) });
window.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !panel.open || !narrow.matches) return;
    event.stopPropagation();
    panel.open = false;
    panel.querySelector("summary")?.focus();
  },
  true,
);

// What concerns everybody is seen whether the panel is open, on a phone over everything else, or folded into a strip.
function placeNotices() {
  const header = document.getElementById("gc-header");
  if (panel.open || !header) panel.querySelector(".gc-status-body")?.prepend(notices);
  else header.before(notices);
}
panel.addEventListener("toggle", () => {
  placeNotices();
  if (panel.open && snapshot) showBody(snapshot, inForce);
});

/**
 * Put the panel into an element; called again whenever Gradio makes that element anew.
 *
 * @param {HTMLElement} host
 */
export function showStatusIn(host) {
  if (!panel.isConnected) panel.open = !narrow.matches;
  host.replaceChildren(panel, scrim);
  placeNotices();
  if (!snapshot) setText(headline, say("status_connecting"));
  if (begun) return;
  begun = true;
  feed.begin();
}

const feed = new Feed(
  (news) => {
    snapshot = news.snapshot;
    models = news.models ?? models;
    lists = news.lists ?? lists;
    receivedAt = performance.now();
    inForce = news.faults;
    show(snapshot);
  },
  (there) => {
    panel.classList.toggle("gc-stale", !there);
    hide(gone, there);
    if (!gone.isConnected) document.body.append(gone);
    if (!there) setText(headline, say("status_gone"));
  },
);

document.addEventListener("gc:receipt", (event) => {
  receipt = event.detail;
  spent.messages += 1;
  spent.tokens += receipt.usage?.total_tokens ?? 0;
  spent.usd += receipt.cost_usd ?? 0;
  spent.hits += Number(receipt.cache === "hit");
  spent.saved += receipt.saved_usd ?? 0;
  showMine();
  if (snapshot && panel.open) chain.replaceChildren(chainView(snapshot, receipt));
});

/** The target that a question is sent to first. */
export const firstChoice = () => snapshot?.tiers.find((tier) => tier.tier === "speed")?.target ?? snapshot?.targets[0]?.name;

const sinceNews = () => (performance.now() - receivedAt) / 1000;

/** @param {Snapshot} snapshot */
function show(snapshot) {
  const awake = snapshot.targets.filter((target) => target.state === "healthy").length;
  setAttribute(dot, "data-state", snapshot.ready ? "healthy" : "resting");
  tellEverybody(snapshot);
  setText(headline, snapshot.ready ? say("status_ready", { n: awake, of: snapshot.targets.length }) : whyNobody(snapshot));
  // What a folded panel holds is brought up to date when it is opened: news come all the while something is answered.
  if (panel.open || !rows.size) showBody(snapshot, inForce);
  else tick();
}

/**
 * @param {Snapshot} snapshot
 * @param {FaultInForce[]} inForce
 */
function showBody(snapshot, inForce) {
  showTiers(snapshot);
  showTargets(snapshot);
  chain.replaceChildren(chainView(snapshot, receipt));
  showFaults(faults, inForce, [...rows.keys()]);
  for (const [name, row] of rows) row.faults?.show(inForce.filter((fault) => breaks(fault, name)));
  showFoot(snapshot);
  tick();
}

/**
 * Why nobody could answer, short enough for a headline: when the first one is back, where that is known.
 *
 * @param {Snapshot} snapshot
 */
function whyNobody(snapshot) {
  const rests = snapshot.targets.map((target) => target.rests_for_s).filter((s) => s !== null);
  if (!rests.length) return told(snapshot.not_ready_why);
  return say("status_resting", { s: wholeSeconds(Math.max(0, Math.min(...rests) - sinceNews())) });
}

/** @param {Snapshot} snapshot */
function showTiers(snapshot) {
  snapshot.tiers.forEach((tier, index) => {
    const row = tiers.children[index] ?? tiers.appendChild(el("div", { class: "gc-tier", tabindex: "0" }, el("b"), el("span"), el("small")));
    setText(row.children[0], tier.tier);
    setText(row.children[1], tier.target ? shortModel(tier.target.split(":").slice(1).join(":")) : say("tier_nobody"));
    const words = tierInWords(tier, snapshot, models, lists[tier.tier]);
    setText(row.children[2], words);
    setAttribute(row, "title", `${tier.target ?? ""} ${words}`);
  });
  while (tiers.children.length > snapshot.tiers.length) tiers.lastChild?.remove();
  const words = endings(snapshot, models);
  if (ending.textContent !== words.join("")) ending.replaceChildren(...words.map((one) => el("p", {}, one)));
}

// What this page has used: of this page alone, since the server tells nobody of others.
function showMine() {
  const words = [say("mine_messages", { n: count(spent.messages), tokens: count(spent.tokens), usd: dollars(spent.usd) })];
  if (spent.hits) words.push(say(spent.hits === 1 ? "mine_hit" : "mine_hits", { n: spent.hits, usd: dollars(spent.saved) }));
  setText(mine, words.join(" "));
}
const tokensPerMessage = () => (spent.messages ? spent.tokens / spent.messages : 0);

// Targets of the chain are in sight; what has neither state nor use now is folded away.
/** @param {Snapshot} snapshot */
function showTargets(snapshot) {
  const asleep = (/** @type {TargetStatus} */ target) => target.state === "no_key" || target.state === "gone";
  const shown = new Set();
  for (const target of snapshot.targets) {
    shown.add(target.name);
    let row = rows.get(target.name);
    if (!row) rows.set(target.name, (row = targetRow(target, snapshot.mode === "simulator")));
    const home = !asleep(target) || target.attempts ? targets : target.state === "gone" ? retired : others;
    if (row.element.parentNode !== home) home.append(row.element);
    row.show(target);
  }
  for (const [name, row] of rows) {
    if (shown.has(name)) continue;
    row.element.remove();
    rows.delete(name);
  }
  showFold(othersFold, others, "status_others");
  showFold(retiredFold, retired, "status_retired");
  hide(caveat, !snapshot.targets.some((target) => target.limits.length));
}

/**
 * @param {HTMLElement} fold
 * @param {HTMLElement} list what it holds
 * @param {string} words
 */
function showFold(fold, list, words) {
  hide(fold, !list.children.length);
  setText(fold.firstChild, say(words, { n: list.children.length }));
}

/**
 * @param {TargetStatus} first
 * @param {boolean} breakable
 */
function targetRow(first, breakable) {
  const name = el("span", { class: "gc-target-name" });
  const state = el("span", { class: "gc-target-state" });
  const error = el("p", { class: "gc-target-error" });
  const figures = el("p", { class: "gc-target-figures" });
  const limits = el("div", { class: "gc-limits" });
  const left = el("p", { class: "gc-target-left" });
  const note = el("p", { class: "gc-target-note" });
  const menu = breakable ? faultMenu(first.name) : null;
  const dot = el("i", { class: "gc-dot" });
  const element = el(
    "div",
    { class: "gc-target", role: "listitem", "data-target": first.name, "data-state": first.state },
    el("div", { class: "gc-target-line" }, dot, name, state, menu?.element ?? null),
    error,
    figures,
    limits,
    left,
    note,
  );
  return {
    element,
    faults: menu,
    tick: (/** @type {TargetStatus} */ target) => setText(state, stateInWords(target)),
    /** @param {TargetStatus} target */
    show(target) {
      setAttribute(element, "data-state", target.state);
      setAttribute(dot, "data-state", target.state);
      setText(name, shortModel(target.model));
      setAttribute(name, "title", target.name);
      setAttribute(element, "data-provider", target.provider);
      setText(error, lastError(target));
      setText(figures, figuresInWords(target));
      setText(note, told(target.note));
      showLimits(limits, target.limits);
      setText(left, target.tiers.some((tier) => tier !== "audio" && tier !== "speech") ? remainderInWords(target, tokensPerMessage()) : "");
    },
  };
}

/** @param {TargetStatus} target */
function stateInWords(target) {
  if (target.state === "resting" && target.rests_for_s !== null) {
    return say("state_resting_for", { s: wholeSeconds(Math.ceil(target.rests_for_s - sinceNews())) });
  }
  return say(`state_${target.state}`);
}

/** @param {TargetStatus} target */
function lastError(target) {
  if (!target.last_error || target.state === "no_key") return "";
  const ago = target.last_error_ago_s === null ? "" : say("error_ago", { s: wholeSeconds(target.last_error_ago_s + sinceNews()) });
  return `${(told(target.last_error_text ?? "") || kindInWords(target.last_error)).replace(/\.$/, "")}${ago}`;
}

/** @param {TargetStatus} target */
function figuresInWords(target) {
  const words = [];
  if (target.ttft_p50_s !== null) words.push(say("figure_ttft", { s: seconds(target.ttft_p50_s) }));
  if (target.tokens_per_s) words.push(say("figure_speed", { n: count(target.tokens_per_s) }));
  if (target.attempts) words.push(say("figure_answered", { n: target.answered, of: target.attempts }));
  if (target.inflight) words.push(say("figure_inflight", { n: target.inflight }));
  return words.join(" · ");
}

/**
 * @param {HTMLElement} host
 * @param {LimitStatus[]} limits
 */
function showLimits(host, limits) {
  limits.forEach((limit, index) => {
    const row = host.children[index] ?? host.appendChild(el("div", { class: "gc-limit" }, el("span"), el("i", {}, el("b")), el("span")));
    const share = limit.limit > 0 ? Math.max(0, Math.min(1, limit.remaining / limit.limit)) : 0;
    setText(row.children[0], say("limit_name", { kind: say(`limit_${limit.kind}`), window: say(`window_${limit.window_s}`) }));
    find("b", row)?.style.setProperty("width", `${100 * share}%`);
    setAttribute(row, "data-low", share < 0.15 ? "yes" : null);
    setText(row.children[2], say("limit_left", { n: count(limit.remaining), of: count(limit.limit) }));
    setAttribute(row, "title", say("limit_full_in", { s: wholeSeconds(limit.full_in_s) }));
  });
  while (host.children.length > limits.length) host.lastChild?.remove();
}

/** @param {Snapshot} snapshot */
function showFoot(snapshot) {
  const { catalogue, cache } = snapshot;
  const age = catalogue.age_s === null ? "" : say("catalogue_age", { s: wholeSeconds(catalogue.age_s) });
  setText(
    foot,
    [
      `${say(`catalogue_${catalogue.source}`)}${age}`,
      told(catalogue.note),
      say("cache_line", { entries: count(cache.entries), hits: count(cache.hits), asked: count(cache.hits + cache.misses) }),
      say("requests_line", { n: count(snapshot.requests), fallbacks: count(snapshot.fallbacks) }),
    ]
      .filter(Boolean)
      .join(" · "),
  );
}

// Countdowns run between the news.
function tick() {
  if (!snapshot || document.hidden) return;
  if (!snapshot.ready && !panel.classList.contains("gc-stale")) setText(headline, whyNobody(snapshot));
  if (panel.open) for (const target of snapshot.targets) rows.get(target.name)?.tick(target);
}
setInterval(tick, 1000);

// What an admin announces, and that processes which share their state have lost each other.
/** @param {Snapshot} snapshot */
function tellEverybody({ announcement, shared, database }) {
  note("announcement", announcement ?? "");
  note("shared-away", shared?.startsWith("away") ? say("shared_away") : "");
  note("database-away", database?.startsWith("away") ? say("database_away") : "");
}

/**
 * @param {string} id
 * @param {string} text
 */
function note(id, text) {
  let place = document.getElementById(id);
  if (!place && text) notices.prepend((place = el("p", { id, class: "gc-announcement", role: "status" })));
  if (!place) return;
  setText(place, text);
  hide(place, !text);
}
