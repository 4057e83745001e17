// Make elements look like others with as few changes as it takes, so that what is selected or unfolded stays.

/**
 * Make `old` look like `fresh` with as few changes as it takes: text that grew is appended to, equal parts stay.
 *
 * @param {ParentNode & Node} old
 * @param {Node} fresh
 */
export function patch(old, fresh) {
  let now = old.firstChild;
  let wanted = fresh.firstChild;
  while (wanted) {
    const next = wanted.nextSibling;
    if (!now) old.appendChild(wanted);
    else {
      const after = now.nextSibling;
      if (!now.isEqualNode(wanted)) change(now, wanted);
      now = after;
    }
    wanted = next;
  }
  while (now) {
    const after = now.nextSibling;
    now.remove();
    now = after;
  }
}

/**
 * @param {ChildNode} now
 * @param {ChildNode} wanted
 */
function change(now, wanted) {
  if (now instanceof Text && wanted instanceof Text) {
    if (wanted.data.startsWith(now.data)) now.appendData(wanted.data.slice(now.data.length));
    else now.data = wanted.data;
    return;
  }
  if (now.nodeName !== wanted.nodeName || !(now instanceof Element && wanted instanceof Element)) return now.replaceWith(wanted);
  // What the reader has unfolded stays open.
  for (const { name } of [...now.attributes]) if (!wanted.hasAttribute(name) && name !== "open") now.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  patch(now, wanted);
}

/** A letter that is read from right to left, or a mark that says so. */
export const LEFTWARD = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const PLAIN = /^[\p{L}\p{M}\p{N} ,.!?'"()%-]+$/u; // changes nothing of what stands before it, within a line
const PARAGRAPHS = new Set(["P", "LI", "H1", "H2", "H3", "H4", "H5", "H6"]);

/**
 * Let a block that is still being written grow by plain words, where nothing need be read anew for it: most of what
 * comes. The block is drawn once more when it is whole, so a guess that was wrong stays for a moment only.
 *
 * @param {Element} block as it was drawn last
 * @param {string} more
 * @returns {boolean} whether that was possible
 */
export function extend(block, more) {
  if (!more) return true;
  if (!PLAIN.test(more) || LEFTWARD.test(more)) return false;
  let last = block.lastChild;
  while (last instanceof Element) last = last.lastChild;
  if (!(last instanceof Text) || !last.parentElement || !PARAGRAPHS.has(last.parentElement.nodeName)) return false;
  // What looks like the beginning of an address, or of a mark, is read.
  if (/(?:[*_~`^[<&$:/@|\\]|www\.|http)\S*$/.test(last.data)) return false;
  last.appendData(more);
  return true;
}
