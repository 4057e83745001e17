// Hands the microphone's samples over as they come, off the page's own thread.

class Tap extends AudioWorkletProcessor {
  /** @param {Float32Array[][]} inputs */
  process([input]) {
    if (input[0]) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor("gc-tap", Tap);
