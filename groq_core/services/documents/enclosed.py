"""What lies inside a document: attached to a mail, forwarded with it, put into a portfolio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TypeAlias

from groq_core.errors import RequestError
from groq_core.services.documents.parts import EXTENSIONS, PAGE_BREAK, Document

ReadAttached: TypeAlias = Callable[[bytes, str], Document]
"""Reads a document that came inside another one; raises RequestError where it cannot."""


@dataclass(slots=True)
class Enclosures:
    """
    Reads what lies inside a document, and gathers what its reader should know of it, however deep it lies.

    Args:
        read_attached: None where a document lies too deep for that.
    """

    read_attached: ReadAttached | None
    _unread: list[str] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)

    def read(self, data: bytes, name: str) -> str | None:
        """The text of a file; None where it cannot be read, which is noted."""
        if self.read_attached is None or PurePath(name).suffix.lower() not in EXTENSIONS:
            self._unread.append(name)
            return None
        try:
            found = self.read_attached(data, name)
        except RequestError as error:
            why = error.message if error.message.startswith(name) else f"{name}: {error.message}"
            self._notes.append(f"Attached, but not read: {why.rstrip('.')}.")
            return None
        self._notes += [f"{name}: {note}" for note in found.notes]
        return found.text.replace(PAGE_BREAK, "\n\n")

    def pass_over(self, *names: str) -> None:
        """Name what is not even tried."""
        self._unread += names

    def notes(self) -> list[str]:
        """Sentences: first the names of what no reader was found for, then the others, each once."""
        named = [f"Not read: attached {', '.join(self._unread)}."] if self._unread else []
        return list(dict.fromkeys((*named, *self._notes)))


def base_name(name: object) -> str:
    """
    >>> base_name("C:\\\\mail\\\\a.txt"), base_name(None)
    ('a.txt', 'unnamed')
    """
    return PurePath(str(name or "unnamed").replace("\\", "/")).name or "unnamed"
