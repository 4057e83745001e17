// What is attached to the next question. A picture is prepared by the server as it will be sent, a document becomes
// its text, a recording what was said in it; each shows its name, what became of it, and a way to take it out.

import { el, icon, iconButton, setText } from "../shared/dom.js";
import { sentence } from "../shared/error-card.js";
import { count } from "../shared/formats.js";
import { say, told } from "../shared/words.js";
import { ask, send, whyUnsent } from "../shared/wire.js";
import { ENDINGS, LIMITS } from "../../texts.js";

const MOST = 20;
const PICTURE = /^image\//;
const SOUND = /^(?:audio|video)\//;
const PATIENCE_MS = 120_000;
const BYTES = { "content-type": "application/octet-stream" };

/**
 * @import { ErrorLine, PreparedPicture } from "../shared/types.js"
 * @import { Attached } from "../shared/user-text.js"
 * @import { Picture } from "./types.js"
 *
 * @typedef {"picture" | "document" | "sound"} Kind
 *
 * @typedef {{ documents: Attached[], pictures: Picture[] }} Taken what goes along with a question
 *
 * @typedef {object} Attachment
 * @property {string} name
 * @property {Kind} kind
 * @property {AbortController} hangUp
 * @property {HTMLElement} element
 * @property {HTMLElement} state what became of it, in words
 * @property {HTMLElement} sign
 * @property {number} room pictures that fit into the question, this one included
 * @property {string[]} [urls] of a picture: a long one comes in pieces
 * @property {string} [text] of everything else
 * @property {string} [error] why it cannot go along
 */

export class Attachments {
  /**
   * @param {HTMLElement} strip
   * @param {(words: string) => void} hint
   * @param {() => void} changed called when one came or went
   */
  constructor(strip, hint, changed) {
    this.changed = changed;
    this.strip = strip;
    this.hint = hint;
    /** @type {Attachment[]} */
    this.all = [];
  }

