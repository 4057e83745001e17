"""What the server says of models, attempts, limits and runs, in German; part of :mod:`.texts_de_server`."""

from __future__ import annotations

ANSWERING: dict[str, str] = {
    # ── limits of a person ───────────────────────────────────────────────────────────────────────
    "your {n} {what} {when} are used up": "dein Limit ist aufgebraucht: {n} {what} {when}",
    "your {n} {what} {when} is used up": "dein Limit ist aufgebraucht: {n} {what} {when}",
    "request": "Frage",
    "requests": "Fragen",
    "tokens": "Token",
    "this minute": "in dieser Minute",
    "this hour": "in dieser Stunde",
    "today": "heute",
    "this month": "in diesem Monat",
    "this could cost up to {n} USD, more than is left of your {limit}": "das könnte bis zu {n} USD kosten, mehr als "
    "von deinem Limit übrig ist ({limit})",
    "{n} usd/minute": "{n} USD in der Minute",
    "{n} usd/hour": "{n} USD in der Stunde",
    "{n} usd/day": "{n} USD am Tag",
    "{n} usd/month": "{n} USD im Monat",
    "Ask for fewer tokens (max_completion_tokens), or try again in {n} s.": "Verlange weniger Token, oder versuche es "
    "in {n} s noch einmal.",
    "nobody can say now {what}: the database does not answer": "niemand kann gerade sagen, {what}: die Datenbank "
    "antwortet nicht",
    "what may be spent": "was ausgegeben werden darf",
    "who may ask": "wer fragen darf",
    "who you are": "wer du bist",
    "Try again in a few seconds.": "Versuche es in ein paar Sekunden noch einmal.",
    # ── what became of an attempt ────────────────────────────────────────────────────────────────
    "The rate limit of this model is reached.": "Das Anfragelimit dieses Modells ist erreicht.",
    "The model is over capacity.": "Das Modell ist überlastet.",
    "The provider has an internal error.": "Der Anbieter hat einen inneren Fehler.",
    "The provider cannot be reached.": "Der Anbieter ist nicht zu erreichen.",
    "The model stayed silent for too long.": "Das Modell blieb zu lange still.",
    "The model fell silent in the middle of its answer.": "Das Modell verstummte mitten in der Antwort.",
    "The connection broke before the end.": "Die Verbindung brach vor dem Ende ab.",
    "The provider reported an error midway.": "Der Anbieter meldete mittendrin einen Fehler.",
    "The model sent an empty answer.": "Das Modell sandte eine leere Antwort.",
    "The provider's answer could not be read.": "Die Antwort des Anbieters war nicht zu lesen.",
    "The provider no longer offers this model to this key.": "Der Anbieter gibt diesem Schlüssel dieses Modell nicht "
    "mehr.",
    "This key may not use this model.": "Dieser Schlüssel darf dieses Modell nicht benutzen.",
    "The model's terms must be accepted in the provider's console first.": "Die Bedingungen des Modells müssen zuerst "
    "in der Konsole des Anbieters angenommen werden.",
    "The API key is not accepted.": "Der Schlüssel wird nicht angenommen.",
    "The account's quota or spend limit is used up.": "Das Kontingent oder Ausgabenlimit des Kontos ist aufgebraucht.",
    "The request is larger than the model's limit for one minute.": "Die Anfrage ist größer als das Limit des Modells "
    "für eine Minute.",
    "The conversation is longer than the model can read.": "Die Unterhaltung ist länger, als das Modell lesen kann.",
    "The provider declined to answer this.": "Der Anbieter wollte darauf nicht antworten.",
    "The model's tool call or JSON was not valid.": "Der Werkzeugaufruf oder das JSON des Modells war nicht gültig.",
    "The provider does not accept this request.": "Der Anbieter nimmt diese Anfrage nicht an.",
    "The model cannot do this.": "Das Modell kann das nicht.",
    "Asking now would exceed a limit, so the model was not asked.": "Jetzt zu fragen ginge über ein Limit, darum wurde "
    "das Modell nicht gefragt.",
    "The target rests after a failure.": "Das Ziel ruht nach einem Fehler.",
    "The time for this request is used up.": "Die Zeit für diese Anfrage ist um.",
    "silent for {n} s": "seit {n} s still",
    "the model sent nothing": "das Modell sandte nichts",
    "another target answered first": "ein anderes Ziel antwortete zuerst",
    "about {n} {what} wanted, the limit is {most} per {window}": "etwa {n} {what} wären nötig, das Limit ist {most} je "
    "{window}",
    "input tokens": "Token hinein",
    "output tokens": "Token heraus",
    "seconds of audio": "Sekunden Ton",
    "minute": "Minute",
    "hour": "Stunde",
    "day": "Tag",
    "it asked to be left alone for another {n} s": "es bat um noch {n} s Ruhe",
    "the rate limit is spent for another {n} s": "das Anfragelimit ist für noch {n} s aufgebraucht",
    "the rate limit is spent": "das Anfragelimit ist aufgebraucht",
    "rate limit spent": "Anfragelimit aufgebraucht",
    "the model's rate limit": "das Anfragelimit des Modells",
    "too large by our count": "nach unserer Zählung zu groß",
    "all {n} attempts of this request are used up": "alle {n} Versuche dieser Anfrage sind aufgebraucht",
    "the request's {n} USD are spent": "die {n} USD dieser Anfrage sind ausgegeben",
    "the request's {n} s are used up": "die {n} s dieser Anfrage sind um",
    "the requests left are kept for providers that were not asked yet": "die Anfragen, die noch übrig sind, sind für "
    "Anbieter da, die noch nicht gefragt wurden",
    "the key has a character in it that no header can carry": "der Schlüssel enthält ein Zeichen, das kein Header "
    "tragen kann",
    "no Groq key is set": "es ist kein Schlüssel von Groq gesetzt",
    "a text came instead of a recording": "statt einer Aufnahme kam ein Text",
    "the recording has nothing in it": "in der Aufnahme ist nichts",
    "no answer in {n} lines that were no JSON": "keine Antwort in {n} Zeilen, die kein JSON waren",
    "the answer has nothing in it": "in der Antwort steht nichts",
    "the provider finished the answer with {word}": "der Anbieter beendete die Antwort mit {word}",
    "the provider's content filter stopped the answer": "der Inhaltsfilter des Anbieters hielt die Antwort an",
    "the stream ended before it began": "der Strom endete, bevor er begann",
    "the stream ended without a finish reason": "der Strom endete ohne einen Schluss",
    "a line of more than {n} bytes": "eine Zeile mit mehr als {n} Bytes",
    "the body is empty": "was ankam, ist leer",
    "the body has no transcript in it": "in dem, was ankam, ist keine Abschrift",
    "the body is not a transcript": "was ankam, ist keine Abschrift",
    "the body is not a transcript: {why}": "was ankam, ist keine Abschrift: {why}",
    "every target is cooling down; this one is back first": "jedes Ziel ruht; dieses ist zuerst zurück",
    "every other target failed; this one is tried again": "jedes andere Ziel misslang; dieses wird noch einmal "
    "versucht",
    "another request is finding out whether it is back": "eine andere Anfrage findet gerade heraus, ob es zurück ist",
    # ── what was changed on the way ──────────────────────────────────────────────────────────────
    "The answer may have {n} tokens, so that the request fits the limit.": "Die Antwort darf {n} Token haben, damit "
    "die Anfrage ins Limit passt.",
    "Left out of what was sent, to fit the model's limit: {what}.": "Nicht mitgesendet, damit es ins Limit des Modells "
    "passt: {what}.",
    "the pictures of {n} older message": "die Bilder von {n} älteren Nachricht",
    "the pictures of {n} older messages": "die Bilder von {n} älteren Nachrichten",
    "the {n} oldest message": "die älteste Nachricht ({n})",
    "the {n} oldest messages": "die {n} ältesten Nachrichten",
    "{model} reads text only: the images were left out": "{model} liest nur Text: die Bilder wurden weggelassen",
    "{model} does not take `{option}`: it was left out": "{model} nimmt `{option}` nicht: es wurde weggelassen",
    "{model} was asked with effort `{given}` instead of `{asked}`": "{model} wurde mit Nachdenken `{given}` statt "
    "`{asked}` gefragt",
    "{model} writes at most {n} tokens: the bound of {asked} was lowered": "{model} schreibt höchstens {n} Token: die "
    "Grenze von {asked} wurde gesenkt",
    "nobody knows a `reasoning_effort` of {option}: it was left out": "niemand kennt ein Nachdenken von {option}: es "
    "wurde weggelassen",
    "{model} has no voice `{asked}`: `{given}` speaks": "{model} hat keine Stimme `{asked}`: es spricht `{given}`",
    "{model} speaks at one speed: {n} was left out": "{model} spricht nur in einem Tempo: {n} wurde weggelassen",
    "the voices know no SSML: its tags were left out, their text is spoken": "die Stimmen kennen kein SSML: seine "
    "Marken wurden weggelassen, ihr Text wird gesprochen",
    "Left out, since nobody seems to speak there: {spoken}.": "Weggelassen, da dort niemand zu sprechen scheint: "
    "{spoken}.",
    "Left out, since nobody seems to speak there: {spoken} and {n} more.": "Weggelassen, da dort niemand zu sprechen "
    "scheint: {spoken} und {n} weitere.",
    "“{quote}” at {time}": "„{quote}“ bei {time}",
    "“{quote}” at {time}, {second}": "„{quote}“ bei {time}, {second}",
    # ── models ───────────────────────────────────────────────────────────────────────────────────
    "no provider has a key: set GROQ_API_KEY or OPENAI_API_KEY": "kein Anbieter hat einen Schlüssel: GROQ_API_KEY oder "
    "OPENAI_API_KEY setzen",
    "every target rests; {model} is back in {n} s": "jedes Ziel ruht; {model} ist in {n} s zurück",
    "no target can answer a chat": "kein Ziel kann eine Frage beantworten",
    "Groq's list of models could not be read ({why}); {what}": "Groqs Liste der Modelle war nicht zu lesen ({why}); "
    "{what}",
    "Groq's list of models has not been read yet; the built-in table counts": "Groqs Liste der Modelle ist noch nicht "
    "gelesen; es gilt die eingebaute Tabelle",
    "there is no Groq key; the built-in table counts": "es ist kein Schlüssel von Groq da; es gilt die eingebaute "
    "Tabelle",
    "the built-in table counts": "es gilt die eingebaute Tabelle",
    "the last one that was read counts": "es gilt die zuletzt gelesene",
    "it is empty": "sie ist leer",
    "no answer within {n} s": "keine Antwort in {n} s",
    "no list of models within {n} s": "keine Liste der Modelle in {n} s",
    "the list of models is no list": "die Liste der Modelle ist keine Liste",
    "{n} model is listed for this key": "{n} Modell steht für diesen Schlüssel in der Liste",
    "{n} models are listed for this key": "{n} Modelle stehen für diesen Schlüssel in der Liste",
    "will be shut down {date}": "wird am {date} abgeschaltet",
    "shut down {date}": "am {date} abgeschaltet",
    "shut down": "abgeschaltet",
    "enterprise contracts only": "nur für Großkunden",
    "its successor is {id}": "Nachfolger ist {id}",
    "no reason given": "kein Grund genannt",
    "uploading {n} line": "lade {n} Zeile hoch",
    "uploading {n} lines": "lade {n} Zeilen hoch",
    # ── the agent ────────────────────────────────────────────────────────────────────────────────
    "{why}, so the model answers with what it has": "{why}, darum antwortet das Modell mit dem, was es hat",
    "{why} for calling tools and answering, so the model answers at once": "{why}, um Werkzeuge zu rufen und zu "
    "antworten, darum antwortet das Modell gleich",
    "the time is nearly up": "die Zeit ist fast um",
    "the money is nearly spent": "das Geld ist fast ausgegeben",
    "the tokens are nearly used up": "die Token sind fast aufgebraucht",
    "the time may be too short": "die Zeit ist vielleicht zu kurz",
    "the money may not be enough": "das Geld reicht vielleicht nicht",
    "the tokens may not be enough": "die Token reichen vielleicht nicht",
    "the model called a tool where it was to answer, so there is no answer; what the tools gave is kept": "das Modell "
    "hat ein Werkzeug gerufen, statt zu antworten, darum gibt es keine Antwort; was die Werkzeuge ergaben, bleibt",
    "{n} old results of tools were shortened to make room": "{n} alte Ergebnisse von Werkzeugen wurden gekürzt, um "
    "Platz zu schaffen",
    "{what} was found in what the model wrote when its tool call failed": "{what} fand sich in dem, was das Modell "
    "schrieb, als sein Werkzeugaufruf misslang",
    "a tool call": "ein Werkzeugaufruf",
    "an answer": "eine Antwort",
    "no price is known for {model}, so a limit in dollars cannot be kept": "für {model} ist kein Preis bekannt, darum "
    "ist eine Grenze in Dollar nicht einzuhalten",
    "Name a model with a known price, or give max_tokens instead.": "Nimm ein Modell mit bekanntem Preis, oder lass "
    "die Grenze in Dollar weg.",
    "this server takes no MCP servers of visitors": "dieser Server nimmt keine MCP-Server von Besuchern",
    "Ask its operator to offer yours.": "Bitte seinen Betreiber, deinen anzubieten.",
    "the address of the MCP server cannot be used": "die Adresse des MCP-Servers ist nicht zu benutzen",
    "Give it as https://HOST/PATH.": "Gib sie als https://HOST/PFAD an.",
    "the address holds a password or a fragment": "in der Adresse steht ein Passwort oder ein Fragment",
    "Send a token in its own field instead.": "Sende ein Token stattdessen in seinem eigenen Feld.",
    "no MCP server at {host} may be used here": "ein MCP-Server auf {host} darf hier nicht benutzt werden",
    "The operator says which may.": "Der Betreiber sagt, welcher es darf.",
    "the MCP server is not reached by https": "der MCP-Server ist nicht über https zu erreichen",
    "A token would be sent in clear. Use https.": "Ein Token ginge unverschlüsselt mit. Nimm https.",
    "no server has that name": "kein Server hat diesen Namen",
    "it is not at a public address": "er ist nicht unter einer öffentlichen Adresse",
    "a header cannot be sent: {why}": "ein Header ist nicht zu senden: {why}",
    "the MCP server {host} cannot be used: {why}": "der MCP-Server {host} ist nicht zu benutzen: {why}",
    "the MCP server at {host} cannot be used: {why}": "der MCP-Server auf {host} ist nicht zu benutzen: {why}",
    "Check that the command starts and speaks MCP over its standard input and output.": "Prüfe, ob der Befehl startet "
    "und MCP über seine Standardein- und -ausgabe spricht.",
    "Check its address and that it speaks MCP over streamable HTTP.": "Prüfe seine Adresse, und ob er MCP über "
    "streambares HTTP spricht.",
    "it did not answer within {n} s": "er antwortete nicht in {n} s",
    "it answered HTTP 404 Not Found": "er antwortete HTTP 404 Not Found",
    "it answered HTTP {status} {reason}": "er antwortete HTTP {status} {reason}",
}
