// The settings' section about the Space this is: how to have one of one's own, and what that costs.

import { el } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { SPACE } from "../../texts.js";
import { part } from "./parts.js";

/** Nothing where this is no Space. */
export function spaceSection() {
  const href = `${SPACE}?duplicate=true`;
  const link = el("a", { id: "duplicate-space", class: "gc-button gc-quiet", href, target: "_blank", rel: "noopener" }, say("space_duplicate"));
  const section = part(say("space_title"), el("p", {}, say("space_help")), link);
  section.hidden = !SPACE;
  return section;
}
