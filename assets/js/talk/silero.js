// Silero's voice model (assets/vendor/silero-vad), computed here: half a million multiplications for 32 ms of sound, so
// that who begins or stops to speak is known without asking anybody, and no runtime of ten megabytes has to be loaded.

/** Samples at 16 kHz that one answer is about: 32 ms. */
export const FRAME = 512;
/** Samples of the frame before that the model looks at again. */
const CONTEXT = 64;
const WINDOW = 256;
const HOP = 128;
const BINS = 129;
const HIDDEN = 128;
const TAPS = 3;

/** @typedef {{ shape: number[], values: Float32Array }} Tensor */

/**
 * Read a file of tensors.
 *
 * @param {ArrayBuffer} file in the safetensors format, 32-bit floats
 * @returns {Map<string, Tensor>}
 */
export function tensors(file) {
  const length = Number(new DataView(file).getBigUint64(0, true));
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: [number, number] }>} */
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, length)));
  const found = new Map();
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(head)) {
    if (dtype === "F32") found.set(name, { shape, values: new Float32Array(file.slice(8 + length + from, 8 + length + to)) });
  }
  return found;
}

export class Silero {
  /** @param {ArrayBuffer} file its weights */
  constructor(file) {
    const all = tensors(file);
    const take = (/** @type {string} */ name) => {
      const tensor = all.get(name);
      if (!tensor) throw new Error(`the voice model has no ${name}`);
      return tensor.values;
    };
    this.basis = take("stft_conv.weight");
    this.layers = [1, 2, 3, 4].map((index) => {
      const bias = take(`conv${index}.bias`);
      return { weight: byTap(take(`conv${index}.weight`), bias.length), bias, stride: index === 2 || index === 3 ? 2 : 1 };
    });
    this.inward = take("lstm_cell.weight_ih");
    this.onward = take("lstm_cell.weight_hh");
    this.bias = take("lstm_cell.bias_ih").map((value, index) => value + take("lstm_cell.bias_hh")[index]);
    this.last = take("final_conv.weight");
    this.lastBias = take("final_conv.bias")[0];
    this.sound = new Float32Array(CONTEXT + FRAME + CONTEXT);
    this.hidden = new Float32Array(HIDDEN);
    this.cell = new Float32Array(HIDDEN);
  }

  /** Forget what was heard. */
  reset() {
    this.sound.fill(0);
    this.hidden.fill(0);
    this.cell.fill(0);
  }

  /**
   * How likely it is that somebody speaks.
   *
   * @param {Float32Array} frame {@link FRAME} samples that follow those of the last call
   * @returns {number} from 0 to 1
   */
  chance(frame) {
    const { sound } = this;
    sound.copyWithin(0, FRAME, FRAME + CONTEXT);
    sound.set(frame, CONTEXT);
    const end = CONTEXT + FRAME;
    for (let at = 0; at < CONTEXT; at += 1) sound[end + at] = sound[end - 2 - at]; // mirrored
    let length = (sound.length - WINDOW) / HOP + 1;
    let values = spectrum(sound, this.basis, length);
    for (const { weight, bias, stride } of this.layers) {
      values = convolved(values, length, weight, bias, stride);
      length = values.length / bias.length;
    }
    return remember(this, values);
  }

  /** Another one with the same weights that remembers the same, to hear something else from now on. */
  twin() {
    /** @type {Silero} */
    const twin = Object.create(this);
    return Object.assign(twin, { sound: this.sound.slice(), hidden: this.hidden.slice(), cell: this.cell.slice() });
  }
}

/**
 * What a frame means after those before it.
 *
 * @param {Silero} model
 * @param {Float32Array} input
 */
function remember({ hidden, cell, bias, inward, onward, last, lastBias }, input) {
  const gates = bias.slice();
  for (let row = 0; row < gates.length; row += 1) {
    const at = row * HIDDEN;
    let sum = 0;
    for (let index = 0; index < HIDDEN; index += 1) sum += inward[at + index] * input[index] + onward[at + index] * hidden[index];
    gates[row] += sum;
  }
  let answer = lastBias;
  for (let index = 0; index < HIDDEN; index += 1) {
    const [enter, keep, fresh, out] = [0, 1, 2, 3].map((gate) => gates[gate * HIDDEN + index]);
    cell[index] = sigmoid(keep) * cell[index] + sigmoid(enter) * Math.tanh(fresh);
    hidden[index] = sigmoid(out) * Math.tanh(cell[index]);
    answer += last[index] * Math.max(0, hidden[index]);
  }
  return sigmoid(answer);
}

const sigmoid = (/** @type {number} */ value) => 1 / (1 + Math.exp(-value));

/**
 * How strong each frequency is in each window; a row a window.
 *
 * @param {Float32Array} sound
 * @param {Float32Array} basis
 * @param {number} windows
 */
function spectrum(sound, basis, windows) {
  const result = new Float32Array(BINS * windows);
  const imaginaries = BINS * WINDOW;
  for (let window = 0; window < windows; window += 1) {
    for (let bin = 0; bin < BINS; bin += 1) {
      const from = bin * WINDOW;
      let real = 0;
      let imaginary = 0;
      for (let at = 0; at < WINDOW; at += 1) {
        const sample = sound[window * HOP + at];
        real += basis[from + at] * sample;
        imaginary += basis[imaginaries + from + at] * sample;
      }
      result[window * BINS + bin] = Math.sqrt(real * real + imaginary * imaginary);
    }
  }
  return result;
}

/**
 * A kernel's weights in the order in which they are used: tap by tap, in each channel by channel.
 *
 * @param {Float32Array} weight channel by channel, in each tap by tap
 * @param {number} outs
 */
function byTap(weight, outs) {
  const channels = weight.length / outs / TAPS;
  const result = new Float32Array(weight.length);
  for (let out = 0; out < outs; out += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      for (let tap = 0; tap < TAPS; tap += 1) result[(out * TAPS + tap) * channels + channel] = weight[(out * channels + channel) * TAPS + tap];
    }
  }
  return result;
}

/**
 * A layer: kernels of three, zeros beyond both ends, nothing below zero.
 *
 * @param {Float32Array} input a row a step
 * @param {number} length how many rows
 * @param {Float32Array} weight as `byTap` orders them
 * @param {Float32Array} bias
 * @param {number} stride
 */
function convolved(input, length, weight, bias, stride) {
  const channels = input.length / length;
  const outs = bias.length;
  const steps = Math.floor((length - 1) / stride) + 1;
  const result = new Float32Array(outs * steps);
  for (let step = 0; step < steps; step += 1) {
    const first = step * stride - 1;
    const from = Math.max(0, first) * channels;
    const to = Math.min(length, first + TAPS) * channels;
    for (let out = 0; out < outs; out += 1) {
      const offset = out * TAPS * channels - first * channels;
      let sum = bias[out];
      for (let at = from; at < to; at += 1) sum += weight[offset + at] * input[at];
      result[step * outs + out] = Math.max(0, sum);
    }
  }
  return result;
}
