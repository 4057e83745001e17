// Speaks an answer while it is still being written: sentence by sentence, in order, without gaps; with the voice of
// the speech models where there is one, else with the browser's own.

import { kindInWords } from "../shared/words.js";
import { PIECE } from "./sentences.js";
import { send } from "../shared/wire.js";

/** @typedef {{ text: string, hangUp: AbortController, sound: Promise<AudioBuffer | null> | null }} Piece asked for, not yet begun */

/** Pieces that are asked for before they are needed. */
const AHEAD = 2;
/** The next piece is scheduled so long before the last one ends. */
const LEAD_S = 0.3;
const SOON_S = 0.03;
/** A browser that has a voice begins to speak within this time. */
const VOICELESS_MS = 4000;
/** Of one character. */
const SLOWEST_MS = 200;
/** A piece whose turn has come and that is not there after so long is said by the browser's voice, if it has one. */
const PATIENCE_MS = 2000;
/** After so many failures in a row the rest of the answer is the browser's. */
const ENOUGH = 2;

export class Voice {
  /**
   * @param {AudioContext} context running, since a page may sound only after a touch
   * @param {object} given
   * @param {string|null} [given.language] English name of the language that is spoken
   * @param {() => void} given.began the first sound is heard
   * @param {(why: string|null) => void} given.changed the browser's voice took over, and why
   * @param {() => void} given.failed nobody can speak here
   */
  constructor(context, { language = null, began, changed, failed }) {
    this.context = context;
    this.language = language;
    this.began = began;
    this.changed = changed;
    this.failed = failed;
    /** @type {string[]} sentences */
    this.waiting = [];
    /** @type {Piece[]} */
    this.pieces = [];
    this.failures = 0; // in a row
    /** @type {Set<AudioBufferSourceNode>} */
    this.playing = new Set();
    this.endsAt = 0;
    this.asked = false; // for a first piece
    this.complete = false;
    this.stopped = false;
    this.mute = false;
    this.hangUp = new AbortController();
    // Groq's voice speaks English; for another language the browser's own is better, if it has one.
    this.byBrowser = !isEnglish(language) && browserVoice(language) !== null;
    this.told = false; // that another voice speaks
    /** Resolves when everything is said, or it was stopped. */
    this.done = this.#run();
  }

  /** @type {string | undefined} why there was no sound */
  why;
  /** @type {((value?: unknown) => void) | undefined} */
  wake;

  /** Say this after everything else. @param {string} sentence */
  say(sentence) {
    if (this.stopped || this.complete) return;
    this.waiting.push(sentence);
    this.#ask();
  }

  /** Nothing more comes. */
  end() {
    this.complete = true;
    this.#wake();
  }

  /** What waits is said no more, as the answer begins anew; what is heard right now stops too. */
  restart() {
    this.waiting = [];
    this.hangUp.abort();
    this.hangUp = new AbortController();
    this.pieces = [];
    this.#hush();
  }

  /** Be silent at once; whatever is on its way is called off. */
  stop() {
    this.stopped = true;
    this.waiting = [];
    this.pieces = [];
    this.hangUp.abort();
    this.#hush();
    this.#wake();
  }

