// What the voices send, ready to be played: samples that stand in their file as they are played are taken from it in this
// moment; anything else is the browser's to decode, which takes a thread and its time.

/** Samples a second that the voices speak (media/audio/encode.py): what is played at their own rate need not be made to fit. */
export const VOICE_RATE = 24_000;

const PCM = 1;
const BYTES = 2;

/**
 * @param {BaseAudioContext} context
 * @param {ArrayBuffer} file
 * @returns {Promise<AudioBuffer>} rejects where it is no sound
 */
export async function soundOf(context, file) {
  const samples = samplesOf(file, context.sampleRate);
  if (!samples) return context.decodeAudioData(file);
  const sound = context.createBuffer(1, samples.length, context.sampleRate);
  sound.copyToChannel(samples, 0);
  return sound;
}

/**
 * The samples of a WAV file of 16-bit mono at this rate; null of any other file, and where there are none. As on the
 * server (media/audio/wav.py) lengths are not believed: who streams a file does not know them.
 *
 * @param {ArrayBuffer} file
 * @param {number} rate samples a second
 * @returns {Float32Array<ArrayBuffer> | null} from -1 to 1
 */
export function samplesOf(file, rate) {
  const view = new DataView(file);
  const isNamed = (/** @type {number} */ at, /** @type {string} */ name) => [...name].every((letter, index) => view.getUint8(at + index) === letter.charCodeAt(0));
  if (file.byteLength < 12 || !isNamed(0, "RIFF") || !isNamed(8, "WAVE")) return null;
  let plain = false;
  for (let at = 12; at + 8 <= file.byteLength;) {
    const length = view.getUint32(at + 4, true);
    const from = at + 8;
    if (isNamed(at, "fmt ") && from + 16 <= file.byteLength) {
      plain = view.getUint16(from, true) === PCM && view.getUint16(from + 2, true) === 1 && view.getUint32(from + 4, true) === rate && view.getUint16(from + 14, true) === 8 * BYTES;
    } else if (isNamed(at, "data")) {
      const rest = file.byteLength - from;
      const bytes = length === 0 || length === 0xffffffff ? rest : Math.min(length, rest);
      return plain && bytes >= BYTES ? floats(view, from, Math.floor(bytes / BYTES)) : null;
    }
    at = from + length + (length % 2);
  }
  return null;
}

/**
 * @param {DataView} view
 * @param {number} from
 * @param {number} count
 */
function floats(view, from, count) {
  const result = new Float32Array(count);
  for (let at = 0; at < count; at += 1) result[at] = view.getInt16(from + BYTES * at, true) / 32768;
  return result;
}
