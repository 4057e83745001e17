"""
What the server says of files, keys, limits and answers, in German: the page of who reads German looks it up here.

A sentence is found by its own words, since it comes from rooms that know of no page. What stands in ``{}`` is taken
over; where it is a sentence of this table itself, it is translated too. What a provider says stays as it was said.
"""

from __future__ import annotations

from groq_core.ui.texts_de_answering import ANSWERING
from groq_core.ui.texts_de_documents import DOCUMENTS

SERVER: dict[str, str] = {
    # ── questions, limits, the server itself ─────────────────────────────────────────────────────
    "there is no question": "es ist keine Frage da",
    "the message is empty": "die Nachricht ist leer",
    "Type a message first.": "Schreib zuerst eine Nachricht.",
    "the conversation has {n} messages, {most} can be sent": "die Unterhaltung hat {n} Nachrichten, {most} können "
    "gesendet werden",
    "Clear the conversation and start a new one.": "Leere die Unterhaltung und beginne eine neue.",
    "Clear it and start a new one.": "Leere sie und beginne eine neue.",
    "the conversation has grown too long": "die Unterhaltung ist zu lang geworden",
    "the conversation is too long to be summarised": "die Unterhaltung ist zu lang, um sie zusammenzufassen",
    "Begin a new one": "Beginne eine neue",
    "temperature must be between 0 and 2": "die Temperatur muss zwischen 0 und 2 liegen",
    "Choose 0 to 2.": "Wähle 0 bis 2.",
    "the longest answer must be at least 1 token": "die längste Antwort muss mindestens 1 Token haben",
    "Choose 1 or more.": "Wähle 1 oder mehr.",
    "{n} fields are asked for, {most} can be read at once": "{n} Felder sind gefragt, {most} können auf einmal gelesen "
    "werden",
    "Leave some out.": "Lass einige weg.",
    "a picture is not one we prepared": "ein Bild ist keines, das hier vorbereitet wurde",
    "the picture is not one we prepared": "das Bild ist keines, das hier vorbereitet wurde",
    "the picture cannot be read": "das Bild ist nicht zu lesen",
    "Add the picture again.": "Füge das Bild noch einmal hinzu.",
    "the page sent what cannot be read: {why}": "die Seite sandte etwas Unlesbares: {why}",
    "Reload the page.": "Lade die Seite neu.",
    "an answer has at most {n} lines": "eine Antwort hat höchstens {n} Zeilen",
    "the server holds as many bytes as it may": "der Server hält so viele Bytes, wie er darf",
    "Try again in a moment, or send less at a time.": "Versuche es gleich noch einmal, oder sende weniger auf einmal.",
    "that takes more than the {n} MiB that this server may hold": "das braucht mehr als die {n} MiB, die dieser Server "
    "halten darf",
    "Send less at a time. Whoever runs the server can raise GROQ_CORE_MAX_BYTES_IN_FLIGHT.": "Sende weniger auf "
    "einmal. Wer den Server betreibt, kann GROQ_CORE_MAX_BYTES_IN_FLIGHT erhöhen.",
    "the server's disk is full": "die Platte des Servers ist voll",
    "Tell whoever runs it, and try again later.": "Sag es dem, der ihn betreibt, und versuche es später noch einmal.",
    "the server cannot keep files now": "der Server kann gerade keine Dateien aufbewahren",
    "Tell whoever runs it: GROQ_CORE_STATE_DIR must be a folder that can be written.": "Sag es dem, der ihn betreibt: "
    "GROQ_CORE_STATE_DIR muss ein Ordner sein, in den geschrieben werden kann.",
    "the server is short of {what}": "dem Server fehlt es an {what}",
    "files and connections": "Dateien und Verbindungen",
    "Try again in {n} s.": "Versuche es in {n} s noch einmal.",
    "Try again in a moment.": "Versuche es gleich noch einmal.",
    "Try again in a minute.": "Versuche es in einer Minute noch einmal.",
    "Try again later.": "Versuche es später noch einmal.",
    "conversations are kept in the browser alone; there is no database": "Unterhaltungen bleiben allein im Browser; es "
    "gibt keine Datenbank",
    "sign in, and your conversations are kept here": "melde dich an, und deine Unterhaltungen werden hier aufbewahrt",
    "there is no such conversation": "diese Unterhaltung gibt es nicht",
    "the body is not JSON: {why}": "was ankam, ist kein JSON: {why}",
    "the database cannot keep this": "die Datenbank kann das nicht aufbewahren",
    # ── speech, stories, faults ──────────────────────────────────────────────────────────────────
    "there is no text to speak": "es ist kein Text zum Sprechen da",
    "Send a text with at least one word.": "Sende einen Text mit mindestens einem Wort.",
    "The recording ended before it was whole.": "Die Aufnahme endete, bevor sie ganz war.",
    "Try again.": "Versuche es noch einmal.",
    "What was spoken cannot be joined: {why}.": "Was gesprochen wurde, ist nicht zusammenzufügen: {why}.",
    "there is no fault called {name}": "es gibt keine Störung {name}",
    "a conversation has at most {n} messages": "eine Unterhaltung hat höchstens {n} Nachrichten",
    "this person was taken away": "diese Person wurde entfernt",
    "this conversation was deleted": "diese Unterhaltung wurde gelöscht",
    "the body is nested too deeply": "was ankam, ist zu tief verschachtelt",
    "Send fewer levels.": "Sende weniger Ebenen.",
    # ── what an admin does ───────────────────────────────────────────────────────────────────────
    "this is for admins": "das ist Verwaltern vorbehalten",
    "there is no database: GROQ_CORE_DATABASE is not set": "es gibt keine Datenbank: GROQ_CORE_DATABASE ist nicht "
    "gesetzt",
    "there is no action {name} with this value": "es gibt keine Aktion {name} mit diesem Wert",
    "a password has at least {n} characters": "ein Passwort hat mindestens {n} Zeichen",
    "a password has at most {n} characters": "ein Passwort hat höchstens {n} Zeichen",
    "a {what} has 1 to {n} printable characters, no colon, no space at its ends, and does not begin with # or @": "als "
    "{what} gehen 1 bis {n} druckbare Zeichen, kein Doppelpunkt, kein Leerzeichen an den Enden, und kein # oder @ am "
    "Anfang",
    "name": "Name",
    "person": "Name",
    "team": "Gruppe",
    "limits are {why}": "Limits sind so zu schreiben: {why}",
    "AMOUNT/WINDOW separated by commas, each pair once: 20/minute, 500/day, 100000 tokens/day, 2 usd/day, "
    "30 usd/month; windows are {which}": "MENGE/FENSTER, mit Kommas getrennt, jedes Paar einmal: 20/minute, 500/day, "
    "100000 tokens/day, 2 usd/day, 30 usd/month; Fenster sind {which}",
    "there is a person called {name} already": "es gibt schon eine Person namens {name}",
    "there is nobody called {name}": "es gibt niemanden namens {name}",
    "a length of time is a number and one of m, h, d, w, y, such as 90d": "eine Dauer ist eine Zahl und eines von m, "
    "h, d, w, y, etwa 90d",
    "there is a key called {name} already": "es gibt schon einen Schlüssel namens {name}",
    "there is no key called {name}": "es gibt keinen Schlüssel namens {name}",
    "an announcement has at most {n} characters, and this one has {tokens}": "eine Ankündigung hat höchstens {n} "
    "Zeichen, und diese hat {tokens}",
    # ── who answers ──────────────────────────────────────────────────────────────────────────────
    "no model could answer: {why}": "kein Modell konnte antworten: {why}",
    "no model could answer": "kein Modell konnte antworten",
    "every target is cooling down after a failure": "jedes Ziel ruht nach einem Fehler",
    "no model can do this: {why}": "kein Modell kann das: {why}",
    "the provider declined to answer this: {why}": "der Anbieter wollte darauf nicht antworten: {why}",
    "Put it in other words.": "Sag es mit anderen Worten.",
    "the answer broke off and no other model could complete it": "die Antwort brach ab, und kein anderes Modell konnte "
    "sie zu Ende schreiben",
    "What you have is what arrived; ask again for a whole answer.": "Zu sehen ist, was ankam; frag noch einmal nach "
    "einer ganzen Antwort.",
    "Waiting does not mend it: a key that is accepted has to take its place.": "Warten hilft nicht: ein Schlüssel, der "
    "angenommen wird, muss an seine Stelle.",
    "Raise the account's limit at the provider, or wait until it is filled again.": "Erhöhe das Limit des Kontos beim "
    "Anbieter, oder warte, bis es wieder gefüllt ist.",
    "Let the key use this model at the provider, or choose another model.": "Lass den Schlüssel beim Anbieter dieses "
    "Modell benutzen, oder wähle ein anderes.",
    "Accept the model's terms in the provider's console, or choose another model.": "Nimm in der Konsole des Anbieters "
    "die Bedingungen des Modells an, oder wähle ein anderes.",
    "Choose another model.": "Wähle ein anderes Modell.",
    "Send less at once: a shorter text, fewer pictures, a smaller maximum answer.": "Sende weniger auf einmal: einen "
    "kürzeren Text, weniger Bilder, eine kürzere längste Antwort.",
    "Shorten the conversation, or start a new one.": "Kürze die Unterhaltung, oder beginne eine neue.",
    "too many keys are being checked": "zu viele Schlüssel werden gerade geprüft",
    "the key could not be checked: Groq cannot be reached now": "der Schlüssel konnte nicht geprüft werden: Groq ist "
    "gerade nicht zu erreichen",
    "Groq refuses this key": "Groq weist diesen Schlüssel zurück",
    "Copy it again, or make a new one.": "Kopiere ihn noch einmal, oder mach einen neuen.",
    "this is not a Groq key": "das ist kein Schlüssel von Groq",
    "A key begins with gsk_; copy it whole.": "Ein Schlüssel beginnt mit gsk_; kopiere ihn ganz.",
    # ── recordings ───────────────────────────────────────────────────────────────────────────────
    "`language` must be a code such as en or de": "diese Sprache ist hier nicht bekannt",
    "Leave it out to let the model find out.": "Wähle eine aus der Liste, oder leere das Feld: das Modell findet es "
    "dann heraus.",
    "`prompt` has {n} characters: the first {most} were sent": "Namen und Schreibweisen haben {n} Zeichen: die ersten "
    "{most} wurden gesendet",
    "Record again, or save it as WAV, MP3, FLAC, OGG, M4A or WebM.": "Nimm noch einmal auf, oder speichere es als WAV, "
    "MP3, FLAC, OGG, M4A oder WebM.",
    "This is not a recording: its first bytes belong to no known format.": "Das ist keine Aufnahme: ihre ersten Bytes "
    "gehören zu keinem bekannten Format.",
    "This is not a recording: its first bytes are all zero.": "Das ist keine Aufnahme: ihre ersten Bytes sind alle "
    "null.",
    "The recording is empty: 0 bytes.": "Die Aufnahme ist leer: 0 Bytes.",
    "This is a picture, not a recording.": "Das ist ein Bild und keine Aufnahme.",
    "This is a PDF, not a recording.": "Das ist ein PDF und keine Aufnahme.",
    "This is a text file, not a recording.": "Das ist eine Textdatei und keine Aufnahme.",
    "Record or choose it again.": "Nimm sie noch einmal auf, oder wähle sie noch einmal.",
    "The Image tab takes pictures.": "Bilder nimmt der Reiter „Bild“.",
    "The recording is too short: {long}, at least {least} s are needed.": "Die Aufnahme ist zu kurz: {long}, "
    "mindestens {least} s sind nötig.",
    "The recording holds no sound: 0 seconds.": "In der Aufnahme ist kein Ton: 0 Sekunden.",
    "Hold the button while you speak.": "Halte den Knopf, während du sprichst.",
    "The recording is too large: {size} of at most {most}.": "Die Aufnahme ist zu groß: {size} von höchstens {most}.",
    "The recording is too long: at most {most} can be transcribed at once.": "Die Aufnahme ist zu lang: höchstens "
    "{most} können auf einmal abgeschrieben werden.",
    "Send it in pieces, or as MP3.": "Sende sie in Stücken, oder als MP3.",
    "Send it in pieces.": "Sende es in Stücken.",
    "it is a {kind} file although its name ends in .{ending}": "es ist eine Datei der Art {kind}, obwohl ihr Name auf "
    ".{ending} endet",
    "sent as it is, since ffmpeg is not installed here": "gesendet, wie es ist, da ffmpeg hier nicht installiert ist",
    "sent as it is": "gesendet, wie es ist",
    "it is damaged: what can't be decoded of it is missing": "sie ist beschädigt: was davon nicht zu lesen ist, fehlt",
    "its channels take each other away, so channel {n} is used alone": "ihre Kanäle heben einander auf, darum wird "
    "Kanal {n} allein genommen",
    "it breaks off: {read} of {whole} could be read": "sie bricht ab: {read} von {whole} waren zu lesen",
    "From {from} to {to} nothing could be transcribed: {why}": "Von {from} bis {to} war nichts abzuschreiben: {why}",
    "The transcript ended before it was whole.": "Die Abschrift endete, bevor sie ganz war.",
    "No speech found: the recording is silent. Is the right microphone chosen?": "Keine Sprache gefunden: die Aufnahme "
    "ist still. Ist das richtige Mikrofon gewählt?",
    "No speech found: there is sound, but nobody seems to speak.": "Keine Sprache gefunden: es ist etwas zu hören, "
    "aber niemand scheint zu sprechen.",
    "No speech found.": "Keine Sprache gefunden.",
    # ── pictures ─────────────────────────────────────────────────────────────────────────────────
    "There are {n} pictures; a question may have {most}.": "Das sind {n} Bilder; eine Frage darf {most} haben.",
    "Leave some out, or ask about them one after another.": "Lass einige weg, oder frage nacheinander nach ihnen.",
    "The form has no fields.": "Das Formular hat keine Felder.",
    "Name at least one thing to read.": "Nenne wenigstens eines, das gelesen werden soll.",
    "The model's answer is no JSON object.": "Die Antwort des Modells ist kein JSON-Objekt.",
    "Ask again, or for fewer fields.": "Frag noch einmal, oder nach weniger Feldern.",
    "{n} older picture is not sent again.": "{n} älteres Bild wird nicht noch einmal gesendet.",
    "{n} older pictures are not sent again.": "{n} ältere Bilder werden nicht noch einmal gesendet.",
    "Save it as JPEG or PNG and try again.": "Speichere es als JPEG oder PNG und versuche es noch einmal.",
    "Save it as JPEG or PNG.": "Speichere es als JPEG oder PNG.",
    "This is not a picture: its first bytes belong to no known format.": "Das ist kein Bild: seine ersten Bytes "
    "gehören zu keinem bekannten Format.",
    "The picture is empty: 0 bytes.": "Das Bild ist leer: 0 Bytes.",
    "Choose the file again.": "Wähle die Datei noch einmal.",
    "{kind} can't be read here.": "{kind} können hier nicht gelesen werden.",
    "This is a video, not a picture.": "Das ist ein Film und kein Bild.",
    "This is a PDF, not a picture.": "Das ist ein PDF und kein Bild.",
    "This is a web page, not a picture.": "Das ist eine Webseite und kein Bild.",
    "This is a recording, not a picture.": "Das ist eine Aufnahme und kein Bild.",
    "This is a text file, not a picture.": "Das ist eine Textdatei und kein Bild.",
    "SVG drawings can't be read by a vision model.": "SVG-Zeichnungen kann kein Modell lesen, das Bilder sieht.",
    "Export it as PNG.": "Exportiere sie als PNG.",
    "Send a screenshot of the page, or read the PDF in the Extract tab.": "Sende ein Bild der Seite, oder lies das PDF "
    "im Reiter „Auslesen“.",
    "The Microphone tab takes recordings.": "Aufnahmen nimmt der Reiter „Mikrofon“.",
    "The picture claims more pixels than can be read here.": "Das Bild gibt mehr Pixel an, als hier zu lesen sind.",
    "Send a smaller picture.": "Sende ein kleineres Bild.",
    "The picture is broken and can't be read.": "Das Bild ist kaputt und nicht zu lesen.",
    "Open it elsewhere and save it anew.": "Öffne es woanders und speichere es neu.",
    "The picture is cut off: its end is missing.": "Das Bild ist abgeschnitten: sein Ende fehlt.",
    "The picture is cut off: nearly all of it is missing.": "Das Bild ist abgeschnitten: fast alles fehlt.",
    "Copy or download it again.": "Kopiere oder lade es noch einmal.",
    "The picture is too large: {size} of at most {most}.": "Das Bild ist zu groß: {size} von höchstens {most}.",
    "The picture is broken: it has more parts than any picture needs.": "Das Bild ist kaputt: es hat mehr Teile, als "
    "ein Bild braucht.",
    "Save it anew.": "Speichere es neu.",
    "The picture has too many pixels: {size}, {n} megapixels of at most {most}.": "Das Bild hat zu viele Pixel: "
    "{size}, {n} Megapixel von höchstens {most}.",
    "The picture can't be made to fit {size}.": "Das Bild ist nicht auf {size} zu bringen.",
    "on a dark ground, since it is light on nothing": "auf dunklem Grund, da es hell auf nichts ist",
    "its colour profile is broken and was ignored": "sein Farbprofil ist kaputt und wurde übergangen",
    "only the first of its frames is sent": "nur das erste seiner Bilder wird gesendet",
    "only the first of its {n} pictures is sent": "nur das erste seiner {n} Bilder wird gesendet",
    "only frame {at} of {n} is sent, the first that shows something": "nur Bild {at} von {n} wird gesendet, das erste, "
    "auf dem etwas ist",
    "only the first of its {n} pages is sent": "nur die erste seiner {n} Seiten wird gesendet",
    "page {at} of {n}": "Seite {at} von {n}",
    "page {n} is not sent, since a question takes {room}": "Seite {n} wird nicht gesendet, da eine Frage {room} nimmt",
    "pages {from} to {to} are not sent, since a question takes {room}": "die Seiten {from} bis {to} werden nicht "
    "gesendet, da eine Frage {room} nimmt",
    "part {at} of {n}": "Teil {at} von {n}",
    "cut into {n} overlapping parts": "in {n} Teile geschnitten, die einander überlappen",
    "shown at {size}, at which small text in it can't be read": "gezeigt in {size}, wobei kleine Schrift darin nicht "
    "zu lesen ist",
    "enlarged, since models can't see pictures that small": "vergrößert, da Modelle so kleine Bilder nicht sehen",
    "its end is missing: the lowest {n} of its {rows} rows are lost": "sein Ende fehlt: die untersten {n} seiner "
    "{rows} Zeilen sind verloren",
    "its end is missing, so it is less sharp than it was": "sein Ende fehlt, darum ist es weniger scharf, als es war",
    # ── data and tables ──────────────────────────────────────────────────────────────────────────
    "there is no text": "es ist kein Text da",
    "Paste a text or choose a file.": "Füge einen Text ein, oder wähle eine Datei.",
    "the schema is not JSON: {why}": "das Schema ist kein JSON: {why}",
    "the schema is not a JSON object": "das Schema ist kein JSON-Objekt",
    "Mend it, or use fields.": "Berichtige es, oder nimm Felder.",
    "the document has {n} characters, which makes {pieces} parts of {size}; {most} is the most": "das Dokument hat {n} "
    "Zeichen, das macht {pieces} Teile zu {size}; höchstens {most} sind erlaubt",
    "Send it in pieces, or as a batch.": "Sende es in Stücken, oder als Stapel.",
    "there is no text to find anything in": "es ist kein Text da, in dem etwas zu finden wäre",
    "Send a text that is not empty.": "Sende einen Text, der nicht leer ist.",
    "there is neither text nor a picture to find anything in": "es ist weder Text noch Bild da, worin etwas zu finden "
    "wäre",
    "what the document's parts say together does not fit the schema: {why}": "was die Teile des Dokuments zusammen "
    "sagen, passt nicht zum Schema: {why}",
    "Make the fields it names optional, or describe them better.": "Mach die genannten Felder freiwillig, oder "
    "beschreibe sie besser.",
    "Loosen the fields it names, or describe them better.": "Lass bei den genannten Feldern mehr zu, oder beschreibe "
    "sie besser.",
    "Ask for fewer fields or shorter parts.": "Frag nach weniger Feldern oder in kürzeren Teilen.",
    "the answer still does not fit the schema: {why}": "die Antwort passt noch immer nicht zum Schema: {why}",
    "the answer was cut off at the token limit every time": "die Antwort wurde jedes Mal am Tokenlimit abgeschnitten",
    "the answer was cut off at the token limit": "die Antwort wurde am Tokenlimit abgeschnitten",
    "no model answered": "kein Modell antwortete",
    "part {at} of {n}: {why}": "Teil {at} von {n}: {why}",
    "the schema is not plain JSON": "das Schema ist kein reines JSON",
    "the schema has {n} characters; {most} is the most": "das Schema hat {n} Zeichen; höchstens {most} sind erlaubt",
    "the schema does not say what to find": "das Schema sagt nicht, was zu finden ist",
    'Give it a type and properties, e.g. {"type": "object", "properties": {"total": {"type": "number"}}}.': "Gib ihm "
    'einen Typ und Eigenschaften, z. B. {"type": "object", "properties": {"total": {"type": "number"}}}.',
    "the schema cannot be used: {why}": "das Schema ist nicht zu benutzen: {why}",
    "See https://json-schema.org/understanding-json-schema for what may stand there.": "Was dort stehen darf, sagt "
    "https://json-schema.org/understanding-json-schema.",
    "Look-around and back-references do not work; leave them out.": "Look-around und Rückverweise gehen nicht; lass "
    "sie weg.",
    "Name the properties one by one instead.": "Nenne die Eigenschaften stattdessen einzeln.",
    "{name} has a pattern that cannot be checked in bounded time: {why}": "{name} hat ein Muster, das nicht in "
    "begrenzter Zeit zu prüfen ist: {why}",
    "$ref {name} does not lead to a schema": "$ref {name} führt zu keinem Schema",
    "$ref {name} points to nothing": "$ref {name} zeigt ins Leere",
    "Only references into the schema itself work, such as #/$defs/Address.": "Nur Verweise in das Schema selbst gehen, "
    "etwa #/$defs/Address.",
    "name at least one field to find": "nenne mindestens ein Feld, das zu finden ist",
    "{n} fields are asked for; {most} is the most": "{n} Felder sind gefragt; höchstens {most} sind erlaubt",
    "{name} is no name for a field: 1 to 64 characters on one line": "{name} ist kein Name für ein Feld: 1 bis 64 "
    "Zeichen in einer Zeile",
    "two fields are called {name}": "zwei Felder heißen {name}",
    "field {name} has the type {given}; one of {which}": "Feld {name} hat die Art {given}; möglich sind {which}",
    "{name} is no table that is read here": "{name} ist keine Tabelle, die hier gelesen wird",
    "Choose one that ends in .csv, .tsv, .xlsx, .jsonl or .ndjson.": "Wähle eine, die auf .csv, .tsv, .xlsx, .jsonl "
    "oder .ndjson endet.",
    "{name} is neither UTF-8 nor UTF-16 text": "{name} ist weder UTF-8- noch UTF-16-Text",
    "Save it as UTF-8 (in Excel: CSV UTF-8).": "Speichere sie als UTF-8 (in Excel: CSV UTF-8).",
    "the row has more cells than the header": "die Zeile hat mehr Zellen als die Kopfzeile",
    "{name} has no header row": "{name} hat keine Kopfzeile",
    "Name the columns in row 1.": "Benenne die Spalten in Zeile 1.",
    "{name} has more than {n} columns": "{name} hat mehr als {n} Spalten",
    "{name} has the column {column} more than once": "{name} hat die Spalte {column} mehr als einmal",
    "{name} is not a readable XLSX file": "{name} ist keine lesbare XLSX-Datei",
    "{name} unfolds to more than {n} GB": "{name} entfaltet sich zu mehr als {n} GB",
    "line {n} of {name} is longer than {size} MB": "Zeile {n} von {name} ist länger als {size} MB",
    "{name} is broken near line {n}: {why}": "{name} ist nahe Zeile {n} kaputt: {why}",
    "the row is empty": "die Zeile ist leer",
    "body is not an object": "body ist kein Objekt",
    "there is neither messages nor prompt": "es ist weder messages noch prompt da",
    "Write a batch line, an object with messages or prompt, or use a template over its fields.": "Schreib eine "
    "Stapelzeile, ein Objekt mit messages oder prompt, oder nimm eine Vorlage über ihren Feldern.",
    "the template names {names}, which is no column": "die Vorlage nennt {names}, was keine Spalte ist",
    "Did you mean {name}? There are: {all}.": "Meintest du {name}? Es gibt: {all}.",
    "There are: {all}.": "Es gibt: {all}.",
    "the template has a stray brace at character {n}": "die Vorlage hat eine einzelne Klammer bei Zeichen {n}",
    "Write a column as {column}, and a brace of the text itself twice: {open} or {close}.": "Schreib eine Spalte als "
    "{column}, und eine Klammer des Textes selbst doppelt: {open} oder {close}.",
    "the template writes {name}, which is the text {column} and not the column": "die Vorlage schreibt {name}, das ist "
    "der Text {column} und nicht die Spalte",
    "Write {column} for the column; a doubled brace is a brace of the text itself.": "Schreib {column} für die Spalte; "
    "eine doppelte Klammer ist eine Klammer des Textes selbst.",
    "Groq's Batch API takes no {what}": "Groqs Batch-API nimmt kein {what}",
    "Run it with --via live.": "Wähle „Jetzt“.",
    "Groq did not accept the batch: {why}": "Groq nahm den Stapel nicht an: {why}",
    "the line is larger than a whole file may be": "die Zeile ist größer, als eine ganze Datei sein darf",
    "{model} is no model of Groq's now": "{model} ist gerade kein Modell von Groq",
    "Name one that Groq offers this key.": "Nimm eines, das Groq diesem Schlüssel anbietet.",
    "stopped: {why}": "angehalten: {why}",
    "What is done is kept; mend it and run the same command again.": "Was fertig ist, ist aufbewahrt; behebe es, und "
    "„Los“ macht dort weiter.",
    "the disk is full: {name} keeps the answers there are, whole": "die Platte ist voll: {name} behält die Antworten, "
    "die da sind, ganz",
    "the disk is full: {name} keeps {n} answers, whole": "die Platte ist voll: {name} behält {n} Antworten, ganz",
    "Make room and run the same command again; it goes on where it stopped.": "Schaffe Platz; „Los“ macht dort weiter, "
    "wo es war.",
    "model is not a name": "model ist kein Name",
    "custom_id is neither a text nor a whole number": "custom_id ist weder ein Text noch eine ganze Zahl",
    "custom_id has {n} characters; 1 to {most} are allowed": "custom_id hat {n} Zeichen; 1 bis {most} sind erlaubt",
    "method is {given}, and only POST is asked": "method ist {given}, und nur POST wird gefragt",
    "url is {given}, which no service answers": "url ist {given}, worauf kein Dienst antwortet",
    "there is neither text nor file to extract from": "es ist weder Text noch Datei da, um etwas auszulesen",
    "there is no schema to extract by": "es ist kein Schema zum Auslesen da",
    "there is no file to write down": "es ist keine Datei zum Abschreiben da",
    "a line names a file, and no files are read here": "eine Zeile nennt eine Datei, und hier werden keine gelesen",
    "an address is not fetched here; name a file": "eine Adresse wird hier nicht geholt; nenne eine Datei",
    "the table is empty": "die Tabelle ist leer",
    "Choose one with rows.": "Wähle eine mit Zeilen.",
    "the table is no longer here": "die Tabelle ist nicht mehr hier",
    "Choose it again.": "Wähle sie noch einmal.",
    "this table is being worked on": "an dieser Tabelle wird gearbeitet",
    "Stop it first.": "Halte das zuerst an.",
    "too many tables are being worked on": "an zu vielen Tabellen wird gearbeitet",
    "a line of {name} has more than {n} bytes": "eine Zeile von {name} hat mehr als {n} Bytes",
    "there are no answers yet": "es gibt noch keine Antworten",
    # ── the agent ────────────────────────────────────────────────────────────────────────────────
    "there is no task": "es ist keine Aufgabe da",
    "Say what is to be done.": "Sag, was zu tun ist.",
    "{n} steps are asked for": "{n} Schritte sind verlangt",
    "Choose 1 to 50.": "Wähle 1 bis 50.",
    "{n} s are asked for": "{n} s sind verlangt",
    "Choose 1 to 600.": "Wähle 1 bis 600.",
    "{n} USD are asked for": "{n} USD sind verlangt",
    "Choose up to 100.": "Wähle bis zu 100.",
    "there is no MCP server {name} here": "es gibt hier keinen MCP-Server {name}",
    # ── why this model ───────────────────────────────────────────────────────────────────────────
    "a plain chat": "eine einfache Frage",
    "an image was sent": "ein Bild wurde gesendet",
    "{n} images were sent": "{n} Bilder wurden gesendet",
    "a recording was sent": "eine Aufnahme wurde gesendet",
    "a recording is to be translated": "eine Aufnahme soll übersetzt werden",
    "a text is to be spoken": "ein Text soll gesprochen werden",
    "tools were offered": "Werkzeuge wurden angeboten",
    "JSON was asked for": "JSON wurde verlangt",
    "low cost was asked for": "geringe Kosten wurden verlangt",
    "an answer within {n} ms was asked for": "eine Antwort innerhalb von {n} ms wurde verlangt",
    "it was asked for": "danach wurde gefragt",
    "{model} was asked for": "{model} wurde verlangt",
    "{model} is not offered to this key": "{model} ist für diesen Schlüssel nicht zu haben",
    "{model} has no key": "für {model} ist kein Schlüssel da",
    "{model} is no longer offered": "{model} gibt es nicht mehr",
    "{model} rests for {n} s more": "{model} ruht noch {n} s",
    "{model} may be shut down": "{model} ist vielleicht abgeschaltet",
    "{model} keeps a schema less strictly": "{model} hält ein Schema weniger streng ein",
    "{model} takes {n} images at once": "{model} nimmt {n} Bilder auf einmal",
    "{model} has a window of {n} tokens for about {tokens}": "{model} hat ein Fenster von {n} Token für etwa {tokens}",
    "{model} follows no schema": "{model} hält sich an kein Schema",
    "{model} writes no JSON": "{model} schreibt kein JSON",
    "{model} does not chat": "{model} führt keine Gespräche",
    "{model} sees no images": "{model} sieht keine Bilder",
    "{model} calls no tools": "{model} ruft keine Werkzeuge",
    "{model} has no browser search": "{model} kann nicht im Netz suchen",
    "{model} has no code interpreter": "{model} führt keinen Code aus",
    "{model} does not transcribe": "{model} schreibt keine Aufnahmen ab",
    "{model} does not translate": "{model} übersetzt keine Aufnahmen",
    "{model} does not speak": "{model} spricht nicht",
    "it": "es",
    "the first choice of its list": "die erste Wahl seiner Liste",
    "its list is empty": "seine Liste ist leer",
    "{model} is no longer offered to this key": "{model} ist für diesen Schlüssel nicht mehr zu haben",
    "{model} is not known here": "{model} ist hier nicht bekannt",
    "{model} is not known here; {names} perhaps?": "{model} ist hier nicht bekannt; vielleicht {names}?",
    "{rule}, so {id}, which rests for {n} s more": "{rule}, darum {id}, das noch {n} s ruht",
    "{rule}; {obstacle}, so {id}, which rests for {n} s more": "{rule}; {obstacle}, darum {id}, das noch {n} s ruht",
    "{obstacle} (and {n} more)": "{obstacle} (und {n} weitere)",
    "{rule}; nobody can answer: {why}": "{rule}; niemand kann antworten: {why}",
    "{rule}; {obstacle}, so {id}": "{rule}; {obstacle}, darum {id}",
    "{rule}, so {id}": "{rule}, darum {id}",
    # ── what a file holds beside its picture ─────────────────────────────────────────────────────
    "{what} removed": "{what} entfernt",
    "GPS position": "GPS-Position",
    "owner's name": "Name des Besitzers",
    "date": "Datum",
    "camera data": "Kameradaten",
    "thumbnail": "Vorschaubild",
    "broken EXIF data": "kaputte EXIF-Daten",
    "ICC profile": "ICC-Profil",
    "comment": "Kommentar",
    "further pictures": "weitere Bilder",
    "text notes": "Textnotizen",
    "application data": "Daten eines Programms",
    # ── several things in one line, the outermost first ──────────────────────────────────────────
    "{file}: {note}": "{file}: {note}",
    "{first}; {second}": "{first}; {second}",
    "{came} → {sent}": "{came} → {sent}",
    "{first} and {last}": "{first} und {last}",
    "{first}, {second}": "{first}, {second}",
    **ANSWERING,
    **DOCUMENTS,
}
