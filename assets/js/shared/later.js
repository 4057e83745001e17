// Parts of the page that are loaded when they are first wanted. The line may be away just then: what did not come is
// asked for anew.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 16_000;

/**
 * What a part gives, loaded for whoever wants it first; where it does not come, the next who wants it asks anew.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T>}
 */
export function later(load) {
  /** @type {Promise<T> | null} */
  let loading = null;
  return () =>
    (loading ??= load().catch((error) => {
      loading = null;
      throw error;
    }));
}

/**
 * The same of a part that nobody can do without: asked for until it comes.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T>}
 */
export function untilThere(load) {
  return later(async () => {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await load();
      } catch (error) {
        console.warn("not loaded yet:", /** @type {Error} */ (error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  });
}

/**
 * Whether somebody wanted a part that did not come. Browsers have no name for it, and three wordings.
 *
 * @param {unknown} error
 */
export const isMissingPart = (error) => error instanceof TypeError && /module/i.test(error.message);
