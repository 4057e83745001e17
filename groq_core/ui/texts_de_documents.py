"""
What the server says of documents, in German; part of :mod:`groq_core.ui.texts_de_server`.

Of one page and of several there is a sentence each: ``{pages}`` is a list such as ``2–4, 9``.
"""

from __future__ import annotations

DOCUMENTS: dict[str, str] = {
    # ── what cannot be read ──────────────────────────────────────────────────────────────────────
    "{name} is an archive, not a document": "{name} ist ein Archiv und kein Dokument",
    "{name} is called {ending} but is none: it is {what}": "{name} heißt {ending}, ist aber keins: es ist {what}",
    "{name} is called {ending} but is none: it is an archive with {names} in it": "{name} heißt {ending}, ist aber "
    "keins: es ist ein Archiv mit {names} darin",
    "{name} is called {ending} but is none: it is an archive with {n} other files in it": "{name} heißt {ending}, ist "
    "aber keins: es ist ein Archiv mit {n} anderen Dateien darin",
    "a picture ({format})": "ein Bild ({format})",
    "nothing but zeros": "nichts als Nullen",
    "a web page": "eine Webseite",
    "a text": "ein Text",
    "a picture": "ein Bild",
    "no file of any known kind": "keine Datei einer bekannten Art",
    "Unpack it, and send what is in it.": "Packe es aus, und sende, was darin ist.",
    "Check that the file came over whole.": "Sieh nach, ob die Datei ganz angekommen ist.",
    "{name} unpacks to {size} in {n} files; {most} in {files} is the most": "{name} entpackt sich zu {size} in {n} "
    "Dateien; höchstens {most} in {files} sind erlaubt",
    "Save it without embedded pictures and files.": "Speichere es ohne eingebettete Bilder und Dateien.",
    "{name} is locked with a password": "{name} ist mit einem Passwort verschlossen",
    "Save it without one.": "Speichere es ohne.",
    "Open it with its password and print it into a new PDF.": "Öffne es mit dem Passwort und drucke es in ein neues "
    "PDF.",
    "{name} is not a text": "{name} ist kein Text",
    "{name} has no text in it": "in {name} ist kein Text",
    "Send the file that is attached to it instead.": "Sende stattdessen die Datei, die daran hängt.",
    "{name} holds no text": "in {name} ist kein Text",
    "Send a file that is not empty.": "Sende eine Datei, die nicht leer ist.",
    "{name} is empty: it has 0 bytes": "{name} ist leer: 0 Bytes",
    "{name} has {size}; {most} is the most": "{name} hat {size}; höchstens {most} sind erlaubt",
    "Send a smaller file, or only the pages that matter.": "Sende eine kleinere Datei, oder nur die Seiten, auf die es "
    "ankommt.",
    "Send only the pages that matter.": "Sende nur die Seiten, auf die es ankommt.",
    "Send only the pages that matter, or its text.": "Sende nur die Seiten, auf die es ankommt, oder ihren Text.",
    "Send only the slides that matter.": "Sende nur die Folien, auf die es ankommt.",
    "{name} holds {n} characters of text": "in {name} sind {n} Zeichen Text",
    "{name} holds {n} characters of text; {most} is the most": "in {name} sind {n} Zeichen Text; höchstens {most} sind "
    "erlaubt",
    "{name} holds more than {size} of cells": "in {name} sind mehr als {size} an Zellen",
    "{name} has more than {n} elements": "{name} hat mehr als {n} Elemente",
    "{name} has {n} pages; {most} is the most": "{name} hat {n} Seiten; höchstens {most} sind erlaubt",
    "{name} has {n} slides; {most} is the most": "{name} hat {n} Folien; höchstens {most} sind erlaubt",
    "{name} takes too long to read: more than {n} s": "{name} zu lesen dauert zu lange: mehr als {n} s",
    "{name} takes too long to read: {read} in {n} s": "{name} zu lesen dauert zu lange: {read} in {n} s",
    "{at} of {n} pages": "{at} von {n} Seiten",
    "{name} takes more memory to read than it may": "{name} braucht zum Lesen mehr Speicher, als es darf",
    "{name} is an old Office file (.doc, .xls, .ppt) or one under a password": "{name} ist eine alte Office-Datei "
    "(.doc, .xls, .ppt) oder eine mit Passwort",
    "Open it in the program that made it and save it as .docx, .xlsx or .pptx without a password.": "Öffne sie im "
    "Programm, das sie gemacht hat, und speichere sie ohne Passwort als .docx, .xlsx oder .pptx.",
    "{name}: files that end in {ending} cannot be read": "{name}: Dateien, die auf {ending} enden, können nicht "
    "gelesen werden",
    "Send one of {which}.": "Sende eine von {which}.",
    "{name} is damaged: no {kind} reader can make sense of it ({why})": "{name} ist beschädigt: die "
    "Datei ist als {kind} nicht zu lesen ({why})",
    "Open it in the program that made it and save it anew.": "Öffne sie im Programm, das sie gemacht hat, und "
    "speichere sie neu.",
    # ── pages without text ───────────────────────────────────────────────────────────────────────
    "{name} holds no text on {where}: it is scanned": "{name} hat keinen Text auf {where}: es ist eingescannt",
    "{name} holds no text on {where} that can be read: its letters have no meaning in the file": "{name} hat keinen "
    "lesbaren Text auf {where}: seine Buchstaben haben in der Datei keine Bedeutung",
    "its only page": "seiner einzigen Seite",
    "its {n} pages": "seinen {n} Seiten",
    "Send its pages as pictures, or run text recognition (OCR) over it first.": "Sende seine Seiten als Bilder, oder "
    "lass zuerst eine Texterkennung (OCR) darüber laufen.",
    "no vision model could look at it: {why}": "kein Modell, das Bilder sieht, konnte es ansehen: {why}",
    "No text on page {n}: scanned, or empty.": "Kein Text auf Seite {n}: eingescannt oder leer.",
    "No text on pages {pages}: scanned, or empty.": "Kein Text auf den Seiten {pages}: eingescannt oder leer.",
    "The letters of page {n} have no meaning in the file.": "Die Buchstaben auf Seite {n} haben in der Datei keine "
    "Bedeutung.",
    "The letters of pages {pages} have no meaning in the file.": "Die Buchstaben auf den Seiten {pages} haben in der "
    "Datei keine Bedeutung.",
    "Not read: large pictures on page {n}, which may hold most of what stands there.": "Nicht gelesen: große Bilder "
    "auf Seite {n}; das meiste dort kann in ihnen stehen.",
    "Not read: large pictures on pages {pages}, which may hold most of what stands there.": "Nicht gelesen: große "
    "Bilder auf den Seiten {pages}; das meiste dort kann in ihnen stehen.",
    "Not read: what stands in pictures on page {n}.": "Nicht gelesen: was auf Seite {n} in Bildern steht.",
    "Not read: what stands in pictures on pages {pages}.": "Nicht gelesen: was auf den Seiten {pages} in Bildern "
    "steht.",
    "Page {n} had no text to be read and was looked at by a vision model.": "Seite {n} hatte keinen lesbaren Text; ein "
    "Modell, das Bilder sieht, hat sie angesehen.",
    "Pages {pages} had no text to be read and were looked at by a vision model.": "Die Seiten {pages} hatten keinen "
    "lesbaren Text; ein Modell, das Bilder sieht, hat sie angesehen.",
    "Page {n} holds large pictures and was looked at by a vision model.": "Auf Seite {n} sind große Bilder; ein "
    "Modell, das Bilder sieht, hat sie angesehen.",
    "Pages {pages} hold large pictures and were looked at by a vision model.": "Auf den Seiten {pages} sind große "
    "Bilder; ein Modell, das Bilder sieht, hat sie angesehen.",
    "Not read: page {n}, since at most {most} pages are looked at.": "Nicht gelesen: Seite {n}, da höchstens {most} "
    "Seiten angesehen werden.",
    "Not read: pages {pages}, since at most {most} pages are looked at.": "Nicht gelesen: die Seiten {pages}, da "
    "höchstens {most} Seiten angesehen werden.",
    "Not read: large pictures on page {n}, since at most {most} pages are looked at.": "Nicht gelesen: große Bilder "
    "auf Seite {n}, da höchstens {most} Seiten angesehen werden.",
    "Not read: large pictures on pages {pages}, since at most {most} pages are looked at.": "Nicht gelesen: große "
    "Bilder auf den Seiten {pages}, da höchstens {most} Seiten angesehen werden.",
    "Not read: page {n}, since {why}.": "Nicht gelesen: Seite {n}; {why}.",
    "Not read: pages {pages}, since {why}.": "Nicht gelesen: die Seiten {pages}; {why}.",
    "Not read: large pictures on page {n}, since {why}.": "Nicht gelesen: große Bilder auf Seite {n}; {why}.",
    "Not read: large pictures on pages {pages}, since {why}.": "Nicht gelesen: große Bilder auf den Seiten {pages}; "
    "{why}.",
    # ── what else lies in it ─────────────────────────────────────────────────────────────────────
    "Not read: {what} in it.": "Nicht gelesen: {what} darin.",
    "1 comment": "1 Kommentar",
    "{n} comments": "{n} Kommentare",
    "1 picture": "1 Bild",
    "{n} pictures": "{n} Bilder",
    "1 chart": "1 Diagramm",
    "{n} charts": "{n} Diagramme",
    "1 embedded file": "1 eingebettete Datei",
    "{n} embedded files": "{n} eingebettete Dateien",
    "Not read: attached {names}.": "Angehängt, aber nicht gelesen: {names}.",
    "Attached, but not read: {why}.": "Angehängt, aber nicht gelesen: {why}.",
    "Not read: parts of it that lie deeper, or come later, than any mail needs.": "Nicht gelesen: Teile davon, die "
    "tiefer liegen oder später kommen, als eine E-Mail es braucht.",
    # ── tables, slides, lists, web pages ─────────────────────────────────────────────────────────
    "Hidden in it, and read all the same: {names}.": "Darin ausgeblendet und trotzdem gelesen: {names}.",
    "1 cell holds a formula whose value is not in the file; open it in Excel and save it once.": "In 1 Zelle steht "
    "eine Formel, deren Wert nicht in der Datei ist; öffne sie in Excel und speichere sie einmal.",
    "{n} cells hold formulas whose values are not in the file; open it in Excel and save it once.": "In {n} Zellen "
    "stehen Formeln, deren Werte nicht in der Datei sind; öffne sie in Excel und speichere sie einmal.",
    "Hidden when it is shown, and read all the same: slide {n}.": "Beim Vorführen ausgeblendet und trotzdem gelesen: "
    "Folie {n}.",
    "Hidden when it is shown, and read all the same: slides {pages}.": "Beim Vorführen ausgeblendet und trotzdem "
    "gelesen: die Folien {pages}.",
    "Some numbers of lists are written in digits here, and in other signs in the file.": "Einige Nummern von Listen "
    "stehen hier in Ziffern und in der Datei in anderen Zeichen.",
    "Its style sheet may draw words or numbers (those of lists or headings, for example) in ways that can't be "
    "followed here; they are not read.": "Das Stylesheet kann Wörter oder Nummern (etwa von Listen oder Überschriften) "
    "auf eine Art zeichnen, der hier nicht zu folgen ist; sie sind nicht gelesen.",
    "Its style sheet has too many rules for so many elements: towards the end it is not followed, so that words which "
    "it hides may be read, and what it draws may be missing.": "Das Stylesheet hat zu viele Regeln für so viele "
    "Elemente: gegen Ende wird ihm nicht gefolgt, sodass Wörter gelesen sein können, die es ausblendet, und fehlen "
    "kann, was es zeichnet.",
    # ── letters ──────────────────────────────────────────────────────────────────────────────────
    "1 byte in it means nothing in UTF-8; each is shown as \ufffd.": "1 Byte darin bedeutet in UTF-8 nichts; dafür "
    "steht \ufffd.",
    "{n} bytes in it mean nothing in UTF-8; each is shown as \ufffd.": "{n} Bytes darin bedeuten in UTF-8 nichts; für "
    "jedes steht \ufffd.",
    "It does not say how it is encoded; {encoding} is a guess.": "Die Datei sagt nicht, wie sie kodiert ist; "
    "{encoding} ist geraten.",
}