  #hush() {
    for (const source of this.playing) source.stop();
    this.playing.clear();
    this.endsAt = 0;
    globalThis.speechSynthesis?.cancel();
  }

  // ── what is asked for ──

  #ask() {
    while (this.waiting.length && this.pieces.length < AHEAD) {
      const text = this.#pack();
      const hangUp = new AbortController();
      this.pieces.push({ text, hangUp, sound: this.byBrowser ? null : this.#sound(text, either(hangUp, this.hangUp)) });
    }
    this.#wake();
  }

  // The first sentence alone, to be heard soon; later ones together as they fit, which takes fewer requests.
  #pack() {
    let text = this.waiting.shift() ?? "";
    while (this.asked && this.waiting.length && text.length + 1 + this.waiting[0].length <= PIECE) {
      text += ` ${this.waiting.shift()}`;
    }
    this.asked = true;
    return text;
  }

  // Resolves to the sound, or to null when there is none; why is kept. What broke on the way is asked for once more.
  /**
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<AudioBuffer | null>}
   */
  async #sound(text, signal) {
    for (let again = true; ; again = false) {
      try {
        return await this.#fetch(text, signal);
      } catch (thrown) {
        const error = /** @type {Error & { final?: boolean }} */ (thrown);
        if (signal.aborted) return null;
        this.why = error.message;
        if (error.final || !again) return null;
      }
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  async #fetch(text, signal) {
    const response = await send("speak", { body: JSON.stringify({ text }), signal, headers: { "content-type": "application/json" } });
    // The server has already tried whom it could: a refusal of its own is no accident.
    if (!response.ok) throw Object.assign(new Error(await refusal(response)), { final: true });
    return await this.context.decodeAudioData(await response.arrayBuffer());
  }

  // The sound of the piece whose turn has come, or null where the browser should say it.
  /**
   * @param {Piece} piece
   * @param {AbortSignal} signal
   */
  async #inTime(piece, signal) {
    if (this.byBrowser || !piece.sound) return null;
    if (!browserVoice(this.language)) return piece.sound;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {Promise<undefined>} */
    const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, undefined)));
    const sound = await Promise.race([piece.sound, late]);
    clearTimeout(timer);
    if (sound === undefined && !signal.aborted) {
      this.why ??= kindInWords("timeout_first_token");
      piece.hangUp.abort();
    }
    return sound ?? null;
  }

  // ── what is heard ──

  async #run() {
    for (;;) {
      const piece = this.pieces.shift();
      if (!piece) {
        if (this.stopped || (this.complete && !this.waiting.length)) break;
        await new Promise((wake) => (this.wake = wake));
        continue;
      }
      const { signal } = this.hangUp;
      const sound = await this.#inTime(piece, signal);
      if (signal.aborted) continue;
      this.failures = sound ? 0 : this.failures + 1;
      if (this.failures >= ENOUGH) this.byBrowser = true;
      this.#ask();
      if (sound) await this.#play(sound, signal);
      else await this.#utter(piece.text, signal);
    }
    await this.#silence(0, this.hangUp.signal);
  }

  #wake() {
    this.wake?.();
  }

  /**
   * @param {AudioBuffer} sound
   * @param {AbortSignal} signal
   */
  #play(sound, signal) {
    const source = this.context.createBufferSource();
    source.buffer = sound;
    source.connect(this.context.destination);
    const at = Math.max(this.context.currentTime + SOON_S, this.endsAt);
    source.start(at);
    source.addEventListener("ended", () => this.playing.delete(source));
    this.playing.add(source);
    this.endsAt = at + sound.duration;
    this.began();
    return this.#silence(LEAD_S, signal);
  }

  // Until what is scheduled has ended, but for so many seconds.
  /**
   * @param {number} before seconds
   * @param {AbortSignal} signal
   */
  async #silence(before, signal) {
    for (;;) {
      const left = this.endsAt - before - this.context.currentTime;
      if (left <= 0 || signal.aborted) return;
      await new Promise((wake) => {
        this.wake = wake;
        setTimeout(wake, Math.min(left, 1) * 1000);
      });
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   */
  async #utter(text, signal) {
    if (this.mute) return;
    await this.#silence(0, signal);
    if (signal.aborted) return;
    if (this.why && !this.told) {
      this.told = true;
      this.changed(this.why);
    }
    const said = await utter(text, browserVoice(this.language), this.began);
    if (said || signal.aborted) return;
    this.mute = true;
    this.failed();
  }
}

/**
 * Aborted as soon as one of two is.
 *
 * @param {AbortController} one
 * @param {AbortController} other
 */
function either(one, other) {
  const both = new AbortController();
  for (const { signal } of [one, other]) signal.addEventListener("abort", () => both.abort(), { once: true });
  return both.signal;
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => null);
  return body?.kind ? kindInWords(body.kind) : (body?.detail ?? `HTTP ${response.status}`);
}

// Groq says "English", other servers "english".
const isEnglish = (/** @type {string | null} */ language) => !language || language.toLowerCase() === "english";

/**
 * One of the browser's own voices for a language by its English name; null where there is none.
 *
 * @param {string | null} language
 */
function browserVoice(language) {
  const names = new Intl.DisplayNames(["en"], { type: "language" });
  const wanted = (language || "English").toLowerCase();
  const speaks = (/** @type {SpeechSynthesisVoice} */ voice) => voice.lang && names.of(voice.lang.split(/[-_]/)[0])?.toLowerCase() === wanted;
  const voices = (globalThis.speechSynthesis?.getVoices() ?? []).filter(speaks);
  return voices.find((voice) => voice.default) ?? voices[0] ?? null;
}

// Resolves to whether the browser has said it.
/**
 * @param {string} text
 * @param {SpeechSynthesisVoice | null} voice
 * @param {() => void} began
 * @returns {Promise<boolean>}
 */
function utter(text, voice, began) {
  const { speechSynthesis } = globalThis;
  if (!speechSynthesis) return Promise.resolve(false);
  return new Promise((resolve) => {
    const utterance = new SpeechSynthesisUtterance(text);
    if (voice) {
      utterance.voice = voice;
      utterance.lang = voice.lang;
    }
    let timer = setTimeout(() => resolve(false), VOICELESS_MS);
    const over = (/** @type {boolean} */ said) => (clearTimeout(timer), resolve(said));
    utterance.onstart = () => {
      clearTimeout(timer);
      timer = setTimeout(() => resolve(true), VOICELESS_MS + text.length * SLOWEST_MS); // some forget to tell the end
      began();
    };
    utterance.onend = () => over(true);
    utterance.onerror = ({ error }) => over(error === "interrupted" || error === "canceled");
    speechSynthesis.speak(utterance);
  });
}
