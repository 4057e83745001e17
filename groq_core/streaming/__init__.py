"""
From a provider's bytes to events.

- ``answer_reader``: What chunks say, folded into events.
- ``careless``: JSON as careless servers write it.
- ``chunk_template``: What the chunks of an answer repeat around their words.
- ``completion``: A whole answer in OpenAI's shape: one body for the API and for batches.
- ``custom_calls``: Calls of custom tools, out of those of the functions that stand for them: a text in place of JSON,
  as it comes.
- ``decoder``: From bytes to events, without I/O.
- ``halves``: Letters that arrive in two halves.
- ``loose``: Read a chunk whose fields are not of the types they should be: whatever can be told from it is.
- ``odd_reader``: What can be told from chunks that are not as they should be.
- ``plain_completion``: A whole answer as most are, one text and how it ended.
- ``thoughts``: Part what a model thinks aloud, in tags like ``<think>…</think>`` at the beginning of its answer.
- ``tool_calls``: Put the pieces of tool calls together, whatever a server leaves out, repeats or misnumbers.
- ``transcription``: From the body of a transcription to its events: its words are read whatever stands beside them.
- ``wire_types``: What a chunk of a stream, or a whole completion, looks like on the wire.

Imported by ``api``, ``providers`` and ``services``.
"""
