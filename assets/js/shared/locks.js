// Locks among the windows of one browser. It has its own where an address is secure; elsewhere, as in a team's network
// without certificates, the windows come to an agreement by what all of them can write and read.

const PREFIX = "gc-lock-";
const TOLD_WITHIN_MS = 50; // what one window writes, another reads some milliseconds later
const LASTS_MS = 150_000; // of a window that crashed; one that nobody has seen for five minutes wakes once a minute
const RENEW_MS = 20_000;
const LOOK_MS = 500;

/**
 * @template T
 * @typedef {(lock: object | null) => T | Promise<T>} Work what is done with the lock, or without where it was not to be had
 */

class WrittenLocks {
  #made = 0;

  /**
   * As `navigator.locks.request`, exclusive only.
   *
   * @template T
   * @param {string} name
   * @param {{ ifAvailable?: boolean, steal?: boolean, signal?: AbortSignal }} how
   * @param {Work<T>} work
   * @returns {Promise<T>}
   * @throws {DOMException} AbortError: it was given up by the signal, or taken away
   */
  async request(name, { ifAvailable = false, steal = false, signal }, work) {
    const queue = `${PREFIX}${encodeURIComponent(name)} `; // without a space, which would make it the beginning of another
    signal?.throwIfAborted();
    if (steal) for (const key of waiting(queue)) localStorage.removeItem(key);
    // In the order in which they were asked for, in one window also within a millisecond: numbers of as many digits sort
    // as words do.
    const turn = String((this.#made += 1)).padStart(9, "0");
    const key = `${queue}${Date.now()} ${turn} ${Math.random().toString(36).slice(2)}`;
    const write = () => localStorage.setItem(key, String(Date.now() + LASTS_MS));
    write();
    const renewing = setInterval(() => localStorage.getItem(key) && write(), RENEW_MS);
    const leave = () => {
      clearInterval(renewing);
      removeEventListener("pagehide", leave);
      localStorage.removeItem(key);
    };
    addEventListener("pagehide", leave);
    const taken = new AbortController();
    const watching = setInterval(() => localStorage.getItem(key) || taken.abort(), LOOK_MS);
    const gone = whenAborted(taken.signal);
    const givenUp = signal ? whenAborted(signal) : gone;
    try {
      await Promise.race([gone, pause(TOLD_WITHIN_MS)]);
      while (waiting(queue)[0] !== key) {
        signal?.throwIfAborted();
        if (ifAvailable) return await work(null);
        await Promise.race([gone, givenUp, pause(LOOK_MS)]);
      }
      signal?.throwIfAborted();
      return await Promise.race([gone, work({ name })]);
    } finally {
      clearInterval(watching);
      leave();
    }
  }
}

/**
 * Who has a lock and who waits for it, the first that asked first; what nobody renews any more is cleared away.
 *
 * @param {string} queue
 */
function waiting(queue) {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(queue));
  for (const key of keys) if (Number(localStorage.getItem(key)) < Date.now()) localStorage.removeItem(key);
  return keys.filter((key) => localStorage.getItem(key) !== null).sort();
}

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @param {AbortSignal} signal
 * @returns {Promise<never>}
 */
function whenAborted(signal) {
  const gone = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  gone.catch(() => {}); // nobody may be waiting for it
  return /** @type {Promise<never>} */ (gone);
}

/** @type {Pick<WrittenLocks, "request">} */
export const locks = navigator.locks ?? new WrittenLocks();
