// A button that tells a press from a release, by pointer, space bar or a screen reader.

/**
 * @param {HTMLElement} button
 * @param {() => Promise<{press: () => void, release: () => void, click: () => void}>} target who is told; asked for
 *   when the button is first reached for, so that it may be loaded then. ``click`` is a press that cannot be held.
 */
export function holds(button, target) {
  const on = (kind, heard) => button.addEventListener(kind, heard);
  const tell = (what) => target().then((it) => it[what]());
  on("pointerenter", target);
  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    tell("press");
  });
  on("pointerup", () => tell("release"));
  on("pointercancel", () => tell("release"));
  on("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) tell("press");
  });
  on("keyup", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    tell("release");
  });
  on("click", (event) => event.detail === 0 && tell("click"));
  on("contextmenu", (event) => event.preventDefault()); // what a long touch would bring up
}
