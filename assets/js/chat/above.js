// What stands above the conversation: its title, what it has cost so far, and whether it is kept.

import { setText } from "../shared/dom.js";
import { spentInWords } from "./spent.js";

/** @import { Tree } from "./tree.js" */

/** @param {Tree} tree of the conversation that is shown */
export function showAbove(tree) {
  setText(document.getElementById("gc-conversation-title"), tree.empty ? "" : tree.head.title);
  setText(document.getElementById("gc-spent"), spentInWords(tree));
  document.getElementById("gc-temporary-mark")?.toggleAttribute("hidden", !tree.temporary);
  document.getElementById("conversation-temporary")?.setAttribute("aria-pressed", String(tree.temporary));
}
