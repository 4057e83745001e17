// The list of conversations, drawn with Preact: a list that is searched, renamed in and re-ordered is where comparing
// what is with what should be pays; the messages themselves are never compared (see text-view.js).

import htm from "../../vendor/htm/htm.js";
import { Component, h, render } from "../../vendor/preact/preact.js";
import { find, findAll, icon, targetOf } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { attempt } from "./attempt.js";
import "./focus.js";
import { pin, rename } from "./changing.js";

/**
 * @import { VNode } from "../../vendor/preact/preact.js"
 * @import { Keeper } from "./keeper.js"
 * @import { Head } from "./types.js"
 *
 * @typedef {{ open: string, opening: string | null, running: Set<string> }} Now what is open, what is on its way, and where answers run
 * @typedef {{ keeper: Keeper, now: Now, entries: Head[], more: number }} ListProps
 * @typedef {{ head: Head, keeper: Keeper, open: boolean, opening: boolean, running: boolean, menu: boolean, renaming: boolean }} EntryProps
 */

/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => VNode} */
const html = /** @type {any} */ (htm.bind(h)); // htm cannot know whether a template holds one node or several
const SHOWN_AT_FIRST = 50;
const FEWER_OF_FOUND = 20; // the best stand first, and at each key it is another list
const DAY_MS = 86_400_000;

let shown = SHOWN_AT_FIRST;
/** @type {string | null} id of the conversation whose menu is open */
let menu = null;
/** @type {string | null} */
let renaming = null;
/** @type {[keeper: Keeper, now: Now] | null} */
let latest = null;

/**
 * @param {Keeper} keeper
 * @param {Now} now
 */
export function showList(keeper, now) {
  latest = [keeper, now];
  const host = document.getElementById("conversations") ?? keeper.host;
  if (!host) return;
  keeper.host = host;
  const entries = sortHeads(keeper);
  const most = keeper.finder.found ? shown - FEWER_OF_FOUND : shown;
  render(
    html`<${List} keeper=${keeper} now=${now} entries=${entries.slice(0, most)} more=${entries.length - most} />`,
    host,
  );
}

const again = () => latest && showList(...latest);

/** @param {Keeper} keeper */
function sortHeads({ heads, finder: { found } }) {
  if (found) {
    const byId = new Map(heads.map((head) => [head.id, head]));
    return found.map((id) => byId.get(id)).filter((head) => head !== undefined);
  }
  return [...heads].sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updated - a.updated);
}

/**
 * @param {Head} head
 * @param {number} today when it began
 */
function groupOf(head, today) {
  if (head.pinned) return "group_pinned";
  const days = Math.floor((today - head.updated) / DAY_MS) + 1;
  return days <= 0 ? "group_today" : days <= 7 ? "group_week" : "group_older";
}

/** @extends {Component<ListProps>} */
class List extends Component {
  componentDidMount() {
    document.addEventListener("pointerdown", closeMenu);
    window.addEventListener("keydown", leaveMenu, true);
  }

  /** @param {ListProps} props */
  render({ keeper, now, entries, more }) {
    const today = new Date().setHours(0, 0, 0, 0);
    let group = null;
    const rows = [];
    for (const head of entries) {
      const next = keeper.finder.found ? null : groupOf(head, today);
      if (next && next !== group) rows.push(html`<h2 key=${next}>${say(next)}</h2>`);
      group = next;
      rows.push(html`<${Entry} key=${head.id} head=${head} keeper=${keeper} open=${head.id === now.open} opening=${head.id === now.opening} running=${now.running.has(head.id)} menu=${menu === head.id} renaming=${renaming === head.id} />`);
    }
    return html`
      ${!keeper.store.lasts ? html`<p class="gc-list-note" role="note">${say("storage_refused")}</p>` : null}
      ${keeper.behind.any ? html`<p class="gc-list-note" role="note">${say("server_behind")}</p>` : null}
      ${keeper.full ? html`<p class="gc-list-note" role="note">${say("storage_full")}</p>` : null}
      ${rows}
      ${entries.length ? null : html`<p class="gc-list-note">${say(keeper.finder.found ? "search_nothing" : "conversations_none")}</p>`}
      ${more > 0 ? html`<button type="button" class="gc-link gc-list-more" onClick=${showMore}>${say("list_more", { n: more })}</button>` : null}
    `;
  }
}

/** @extends {Component<EntryProps>} */
class Entry extends Component {
  /** @param {EntryProps} next */
  shouldComponentUpdate(next) {
    const { head, open, opening, running, menu, renaming } = this.props;
    return head !== next.head || open !== next.open || opening !== next.opening || running !== next.running || menu !== next.menu || renaming !== next.renaming;
  }

