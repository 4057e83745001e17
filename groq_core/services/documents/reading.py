"""
Read a document's text: plain text, Markdown, e-mail, HTML, PDF, Word.

Sizes are checked before anything is unpacked, and nothing in a document is executed, fetched or looked up. What
comes out is text with the offsets of its pages.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from io import BytesIO
from pathlib import PurePath
from typing import Any, Final, Literal, TypeAlias

from groq_core.errors import RequestError
from groq_core.services.documents.html import html_text

Kind: TypeAlias = Literal["text", "markdown", "email", "html", "pdf", "docx"]

EXTENSIONS: Final[dict[str, Kind]] = {
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".csv": "text",
    ".tsv": "text",
    ".json": "text",
    ".eml": "email",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}

PAGE_BREAK: Final = "\f"
"""Between two pages in the text of a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How large a document may be.

    Attributes:
        bytes: Of the file.
        unpacked_bytes: Of everything inside a Word file, as it declares.
        pages: Of a PDF.
        characters: Of the text.
        seconds: To read a PDF, checked after each page.
    """

    bytes: int = 20_000_000
    unpacked_bytes: int = 100_000_000
    pages: int = 500
    characters: int = 2_000_000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Page:
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
        pages: Empty where the kind of document has none.
        notes: What its reader should know, e.g. that three pages hold no text.
    """

    name: str
    kind: Kind
    text: str = field(repr=False)
    pages: tuple[Page, ...] = ()
    notes: tuple[str, ...] = ()


async def read_document(data: bytes, filename: str, limits: Limits | None = None) -> Document:
    """As :func:`read`, in a thread, since a large PDF takes seconds."""
    return await asyncio.to_thread(read, data, filename, limits)


def read(data: bytes, filename: str, limits: Limits | None = None) -> Document:
    """
    Read a document's text.

    Args:
        data: The whole file.
        filename: Its extension says what it is, unless the first bytes say it is a PDF or a Word file.

    Raises:
        RequestError: It is too large, locked, scanned, damaged, or of another kind; the message says which and
            the hint what to do.
    """
    limits = limits or Limits()
    name = PurePath(filename.replace("\\", "/")).name or "document"
    if len(data) > limits.bytes:
        raise _unfit(
            f"{name} has {_megabytes(len(data))}; {_megabytes(limits.bytes)} is the most",
            "Send a smaller file, or only the pages that matter.",
            status=413,
            code="file_too_large",
        )
    kind = _kind(data, name)
    text, pages, notes = _READERS[kind](data, name, limits)
    if len(text) > limits.characters:
        raise _unfit(
            f"{name} holds {len(text)} characters of text; {limits.characters} is the most",
            "Send it in pieces.",
            status=413,
            code="file_too_large",
        )
    if not text.strip():
        raise _unfit(f"{name} holds no text", "Send a file that is not empty.", code="empty_file")
    return Document(name=name, kind=kind, text=text, pages=pages, notes=notes)


def _unfit(message: str, hint: str, *, status: int = 400, code: str = "unreadable_file") -> RequestError:
    return RequestError(message, status=status, param="file", code=code, hint=hint)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _kind(data: bytes, name: str) -> Kind:
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        # Both the old format and a Word file under a password are such containers.
        raise _unfit(
            f"{name} is an old Office file (.doc) or a Word file under a password",
            "Open it in a word processor and save it as .docx without a password.",
        )
    suffix = PurePath(name).suffix.lower()
    if data.startswith(b"PK\x03\x04"):
        if suffix in ("", ".docx"):
            return "docx"
        raise _unfit(f"{name} is an archive, not a document", f"Send one of {', '.join(EXTENSIONS)}.")
    if suffix in (".pdf", ".docx"):
        raise _unfit(f"{name} is called {suffix} but is none", "Check that the file came over whole.")
    if suffix and suffix not in EXTENSIONS:
        raise _unfit(
            f"{name}: files that end in {suffix} cannot be read",
            f"Send one of {', '.join(EXTENSIONS)}.",
            code="unsupported_file",
        )
    return EXTENSIONS.get(suffix, "text")


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────

_Read: TypeAlias = tuple[str, tuple[Page, ...], tuple[str, ...]]


