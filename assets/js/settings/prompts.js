// The settings' section of one's own prompts: they stand behind `/` in the box.

import { keepOwn, own } from "../chat/prompts.js";
import { el, iconButton } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { withLabel, part } from "./parts.js";

/** The section. */
export function promptsSection() {
  const rows = el("div", { class: "gc-own-prompts" });
  const name = el("input", { type: "text", id: "gc-prompt-name", maxlength: "60" });
  const text = el("textarea", { id: "gc-prompt-text", rows: "2" });
  const draw = () => {
    rows.replaceChildren(
      ...own("prompts").map((one) =>
        el(
          "div",
          { class: "gc-own-prompt" },
          el("b", { dir: "auto" }, one.name),
          el("span", { class: "gc-muted", dir: "auto" }, one.text),
          iconButton("trash", say("prompt_remove", { name: one.name }), {
            onclick: () => {
              keepOwn("prompts", own("prompts").filter((other) => other.name !== one.name));
              draw();
            },
          }),
        ),
      ),
    );
  };
  const add = () => {
    const one = { name: name.value.trim(), text: text.value.trim() };
    if (!one.name || !one.text) return (one.name ? text : name).focus();
    keepOwn("prompts", [...own("prompts").filter((other) => other.name !== one.name), one]);
    name.value = text.value = "";
    return draw();
  };
  draw();
  return part(
    say("prompts"),
    el("p", { class: "gc-muted" }, say("prompts_help")),
    rows,
    withLabel(say("prompt_name"), name),
    withLabel(say("prompt_text"), text),
    el("div", { class: "gc-dialog-buttons" }, el("button", { type: "button", class: "gc-button gc-quiet", onclick: add }, say("prompt_add"))),
  );
}
