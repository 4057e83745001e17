// Pictures to be asked about: chosen, dropped, pasted or taken. Each goes to the server once, is prepared there
// (upright, small, without where and when it was taken) and comes back as exactly what will be sent.

import { Camera } from "./camera.js";
import { el, icon, iconButton } from "../shared/dom.js";
import { count } from "../shared/formats.js";
import { takesFiles } from "../shared/sheet.js";
import { say, told } from "../shared/words.js";
import { send, whyUnsent } from "../shared/wire.js";
import { ENDINGS } from "../../texts.js";

/**
 * @import { PreparedPicture } from "../shared/types.js"
 *
 * @typedef {Partial<PreparedPicture> & { name: string, element: HTMLElement, error?: string, asked?: boolean }} Shown a
 *   picture on the page; one that was asked about stands in its conversation too
 */

const ACCEPTED = ["image/*", ...ENDINGS.pictures].join();

export class Pictures {
  /**
   * @param {number} most pictures in one question
   * @param {() => void} changed called when one came or went
   */
  constructor(most, changed) {
    this.most = most;
    this.changed = changed;
    /** @type {Shown[]} */
    this.all = [];
    this.input = el("input", { type: "file", accept: ACCEPTED, multiple: true, class: "gc-offscreen", tabindex: "-1", "aria-label": say("pictures_choose") });
    this.input.addEventListener("change", () => {
      this.add(this.input.files ?? []);
      this.input.value = "";
    });
    this.strip = el("div", { class: "gc-strip", role: "list" });
    this.camera = new Camera((file) => this.add([file]));
    this.element = el(
      "div",
      { class: "gc-drop" },
      this.input,
      el(
        "div",
        { class: "gc-drop-invite" },
        el("p", { class: "gc-drop-title" }, say("pictures_invite")),
        el("p", { class: "gc-muted" }, say("pictures_privacy")),
      ),
      this.strip,
      this.camera.element,
      el(
        "div",
        { class: "gc-drop-buttons" },
        el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => this.input.click() }, icon("upload"), say("pictures_choose")),
        el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => this.camera.press() }, icon("camera"), say("pictures_camera")),
      ),
    );
    takesFiles(this.element, (files) => this.add(files));
  }

  /** Those that can be sent. */
  get ready() {
    return this.all.flatMap((picture) => (picture.url ? [/** @type {Shown & { url: string }} */ (picture)] : []));
  }

  get preparing() {
    return this.all.some((picture) => !picture.url && !picture.error);
  }

  /** @param {Iterable<File>} files */
  async add(files) {
    await Promise.all([...files].map((file) => this.#addOne(file)));
  }

  /** @param {File} file */
  async #addOne(file) {
    /** @type {Shown} */
    const picture = { name: file.name || say("picture"), element: el("div", { class: "gc-picture", role: "listitem", "data-state": "preparing" }) };
    if (this.all.filter((one) => !one.error).length >= this.most) picture.error = say("pictures_too_many", { n: this.most });
    this.all.push(picture);
    this.strip.append(picture.element);
    this.#show(picture);
    this.changed();
    if (!picture.error) await this.#prepare(picture, file);
    if (!this.all.includes(picture)) return;
    this.#show(picture);
    this.changed();
  }

  /**
   * @param {Shown} picture
   * @param {File} file
   */
  async #prepare(picture, file) {
    try {
      const room = this.most - this.all.filter((one) => !one.error && one !== picture).length;
      const response = await send(`image?name=${encodeURIComponent(picture.name)}&room=${room}`, { body: file, headers: { "content-type": "application/octet-stream" } });
      const body = await response.json();
      if (response.ok) this.#take(picture, body);
      else picture.error = told(body.detail);
    } catch (error) {
      picture.error = whyUnsent(error);
    }
  }

  /**
   * A long picture comes in several pieces: each is one that is sent, right behind the one before.
   *
   * @param {Shown} picture
   * @param {PreparedPicture} prepared
   */
  #take(picture, { more = [], ...body }) {
    Object.assign(picture, body);
    let before = picture;
    for (const piece of more) {
      const next = { name: picture.name, element: el("div", { class: "gc-picture", role: "listitem" }), ...piece };
      this.all.splice(this.all.indexOf(before) + 1, 0, next);
      before.element.after(next.element);
      this.#show(next);
      before = next;
    }
  }

  /** @param {Shown} picture */
  #show(picture) {
    const { element, url, name, error } = picture;
    element.dataset.state = error ? "refused" : url ? "ready" : "preparing";
    element.replaceChildren(
      url ? el("img", { src: url, alt: name, title: [name, picture.size, told(picture.removed ?? "")].filter(Boolean).join(" · ") }) : el("span", { class: "gc-picture-blank" }, error ? icon("close") : null),
      el(
        "div",
        { class: "gc-picture-facts" },
        el("b", { title: name }, name),
        el("span", {}, error ?? (url ? `${picture.size} · ${say("picture_tokens", { n: count(picture.tokens ?? 0) })}` : say("picture_preparing"))),
        picture.removed ? el("span", { class: "gc-good" }, told(picture.removed)) : null,
        ...(picture.notes ?? []).map(told).map((note) => el("span", { title: note }, note)),
      ),
      iconButton("close", say("picture_remove", { name }), { onclick: () => this.remove(picture) }),
    );
  }

  /** @param {...Shown} pictures */
  remove(...pictures) {
    this.all = this.all.filter((one) => !pictures.includes(one));
    for (const { element } of pictures) element.remove();
    this.changed();
  }
}
