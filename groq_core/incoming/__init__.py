"""
What people ask for, as it comes: read, brought to one spelling, checked. One place for the HTTP API, the lines of a
batch and the Python API, so that what is understood at one of them is understood at all.

- ``chat_body``: Read the body of `POST /v1/chat/completions`: a request, or an error that names the field and the mend.
- ``chat_fields``: A conversation and its parameters, mended and checked, with what was changed; what every
  surface calls.
- ``clients``: What clients really send: spellings that differ and mean the same, brought to one; what was changed is
  noted.
- ``custom_tools``: Custom tools, which take a text, as functions that take nothing else: whoever answers here knows
  functions alone.
- ``field_errors``: Say what is wrong with a field.
- ``foreign_schemas``: Values held against a JSON Schema that a stranger sent, in bounded time, whatever the schema
  says.
- ``json_bodies``: Decode a body or a line that must be one JSON object, and mend what can be mended of its letters.
- ``languages``: Languages as clients name them, brought to the code that transcribers take.
- ``message_checks``: Check a conversation: every message, part and call, by its path.
- ``parameters``: The parameters of a chat beside its messages: type and range of those we know, the rest goes on
  unread.
- ``recordings``: What is said of a recording to be written down: its language and its spelling hints.
- ``rules``: The rules for the fields of a body: each checks a value, and says the same as a schema for the API's
  description.
- ``schema_parts``: The parts that schemas are put together from; each reader of a body says with them what it takes.
- ``whole_numbers``: Whole numbers as strangers write them.

Imported by ``api``, ``services``, ``simulator``, ``streaming`` and ``ui``.
"""
