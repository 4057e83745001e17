// What the server says, in German: each of its sentences is found, alone and where several stand in one line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SERVER } from "../../assets/texts-de.js";
import { inTongue } from "../../assets/js/shared/server-words.js";

const filled = (/** @type {string} */ text, day = "2027-02-26") => text.replaceAll("{date}", day).replaceAll("{time}", "2.5 s").replace(/\{\w+\}/g, "7");
const GENERIC = /^\{\w+\}(?:[;:,]| →| and)/; // of which another may be found that says the same

for (const [english, german] of Object.entries(SERVER)) {
  if (GENERIC.test(english)) continue;
  test(`"${english}" is known`, () => assert.equal(inTongue(filled(english)), filled(german, "26.2.2027")));
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
  ["No text on page 2: scanned, or empty.", "Kein Text auf Seite 2: eingescannt oder leer."],
  ["No text on pages 2–4, 9: scanned, or empty.", "Kein Text auf den Seiten 2–4, 9: eingescannt oder leer."],
  ["Not read: 1 comment, 2 pictures, 3 charts and 1 embedded file in it.", "Nicht gelesen: 1 Kommentar, 2 Bilder, 3 Diagramme und 1 eingebettete Datei darin."],
  ["outer.eml: inner.eml: Not read: 2 comments, 2 pictures, 3 charts and 4 embedded files in it.", "outer.eml: inner.eml: Nicht gelesen: 2 Kommentare, 2 Bilder, 3 Diagramme und 4 eingebettete Dateien darin."],
  ["Attached, but not read: scan.pdf holds no text on its only page: it is scanned.", "Angehängt, aber nicht gelesen: scan.pdf hat keinen Text auf seiner einzigen Seite: es ist eingescannt."],
  ["scan.pdf holds no text on its 12 pages: it is scanned; no vision model could look at it: no model could answer. Send only the pages that matter.", "scan.pdf hat keinen Text auf seinen 12 Seiten: es ist eingescannt; kein Modell, das Bilder sieht, konnte es ansehen: kein Modell konnte antworten. Sende nur die Seiten, auf die es ankommt."],
  ["Not read: pages 3–4, since no vision model could look at it: the model is over capacity.", "Nicht gelesen: die Seiten 3–4; kein Modell, das Bilder sieht, konnte es ansehen: Das Modell ist überlastet."],
  ["Not read: page 3, since at most 40 pages are looked at.", "Nicht gelesen: Seite 3, da höchstens 40 Seiten angesehen werden."],
  ["book.pdf takes too long to read: 3 of 50 pages in 60 s. Send only the pages that matter, or its text.", "book.pdf zu lesen dauert zu lange: 3 von 50 Seiten in 60 s. Sende nur die Seiten, auf die es ankommt, oder ihren Text."],
  ["table.csv has more than 1,000 columns", "table.csv hat mehr als 1\u202f000 Spalten"],
  ["Costs and today, 1 picture.docx holds no text", "in Costs and today, 1 picture.docx ist kein Text"],
  ["Not read: attached today, Costs and 1 picture.", "Angehängt, aber nicht gelesen: today, Costs and 1 picture."],
  ["Hidden in it, and read all the same: a picture, comment.", "Darin ausgeblendet und trotzdem gelesen: a picture, comment."],
  ["Q3. Final.docx is locked with a password. Save it without one.", "Q3. Final.docx ist mit einem Passwort verschlossen. Speichere es ohne."],
  [`Not read: attached ${"photograph.jpg, ".repeat(80)}last.jpg.`, `Angehängt, aber nicht gelesen: ${"photograph.jpg, ".repeat(80)}last.jpg.`],
  ["will be shut down 2027-02-26; its successor is gpt-transcribe", "wird am 26.2.2027 abgeschaltet; Nachfolger ist gpt-transcribe"],
  ["shut down 2026-08-16, enterprise contracts only; its successor is openai/gpt-oss-20b", "am 16.8.2026 abgeschaltet, nur für Großkunden; Nachfolger ist openai/gpt-oss-20b"],
  ["MP3, 11 s, 0.35 MB → sent as it is; it is a WAV file although its name ends in .mp3; sent as it is", "MP3, 11 s, 0.35 MB → gesendet, wie es ist; es ist eine Datei der Art WAV, obwohl ihr Name auf .mp3 endet; gesendet, wie es ist"],
  ["page 1 of 9; pages 6 to 9 are not sent, since a question takes 5 pictures", "Seite 1 von 9; die Seiten 6 bis 9 werden nicht gesendet, da eine Frage 5 Bilder nimmt"],
  ["page 1 of 2; page 2 is not sent, since a question takes 1 picture", "Seite 1 von 2; Seite 2 wird nicht gesendet, da eine Frage 1 Bild nimmt"],
  ["Left out of what was sent, to fit the model's limit: the pictures of 1 older message and the 3 oldest messages.", "Nicht mitgesendet, damit es ins Limit des Modells passt: die Bilder von 1 älteren Nachricht und die 3 ältesten Nachrichten."],
  ["Left out, since nobody seems to speak there: “Thank you.” at 1:01 min, “Bye.” at 2.5 s and 3 more.", "Weggelassen, da dort niemand zu sprechen scheint: „Thank you.“ bei 1:01 min, „Bye.“ bei 2.5 s und 3 weitere."],
  ["your 2 USD this month are used up", "dein Limit ist aufgebraucht: 2 USD in diesem Monat"],
  ["your 1 request this minute is used up", "dein Limit ist aufgebraucht: 1 Frage in dieser Minute"],
  ["this could cost up to 0.0123 USD, more than is left of your 2 usd/day", "das könnte bis zu 0.0123 USD kosten, mehr als von deinem Limit übrig ist (2 USD am Tag)"],
  ["an image was sent; it takes 5 images at once, so qwen/qwen3.8-27b", "ein Bild wurde gesendet; es nimmt 5 Bilder auf einmal, darum qwen/qwen3.8-27b"],
  ["the time may be too short for calling tools and answering, so the model answers at once", "die Zeit ist vielleicht zu kurz, um Werkzeuge zu rufen und zu antworten, darum antwortet das Modell gleich"],
  ["about 9000 input tokens wanted, the limit is 6000 per minute", "etwa 9000 Token hinein wären nötig, das Limit ist 6000 je Minute"],
  ["Please reduce your message size and try again. It is too large, try again.", "Please reduce your message size and try again. It is too large, try again."],
  ["this and that, or nothing of ours; a, b and c", "this and that, or nothing of ours; a, b and c"],
  ["", ""],
]) {
  test(`the line "${said}" is read`, () => assert.equal(inTongue(said), german));
}

test("what is very long is left as it is, at once", () => {
  const long = "a, b; c → d and e, so ".repeat(5000);
  assert.equal(inTongue(long), long);
  const most = "a, b; c → d and e, so ".repeat(181);
  assert.equal(typeof inTongue(most), "string");
});
