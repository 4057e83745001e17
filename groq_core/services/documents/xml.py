"""XML as it stands: its names say what its values mean, so nothing of it is taken away but its encoding."""

from __future__ import annotations

import re
from typing import Final

from groq_core.services.documents.charsets import decode
from groq_core.services.documents.parts import ReadingLimits, ReadText, tidy

_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def read_xml(data: bytes, name: str, _: ReadingLimits) -> ReadText:
    declared = _DECLARED.match(data[:400])
    text, note = decode(data, name, declared[1].decode() if declared else None)
    return ReadText([tidy(text)], notes=[note] if note else [])
