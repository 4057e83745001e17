// When to draw what grows: in every frame, where frames are cheap, and seldom enough elsewhere that drawing takes a
// part of the time only: the smaller a part the slower the machine is, which has all the rest to do as well. What counts
// is all that a frame takes, its layout and its painting too.

const REST_PER_CUBE = 0.035; // of the milliseconds the frame took: of 5 every 16th, of 10 every 35th, of 18 every 204th
const LONGEST_REST_MS = 200;
const FRAME_MS = 16;

/** @type {(() => void)[]} called when the frame is on its way to the screen */
const waiting = [];
/** @type {MessageChannel | null} */
let channel = null;

/** Resolves in a task of its own, soon also where nobody looks. @returns {Promise<void>} */
export const nextTask = () => new Promise((resolve) => afterPaint(resolve));

// A message that is sent while a frame is drawn is heard when it has been painted; a timer would come late.
/** @param {() => void} heard */
function afterPaint(heard) {
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.splice(0).forEach((one) => one());
  }
  if (waiting.push(heard) === 1) channel.port2.postMessage(null);
}

let due = 0;
let lastCost = 0; // milliseconds that a frame took here lately: what begins on a slow machine need not learn it again

/** @param {number} cost milliseconds */
const restBehind = (cost) => Math.min(LONGEST_REST_MS, REST_PER_CUBE * cost ** 3);

/** When something is drawn again at the earliest. */
export const nextDraw = () => due;

export class Frames {
  /**
   * @param {() => void} draw
   * @param {() => void} [settle] called behind each drawing: what needs its layout
   */
  constructor(draw, settle = () => {}) {
    this.draw = draw;
    this.settle = settle;
  }

  /** Milliseconds from one drawing to the next, at least. */
  rest = restBehind(lastCost);

  #frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;
  #measuring = false;
  #again = false;
  #cost = lastCost; // milliseconds the last one took
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

  // Where frames are dear, drawing, laying out and showing are a task each: none of them is long.
  /** @param {number} ms from now on */
  #request(ms) {
    if (this.rest <= FRAME_MS || document.hidden) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#measuring = true;
        const began = performance.now();
        afterPaint(() => this.#learn(began, performance.now() - began));
        this.draw();
        this.settle();
      });
      return;
    }
    due = performance.now() + Math.max(0, ms) + this.rest;
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.#measuring = true;
      const began = performance.now();
      let cost = 0;
      // Sent before there is anything to show, it is heard before the frame that shows it.
      afterPaint(() => {
        const settles = performance.now();
        this.settle();
        cost += performance.now() - settles;
      });
      this.draw();
      cost += performance.now() - began;
      requestAnimationFrame(() => {
        const shows = performance.now();
        afterPaint(() => this.#learn(began, cost + performance.now() - shows));
      });
    }, ms);
  }

  /**
   * @param {number} began
   * @param {number} cost
   */
  #learn(began, cost) {
    this.#measuring = false;
    // One long frame may be the machine's doing, which another one left out would only make worse.
    const usual = Math.min(cost, this.#cost);
    this.rest = restBehind(usual);
    due = this.#notBefore = began + this.rest;
    this.#cost = cost;
    lastCost = usual;
    if (!this.#again) return;
    this.#again = false;
    this.schedule();
  }
}
