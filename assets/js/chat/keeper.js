// Keeps the conversations of a tab: every change goes into the store, the list shows what is there, and other pages of
// this browser hear of it. Loaded when the page has nothing more urgent to do, or is to show a conversation of before.

import { say } from "../shared/words.js";
import { showAbove } from "./above.js";
import { attempt } from "./attempt.js";
import { Behind, keepUnkept } from "./behind.js";
import { change } from "./changing.js";
import { DeletedElsewhere, Deletions, putMessage } from "./deleted.js";
import { Finder } from "./finder.js";
import { showList } from "./list.js";
import { openId, openLeaf, rememberDraft, rememberLeft, rememberOpen, rememberRunning, takeLeft, takeRunning } from "./open-here.js";
import { openStore } from "./store.js";
import { takeOut, withLostEdits } from "./taken-out.js";
import { Titles } from "./titles.js";
import { Tree, newHead, shared } from "./tree.js";

/**
 * @import { Composer, ConversationStore, Head, KeptConversation, Message, Recorder, Whole } from "./types.js"
 */

const DRAFT_MS = 400;

/** Of all tabs that were opened. @type {Set<Keeper>} */
const keepers = new Set();

/** @implements {Recorder} */
export class Keeper {
  /**
   * @param {KeptConversation} conversation
   * @param {Composer} composer
   * @param {ConversationStore} store
   */
  constructor(conversation, composer, store) {
    keepers.add(this);
    this.store = store;
    this.conversation = conversation;
    this.composer = composer;
    this.kind = conversation.name;
    /** @type {Head[]} */
    this.heads = [];
    this.finder = new Finder(store, () => this.draw());
    this.full = false; // whether the browser has no room left
    this.behind = new Behind(() => this.draw());
    /** @type {HTMLElement | null} where the list stands */
    this.host = null;
    this.channel = globalThis.BroadcastChannel ? new BroadcastChannel("groq-core") : null;
    this.channel?.addEventListener("message", ({ data }) => this.#hear(data));
    document.addEventListener("gc:full", () => {
      this.full = true;
      this.draw();
    });
    addEventListener("pagehide", () => {
      this.conversation.coming.leave();
      const { tree } = this.conversation;
      const { draft: before } = tree.head;
      this.#keepRunning();
      rememberLeft(this.kind, this.#passing(tree) ? null : { ...tree.head, before, at: Date.now() });
      // What breaks because the page goes is no end of an answer: the server has it, and the next page will follow.
      const runs = [...this.conversation.runs.values()];
      for (const run of runs) run.leave?.();
      rememberRunning(this.kind, [...new Set(runs.map(({ tree }) => tree.head.id))]);
    });
    addEventListener("pageshow", ({ persisted }) => persisted && this.conversation.open(this.conversation.tree));
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#keepRunning() : this.lookAgain()));
    addEventListener("focus", () => this.lookAgain());
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  drafting;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  hearing;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #drawing;
  #work = Promise.resolve();
  /** @type {Map<string, Promise<void>>} when all that was told of a conversation is kept, where it is not yet */
  #writing = new Map();
  #toldPassing = false; // that the browser keeps nothing: once
  #titles = new Titles((tree) => this.#passing(tree), (id, how) => change(this, id, how));
  deletions = new Deletions();
  /** @type {Tree | null} which changed elsewhere while an answer was under way in it, so that it could not be read anew */
  #missed = null;

  /**
   * Keep a tab's conversations from now on: the best store there is, and what this page showed before it was loaded
   * again.
   *
   * @param {KeptConversation} conversation
   * @param {Composer} composer
   */
  static async begin(conversation, composer) {
    return new Keeper(conversation, composer, await openStore()).#begin();
  }

  async #begin() {
    try {
      const left = await keepUnkept(this.store, this.kind, (id) => this.channel?.postMessage({ changed: id }));
      await this.#readHeads();
      const open = openId(this.kind) ?? left;
      if (open && this.conversation.tree.empty) await this.open(open, { left: this.composer.before ?? "", unlessBegun: true, leaf: openLeaf(this.kind) });
      void this.#resume(takeRunning(this.kind));
    } catch (error) {
      this.#tellRefusal(/** @type {Error} */ (error), "all", () => this.#begin());
    }
    this.conversation.opening = false;
    if (this.conversation.tree.empty) this.conversation.show();
    this.draw();
    return this;
  }

  async #readHeads() {
    const { count } = this.deletions;
    this.heads = this.deletions.sift(await this.store.heads(), count, !this.store.atOnce);
    const { tree, runs } = this.conversation;
    for (const { head } of [tree, ...[...runs.values()].map((run) => run.tree)]) {
      const now = this.heads.find(({ id }) => id === head.id);
      if (now) Object.assign(head, shared(now));
    }
  }

  // One after the other: each holds one of the few connections that a browser has to one host.
  /** @param {string[]} ids of conversations in which answers were under way, also of those that are not shown */
  async #resume(ids) {
    for (const id of ids) {
      const whole = id === this.conversation.tree.head.id ? null : await this.store.read(id).catch(() => null);
      if (!whole) continue;
      const ended = this.conversation.resume?.(new Tree(whole.head, whole.messages));
      this.draw();
      await ended;
    }
  }

