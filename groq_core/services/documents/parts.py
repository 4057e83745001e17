"""What every reader of documents uses: kinds, limits, what comes out, and the sentences for what cannot be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from groq_core.errors import RequestError
from groq_core.media.text.phrases import enumerate_words

Kind: TypeAlias = Literal[
    "text", "markdown", "email", "html", "pdf", "docx", "pptx", "xlsx", "odt", "ods", "odp", "rtf", "msg", "xml"
]

EXTENSIONS: Final[dict[str, Kind]] = {
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".csv": "text",
    ".tsv": "text",
    ".json": "text",
    ".jsonl": "text",
    ".yaml": "text",
    ".yml": "text",
    ".toml": "text",
    ".ini": "text",
    ".srt": "text",
    ".vtt": "text",
    ".ics": "text",
    ".vcf": "text",
    ".tex": "text",
    ".rst": "text",
    ".eml": "email",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xml": "xml",
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".dotx": "docx",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".odt": "odt",
    ".ods": "ods",
    ".odp": "odp",
    ".rtf": "rtf",
    ".msg": "msg",
}

PAGE_BREAK: Final = "\f"
"""Between two pages in the text of a document."""

PICTURED: Final = "Not read: large pictures on"
"""How the note begins that names pages with more in pictures than in text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLimits:
    """
    How large a document may be.

    Attributes:
        bytes: Of the file.
        unpacked_bytes: Of everything inside an archive such as a Word file, as it declares.
        pages: Of a PDF or a presentation.
        characters: Of the text.
        elements: Of an archive's documents, and parts of a mail.
        seconds: To read it; then its process is ended.
        memory_bytes: Of that process, where the system can hold it to that.
    """

    bytes: int = 20_000_000
    unpacked_bytes: int = 100_000_000
    pages: int = 500
    characters: int = 2_000_000
    elements: int = 2_000_000
    seconds: float = 60.0
    memory_bytes: int = 1_500_000_000


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page: ``number`` counts from 1, ``start`` and ``end`` are offsets in the document's text."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    The text of a document.

    Attributes:
        name: The file's name without folders.
        pages: Empty where the kind of document has none; slides and sheets count as pages.
        notes: What its reader should know, e.g. that three pages hold no text.
        unread: Numbers of the pages that hold no text that could be read, and may be looked at as pictures.
        pictured: Of those that hold some, and perhaps most of it in pictures.
    """

    name: str
    kind: Kind
    text: str = field(repr=False)
    pages: tuple[DocumentPage, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[int, ...] = ()
    pictured: tuple[int, ...] = ()


@dataclass(slots=True)
class ReadText:
    """What a reader found: a text, or the texts of pages; and what is to be said."""

    texts: list[str]
    paged: bool = False
    notes: list[str] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    pictured: list[int] = field(default_factory=list)


Reader: TypeAlias = Callable[[bytes, str, ReadingLimits], ReadText]


class ReadingWatch:
    """Counts elements and time, and ends a reading that has had enough of either."""

    def __init__(self, name: str, limits: ReadingLimits) -> None:
        self._name, self._limits = name, limits
        self._until = time.monotonic() + limits.seconds
        self._left = limits.elements

    def count(self, elements: int = 1) -> None:
        """
        Raises:
            RequestError: 413; it is too much.
        """
        self._left -= elements
        if self._left < 0:
            raise size_error(
                f"{self._name} has more than {self._limits.elements} elements",
                "Send it in pieces.",
            )
        if time.monotonic() > self._until:
            raise slow(self._name, self._limits)


def unfit(message: str, hint: str, *, status: int = 400, code: str = "unreadable_file") -> RequestError:
    return RequestError(message, status=status, param="file", code=code, hint=hint)


def size_error(message: str, hint: str) -> RequestError:
    """A file is larger, longer or slower to read than is allowed."""
    return unfit(message, hint, status=413, code="file_too_large")


def slow(name: str, limits: ReadingLimits, read: str = "") -> RequestError:
    """
    Args:
        read: How much could be read in that time, where that is known.
    """
    return size_error(
        f"{name} takes too long to read: {read} in {limits.seconds:g} s"
        if read
        else f"{name} takes too long to read: more than {limits.seconds:g} s",
        "Send only the pages that matter, or its text.",
    )


def damage_error(name: str, kind: str, error: Exception) -> RequestError:
    return unfit(
        f"{name} is damaged: no {kind} reader can make sense of it ({type(error).__name__})",
        "Open it in the program that made it and save it anew.",
    )


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def pages_of(texts: Sequence[str]) -> tuple[DocumentPage, ...]:
    pages, start = [], 0
    for number, text in enumerate(texts, start=1):
        pages.append(DocumentPage(number, start, start + len(text)))
        start += len(text) + len(PAGE_BREAK)
    return tuple(pages)


def document_from(name: str, text: str) -> Document:
    """A text that was read before, with the pages that its form feeds part."""
    texts = text.split(PAGE_BREAK)
    return Document(name=name, kind="text", text=text, pages=pages_of(texts) if len(texts) > 1 else ())


def enumerate_unread(*, comments: int = 0, pictures: int = 0, charts: int = 0, objects: int = 0) -> list[str]:
    """
    What a document holds beside its text, as notes: none, or one sentence.

    >>> enumerate_unread(comments=1, pictures=3)
    ['Not read: 1 comment and 3 pictures in it.']
    """
    counted = ((comments, "comment"), (pictures, "picture"), (charts, "chart"), (objects, "embedded file"))
    named = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted if count]
    return [f"Not read: {enumerate_words(named)} in it."] if named else []


def format_pages(numbers: Sequence[int]) -> str:
    """
    >>> format_pages([2]), format_pages([2, 3, 4, 9])
    ('page 2', 'pages 2–4, 9')
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    listed = ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
    return f"page {listed}" if len(numbers) == 1 else f"pages {listed}"
