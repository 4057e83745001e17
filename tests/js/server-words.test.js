// What the server says, in German: each of its sentences is found, alone and where several stand in one line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SERVER } from "../../assets/texts-de.js";
import { inTongue } from "../../assets/js/shared/server-words.js";

const filled = (/** @type {string} */ text) => text.replace(/\{\w+\}/g, "7");
const GENERIC = /^\{\w+\}(?:[;,]| →| and)/; // of which another may be found that says the same

for (const [english, german] of Object.entries(SERVER)) {
  if (GENERIC.test(english)) continue;
  test(`"${english}" is known`, () => assert.equal(inTongue(filled(english)), filled(german)));
}

for (const [said, german] of [
  ["speed: nothing of ours, though it ends. Nor this.", "speed: nothing of ours, though it ends. Nor this."],
  ["Groq refuses this key. Copy it again, or make a new one.", "Groq weist diesen Schlüssel zurück. Kopiere ihn noch einmal, oder mach einen neuen."],
  ["a plain chat, so openai/gpt-oss-20b", "eine einfache Frage, darum openai/gpt-oss-20b"],
  ["a plain chat; Llama 3.1 8B is not offered to this key, so openai/gpt-oss-20b", "eine einfache Frage; Llama 3.1 8B ist für diesen Schlüssel nicht zu haben, darum openai/gpt-oss-20b"],
  ["a.docx is called .docx but is none: it is a text. Check that the file came over whole.", "a.docx heißt .docx, ist aber keins: es ist ein Text. Sieh nach, ob die Datei ganz angekommen ist."],
  ["GPS position, date and camera data removed", "GPS-Position, Datum und Kameradaten entfernt"],
  ["No model could answer: x", "kein Modell konnte antworten: x"],
  ["scan.doc: files that end in .doc cannot be read. Send one of .pdf, .docx.", "scan.doc: Dateien, die auf .doc enden, können nicht gelesen werden. Sende eine von .pdf, .docx."],
  ["WAV, 11 s, 0.35 MB → sent as it is", "WAV, 11 s, 0.35 MB → gesendet, wie es ist"],
  ["This page's server cannot be reached.", "Der Server dieser Seite ist nicht zu erreichen."],
  ["", ""],
]) {
  test(`the line "${said}" is read`, () => assert.equal(inTongue(said), german));
}

test("what is very long is left as it is, at once", () => {
  const long = "a, b; c → d and e, so ".repeat(5000);
  assert.equal(inTongue(long), long);
  const most = "a, b; c → d and e, so ".repeat(27);
  assert.equal(typeof inTongue(most), "string");
});
