// A recording from the microphone as 16 kHz mono WAV: what Whisper hears in any case, and what every part of the
// server can measure, cut and shrink without a decoder. It is resampled and packed while it is made, so that the end of
// half an hour is there at once; meanwhile it is kept by the browser (kept.js), in case the page is lost.

import { keep } from "./kept.js";
import { Pauses } from "./pauses.js";
import { RATE, wavOf } from "./wav.js";

const TELL_EVERY_S = 0.06;

/** Why there is no microphone: the name of a text. @param {unknown} error */
export function trouble(error) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) return "microphone_insecure";
  const name = error instanceof Error ? error.name : "";
  if (name === "NotReadableError" || name === "AbortError") return "microphone_in_use";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "microphone_none";
  return "microphone_refused";
}

/** An open microphone: its samples at 16 kHz, block by block, as they are heard. */
export class Microphone {
  /**
   * @param {(block: Float32Array) => void} heard some milliseconds at a time
   * @param {() => void} [lost] it was unplugged, or the permission was taken back
   * @param {(deaf: boolean) => void} [halted] nothing comes (a call, a locked screen), or comes again
   */
  constructor(heard, lost = () => {}, halted = () => {}) {
    this.heard = heard;
    this.lost = lost;
    this.halted = halted;
    this.closed = false;
  }

  /** @type {MediaStream | undefined} */
  stream;
  /** @type {AudioContext | undefined} */
  context;

  /**
   * Open it; rejects when there is none or it is not allowed.
   *
   * @param {object} [given]
   * @param {boolean} [given.echoCancellation] take out what the loudspeaker says
   */
  async open({ echoCancellation = false } = {}) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation } });
    // Closed while the browser was still asking: what it gives now must not stay open.
    if (this.closed) return void stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.lost());
      for (const name of ["mute", "unmute"]) track.addEventListener(name, () => this.halted(track.muted));
    }
    const context = (this.context = await contextFor(stream));
    if (this.closed) return void context.close();
    // A call or a locked screen suspends it; it goes on by itself where the browser lets it.
    context.addEventListener("statechange", () => {
      if (this.closed || context.state === "closed") return;
      this.halted(context.state !== "running");
      if (context.state !== "running") context.resume().catch(() => {});
    });
    await context.audioWorklet.addModule(new URL("recorder-worklet.js", import.meta.url));
    const down = new Downsampler(context.sampleRate);
    const tap = new AudioWorkletNode(context, "gc-tap");
    tap.port.onmessage = ({ data }) => this.heard(down.push(data));
    context.createMediaStreamSource(stream).connect(tap);
  }

  /** Try again to hear, after something halted it; a touch allows what the browser had refused. */
  wake() {
    if (this.context?.state === "suspended") this.context.resume().catch(() => {});
  }

  async close() {
    this.closed = true;
    this.heard = this.lost = this.halted = () => {};
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context && this.context.state !== "closed") await this.context.close();
  }
}

/** Samples on their way into a file: 16 bits each, put together only by the browser, when the file is asked for. */
export class Tape {
  /** @type {Int16Array<ArrayBuffer>[]} */
  chunks = [];
  samples = 0;

  get seconds() {
    return this.samples / RATE;
  }

  /** @param {Float32Array} block at 16 kHz, from -1 to 1 */
  push(block) {
    this.chunks.push(pack16(block));
    this.samples += block.length;
  }

  /** What came since the last call: for who keeps it piece by piece. */
  fresh() {
    const from = this.#given;
    this.#given = this.chunks.length;
    return new Blob(this.chunks.slice(from));
  }
  #given = 0;

  /** Another one with the same on it. */
  copy() {
    const tape = new Tape();
    tape.chunks = [...this.chunks];
    tape.samples = this.samples;
    return tape;
  }

  /** The last seconds of it. @param {number} seconds */
  end(seconds) {
    const result = new Int16Array(Math.min(this.samples, Math.round(seconds * RATE)));
    let at = result.length;
    for (let index = this.chunks.length - 1; at > 0; index -= 1) {
      const chunk = this.chunks[index];
      const part = chunk.subarray(Math.max(0, chunk.length - at));
      at -= part.length;
      result.set(part, at);
    }
    return result;
  }

