// Where the page's voice comes out while its microphone is open: through an element, whose sound the browser's echo
// canceller knows and takes out of what the microphone hears; and how loud it is right now.

import { rms } from "./activity.js";

const LOOKED_AT = 1024;

export class Loudspeaker {
  /** @param {AudioContext} context */
  constructor(context) {
    this.context = context;
    /** What is to be heard is connected to this. */
    this.input = new AnalyserNode(context, { fftSize: LOOKED_AT });
    this.samples = new Float32Array(LOOKED_AT);
    /** @type {HTMLAudioElement | null} */
    this.element = null;
    this.input.connect(context.destination);
  }

  /** Sound through an element; where the browser refuses one, directly as before. */
  async throughElement() {
    if (this.element) return;
    const out = new MediaStreamAudioDestinationNode(this.context);
    const element = (this.element = new Audio());
    element.srcObject = out.stream;
    this.input.connect(out);
    try {
      await element.play();
      this.input.disconnect(this.context.destination);
    } catch {
      this.input.disconnect(out);
    }
  }

  /** RMS of the last moments; 0 when nothing is heard. */
  get loudness() {
    if (this.context.state !== "running") return 0;
    this.input.getFloatTimeDomainData(this.samples);
    return rms(this.samples);
  }
}
