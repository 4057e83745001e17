// What is kept of conversations, in this browser or, of whoever signed in, on the server: out into a file, in from one
// (other applications' too), and away with it.

import { attempt } from "../chat/attempt.js";
import { conversations } from "../chat/chat.js";
import { el } from "../shared/dom.js";
import { isMissingPart } from "../shared/later.js";
import { whyUnsent } from "../shared/wire.js";
import { say } from "../shared/words.js";
import { KEEPS } from "../../texts.js";
import { watchAccount } from "./account.js";
import { part } from "./parts.js";

const exchange = () => import("../chat/exchange.js");

/** The section of the settings. */
export function storageSection() {
  const told = el("p", { class: "gc-muted", role: "status" });
  const file = el("input", { type: "file", id: "import-all", accept: ".json,.md,.markdown,application/json,text/markdown", "aria-label": say("import_all") });
  const button = (/** @type {string} */ id, /** @type {string} */ words, /** @type {() => unknown} */ onclick) => el("button", { type: "button", id, class: "gc-button gc-quiet", onclick }, words);
  const saveAll = async (/** @type {"json" | "markdown"} */ form) => {
    try {
      await (await exchange()).saveAll(await conversations(), form);
    } catch (error) {
      told.textContent = isMissingPart(error) ? say("part_missing") : whyUnsent(error);
    }
  };
  file.addEventListener("change", async () => {
    const [chosen] = file.files ?? [];
    if (!chosen) return;
    try {
      const n = await (await exchange()).takeIn(await conversations(), chosen);
      told.textContent = n === 1 ? say("imported_one") : say("imported", { n });
    } catch (error) {
      told.textContent = isMissingPart(error) ? say("part_missing") : /** @type {Error} */ (error).message;
    }
    file.value = "";
  });
  const where = el("p", { class: "gc-muted", id: "kept-where" });
  watchAccount(({ person }) => (where.textContent = say(KEEPS && person ? "kept_on_server" : "kept_where")));
  return part(
    say("my_data"),
    where,
    el(
      "div",
      { class: "gc-settings-row" },
      button("export-all", say("export_all"), () => saveAll("json")),
      button("export-all-markdown", say("export_all_markdown"), () => saveAll("markdown")),
      el("label", { class: "gc-field" }, el("span", {}, say("import_all")), file),
      button("clear-all", say("clear_all"), async () => {
        document.querySelector("dialog[open]")?.closest("dialog")?.close();
        const [kept, { deleteAll }] = await Promise.all([conversations(), import("../chat/deleting.js")]);
        await attempt(kept, () => deleteAll(kept));
        (await import("../microphone/kept.js")).forgetRecordings();
      }),
    ),
    told,
  );
}
