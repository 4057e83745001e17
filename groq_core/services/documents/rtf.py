"""Rich text: what it shows, without its commands, its fonts and its pictures."""

from __future__ import annotations

from typing import Any

from groq_core.services.documents.parts import ReadingLimits, ReadText, damage_error, tidy


def read_rtf(data: bytes, name: str, _: ReadingLimits) -> ReadText:
    from striprtf.striprtf import rtf_to_text

    try:
        to_text: Any = rtf_to_text
        text = str(to_text(data.decode("latin-1"), errors="replace"))
    except Exception as error:  # it raises whatever its regular expressions run into
        raise damage_error(name, "RTF", error) from None
    return ReadText([tidy(text)])