  // ── told by the conversation ──

  /**
   * @param {Tree} tree
   * @param {Message} message
   */
  message(tree, message) {
    if (this.#passing(tree)) return this.#work;
    if (!this.store.lasts && !this.#toldPassing) this.composer.refused?.(say("storage_refused"));
    this.#toldPassing = true;
    // What was taken out does not come back.
    const keeping = tree.messages.has(message.id) ? this.#do(() => putMessage(this.store, tree, message), tree.head.id, message.id) : this.#work;
    const whole = message.role === "assistant" && ["done", "cut"].includes(message.state ?? "") && !message.answer;
    if (whole && this.kind === "chat") this.#titles.soon(tree);
    const { tree: shown } = this.conversation;
    const isBehind = this.#missed === tree || (shown !== tree && shown.head.id === tree.head.id);
    if (isBehind && !this.#answers(tree)) void keeping.then(() => this.lookAgain(true));
    return keeping;
  }

  /** @param {Tree} tree */
  head(tree) {
    this.#drawSoon();
    const { head } = tree;
    if (tree === this.conversation.tree) rememberOpen(this.kind, tree.empty || this.#passing(tree) ? null : head.id, head.leaf);
    if (this.#passing(tree)) return;
    head.updated = Date.now();
    this.putHead(head);
  }

  /**
   * @param {Tree} tree
   * @param {string[]} ids
   */
  announceRemoval(tree, ids) {
    if (this.#passing(tree)) return;
    this.#do(() => this.store.removeMessages(ids), tree.head.id, ids.join());
    this.channel?.postMessage({ changed: tree.head.id, removed: ids });
  }

  /** @param {Tree} tree */
  #passing(tree) {
    return tree.temporary || this.deletions.has(tree.head.id);
  }

  /** Keep what stands beside its messages. @param {Head} head */
  putHead(head) {
    const at = this.heads.findIndex(({ id }) => id === head.id);
    if (at < 0) this.heads.push({ ...head });
    else this.heads[at] = { ...head };
    this.#do(() => this.store.putHead({ ...head }), head.id);
    this.#drawSoon();
  }

  // In the order in which it was told. A store that keeps that order by itself begins in this moment: the next may be
  // the page's last, when somebody asks and loads it again.
  /**
   * @param {() => Promise<unknown>} work
   * @param {string} id of the conversation that changes
   * @param {string} [about] what of it
   * @returns {Promise<void>}
   */
  #do(work, id, about = id) {
    const begun = this.store.atOnce ? work() : this.#work.then(work);
    const told = begun.then(
      () => {
        this.deletions.noteWritten(id);
        this.finder.forget(id);
        this.channel?.postMessage({ changed: id });
      },
      (error) => {
        if (error instanceof DeletedElsewhere) return this.#leaveOut(id);
        return this.#tellRefusal(error, about, () => this.deletions.has(id) || this.#do(work, id, about));
      },
    );
    const done = Promise.all([this.#work, told]).then(() => {});
    this.#work = done;
    this.#writing.set(id, done);
    void done.then(() => this.#writing.get(id) === done && this.#writing.delete(id));
    return done;
  }

  /** @param {string} id of a conversation that was deleted on another device; what came late is not kept */
  #leaveOut(id) {
    this.heads = this.heads.filter((head) => head.id !== id);
    this.draw();
  }

  /**
   * @param {Error} error
   * @param {string} about what was to be done
   * @param {() => unknown} job which does it
   */
  #tellRefusal(error, about, job) {
    const known = this.full || this.behind.any;
    if (!this.store.atOnce) this.behind.add(about, job);
    if (known) return;
    console.warn("conversations are not kept:", error.message);
    this.composer.refused?.(say(this.store.atOnce ? "storage_full" : "server_behind"));
    if (!this.store.atOnce) return;
    document.dispatchEvent(new CustomEvent("gc:full", { detail: null })); // whichever tab met it first
  }

  #keepRunning() {
    for (const run of this.conversation.runs.values()) {
      // Of one that is followed and was not heard yet, more is kept than is known here.
      if (this.#passing(run.tree) || run.heard === 0) continue;
      Object.assign(run.message, run.answer.data);
      this.message(run.tree, run.message);
    }
    this.draft();
  }

  // ── told by people ──

  /** How often somebody has turned to another conversation: the last of them is shown, however late the others come. */
  #turns = 0;

  /**
   * Show a conversation of the list.
   *
   * @param {string} id
   * @param {object} [how]
   * @param {string} [how.left] what stood in the box when this was asked for; where it was changed since then, it goes along
   * @param {boolean} [how.unlessBegun] not where another one was begun meanwhile
   * @param {string | null} [how.leaf] a message of the branch that is shown, else the one that was left open last
   */
  async open(id, { left = this.composer.text(), unlessBegun = false, leaf = null } = {}) {
    const before = this.conversation.tree;
    const turn = ++this.#turns;
    this.#expect(unlessBegun || id === before.head.id ? null : id);
    if (id === before.head.id) return;
    this.draft(left);
    await this.#writing.get(id); // what another one still waits for is nothing to it
    const reading = this.store.read(id);
    const whole = await (unlessBegun ? reading : attempt(this, () => reading));
    if (turn !== this.#turns || (unlessBegun && !(this.conversation.tree === before && before.empty))) return;
    if (!whole) this.#expect(null);
    if (whole === null) this.#leaveOut(id);
    if (!whole) return;
    const { tree, coming } = this.conversation;
    // What was typed since goes along with what it was added to, and is not left here too. Another page may have changed
    // the one that is shown meanwhile, whose tree is another then.
    const typed = this.composer.text();
    const goesAlong = tree.head.id === before.head.id && typed !== left;
    this.draft(goesAlong ? "" : typed);
    const changed = unlessBegun && takeLeft(this.kind, whole.head);
    this.conversation.open(new Tree(whole.head, whole.messages).openAt(leaf));
    rememberOpen(this.kind, id, this.conversation.tree.head.leaf);
    const { head } = this.conversation.tree;
    if (changed) this.putHead(head);
    const further = goesAlong ? [head.draft, typed].filter(Boolean).join("\n\n") : head.draft;
    this.composer.adopt({ ...head, draft: further });
    coming.end(true);
    this.draw();
  }

  /** @param {string | null} id of a conversation that was pressed and is on its way, or none */
  #expect(id) {
    this.conversation.coming.expect(id);
    this.composer.expect?.(id);
    this.draw();
  }

  /** Begin a new one; what stands in the box of one that has not begun is meant for it. */
  fresh({ temporary = false } = {}) {
    this.#turns += 1;
    this.conversation.coming.end(false);
    this.draft();
    const { empty } = this.conversation.tree;
    const typed = { draft: this.composer.text(), options: this.composer.options() };
    const tree = new Tree(newHead(this.kind));
    tree.temporary = temporary;
    this.conversation.open(tree);
    rememberOpen(this.kind, null);
    this.composer.adopt(empty ? typed : tree.head);
    this.draw();
  }

  /** When all that was told so far is kept. */
  settled() {
    return this.#work;
  }

  /** What is seen in any tab is kept, also of answers that are being written: whoever takes it away or shares it means that. */
  async keepAsSeen() {
    for (const keeper of keepers) keeper.#keepRunning();
    await Promise.all([...keepers].map((keeper) => keeper.settled()));
  }

  /** All that is kept, whole. */
  async all() {
    await this.keepAsSeen();
    await this.#readHeads();
    return (await Promise.all(this.heads.map(({ id }) => this.store.read(id)))).filter((whole) => whole !== null);
  }

  /** What stands in the message box, and the options, belong to the conversation. */
  draft(draft = this.composer.text()) {
    clearTimeout(this.drafting);
    const { head, empty } = this.conversation.tree;
    const options = this.composer.options();
    if (draft === head.draft && JSON.stringify(options) === JSON.stringify(head.options)) return;
    Object.assign(head, { draft, options });
    if (empty && !this.deletions.has(head.id)) this.kind === "chat" && rememberDraft(draft);
    else if (!this.#passing(this.conversation.tree)) this.putHead(head);
  }

  /** The same, when somebody has stopped typing for a moment. */
  draftSoon() {
    clearTimeout(this.drafting);
    this.drafting = setTimeout(() => this.draft(), DRAFT_MS);
  }

  // ── other pages of this browser ──

  /** @param {{ changed: string | null, gone?: string[], at?: number, back?: string[], removed?: string[] }} news which conversation changed, null for any; which were deleted and when, or taken back; messages that were taken out */
  async #hear({ changed, gone, at = 0, back, removed }) {
    gone?.forEach((id) => this.#letGo(id, at));
    back?.forEach((id) => this.#takeBack(id));
    if (gone?.includes(this.conversation.tree.head.id)) this.#leaveDeleted();
    clearTimeout(this.hearing);
    this.hearing = setTimeout(async () => {
      await this.#readHeads().catch(() => {}); // not now
      this.draw();
    }, 50);
    if (changed === null) return this.finder.forgetAll();
    this.finder.forget(changed);
    if (removed) await takeOut(this, changed, removed);
    const { tree } = this.conversation;
    if (changed !== tree.head.id) return;
    this.#missed = tree;
    const whole = this.#answers(tree) ? null : await this.store.read(changed);
    if (!whole || this.conversation.tree !== tree || this.#answers(tree)) return;
    this.#missed = null;
    if (tree.holds(whole.messages)) return;
    const { draft, options } = tree.head;
    const typed = this.composer.text();
    const text = withLostEdits(tree, whole.messages, typed);
    this.conversation.open(new Tree({ ...whole.head, draft, options }, whole.messages).stayAt(tree.head.leaf));
    if (text !== typed) this.composer.adopt({ options, draft: text });
    rememberOpen(this.kind, changed, this.conversation.tree.head.leaf);
  }

  /** Whether an answer is on its way there, or being ended. @param {Tree} tree */
  #answers = (tree) => [...this.conversation.runs.values()].some((run) => run.tree === tree);

  // Other devices write a server's store too, and nothing tells of it.
  lookAgain(always = !this.store.atOnce) {
    if (always) this.#hear({ changed: this.conversation.tree.head.id }).catch(() => {}); // not now
  }

  // What this page wrote before it heard of the deletion may have come after it, where no server sees to that.
  /**
   * @param {string} id
   * @param {number} at
   */
  async #letGo(id, at) {
    this.deletions.add(id);
    for (const run of this.conversation.runs.values()) {
      if (run.tree.head.id !== id) continue;
      this.deletions.leave(run.tree);
      run.stop?.();
    }
    await this.#work;
    if (this.store.atOnce && this.deletions.mayHaveComeBack(id, at)) await this.store.remove(id);
  }

  // Its answer ends with it; what stands in the box was not sent yet, and stays.
  #leaveDeleted() {
    const draft = withLostEdits(this.conversation.tree, [], this.composer.text());
    this.conversation.stop();
    this.deletions.leave(this.conversation.tree);
    this.fresh();
    const { head } = this.conversation.tree;
    this.composer.adopt(Object.assign(head, { draft }));
  }

  /** @param {string} id of one that is there again, with what was seen here of an answer that ended with it */
  #takeBack(id) {
    const tree = this.deletions.takeBack(id);
    if (tree) this.#do(() => this.store.put({ head: tree.head, messages: [...tree.messages.values()] }), id);
  }

  // Once, however much is told until then; not in the task in which somebody pressed a button.
  #drawSoon() {
    clearTimeout(this.#drawing);
    this.#drawing = setTimeout(() => this.draw());
  }

  /** Bring the list and what stands above the conversation up to date. */
  draw() {
    if (this.kind !== "chat") return; // the list stands in the Chat tab, for all of them
    const { tree, runs, coming } = this.conversation;
    showAbove(tree);
    showList(this, { open: tree.head.id, opening: coming.id, running: new Set([...runs.values()].map((run) => run.tree.head.id)) });
  }
}
