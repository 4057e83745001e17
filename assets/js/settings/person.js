// The settings' section about who is signed in and what they may use.

import { el } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { inWords, LOW, maySignIn, resetInWords, share, signInLink, signOut, watchAccount } from "./account.js";
import { part } from "./parts.js";

export function personSection() {
  const who = el("p", {});
  const list = el("ul", { id: "limits", class: "gc-own-limits" });
  const out = el("button", { type: "button", class: "gc-button gc-quiet", onclick: signOut }, say("sign_out"));
  const way = signInLink("sign-in-settings", "gc-button gc-quiet");
  const section = part(say("limits_title"), who, way, list, out);
  watchAccount(({ person, limits }) => {
    way.hidden = !maySignIn();
    section.hidden = !person && !limits.length && way.hidden;
    who.hidden = out.hidden = !person;
    who.textContent = person ? say("signed_in_as", { name: person }) : "";
    list.replaceChildren(...limits.map((limit) => el("li", { "data-low": share(limit) < LOW ? "yes" : null }, el("b", {}, inWords(limit)), ` · ${resetInWords(limit)}`)));
  });
  return section;
}
