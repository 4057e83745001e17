// Gradio makes its buttons and labels on the server, in English. For another language they are told it here, by the
// element they belong to. Loaded by whoever reads another language.

import { find, findAll, inputOf } from "./dom.js";
import { language, say } from "./words.js";

/**
 * Buttons: id to text.
 *
 * @type {Record<string, string>}
 */
const BUTTONS = {
  "image-send": "send",
  "image-stop": "stop",
  "mic-transcribe": "transcribe",
  "mic-stop": "stop",
  "extract-run": "extract",
  "extract-stop": "stop",
  "agent-run": "agent_run",
  "agent-stop": "stop",
  "batch-run": "batch_run",
  "batch-stop": "stop",
};
/**
 * Boxes: id to label and placeholder.
 *
 * @type {Record<string, [label: string, placeholder: string | null]>}
 */
const BOXES = {
  "image-question": ["question_label", "question_placeholder"],
  "mic-prompt": ["prompt_label", "prompt_placeholder"],
  "mic-transcript": ["transcript_label", null],
  "agent-task": ["task_label", "task_placeholder"],
  "batch-prompt": ["batch_prompt_label", "batch_prompt_placeholder"],
  "batch-model": ["batch_model", null],
};

/**
 * @param {Node} node
 * @param {string} words
 */
function setWords(node, words) {
  const text = [...node.childNodes].filter((child) => child instanceof Text).find((child) => child.data.trim());
  if (text && text.data.trim() !== words) text.data = words;
}

function relabel() {
  if (document.documentElement.lang !== language) document.documentElement.lang = language;
  for (const tab of findAll("[role=tab][data-tab-id]")) setWords(tab, say(`tab_${tab.dataset.tabId}`));
  for (const [id, words] of Object.entries(BUTTONS)) {
    const button = document.getElementById(id);
    if (button) setWords(button, say(words));
  }
  for (const [id, [label, placeholder]] of Object.entries(BOXES)) {
    const input = inputOf(id);
    if (!input) continue;
    const title = find(`#${id} [data-testid=block-info]`);
    if (title) setWords(title, say(label));
    if (input.ariaLabel) input.ariaLabel = say(label);
    if (placeholder && input.placeholder !== say(placeholder)) input.placeholder = say(placeholder);
  }
}

let due = false;
function relabelSoon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    relabel();
  });
}
new MutationObserver(relabelSoon).observe(document.body, { childList: true, subtree: true });
relabel();
