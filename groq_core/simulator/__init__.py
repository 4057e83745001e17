"""
The wire from the other side: an honest stand-in for the Groq and OpenAI HTTP APIs.

Imports nothing of the rest of groq_core, so that what the tests talk to shares no mistake with what they test; but
for how long a stranger's schema may take, which bounds both sides.

- ``answer``: What the simulated model says, before either API's dialect puts it on the wire.
- ``app``: The ASGI application: which path in which dialect, who may, what goes wrong, and errors as bytes.
- ``audio``: Speech to text and text to speech: form fields, files, and the words that tell what was measured.
- ``batches``: Batches: every line of the input file is really answered, in its own time, and in another order.
- ``builtin``: Groq's own tools on gpt-oss: the code interpreter really computes, the browser says that it is offline.
- ``chat``: Chat completions: check, charge, compose, and hand the answer to the dialect.
- ``containers``: Just enough of WebM and MP4 to know how long a recording is, without a media library.
- ``control``: The switches: faults, catalogue profile and what was asked, under ``/_simulator``.
- ``delivery``: Complete answers on their way out, with the faults that can hit one.
- ``dialect``: What the endpoints need of a dialect.
- ``exchange``: One HTTP exchange on raw ASGI: read the body, write the answer, notice who hangs up, break the
  connection.
- ``faults``: Faults on demand: what goes wrong, for whom, how often.
- ``field_names``: What the name of a field says: its words, and which side of a conversion it stands for.
- ``files``: The file store: JSON-lines files for batches, kept in memory.
- ``forms``: Multipart forms: fields, repeated fields and files, parsed from a complete body.
- ``groq_wire``: Groq's dialect: bodies, chunks, headers and errors as `api.groq.com` sends them in 2026.
- ``ids``: Ids as the wire shows them: ULIDs for requests and files, UUIDs for completions, short words for tool
  calls.
- ``images``: What can be measured of a picture: format, size, orientation, colours, brightness. From its bytes,
  nothing else.
- ``leaking_buckets``: Rate limits as Groq keeps them: one leaking bucket per organisation, model and dimension.
- ``model_profiles``: What the simulated providers offer: models with speed, limits and abilities, in dated profiles.
- ``named_dates``: The dates a text names, as YYYY-MM-DD: 2026-03-05, 05.03.2026, 5 March 2026 or March 5, 2026.
- ``named_values``: What a text says of a name: the number, the date, the words that stand where ``total`` or
  ``due_date`` is named.
- ``openai_catalogue``: What the simulated OpenAI offers: ids it answers to as the backup, with what they can do (read
  2026-11-23).
- ``openai_validation``: What OpenAI refuses and Groq does not: parameters of its reasoning models, and its own words
  for the rest.
- ``openai_wire``: OpenAI's dialect: indented bodies, nulls that Groq leaves out, tool calls in fragments, usage only
  when asked for.
- ``outlines``: Answers in the form that a prompt spells out: fields under headings, a JSON object, code between two
  marks.
- ``paced_stream``: Play a streamed answer at the model's own pace, with the faults that hit streams.
- ``patterns``: Strings that match a regular expression, for schemas with a ``pattern``.
- ``presets``: Refusals by name, as they were recorded or quoted in public threads (tests/data/wire, facts of 2024 to
  2026).
- ``prose``: Sentences for long answers: what is true of any answer on its way from a model to its reader.
- ``schema_instances``: Instances of a JSON schema, made of what a text says: a field called ``total`` takes the
  number after "Total:".
- ``server``: The simulator as a server: uvicorn's HTTP on a socket of our own, in the loop that is running.
- ``skills``: What the simulator can truly answer, since it can be computed: echo, sums, dates, counting, spelling,
  memory.
- ``snippets``: Working snippets of Python for questions that ask for code; one that counts the question's words for
  the rest.
- ``sound``: What can be measured of a recording: duration, rate, channels, loudness, silence. From its samples.
- ``story_upstream``: A saved story as an upstream: what each provider said in it, and where it broke, said and broken
  once more.
- ``structured``: Answers in JSON: to a schema, or with the keys the prompt names.
- ``text``: What the simulated model writes: plainly simulated, made from what it was asked, as long as was asked for.
- ``tokens``: Text in token-sized pieces: close to what a byte-pair encoding makes of English, and exactly reversible.
- ``tool_choice``: Which tools a simulated model calls: those that share words with what was asked, with arguments
  from the text.
- ``transcript``: The words that stand for what was said: what was measured, timed over the stretches that have sound.
- ``types``: The types of a chat request's fields, so that whatever looks at a body later can rely on them.
- ``validation``: Strict validation of chat requests, in Groq's own words where they are known (recordings and public
  threads).
- ``voice``: A synthesized voice-like sound: vowels with formants in the rhythm of the text. It speaks no words, and
  says so.
- ``wire_format``: What both APIs share on the wire: JSON bytes, errors as exceptions, and the names of durations.
- ``world``: What all endpoints share: the catalogue, the limits, the faults, the pace, and one request with its
  context.

Imported by ``cli``, ``compose`` and ``ui``.
"""

from groq_core.simulator.faults import Fault, Faults
from groq_core.simulator.server import Simulator, serve
from groq_core.simulator.world import SeenRequest

__all__ = ["Fault", "Faults", "SeenRequest", "Simulator", "serve"]
