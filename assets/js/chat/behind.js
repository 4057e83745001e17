// What a store on a server could not take, though it was sent for half a minute: it is done again until it can.

const PAUSE_MS = 10_000;

export class Behind {
  /** @param {() => void} changed told when there begins or ceases to be something */
  constructor(changed) {
    this.changed = changed;
  }

  /** @type {Map<string, () => unknown>} what is to be done, by what it is about */
  #jobs = new Map();
  #waiting = false;

  /** Whether something is not kept yet. */
  get any() {
    return this.#jobs.size > 0;
  }

  /**
   * Do this later, in the place of what was to be done about the same before.
   *
   * @param {string} about
   * @param {() => unknown} job adds itself again where it fails again
   */
  add(about, job) {
    this.#jobs.set(about, job);
    this.#wait();
    this.changed();
  }

  #wait() {
    if (!this.#waiting && this.any) setTimeout(() => this.#again(), PAUSE_MS);
    this.#waiting = this.any;
  }

  async #again() {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) await job();
    this.#waiting = false;
    this.#wait();
    this.changed();
  }
}