  /** @param {EntryProps} props */
  render({ head, keeper, open, opening, running, menu: menuOpen, renaming: renames }) {
    const title = head.title || say("conversation_untitled");
    return html`
      <div class="gc-entry" data-conversation=${head.id} aria-current=${open ? "true" : null} data-opening=${opening ? "" : null} data-running=${running ? "" : null}>
        ${renames
          ? html`<input key="name" class="gc-entry-name" aria-label=${say("rename")} ref=${beginName(head)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => renameKey(event, head, keeper)} onBlur=${(/** @type {Event} */ event) => takeName(event, head, keeper)} />`
          : html`<button key="title" type="button" class="gc-entry-title" dir="auto" title=${title} onClick=${() => openEntry(head, keeper)}>${head.kind in KIND_ICONS ? html`<span class="gc-entry-kind" ref=${kindIcon(head.kind)} />` : null}${title}</button>`}
        <button key="menu" type="button" class="gc-icon-button" data-action="menu" aria-label=${say("entry_menu", { title })} aria-haspopup="menu" aria-expanded=${String(menuOpen)} onClick=${(/** @type {MouseEvent} */ event) => toggleMenu(head.id, event)} ref=${menuIcon} />
        ${menuOpen ? html`<${Menu} head=${head} keeper=${keeper} />` : null}
      </div>
    `;
  }
}

/** @param {{ head: Head, keeper: Keeper }} props */
function Menu({ head, keeper }) {
  /** @type {[name: string, words: string, what: () => unknown][]} */
  const items = [
    ["rename", say("rename"), () => (renaming = head.id)],
    ["pin", say(head.pinned ? "unpin" : "pin"), () => pin(keeper, head.id)],
    ["export-markdown", say("export_markdown"), async () => (await import("./exchange.js")).saveOne(keeper, head.id, "markdown")],
    ["export-json", say("export_json"), async () => (await import("./exchange.js")).saveOne(keeper, head.id, "json")],
    ["delete", say("delete"), async () => (await import("./deleting.js")).deleteOne(keeper, head.id)],
  ];
  if (keeper.store.share) items.splice(-1, 0, ["share", say("share"), async () => (await import("./exchange.js")).share(keeper, head.id)]);
  const does = (/** @type {() => unknown} */ what) => {
    menu = null;
    void attempt(keeper, what);
    again();
  };
  return html`<div class="gc-menu" role="menu" ref=${beginMenu} onKeyDown=${walk}>
    ${items.map(([name, words, what]) => html`<button type="button" role="menuitem" data-action=${name} onClick=${() => does(what)}>${words}</button>`)}
  </div>`;
}

/** Of conversations that belong to another tab. @type {Record<string, "camera" | "wrench">} */
const KIND_ICONS = { image: "camera", agent: "wrench" };

/** @param {string} kind */
const kindIcon = (kind) => (/** @type {HTMLElement | null} */ place) => place && !place.firstChild && place.append(icon(KIND_ICONS[kind]));

/** @param {HTMLElement | null} button */
const menuIcon = (button) => button && !button.firstChild && button.append(icon("more"));

// Once: what is typed is not written over by a list that is drawn anew, nor by a title that a model has found meanwhile.
/** @param {Head} head */
const beginName = (head) => (/** @type {HTMLInputElement | null} */ input) => {
  if (!input || "ready" in input.dataset) return;
  input.dataset.ready = "";
  input.value = head.title;
  input.focus();
  input.select();
};

/**
 * @param {Head} head
 * @param {Keeper} keeper
 */
function openEntry(head, keeper) {
  if (head.kind === keeper.kind) keeper.open(head.id);
  else document.dispatchEvent(new CustomEvent("gc:open", { detail: { kind: head.kind, id: head.id } }));
  document.body.removeAttribute("data-conversations");
}

/**
 * @param {KeyboardEvent} event
 * @param {Head} head
 * @param {Keeper} keeper
 */
function renameKey(event, head, keeper) {
  if (event.key === "Enter" && !event.isComposing) takeName(event, head, keeper);
  else if (event.key === "Escape") {
    event.stopPropagation();
    renaming = null;
    again();
  }
}

/**
 * @param {Event} event
 * @param {Head} head
 * @param {Keeper} keeper
 */
function takeName({ target }, head, keeper) {
  if (renaming !== head.id || !(target instanceof HTMLInputElement)) return;
  const title = target.value;
  renaming = null;
  if (title.trim() && title.trim() !== head.title) rename(keeper, head.id, title);
  again();
}

/**
 * @param {string} id
 * @param {MouseEvent} event
 */
function toggleMenu(id, { detail }) {
  menu = menu === id ? null : id;
  byKey = detail === 0;
  again();
}

/** @param {Event} event */
function closeMenu(event) {
  if (menu === null || targetOf(event)?.closest(`[data-conversation="${menu}"]`)?.querySelector(".gc-menu")) return;
  menu = null;
  again();
}

// Esc closes the menu and stops no answer with it.
/** @param {KeyboardEvent} event */
function leaveMenu(event) {
  if (event.key !== "Escape" || menu === null) return;
  event.stopPropagation();
  const [of, within] = [menu, targetOf(event)?.closest(".gc-menu")];
  menu = null;
  again();
  if (within) find(`[data-conversation="${of}"] > [data-action=menu]`)?.focus();
}

/** Whether the open menu was opened by a key. */
let byKey = false;

/** @param {HTMLElement | null} list */
function beginMenu(list) {
  if (!list || !byKey) return;
  byKey = false;
  find("button", list)?.focus();
}

/** From item to item. @param {KeyboardEvent} event */
function walk(event) {
  const items = findAll("button", /** @type {HTMLElement} */ (event.currentTarget));
  const at = items.findIndex((item) => item === event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items[to % items.length].focus();
}

function showMore() {
  shown += SHOWN_AT_FIRST;
  again();
}
