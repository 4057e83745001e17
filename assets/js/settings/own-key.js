// The settings' section about the visitor's own Groq key: enter it, see which is in use, forget it.

import { announce, el, setText } from "../shared/dom.js";
import { dropOwnKey, isKept, ownKey } from "../shared/own-key.js";
import { say, told } from "../shared/words.js";
import { send, showKey } from "../shared/wire.js";
import { OWN_KEYS, OWN_KEYS_ARE_REAL } from "../../texts.js";
import { withLabel, part } from "./parts.js";

const input = el("input", {
  id: "own-key",
  type: "password",
  autocomplete: "off",
  spellcheck: "false",
  autocapitalize: "off",
  placeholder: say("own_key_placeholder"),
  disabled: !OWN_KEYS,
  "aria-describedby": "gc-own-key-state",
});
const keep = el("input", { type: "checkbox", disabled: !OWN_KEYS });
const state = el("p", { id: "gc-own-key-state", class: "gc-own-key-state", role: "status" });
const use = el("button", { type: "button", class: "gc-button", disabled: !OWN_KEYS, onclick: take }, say("own_key_use"));
const forget = el("button", { type: "button", class: "gc-button gc-quiet", onclick: drop }, say("own_key_forget"));

async function take() {
  const plain = input.value.trim();
  if (!plain) return refuse(say("own_key_empty"));
  use.disabled = true;
  show(say("own_key_checking"), "checking");
  try {
    const answer = await showKey(plain, keep.checked);
    if (!answer.handle) return refuse(answer.detail ? told(answer.detail) : say("error_unreachable"));
    input.value = "";
    input.removeAttribute("aria-invalid");
    showInUse();
  } catch {
    refuse(say("error_unreachable"));
  } finally {
    use.disabled = false;
  }
}

/** @param {string} words */
function refuse(words) {
  input.setAttribute("aria-invalid", "true");
  show(words, "refused");
  input.focus();
}

function drop() {
  send("own-key/forget", { ownKey: false }).catch(() => {}); // it is forgotten here in any case
  dropOwnKey();
  keep.checked = false;
  showInUse();
  announce(say("own_key_forgotten"));
}

/**
 * @param {string} words
 * @param {"checking" | "refused" | "off" | "used" | "none"} how
 */
function show(words, how) {
  setText(state, words);
  state.dataset.state = how;
}

function showInUse() {
  const own = ownKey();
  forget.hidden = !own;
  if (!OWN_KEYS) show(say("own_key_off"), "off");
  else if (own) show(say("own_key_in_use", { ending: own.ending }), "used");
  else show("", "none");
}
document.addEventListener("gc:own-key", showInUse);
input.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && take());

/** The section. */
export function keySection() {
  keep.checked = isKept();
  showInUse();
  return part(
    say("own_key"),
    OWN_KEYS ? el("p", { class: "gc-muted" }, say(OWN_KEYS_ARE_REAL ? "own_key_help" : "own_key_simulated")) : null,
    withLabel(say("own_key"), input),
    el("label", { class: "gc-check" }, keep, el("span", {}, say("own_key_keep"))),
    state,
    el("div", { class: "gc-dialog-buttons" }, use, forget),
  );
}