  /** All of it as a WAV file, or what came after so many blocks. */
  file(from = 0) {
    const chunks = this.chunks.slice(from);
    return wavOf(chunks, chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  }
}

const KEEP_EVERY_S = 2;

export class Recorder {
  /**
   * @param {(level: number, seconds: number) => void} heard loudness from 0 to 1, some times a second
   * @param {object} [given]
   * @param {string} [given.from] which part of the page makes it
   * @param {() => void} [given.lost] the microphone is gone; what was heard is there
   * @param {(deaf: boolean) => void} [given.halted]
   * @param {() => void} [given.paused] who speaks draws breath
   */
  constructor(heard, { from = "microphone", lost = () => {}, halted = () => {}, paused = () => {} } = {}) {
    this.heard = heard;
    this.tape = new Tape();
    this.peak = 0;
    this.told = 0;
    this.keptAt = 0;
    this.kept = keep(from);
    this.pauses = new Pauses(paused);
    this.microphone = new Microphone((block) => this.#take(block), lost, halted);
  }

  /** Begin; rejects when there is no microphone or it is not allowed. */
  async start() {
    try {
      await this.microphone.open();
    } catch (error) {
      this.kept.drop();
      throw error;
    }
  }

  /** @param {Float32Array} block */
  #take(block) {
    const { tape } = this;
    tape.push(block);
    this.pauses.hear(block);
    for (const sample of block) this.peak = Math.max(this.peak, Math.abs(sample));
    const { seconds } = tape;
    if (seconds - this.keptAt >= KEEP_EVERY_S) {
      this.kept.add(tape.fresh());
      this.keptAt = seconds;
    }
    if (seconds - this.told < TELL_EVERY_S) return;
    this.heard(this.peak, seconds);
    this.told = seconds;
    this.peak = 0;
  }

  /** End; resolves to the file. The browser keeps it until `kept.drop` is called. */
  async stop() {
    await this.microphone.close();
    this.kept.add(this.tape.fresh());
    return this.tape.file();
  }

  /** End, and throw away what was heard. */
  drop() {
    this.kept.drop();
    return this.microphone.close();
  }
}

/**
 * Blocks of samples at 16 kHz as a file: mono, WAV.
 *
 * @param {Float32Array[]} blocks
 */
export function recording(blocks) {
  const tape = new Tape();
  for (const block of blocks) tape.push(block);
  return tape.file();
}

// Where the browser resamples, let it; Firefox takes a microphone only at its own rate.
/** @param {MediaStream} stream */
async function contextFor(stream) {
  const wanted = new AudioContext({ sampleRate: RATE });
  try {
    wanted.createMediaStreamSource(stream);
    await wanted.resume();
    return wanted;
  } catch {
    await wanted.close();
    return new AudioContext();
  }
}

/**
 * To 16 kHz, block by block, by averaging what falls into each new sample, which keeps most of what it cannot carry from
 * folding back.
 */
export class Downsampler {
  /** @param {number} rate samples a second of what comes */
  constructor(rate) {
    this.step = rate / RATE;
    this.made = 0;
    this.from = 0; // where `rest` begins
    this.rest = new Float32Array(0);
  }

  /** @param {Float32Array} block */
  push(block) {
    if (this.step === 1) return block;
    const { step, from } = this;
    const heard = new Float32Array(this.rest.length + block.length);
    heard.set(this.rest);
    heard.set(block, this.rest.length);
    const count = Math.max(0, Math.floor((from + heard.length) / step) - this.made);
    const result = new Float32Array(count);
    for (let index = 0; index < count; index += 1) {
      const begin = Math.floor((this.made + index) * step) - from;
      const end = Math.max(begin + 1, Math.floor((this.made + index + 1) * step) - from);
      let sum = 0;
      for (let at = begin; at < end; at += 1) sum += heard[at];
      result[index] = sum / (end - begin);
    }
    this.made += count;
    const used = Math.floor(this.made * step) - from;
    this.rest = heard.slice(used);
    this.from += used;
    return result;
  }
}

/** As 16-bit samples. @param {Float32Array} samples from -1 to 1 */
export function pack16(samples) {
  const result = new Int16Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) result[at] = Math.max(-1, Math.min(1, samples[at])) * 32767;
  return result;
}
