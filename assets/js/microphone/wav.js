// How everything that is heard here is kept.

/** Samples a second. */
export const RATE = 16_000;

/**
 * A WAV file of 16-bit samples: 16 kHz, mono.
 *
 * @param {BlobPart[]} parts
 * @param {number} length of all of them, bytes
 */
export function wavOf(parts, length) {
  const head = new DataView(new ArrayBuffer(44));
  const word = (/** @type {number} */ at, /** @type {string} */ text) => [...text].forEach((letter, index) => head.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  head.setUint32(4, 36 + length, true);
  word(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, RATE, true);
  head.setUint32(28, RATE * 2, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  word(36, "data");
  head.setUint32(40, length, true);
  return new Blob([head, ...parts], { type: "audio/wav" });
}
