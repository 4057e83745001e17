"""
A message as Outlook keeps it (MSG): its head, its text, what is attached.

Source:
    MS-OXMSG; the numbers are MAPI properties, 001F is text in UTF-16, 001E text in some code page, 0102 bytes.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import olefile

from groq_core.errors import RequestError
from groq_core.services.documents.charsets import decode
from groq_core.services.documents.enclosed import Enclosures, ReadAttached, base_name
from groq_core.services.documents.html import read_html
from groq_core.services.documents.parts import (
    ReadingLimits,
    ReadingWatch,
    ReadText,
    damage_error,
    tidy,
    unfit,
)

_HEADS: Final = (("From", "0C1A"), ("To", "0E04"), ("Cc", "0E03"), ("Subject", "0037"))
_BODY, _HTML, _ATTACHED, _NAME, _SHORT_NAME, _ADDRESS = "1000", "1013", "3701", "3707", "3704", "0C1F"
_DEEPEST: Final = 6


def is_message(data: bytes) -> bool:
    """Whether an OLE container is a message and not an old Office file."""
    return "__properties_version1.0".encode("utf-16-le") in data


def read_msg(data: bytes, name: str, limits: ReadingLimits, read_attached: ReadAttached | None = None) -> ReadText:
    watch = ReadingWatch(name, limits)
    try:
        with olefile.OleFileIO(BytesIO(data)) as container:
            reading = _Reading(container, name, watch, Enclosures(read_attached))
            text = reading.message((), 0)
    except RequestError:
        raise
    except Exception as error:  # olefile raises OSError, IndexError and struct.error for damage
        raise damage_error(name, "Outlook", error) from None
    if not text.strip():
        raise unfit(f"{name} has no text in it", "Send the file that is attached to it instead.")
    return ReadText([text], notes=reading.enclosures.notes())


class _Reading:
    def __init__(self, container: Any, name: str, watch: ReadingWatch, enclosures: Enclosures) -> None:
        self._container, self._name, self._watch, self.enclosures = container, name, watch, enclosures
        self._entries = [tuple(entry) for entry in container.listdir(streams=True, storages=True)]

    def message(self, at: tuple[str, ...], depth: int) -> str:
        heads = [(label, self._text(at, number)) for label, number in _HEADS]
        address = self._text(at, _ADDRESS)
        head = "\n".join(
            f"{label}: {value}{f' <{address}>' if label == 'From' and '@' in address and address != value else ''}"
            for label, value in heads
            if value
        )
        body = tidy(self._text(at, _BODY)) or self._html(at)
        return "\n\n".join(filter(None, (head, body, *self._attachments(at, depth))))

    def _stream(self, at: tuple[str, ...], number: str, kind: str) -> bytes | None:
        path = (*at, f"__substg1.0_{number}{kind}")
        if path not in self._entries:
            return None
        self._watch.count()
        return bytes(self._container.openstream(list(path)).read())

    def _text(self, at: tuple[str, ...], number: str) -> str:
        wide = self._stream(at, number, "001F")
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(at, number, "001E")
        return decode(narrow.rstrip(b"\0"), self._name)[0] if narrow and narrow.strip(b"\0") else ""

    def _html(self, at: tuple[str, ...]) -> str:
        page = self._stream(at, _HTML, "0102")
        if page is None:
            return ""
        try:
            return read_html(page, self._name, ReadingLimits()).texts[0]
        except RequestError:
            return ""

    def _attachments(self, at: tuple[str, ...], depth: int) -> list[str]:
        texts: list[str] = []
        for entry in self._entries:
            if len(entry) != len(at) + 1 or entry[: len(at)] != at or not entry[-1].startswith("__attach_"):
                continue
            inner = (*entry, f"__substg1.0_{_ATTACHED}000D")
            name = base_name(self._text(entry, _NAME) or self._text(entry, _SHORT_NAME))
            data = self._stream(entry, _ATTACHED, "0102")
            if inner in self._entries and depth < _DEEPEST:
                texts.append(f"── Forwarded message ──\n{self.message(inner, depth + 1)}")
            elif data is None:
                self.enclosures.pass_over(name)
            elif (read := self.enclosures.read(data, name)) is not None:
                texts.append(f"── Attached: {name} ──\n{read}")
        return texts
