"""
Pictures and recordings, turned into what the wire wants: pure functions from bytes to bytes.

- ``audio``: Recordings: recognised, decoded, cut, joined, and judged.
- ``image``: Pictures: recognised, turned upright, freed of what they tell about their maker, made small enough.
- ``text``: Words for sizes and lengths, subtitles, data URLs.

Imported by ``api``, ``cli``, ``gradio``, ``services`` and ``ui``.
"""
