// A recording from the microphone as 16 kHz mono WAV: what Whisper hears in any case, and what every part of the
// server can measure, cut and shrink without a decoder. It stays in the page's memory until it is sent.

const RATE = 16_000;
const TELL_EVERY_S = 0.06;

/** Why there is no microphone: the name of a text. @param {unknown} error */
export function trouble(error) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) return "microphone_insecure";
  const name = error instanceof Error ? error.name : "";
  if (name === "NotReadableError" || name === "AbortError") return "microphone_in_use";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "microphone_none";
  return "microphone_refused";
}

/** An open microphone: its samples, block by block, as they are heard. */
export class Microphone {
  /**
   * @param {(block: Float32Array) => void} heard some milliseconds at a time
   * @param {() => void} [lost] it was unplugged, or the permission was taken back
   */
  constructor(heard, lost = () => {}) {
    this.heard = heard;
    this.lost = lost;
  }

  /** @type {MediaStream | undefined} */
  stream;
  /** @type {AudioContext | undefined} */
  context;

  /** Samples a second; known once it is open. */
  get rate() {
    return this.context?.sampleRate ?? RATE;
  }

  /**
   * Open it; rejects when there is none or it is not allowed.
   *
   * @param {object} [given]
   * @param {boolean} [given.echoCancellation] take out what the loudspeaker says
   */
  async open({ echoCancellation = false } = {}) {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation } });
    for (const track of this.stream.getTracks()) track.addEventListener("ended", () => this.lost());
    const context = (this.context = await contextFor(this.stream));
    // A call or a locked screen suspends it; it goes on by itself where the browser lets it.
    context.addEventListener("statechange", () => {
      if (context.state !== "running" && context.state !== "closed") context.resume().catch(() => {});
    });
    await context.audioWorklet.addModule(new URL("recorder-worklet.js", import.meta.url));
    const tap = new AudioWorkletNode(context, "gc-tap");
    tap.port.onmessage = ({ data }) => this.heard(data);
    context.createMediaStreamSource(this.stream).connect(tap);
  }

  async close() {
    this.heard = this.lost = () => {};
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context && this.context.state !== "closed") await this.context.close();
  }
}

export class Recorder {
  /** @param {(level: number, seconds: number) => void} heard loudness from 0 to 1, some times a second */
  constructor(heard) {
    this.heard = heard;
    /** @type {Float32Array[]} */
    this.blocks = [];
    this.samples = 0;
    this.peak = 0;
    this.told = 0;
    this.microphone = new Microphone((block) => this.#take(block));
  }

  /** Begin; rejects when there is no microphone or it is not allowed. */
  start() {
    return this.microphone.open();
  }

  /** @param {Float32Array} block */
  #take(block) {
    this.blocks.push(block);
    this.samples += block.length;
    for (const sample of block) this.peak = Math.max(this.peak, Math.abs(sample));
    const seconds = this.samples / this.microphone.rate;
    if (seconds - this.told < TELL_EVERY_S) return;
    this.heard(this.peak, seconds);
    this.told = seconds;
    this.peak = 0;
  }

  /** End; resolves to the file. */
  async stop() {
    const { rate } = this.microphone;
    await this.microphone.close();
    return recording(this.blocks, rate);
  }
}

/**
 * Blocks of samples as a file: 16 kHz, mono, WAV.
 *
 * @param {Float32Array[]} blocks
 * @param {number} rate
 */
export const recording = (blocks, rate) => wav(resample(join(blocks), rate));

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

/** @param {Float32Array[]} blocks */
function join(blocks) {
  const all = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    all.set(block, at);
    at += block.length;
  }
  return all;
}

/**
 * To 16 kHz by averaging what falls into each new sample, which keeps most of what it cannot carry from folding back.
 *
 * @param {Float32Array} samples
 * @param {number} rate
 */
export function resample(samples, rate) {
  if (rate === RATE) return samples;
  const step = rate / RATE;
  const result = new Float32Array(Math.floor(samples.length / step));
  for (let index = 0; index < result.length; index += 1) {
    const from = Math.floor(index * step);
    const to = Math.max(from + 1, Math.floor((index + 1) * step));
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += samples[at] ?? 0;
    result[index] = sum / (to - from);
  }
  return result;
}

/**
 * A WAV file of 16-bit samples.
 *
 * @param {Float32Array} samples
 */
export function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const word = (/** @type {number} */ at, /** @type {string} */ text) => [...text].forEach((letter, index) => bytes.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  word(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, RATE, true);
  bytes.setUint32(28, RATE * 2, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  word(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => bytes.setInt16(44 + index * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return new Blob([bytes.buffer], { type: "audio/wav" });
}
