// The runs of the Agent tab as a conversation that is kept: every run with all that was heard of it, so that it is
// shown again as it was, its calls and its receipt too, and the next task goes on from it.

import { Coming } from "../chat/coming.js";
import { Tree, newHead } from "../chat/tree.js";
import { freed, hold } from "../shared/held.js";
import { newId } from "../shared/wire.js";
import { RunView } from "./run-view.js";

/**
 * @import { KeptConversation, Message } from "../chat/types.js"
 * @import { Line } from "../shared/types.js"
 *
 * @typedef {object} Running
 * @property {Tree} tree
 * @property {Message} message
 * @property {{ readonly data: Partial<Message> }} answer what there is of it so far
 * @property {RunView} view
 * @property {() => void} stop
 * @property {Promise<() => void>} held by this page; releases it
 */

/** @implements {KeptConversation} */
export class KeptRuns {
  name = "agent";
  opening = false;
  coming = new Coming();
  tree = new Tree(newHead("agent"));
  /** @type {Map<string, Running>} by conversation */
  runs = new Map();

  /**
   * @param {() => void} drawn called when another conversation is open
   * @param {() => void} stop ends the run that is under way
   */
  constructor(drawn, stop) {
    this.drawn = drawn;
    this.stop = stop;
  }

  get running() {
    return this.runs.get(this.tree.head.id) ?? null;
  }

  get under() {
    return this.running ? [this.running] : [];
  }

  /** Show another conversation, or the same as it is kept by now. A run that is under way in it goes on before one's eyes. @param {Tree} tree */
  open(tree) {
    this.tree = this.runs.get(tree.head.id)?.tree ?? tree;
    this.show();
  }

  show() {
    this.drawn();
  }

  /** What the model is told of the runs before. @returns {object[]} */
  get turns() {
    return this.tree.branch().findLast((message) => message.turns)?.turns ?? [];
  }

  /**
   * Note a run that begins.
   *
   * @param {string} task
   * @param {RunView} view
   * @returns {Running}
   */
  begin(task, view) {
    const { tree } = this;
    tree.add({ role: "user", text: task });
    /** @type {Line[]} */
    const events = [];
    const message = tree.add({ role: "assistant", state: "writing", events, device: thisDevice() });
    const answer = {
      get data() {
        // A page that is hidden, behind another one or on a phone, goes on; with one that is left the run ends.
        return { text: view.answer.text, state: /** @type {"stopped" | "writing"} */ (leaving ? "stopped" : "writing"), events };
      },
    };
    const run = { tree, message, answer, view, stop: this.stop, held: hold(lockOf(message.id)) };
    this.runs.set(tree.head.id, run);
    return run;
  }

  /**
   * Note how it ended.
   *
   * @param {Running} run
   * @param {boolean} stopped
   */
  end({ tree, message, view, answer }, stopped) {
    const state = stopped ? "stopped" : view.error ? "broken" : "done";
    Object.assign(message, answer.data, { state, receipts: view.receipt ? [view.receipt] : [], turns: view.ended?.messages ?? this.turns });
    this.runs.delete(tree.head.id);
  }

  /** Its end is kept: nobody need take it for one whose page is gone. @param {Running} run */
  async letGo({ held }) {
    (await held)();
  }
}

let leaving = false;
addEventListener("pagehide", () => (leaving = true), { capture: true });
addEventListener("pageshow", () => (leaving = false));

/** What this browser is called among those that write one store. */
function thisDevice() {
  try {
    return (localStorage["gc-device"] ??= newId());
  } catch {
    return (unkept ??= newId());
  }
}
/** @type {string | undefined} */
let unkept;

/** Whether another device had it under way when it was last kept: nobody here knows of its end. @param {Message} message */
export const isElsewhere = ({ state, device }) => state === "writing" && device !== undefined && device !== thisDevice();

const lockOf = (/** @type {string} */ id) => `gc-run-${id}`;

/**
 * Note what was heard; words that follow each other are one.
 *
 * @param {Line[]} events
 * @param {Line} event
 */
export function record(events, event) {
  const last = events.at(-1);
  if (event.e === undefined && last?.e === undefined && last) {
    if (typeof event.t === "string" && typeof last.t === "string") return void (last.t += event.t);
    if (typeof event.r === "string" && typeof last.r === "string") return void (last.r += event.r);
  }
  events.push({ ...event });
}

/**
 * A run of before, as it was seen; or as far as it is, where another page of this browser has it under way. What waited
 * for a word then asks for none now. Of another device's, only its store tells.
 *
 * @param {Message} message
 * @param {(words: string) => void} hint
 */
export function replay(message, hint) {
  const { id, events = [], state } = message;
  const view = new RunView(() => {}, hint);
  for (const event of events) view.hear(event.e === "approval_asked" ? { ...event, e: "tool_started", hosted: false } : event);
  if (isElsewhere(message)) view.leaveOpen();
  else if (state === "writing") void freed(lockOf(id)).then(() => view.end(true));
  else view.end(state === "stopped");
  return view;
}
