// Read one answer aloud, and be silent when its button is pressed again.

import { Sentences } from "../talk/sentences.js";
import { VOICE_RATE } from "../talk/sound.js";
import { Voice } from "../talk/voice.js";
import { say } from "../shared/words.js";

/** @type {{ voice: Voice, button: HTMLElement, context: AudioContext } | null} */
let speaking = null;

/**
 * Speak `text`; `button` shows whether it does.
 *
 * @param {string} text
 * @param {HTMLElement} button
 * @param {(words: string) => void} hint
 */
export async function speak(text, button, hint) {
  const again = speaking?.button === button;
  hush();
  if (again) return;
  const context = new AudioContext({ sampleRate: VOICE_RATE });
  const voice = new Voice(context, { began: () => {}, told: hint });
  const mine = (speaking = { voice, button, context });
  button.setAttribute("aria-pressed", "true");
  let said = 0;
  new Sentences((sentence) => {
    said += 1;
    voice.say(sentence);
  }).hear(text, true);
  voice.end();
  if (!said) hint(say("talk_unspeakable"));
  await voice.done;
  if (speaking === mine) hush();
}

/** Stop reading. */
export function hush() {
  if (!speaking) return;
  const { voice, button, context } = speaking;
  speaking = null;
  voice.stop();
  context.close();
  button.setAttribute("aria-pressed", "false");
}
window.addEventListener("keydown", (event) => event.key === "Escape" && hush(), true);
