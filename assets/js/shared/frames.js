// When to draw what grows: in every frame, where frames are cheap, and seldom enough elsewhere that drawing takes a
// part of the time only: the smaller a part the slower the machine is, which has all the rest to do as well. What counts
// is all that a frame takes, its layout and its painting too.

const REST_PER_CUBE = 0.035; // of the milliseconds the frame took: of 5 every 16th, of 10 every 35th, of 15 every 118th
const LONGEST_REST_MS = 280;
const FRAME_MS = 16;

/** @type {(() => void)[]} called when the frame is on its way to the screen */
const waiting = [];
/** @type {MessageChannel | null} */
let channel = null;

// A message that is sent while a frame is drawn is heard when it has been painted; a timer would come late.
/** @param {() => void} heard */
function afterPaint(heard) {
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.splice(0).forEach((one) => one());
  }
  if (waiting.push(heard) === 1) channel.port2.postMessage(null);
}

export class Frames {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
  }

  #frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;
  #measuring = false;
  #again = false;
  #cost = 0; // milliseconds the last one took
  #notBefore = 0;

  /** Draw as soon as it is due; once, however often this is called until then. */
  schedule() {
    if (this.#measuring) this.#again = true;
    else if (!this.#frame && this.#rest === undefined) this.#request(this.#notBefore - performance.now());
  }

  /** Do not draw what was scheduled. */
  cancel() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#frame = 0;
    this.#rest = undefined;
    this.#again = false;
  }

  /** @param {number} ms from now on */
  #request(ms) {
    if (ms <= FRAME_MS) {
      this.#frame = requestAnimationFrame(() => this.#tick());
      return;
    }
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.#request(0);
    }, ms - FRAME_MS / 2);
  }

  #tick() {
    this.#frame = 0;
    this.#measuring = true;
    const began = performance.now();
    afterPaint(() => this.#learn(began));
    this.draw();
  }

  /** @param {number} began */
  #learn(began) {
    this.#measuring = false;
    const cost = performance.now() - began;
    // One long frame may be the machine's doing, which another one left out would only make worse.
    const usual = Math.min(cost, this.#cost);
    this.#notBefore = began + Math.min(LONGEST_REST_MS, REST_PER_CUBE * usual ** 3);
    this.#cost = cost;
    if (!this.#again) return;
    this.#again = false;
    this.schedule();
  }
}
