// A button that tells a press from a release, by pointer, space bar or a screen reader.

/**
 * @param {HTMLElement} button
 * @param {() => Promise<{press: (at: number) => void, release: (at: number) => void, click: () => void}>} target who is told; asked for
 *   when the button is first reached for, so that it may be loaded then. ``click`` is a press that cannot be held.
 */
export function holds(button, target) {
  let held = false;
  const tell = (what, at) => target().then((it) => it[what](at));
  // The event's own time: the script that is told may still be on its way, and hold means hold all the same.
  const press = (event) => {
    if (held) return;
    held = true;
    tell("press", event.timeStamp);
  };
  const release = (event) => {
    if (!held) return;
    held = false;
    tell("release", event.timeStamp);
  };
  const on = (kind, heard) => button.addEventListener(kind, heard);
  on("pointerenter", target);
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(event);
  });
  on("pointerup", release);
  on("pointercancel", release);
  on("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) press(event);
  });
  on("keyup", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    release(event);
  });
  // A key that comes up in another window is never told here.
  addEventListener("blur", release);
  document.addEventListener("visibilitychange", (event) => document.hidden && release(event));
  on("click", (event) => event.detail === 0 && tell("click"));
  on("contextmenu", (event) => event.preventDefault()); // what a long touch would bring up
}
