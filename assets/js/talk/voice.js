// Speaks an answer while it is still being written: sentence by sentence, in order, without gaps; with the voice of
// the speech models where there is one, else with the browser's own.

import { PIECE } from "./sentences.js";
import { soundOf } from "./sound.js";
import { codeOf, languageOf, nameOf, sameLanguage } from "./tongue.js";
import { kindInWords, say, told as inTongue } from "../shared/words.js";
import { send } from "../shared/wire.js";

/**
 * @typedef {object} Piece asked for, not yet begun
 * @property {string} text
 * @property {string} language ISO 639-1
 * @property {AbortController} hangUp
 * @property {Promise<AudioBuffer | null> | null} sound null where the browser is to say it
 */

/** Pieces that are asked for before they are needed. */
const AHEAD = 2;
/** The next piece is scheduled so long before the last one ends. */
const LEAD_S = 0.3;
/** A browser that has a voice begins to speak within this time. */
const VOICELESS_MS = 4000;
/** Of one character. */
const SLOWEST_MS = 200;
/** A piece whose turn has come and that is not there after so long is said by the browser's voice, */
const PATIENCE_MS = 2000;
/** or, where it has none, is left to be read. */
const MOST_PATIENCE_MS = 8000;
/** After so many failures in a row the rest of the answer is the browser's. */
const ENOUGH = 2;
/** A server that will have no voice sooner than this is not asked for the next piece. */
const SOONER_MS = 2000;
const VOICES_WITHIN_MS = 1000;
/** What the speech models speak; for anything else the browser's own voices are better. */
const MODELS_SPEAK = ["en", "ar"];

export class Voice {
  /**
   * @param {AudioContext} context running, since a page may sound only after a touch
   * @param {object} given
   * @param {AudioNode} [given.output] where the sound goes
   * @param {string|null} [given.language] English name of the language that was spoken: that of sentences that do not show another
   * @param {() => void} given.began a sound is heard
   * @param {(note: string) => void} given.told something is out of the ordinary: another voice, or none
   */
  constructor(context, { output = context.destination, language = null, began, told }) {
    this.context = context;
    this.output = output;
    this.language = codeOf(language);
    this.began = began;
    this.tell = told;
    /** @type {{ text: string, language: string }[]} sentences */
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
    this.byBrowser = false; // from now on
    this.askAgainAt = 0;
    /** @type {Set<string>} languages that nobody here speaks, as was told */
    this.mute = new Set();
    this.told = false; // that another voice speaks
    this.hangUp = new AbortController();
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
    this.waiting.push({ text: sentence, language: languageOf(sentence, this.language) });
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

  /** Be silent for now, and go on from there after {@link resume}. */
  pause() {
    this.context.suspend();
    globalThis.speechSynthesis?.pause();
  }

  /** Go on where it was silenced. */
  resume() {
    this.context.resume();
    globalThis.speechSynthesis?.resume();
  }

  /** Be silent at once; whatever is on its way is called off. */
  stop() {
    this.stopped = true;
    this.waiting = [];
    this.pieces = [];
    this.hangUp.abort();
    this.#hush();
    this.resume(); // whoever speaks next must be heard
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
      const { text, language } = this.#pack();
      const hangUp = new AbortController();
      const byModel = !this.byBrowser && MODELS_SPEAK.includes(language) && (performance.now() >= this.askAgainAt || !browserVoice(language));
      this.pieces.push({ text, language, hangUp, sound: byModel ? this.#sound(text, language, either(hangUp, this.hangUp)) : null });
    }
    this.#wake();
  }

  // The first sentence alone, to be heard soon; later ones of its language together as they fit, which takes fewer
  // requests.
  #pack() {
    const first = /** @type {{ text: string, language: string }} */ (this.waiting.shift());
    const { language } = first;
    let { text } = first;
    while (this.asked && this.waiting.length && this.waiting[0].language === language && text.length + 1 + this.waiting[0].text.length <= PIECE) {
      text += ` ${this.waiting.shift()?.text}`;
    }
    this.asked = true;
    return { text, language };
  }

  // Resolves to the sound, or to null when there is none; why is kept. What broke on the way is asked for once more.
  /**
   * @param {string} text
   * @param {string} language
   * @param {AbortSignal} signal
   * @returns {Promise<AudioBuffer | null>}
   */
  async #sound(text, language, signal) {
    for (let again = true; ; again = false) {
      try {
        return await this.#fetch(text, language, signal);
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
   * @param {string} language
   * @param {AbortSignal} signal
   */
  async #fetch(text, language, signal) {
    const response = await send("speak", { body: JSON.stringify({ text, language }), signal, headers: { "content-type": "application/json" } });
    const wait = 1000 * Number(response.headers.get("retry-after"));
    if (wait > SOONER_MS) this.askAgainAt = performance.now() + wait;
    // The server has already tried whom it could: a refusal of its own is no accident.
    if (!response.ok) throw Object.assign(new Error(await refusal(response)), { final: true });
    return await soundOf(this.context, await response.arrayBuffer());
  }

  // The sound of the piece whose turn has come, or null where the browser should say it.
  /**
   * @param {Piece} piece
   * @param {AbortSignal} signal
   */
  async #inTime(piece, signal) {
    if (!piece.sound || this.byBrowser) return null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const patience = browserVoice(piece.language) ? PATIENCE_MS : MOST_PATIENCE_MS;
    /** @type {Promise<undefined>} */
    const late = new Promise((resolve) => (timer = setTimeout(resolve, patience, undefined)));
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
      if (piece.sound) this.failures = sound ? 0 : this.failures + 1;
      if (this.failures >= ENOUGH) this.byBrowser = true;
      this.#ask();
      if (sound) await this.#play(sound, signal);
      else await this.#utter(piece, signal);
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
    source.connect(this.output);
    const at = Math.max(this.context.currentTime, this.endsAt);
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
   * @param {Piece} piece
   * @param {AbortSignal} signal
   */
  async #utter({ text, language, sound }, signal) {
    if (this.mute.has(language)) return;
    await this.#silence(0, signal);
    await voicesLoaded;
    if (signal.aborted) return;
    const voice = browserVoice(language);
    if (voice && this.why && sound && !this.told) {
      this.told = true;
      this.tell(say("talk_browser_voice", { why: this.why }));
    }
    const said = voice ? await utter(text, voice, this.began) : false;
    if (said || signal.aborted) return;
    this.mute.add(language);
    this.tell(sound ? say("talk_voiceless", { why: this.why ?? say("speak_none") }) : say("talk_no_voice_for", { language: nameOf(language) }));
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
  return body?.kind ? kindInWords(body.kind) : (body?.detail ? inTongue(body.detail) : `HTTP ${response.status}`);
}

// Some browsers find their voices only after a while, and tell.
const voicesLoaded = new Promise((/** @type {(value?: unknown) => void} */ loaded) => {
  const { speechSynthesis } = globalThis;
  if (!speechSynthesis?.addEventListener || speechSynthesis.getVoices().length) return loaded();
  speechSynthesis.addEventListener("voiceschanged", loaded, { once: true });
  setTimeout(loaded, VOICES_WITHIN_MS);
});

/**
 * One of the browser's own voices for a language; null where there is none.
 *
 * @param {string} language
 */
function browserVoice(language) {
  const speaks = (/** @type {SpeechSynthesisVoice} */ { lang }) => lang && sameLanguage(lang.split(/[-_]/)[0].toLowerCase(), language);
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
