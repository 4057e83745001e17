// The microphone while the page is talked with: opened, opened again after it was gone, and the screen kept on meanwhile.

import { Ears } from "./ears.js";
import { warm } from "./heard.js";
import { Silero } from "./silero.js";
import { keepScreenOn } from "../shared/dom.js";

const REOPEN_MS = 300;
/** One page of this browser listens at a time: two would hear, and answer, each other. */
const pages = globalThis.BroadcastChannel ? new BroadcastChannel("groq-core-talk") : null;

/**
 * @import { Listener } from "./ears.js"
 */
export class Attention {
  /** @param {Omit<Listener, "lost"> & { lost: (ears: Ears) => void, elsewhere: () => void }} listener */
  constructor(listener) {
    this.listener = listener;
    pages?.addEventListener("message", () => listener.elsewhere());
    /** @type {Ears | null} */
    this.ears = null;
    /** @type {WakeLockSentinel | null} */
    this.awake = null;
    this.on = false;
    this.model = voiceModel();
    /** @type {Promise<boolean> | null} whether there is a model that hears who has finished */
    this.judge = null;
  }

  /** Which of the models that know voices and ends cannot be had: the name of a text about it; empty where both are there. */
  async missing() {
    const [voices, ends] = await Promise.all([this.model, this.judge]);
    if (!voices) return "talk_by_loudness";
    return ends === false ? "talk_by_pauses" : "";
  }

  /**
   * Open the microphone; rejects when there is none or it is not allowed.
   *
   * @returns {Promise<Ears | null>} null when it was closed meanwhile
   */
  async open() {
    const ears = (this.ears = this.#newEars());
    this.on = true;
    this.judge ??= warm();
    try {
      await ears.open();
    } catch (error) {
      ears.close(); // it may have been opened half
      if (this.ears !== ears) return null;
      this.ears = null;
      throw error;
    }
    this.stayAwake();
    pages?.postMessage("listens");
    if (this.ears === ears) return ears;
    ears.close();
    return null;
  }

  /** Open another one, or the same one plugged in again; null where there is none. */
  async openAgain() {
    await new Promise((later) => setTimeout(later, REOPEN_MS));
    return this.ears ? null : this.open().catch(() => null);
  }

  #newEars() {
    /** @type {Ears} */
    const ears = new Ears({ ...this.listener, lost: () => this.listener.lost(ears) });
    this.model.then((model) => (ears.activity.model = model));
    return ears;
  }

  /** Close the microphone; the screen stays on while an answer is read aloud. */
  close() {
    this.ears?.wait(); // what is thrown away here was thrown away by the one who spoke
    this.ears?.close();
    this.ears = null;
  }

  /** Nobody talks any more. */
  rest() {
    this.close();
    this.on = false;
    this.awake?.release();
    this.awake = null;
  }

  /** Keep the screen on; a page that was hidden has lost that. */
  async stayAwake() {
    const lock = await keepScreenOn();
    this.awake?.release();
    this.awake = lock;
    lock?.addEventListener("release", () => this.awake === lock && (this.awake = null));
    if (this.on) return;
    lock?.release();
    this.awake = null;
  }
}

/** The model that knows voices; null where it cannot be had: then loudness has to do. */
async function voiceModel() {
  try {
    const response = await fetch(new URL("../../vendor/silero-vad/silero_vad_16k.safetensors", import.meta.url));
    return response.ok ? new Silero(await response.arrayBuffer()) : null;
  } catch {
    return null;
  }
}
