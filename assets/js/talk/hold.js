// A button that tells a press from a release, by pointer, space bar or a screen reader.

/** @typedef {{ press: (at: number) => void, release: (at: number) => void, click: () => void }} Holdable */

/**
 * @param {HTMLElement} button
 * @param {() => Promise<Holdable>} target who is told; asked for
 *   when the button is first reached for, so that it may be loaded then. ``click`` is a press that cannot be held.
 */
export function holds(button, target) {
  let held = false;
  const tell = (/** @type {"press" | "release"} */ what, /** @type {number} */ at) => target().then((it) => it[what](at));
  // The event's own time: the script that is told may still be on its way, and hold means hold all the same.
  const press = (/** @type {Event} */ event) => {
    if (held) return;
    held = true;
    tell("press", event.timeStamp);
  };
  const release = (/** @type {Event} */ event) => {
    if (!held) return;
    held = false;
    tell("release", event.timeStamp);
  };
  button.addEventListener("pointerenter", () => target());
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(event);
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) press(event);
  });
  button.addEventListener("keyup", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    release(event);
  });
  // A key that comes up in another window is never told here.
  addEventListener("blur", release);
  document.addEventListener("visibilitychange", (event) => document.hidden && release(event));
  button.addEventListener("click", (event) => event.detail === 0 && target().then((it) => it.click()));
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // what a long touch would bring up
}
