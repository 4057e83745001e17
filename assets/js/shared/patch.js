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
