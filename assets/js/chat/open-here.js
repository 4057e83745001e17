// What this page, and no other, has open: found again after a reload.

const keyOf = (/** @type {string} */ kind) => (kind === "chat" ? "gc-open" : `gc-open-${kind}`);

/**
 * The conversation of a tab that this page showed before it was loaded again.
 *
 * @param {string} kind
 * @returns {string | null} empty for one that had not begun, null where nothing was shown yet
 */
export function openId(kind) {
  try {
    return sessionStorage[keyOf(kind)] ?? null;
  } catch {
    return null;
  }
}

const leafKeyOf = (/** @type {string} */ kind) => `gc-leaf-${kind}`;

/**
 * The last message of it that this page showed: another page may have turned to another branch since.
 *
 * @param {string} kind
 * @returns {string | null}
 */
export function openLeaf(kind) {
  try {
    return sessionStorage[leafKeyOf(kind)] ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {string} kind
 * @param {string | null} id null for one that is not kept
 * @param {string | null} [leaf] the last message of the branch that is shown
 */
export function rememberOpen(kind, id, leaf = null) {
  try {
    sessionStorage[keyOf(kind)] = id ?? "";
    if (id && leaf) sessionStorage[leafKeyOf(kind)] = leaf;
    else delete sessionStorage[leafKeyOf(kind)];
  } catch {
    // without a store there is nothing to come back to
  }
}

const runningKeyOf = (/** @type {string} */ kind) => `gc-running-${kind}`;

/**
 * The conversations in which answers were under way when this page was left, of a tab; asked for once.
 *
 * @param {string} kind
 * @returns {string[]}
 */
export function takeRunning(kind) {
  try {
    const ids = JSON.parse(sessionStorage[runningKeyOf(kind)] ?? "[]");
    delete sessionStorage[runningKeyOf(kind)];
    return ids;
  } catch {
    return [];
  }
}

/**
 * @param {string} kind
 * @param {string[]} ids
 */
export function rememberRunning(kind, ids) {
  try {
    if (ids.length) sessionStorage[runningKeyOf(kind)] = JSON.stringify(ids);
  } catch {
    // as above
  }
}

/** What stands in the box of a conversation that has not begun. @param {string} text */
export function rememberDraft(text) {
  try {
    sessionStorage["gc-draft"] = text;
  } catch {
    // as above
  }
}

/**
 * What stood in the box of a conversation when its page was left.
 *
 * @typedef {object} Left
 * @property {string} id
 * @property {string} draft
 * @property {string} before what its store was told last
 * @property {number} at milliseconds of Unix time
 */

const leftKeyOf = (/** @type {string} */ kind) => `gc-left-${kind}`;

/** A browser drops what waits for its turn to be written when a page goes. */
const LEFT_MS = 60_000;

/**
 * What stands in the box of this page, which is being left: its store may come to hear no more of it.
 *
 * @param {string} kind
 * @param {Left | null} left null for a conversation that is not kept
 */
export function rememberLeft(kind, left) {
  try {
    if (left) sessionStorage[leftKeyOf(kind)] = JSON.stringify({ id: left.id, draft: left.draft, before: left.before, at: left.at });
    else delete sessionStorage[leftKeyOf(kind)];
  } catch {
    // as above
  }
}

/**
 * Put into a conversation what stood in its box when this page was left; done once.
 *
 * @param {string} kind
 * @param {{ id: string, draft?: string }} head as its store has it, where another page may have written since
 * @returns {boolean} whether it is another draft now
 */
export function takeLeft(kind, head) {
  const { id, draft = "" } = head;
  try {
    /** @type {Left | null} */
    const left = JSON.parse(sessionStorage[leftKeyOf(kind)] ?? "null");
    delete sessionStorage[leftKeyOf(kind)];
    if (left?.id === id && (left.before === draft || Date.now() - left.at < LEFT_MS)) head.draft = left.draft;
  } catch {
    // as above
  }
  return (head.draft ?? "") !== draft;
}
