// What this page, and no other, has open: found again after a reload.

const keyOf = (/** @type {string} */ kind) => (kind === "chat" ? "gc-open" : `gc-open-${kind}`);

/**
 * The conversation of a tab that this page showed before it was loaded again.
 *
 * @param {string} kind
 * @returns {string | null}
 */
export function openId(kind) {
  try {
    return sessionStorage[keyOf(kind)] ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {string} kind
 * @param {string | null} id null for one that is not kept
 */
export function rememberOpen(kind, id) {
  try {
    if (id) sessionStorage[keyOf(kind)] = id;
    else delete sessionStorage[keyOf(kind)];
  } catch {
    // without a store there is nothing to come back to
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
