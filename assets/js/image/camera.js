// The camera of the Image tab: it is on while somebody sees what it sees.

import { announce, el } from "../shared/dom.js";
import { inSight } from "../shared/sheet.js";
import { say } from "../shared/words.js";

const ID = "gc-camera";

export class Camera {
  /** @param {(file: File) => unknown} taken gets a picture */
  constructor(taken) {
    this.taken = taken;
    this.element = el("div", { id: ID, class: "gc-camera", hidden: true });
    // Who goes to another tab is not filmed there.
    new IntersectionObserver(() => this.#stream && !inSight(ID) && this.close()).observe(this.element);
  }

  /** @type {MediaStream | null} while it is on */
  #stream = null;
  #asking = false; // whether the browser still asks if it may be on

  /** Switch it on, or off. */
  async press() {
    if (this.#stream) return this.close();
    if (this.#asking) return;
    this.#asking = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      this.#show(stream);
    } catch {
      this.#tell(say("camera_refused"));
    } finally {
      this.#asking = false;
    }
  }

  /** @param {MediaStream} stream */
  #show(stream) {
    const video = el("video", { autoplay: true, playsinline: true, muted: true });
    video.muted = true;
    const take = el("button", { type: "button", class: "gc-button", "aria-label": "capture photo", disabled: true, onclick: () => this.#photograph(video) }, say("camera_take"));
    video.addEventListener("loadeddata", () => (take.disabled = false)); // before that there is no picture to take
    video.srcObject = this.#stream = stream;
    const off = el("button", { type: "button", class: "gc-button gc-quiet", onclick: () => this.close() }, say("cancel"));
    this.element.replaceChildren(video, el("div", { class: "gc-camera-buttons" }, take, off));
    this.element.hidden = false;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#stream === stream && this.#lose());
    if (!inSight(ID)) this.close(); // they went on while the browser asked
  }

  #lose() {
    this.close();
    this.#tell(say("camera_lost"));
  }

  /** @param {string} words */
  #tell(words) {
    this.element.replaceChildren(el("p", { class: "gc-muted" }, words));
    this.element.hidden = false;
    announce(words);
  }

  /** @param {HTMLVideoElement} video */
  async #photograph(video) {
    const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    this.close();
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
    if (blob) await this.taken(new File([blob], say("camera_name"), { type: "image/jpeg" }));
  }

  close() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
