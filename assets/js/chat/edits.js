// Questions that somebody is editing: what stands in their boxes is found again when the conversation is drawn anew, since
// another page has changed it or this one was loaded again.

const KEY = "gc-edits";

/** @type {Map<string, string>} by the id of the message */
const edits = new Map(Object.entries(read()));

/** @returns {Record<string, string>} */
function read() {
  try {
    return JSON.parse(sessionStorage[KEY] ?? "{}");
  } catch {
    return {};
  }
}

function write() {
  try {
    if (edits.size) sessionStorage[KEY] = JSON.stringify(Object.fromEntries(edits));
    else delete sessionStorage[KEY];
  } catch {
    // nothing is stored here, or not so much: it lasts as long as the page
  }
}

/**
 * What somebody has made of a question so far; undefined where nobody edits it.
 *
 * @param {string} id
 */
export const editOf = (id) => edits.get(id);

/**
 * @param {string} id
 * @param {string} text
 */
export function noteEdit(id, text) {
  edits.set(id, text);
  write();
}

/** The same, which is over with that. @param {string} id */
export function takeEdit(id) {
  const edit = edits.get(id);
  endEdit(id);
  return edit;
}

/** It was sent, or given up. @param {string} id */
export function endEdit(id) {
  edits.delete(id);
  write();
}