def _text(data: bytes, name: str, _: Limits) -> _Read:
    return _tidy(_decoded(data, name)), (), ()


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data[:100_000]:
        raise _unfit(f"{name} is not a text", f"Send one of {', '.join(EXTENSIONS)}.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Every byte is a sign there, and it is what old Windows programs write.
        return data.decode("cp1252", errors="replace")


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────

_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")


def _email(data: bytes, name: str, limits: Limits) -> _Read:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    head = "\n".join(f"{header}: {message[header]}" for header in _SHOWN_HEADERS if message[header])
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        raise _unfit(f"{name} has no text in it", "Send the file that is attached to it instead.")
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    text = _html(content, name, limits)[0] if body.get_content_subtype() == "html" else _tidy(_decoded(content, name))
    attached = [str(part.get_filename() or "unnamed") for part in message.iter_attachments()]
    notes = (f"Not read: attached {', '.join(attached)}.",) if attached else ()
    return f"{head}\n\n{text}" if head else text, (), notes


# ── HTML ─────────────────────────────────────────────────────────────────────────────────────────────


def _html(data: bytes, name: str, _: Limits) -> _Read:
    try:
        return html_text(data), (), ()
    except ValueError as error:
        raise _damaged(name, "HTML", error) from None


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────


def _pdf(data: bytes, name: str, limits: Limits) -> _Read:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    started = time.monotonic()
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _unfit(
                f"{name} is locked with a password",
                "Open it with its password and print it into a new PDF.",
                code="encrypted_file",
            )
        count = len(reader.pages)
        if count > limits.pages:
            raise _unfit(
                f"{name} has {count} pages; {limits.pages} is the most",
                "Send only the pages that matter.",
                status=413,
                code="file_too_large",
            )
        texts = []
        for page in reader.pages:
            texts.append(_tidy(page.extract_text()))
            if time.monotonic() - started > limits.seconds or sum(map(len, texts)) > limits.characters:
                raise _unfit(
                    f"{name} takes too long to read: {len(texts)} of {count} pages in {limits.seconds:g} s",
                    "Send only the pages that matter, or its text.",
                    status=413,
                    code="file_too_large",
                )
    except RequestError:
        raise
    except (PyPdfError, Exception) as error:  # a damaged file raises whatever its bytes happen to run into
        raise _damaged(name, "PDF", error) from None
    empty = [number for number, text in enumerate(texts, start=1) if not text.strip()]
    if len(empty) == count:
        raise _unfit(
            f"{name} holds no text on its {count} {'page' if count == 1 else 'pages'}: it is scanned",
            "Send its pages as pictures, or run text recognition (OCR) over it first.",
            code="scanned_file",
        )
    notes = (f"No text on page {', '.join(map(str, empty))}: scanned, or empty.",) if empty else ()
    return PAGE_BREAK.join(texts), _pages(texts), notes


def _pages(texts: list[str]) -> tuple[Page, ...]:
    pages, start = [], 0
    for number, text in enumerate(texts, start=1):
        pages.append(Page(number, start, start + len(text)))
        start += len(text) + len(PAGE_BREAK)
    return tuple(pages)


def _damaged(name: str, kind: str, error: Exception) -> RequestError:
    return _unfit(
        f"{name} is damaged: no {kind} reader can make sense of it ({type(error).__name__})",
        "Open it in the program that made it and save it anew.",
    )


# ── Word ─────────────────────────────────────────────────────────────────────────────────────────────

_MOST_ENTRIES = 5_000


def _docx(data: bytes, name: str, limits: Limits) -> _Read:
    _check_archive(data, name, limits)
    import docx  # takes a tenth of a second

    try:
        document = docx.Document(BytesIO(data))
        blocks = [*_edges(document, "header"), *_blocks(document), *_edges(document, "footer")]
    except Exception as error:  # python-docx raises KeyError, ValueError and lxml's errors for damage
        raise _damaged(name, "Word", error) from None
    return "\n\n".join(block for block in blocks if block.strip()), (), ()


def _check_archive(data: bytes, name: str, limits: Limits) -> None:
    """Refuse a bomb by the sizes it declares; zipfile itself never unpacks more than those."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    # What zipfile says of an archive made by a newer version than it knows is the last of them.
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _damaged(name, "Word", error) from None
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes or len(entries) > _MOST_ENTRIES:
        raise _unfit(
            f"{name} unpacks to {_megabytes(unpacked)} in {len(entries)} files; {_megabytes(limits.unpacked_bytes)} "
            f"in {_MOST_ENTRIES} is the most",
            "Save it without embedded pictures and files.",
            status=413,
            code="file_too_large",
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise _unfit(f"{name} is locked with a password", "Save it without one.", code="encrypted_file")


def _blocks(container: Any) -> Iterator[str]:
    """Walk paragraphs and tables in the order in which they stand."""
    for block in container.iter_inner_content():
        if not hasattr(block, "rows"):
            yield block.text
            continue
        for row in block.rows:
            yield " | ".join(_cells(row))


def _cells(row: Any) -> Iterator[str]:
    before = None
    for cell in row.cells:
        # A cell that spans columns comes once for each of them.
        if cell._tc is not before:
            yield " ".join(cell.text.split())
        before = cell._tc


def _edges(document: Any, which: Literal["header", "footer"]) -> list[str]:
    """Take what stands above or below the pages once, not for every section anew."""
    found = dict.fromkeys(
        text
        for section in document.sections
        if not (edge := getattr(section, which)).is_linked_to_previous
        for text in _blocks(edge)
    )
    return list(found)


_READERS: Final[dict[Kind, Callable[[bytes, str, Limits], _Read]]] = {
    "text": _text,
    "markdown": _text,
    "email": _email,
    "html": _html,
    "pdf": _pdf,
    "docx": _docx,
}
