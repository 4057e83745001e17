// Where the page begins: the elements that Gradio's layout holds are filled as soon as they are there.

import * as chat from "./chat.js";
import { el } from "./dom.js";
import { optionsForm } from "./options.js";
import { say } from "./say.js";
import { showStatusIn } from "./status.js";

/** An element that fills itself whenever it comes onto the page. */
function filled(name, fill) {
  customElements.define(
    name,
    class extends HTMLElement {
      connectedCallback() {
        fill(this);
      }
    },
  );
}

filled("gc-chat", chat.showIn);
filled("gc-status", showStatusIn);
filled("gc-chat-tools", (host) =>
  host.replaceChildren(
    el("details", { class: "gc-fold gc-options-fold" }, el("summary", {}, say("options")), optionsForm()),
    el("span", { id: "gc-hint", class: "gc-hint", role: "status" }),
    el("button", { type: "button", id: "chat-clear", class: "gc-link" }, say("clear")),
  ),
);
filled("gc-image", (host) => import("./image.js").then((module) => module.showIn(host)));
filled("gc-mic", (host) => import("./mic.js").then((module) => module.showIn(host)));
