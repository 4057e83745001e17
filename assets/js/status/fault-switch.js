// The fault switch, on the simulator only: break a target and watch the chain work.

import { el, hide, setText } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { FAULTS } from "../../texts.js";
import { demand } from "../shared/wire.js";

/** @import { FaultInForce } from "./types.js" */

/** @param {{ target: string | null, fault: string | null, once?: boolean }} body */
async function change(body) {
  await demand("faults", { body: JSON.stringify(body), headers: { "content-type": "application/json" } });
}

/**
 * The little menu at the end of a target's line.
 *
 * @param {string} target
 */
export function faultMenu(target) {
  const pick = el(
    "select",
    { class: "gc-fault", "aria-label": say("fault_pick", { target }), title: say("fault_pick", { target }) },
    el("option", { value: "" }, say("fault_none")),
    el("optgroup", { label: say("fault_always") }, ...FAULTS.map((fault) => el("option", { value: `${fault}:always` }, say(`fault_${fault}`)))),
    el("optgroup", { label: say("fault_once") }, ...FAULTS.map((fault) => el("option", { value: `${fault}:once` }, say(`fault_${fault}`)))),
  );
  pick.addEventListener("change", () => {
    const [fault, times] = pick.value.split(":");
    change({ target, fault: fault || null, once: times === "once" });
  });
  return {
    element: pick,
    /** @param {FaultInForce[]} inForce */
    show(inForce) {
      const value = inForce.length ? `${inForce[0].fault}:${inForce[0].once ? "once" : "always"}` : "";
      // What somebody else switched on may be none of those on offer.
      if (value && ![...pick.options].some((option) => option.value === value)) pick.append(el("option", { value }, inForce[0].fault));
      if (document.activeElement !== pick && pick.value !== value) pick.value = value;
      pick.toggleAttribute("data-on", Boolean(value));
    },
  };
}

const clear = el("button", { type: "button", class: "gc-link", onclick: () => change({ target: null, fault: null }) }, say("fault_clear"));
const line = el("span");

/**
 * Whether a fault on `provider:model`, either of which may be `*`, breaks the target of that name.
 *
 * @param {{ target: string }} fault
 * @param {string} name
 */
export function breaks(fault, name) {
  const split = (/** @type {string} */ text) => [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];
  const [whose, which] = split(name);
  const [provider, model] = split(fault.target);
  return (provider === "*" || provider === whose) && (model === "*" || model === which);
}

/**
 * How many of the targets are broken on purpose, and the way out.
 *
 * @param {HTMLElement} host
 * @param {FaultInForce[]} inForce
 * @param {string[]} names
 */
export function showFaults(host, inForce, names) {
  if (!host.children.length) host.append(line, clear);
  hide(host, !inForce.length);
  const n = names.filter((name) => inForce.some((fault) => breaks(fault, name))).length;
  const word = n === names.length ? "faults_all" : n === 1 ? "faults_one" : "faults_some";
  setText(line, say(word, { n }));
}