  /** @param {File[]} files */
  async add(files) {
    const fitting = files.slice(0, Math.max(0, MOST - this.all.length));
    const tellOthers = () => fitting.length < files.length && this.hint(say("attachments_too_many", { n: MOST }));
    tellOthers();
    await Promise.all(fitting.map((file) => this.#addOne(file)));
    tellOthers(); // that one of them is refused is seen at it
  }

  /**
   * What goes along; null with a hint while something is not ready.
   *
   * @returns {Taken | null}
   */
  take() {
    if (this.all.some(({ element }) => element.dataset.state === "preparing")) {
      this.hint(say("attachments_preparing"));
      return null;
    }
    if (this.all.some(({ error }) => error)) {
      this.hint(say("attachments_refused"));
      return null;
    }
    const pictures = this.all.flatMap(({ name, urls = [] }) => urls.map((url, at) => ({ name: urls.length > 1 ? `${name} (${at + 1})` : name, url })));
    if (pictures.length > LIMITS.images) {
      this.hint(say("pictures_too_many", { n: LIMITS.images }));
      return null;
    }
    return {
      documents: this.all.flatMap(({ name, text }) => (text === undefined ? [] : [{ name, text }])),
      pictures,
    };
  }

  /** Attach what was taken once more. @param {Taken} taken */
  restore({ documents, pictures }) {
    for (const { name, text } of documents) asText(this.#put(name, "document", "ready"), text);
    for (const { name, url } of pictures) asPicture(this.#put(name, "picture", "ready"), { url });
  }

  clear() {
    for (const one of [...this.all]) this.remove(one);
  }

  /** @param {Attachment} one */
  remove(one) {
    one.hangUp.abort();
    this.all = this.all.filter((other) => other !== one);
    one.element.remove();
    this.strip.hidden = !this.all.length;
    this.changed();
  }

  /**
   * @param {string} name
   * @param {Kind} kind
   * @param {"preparing" | "ready"} how
   */
  #put(name, kind, how) {
    const state = el("span", {}, say("picture_preparing"));
    const sign = el("span", { class: "gc-attachment-sign" }, icon(kind === "sound" ? "speaker" : "file"));
    const element = el(
      "div",
      { class: "gc-attachment", role: "listitem", "data-attachment": name, "data-state": how },
      sign,
      el("span", { class: "gc-attachment-facts" }, el("b", { title: name }, name), state),
      iconButton("close", say("picture_remove", { name }), { onclick: () => this.remove(one) }),
    );
    /** @type {Attachment} */
    const one = { name, kind, hangUp: new AbortController(), element, state, sign, room: 0 };
    this.all.push(one);
    this.strip.append(element);
    this.strip.hidden = false;
    this.changed();
    return one;
  }

  /** @param {File} file */
  async #addOne(file) {
    const one = this.#put(file.name || say("picture"), kindOf(file), "preparing");
    try {
      const others = this.all.filter((other) => other !== one);
      one.room = LIMITS.images - others.reduce((taken, { kind, urls }) => taken + (urls?.length ?? Number(kind === "picture")), 0);
      if (one.kind === "picture" && one.room < 1) throw new Error(say("pictures_too_many", { n: LIMITS.images }));
      await WAYS[one.kind](one, file);
      one.element.dataset.state = "ready";
    } catch (error) {
      if (one.hangUp.signal.aborted) return;
      one.error = /** @type {Error} */ (error).message || say("error_unreachable");
      one.element.dataset.state = "refused";
      setText(one.state, one.error);
      this.hint(one.error);
    }
  }
}

/**
 * @param {File} file
 * @returns {Kind}
 */
function kindOf({ type, name }) {
  const ending = name.slice(name.lastIndexOf(".")).toLowerCase();
  if (ENDINGS.documents.includes(ending)) return "document"; // some systems call a subtitle or a table a film
  if ((PICTURE.test(type) && type !== "image/svg+xml") || ENDINGS.pictures.includes(ending)) return "picture";
  return SOUND.test(type) || ENDINGS.recordings.includes(ending) ? "sound" : "document";
}

/**
 * @param {string} path
 * @param {Attachment} one
 * @param {File} file
 * @param {string} [more] of the address
 */
async function prepare(path, one, file, more = "") {
  let response;
  try {
    response = await send(`${path}?name=${encodeURIComponent(one.name)}${more}`, { body: file, headers: BYTES, signal: one.hangUp.signal });
  } catch (error) {
    throw /** @type {Error} */ (error).name === "AbortError" ? error : new Error(whyUnsent(error));
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.detail ? told(body.detail) : say(response.status === 413 ? "error_413" : "error_unreachable"));
  return body;
}

/**
 * @param {Attachment} one
 * @param {Pick<PreparedPicture, "url"> & Partial<PreparedPicture>} picture
 */
function asPicture(one, picture) {
  one.urls = [picture, ...(picture.more ?? [])].map(({ url }) => url); // a long picture comes in several pieces
  one.sign.replaceChildren(el("img", { src: picture.url, alt: "" }));
  setText(one.state, [picture.size, ...(picture.notes ?? []).map(told)].filter(Boolean).join(" · "));
  one.element.title = [picture.removed ?? "", ...(picture.notes ?? [])].map(told).filter(Boolean).join(" · ");
}

/**
 * @param {Attachment} one
 * @param {string} text
 * @param {string[]} [notes]
 */
function asText(one, text, notes = []) {
  one.text = text;
  setText(one.state, [say("attachment_characters", { n: count(text.length) }), ...notes.map(told)].join(" · "));
  one.element.toggleAttribute("data-noted", notes.length > 0); // what was not read is to be seen, and not begun
  one.element.title = text.slice(0, 600);
}

/**
 * What becomes of each kind of file.
 *
 * @type {Record<Kind, (one: Attachment, file: File) => Promise<void>>}
 */
const WAYS = {
  async picture(one, file) {
    asPicture(one, await prepare("image", one, file, `&room=${one.room}`));
  },
  async document(one, file) {
    const body = await prepare("document", one, file, `&room=${Math.max(0, one.room)}`);
    if (body.picture) {
      asPicture(one, body.picture);
      one.text = body.text; // of a scanned document: which picture is which page
    } else asText(one, body.text, body.notes);
  },
  async sound(one, file) {
    /** @type {{ text?: string, refused?: ErrorLine }} */
    const end = {};
    const options = { body: file, headers: BYTES, signal: one.hangUp.signal, patience: PATIENCE_MS };
    await ask(`transcribe?name=${encodeURIComponent(one.name)}`, options, (event) => {
      if (event.e === "finished" && event.transcript) end.text = event.transcript.text;
      if (event.e === "error") end.refused = event;
    });
    if (end.text === undefined) throw new Error([end.refused?.message, end.refused?.hint].map((one) => sentence(told(one ?? ""))).join(" ").trim() || say("error_cut"));
    asText(one, end.text, [say("attachment_transcript")]);
  },
};
