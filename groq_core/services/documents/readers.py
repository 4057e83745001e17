"""
Read a document's text: plain text, Markdown, mail, HTML, XML, PDF, Word, PowerPoint, Excel, OpenDocument, RTF.

Sizes are checked before anything is unpacked, and nothing in a document is executed, fetched or looked up. What
comes out is text with the offsets of its pages.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

from groq_core.media.image.signatures import signature
from groq_core.services.documents import outlook, pdf
from groq_core.services.documents.archive import kind_of_archive
from groq_core.services.documents.charsets import read_text
from groq_core.services.documents.docx import read_docx
from groq_core.services.documents.enclosed import ReadAttached
from groq_core.services.documents.html import read_html
from groq_core.services.documents.mail import read_email
from groq_core.services.documents.opendocument import read_opendocument
from groq_core.services.documents.parts import (
    EXTENSIONS,
    PAGE_BREAK,
    Document,
    DocumentPage,
    Kind,
    Reader,
    ReadingLimits,
    ReadText,
    megabytes,
    pages_of,
    size_error,
    unfit,
)
from groq_core.services.documents.rtf import read_rtf
from groq_core.services.documents.sheets import read_xlsx
from groq_core.services.documents.slides import read_pptx
from groq_core.services.documents.worker import run
from groq_core.services.documents.xml import read_xml

__all__ = ["EXTENSIONS", "PAGE_BREAK", "Document", "DocumentPage", "Kind", "ReadingLimits", "read", "read_document"]

_AT_ONCE: Final = 500_000
"""Bytes of a plain text that is read without a process of its own."""

_DEEPEST: Final = 2
"""Documents inside documents: a mail with a mail attached that has a PDF."""


async def read_document(data: bytes, filename: str, limits: ReadingLimits | None = None) -> Document:
    """As :func:`read`, in a process of its own that is ended when it takes too long or too much memory."""
    limits = limits or ReadingLimits()
    if len(data) <= _AT_ONCE and PurePath(filename).suffix.lower() in _PLAIN and not _is_packed(data):
        return read(data, filename, limits)
    return await run(data, filename, limits)


_PLAIN: Final = frozenset(suffix for suffix, kind in EXTENSIONS.items() if kind in ("text", "markdown", "xml"))


def _is_packed(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or pdf.start_of(data) >= 0


def read(data: bytes, filename: str, limits: ReadingLimits | None = None, *, depth: int = 0) -> Document:
    """
    Read a document's text.

    Args:
        data: The whole file.
        filename: Its extension says what it is, unless the first bytes say it is a PDF or an archive.
        depth: Documents around this one.

    Raises:
        RequestError: It is too large, locked, scanned, damaged, or of another kind; the message says which and
            the hint what to do.
    """
    found, name, kind = read_as_far_as_possible(data, filename, limits, depth=depth)
    if kind == "pdf" and found.texts and len(found.unread) == len(found.texts):
        raise pdf.unreadable(found, name)
    return _document(found, name, kind, limits or ReadingLimits())


def read_as_far_as_possible(
    data: bytes, filename: str, limits: ReadingLimits | None = None, *, depth: int = 0
) -> tuple[ReadText, str, Kind]:
    """What is found in a document, although pages of it may have to be looked at as pictures."""
    limits = limits or ReadingLimits()
    name = PurePath(filename.replace("\\", "/")).name or "document"
    if len(data) > limits.bytes:
        raise size_error(
            f"{name} has {megabytes(len(data))}; {megabytes(limits.bytes)} is the most",
            "Send a smaller file, or only the pages that matter.",
        )
    if not data:
        raise unfit(f"{name} is empty: it has 0 bytes", "Choose the file again.", code="empty_file")
    kind = kind_of(data, name)
    inside = _reader_of_attached(limits, depth)
    if kind == "email":
        return read_email(data, name, limits, inside), name, kind
    if kind == "msg":
        return outlook.read_msg(data, name, limits, inside), name, kind
    if kind == "pdf":
        return pdf.read_pdf(data, name, limits, inside), name, kind
    return _READERS[kind](data, name, limits), name, kind


def _reader_of_attached(limits: ReadingLimits, depth: int) -> ReadAttached | None:
    if depth >= _DEEPEST:
        return None
    return lambda data, name: read(data, name, limits, depth=depth + 1)


def _document(found: ReadText, name: str, kind: Kind, limits: ReadingLimits) -> Document:
    text = PAGE_BREAK.join(found.texts)
    if len(text) > limits.characters:
        raise size_error(
            f"{name} holds {len(text)} characters of text; {limits.characters} is the most",
            "Send it in pieces.",
        )
    if not text.strip() and not found.unread:
        raise unfit(f"{name} holds no text", "Send a file that is not empty.", code="empty_file")
    return Document(
        name=name,
        kind=kind,
        text=text,
        pages=pages_of(found.texts) if found.paged else (),
        notes=tuple(found.notes),
        unread=tuple(found.unread),
        pictured=tuple(found.pictured),
    )


def document_of(found: ReadText, name: str, kind: Kind, limits: ReadingLimits) -> Document:
    """A document of which every page may still be unread."""
    return _document(found, name, kind, limits)


def kind_of(data: bytes, name: str) -> Kind:
    """
    Tell what a document is: by its first bytes where they say it, else by its name.

    Raises:
        RequestError: It is none of the kinds that are read here.
    """
    suffix = PurePath(name).suffix.lower()
    if pdf.start_of(data) >= 0 and suffix not in (".eml", ".txt", ".md", ".html", ".htm"):
        return "pdf"
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if outlook.is_message(data):
            return "msg"
        # Both the old formats and a newer file under a password are such containers.
        raise unfit(
            f"{name} is an old Office file (.doc, .xls, .ppt) or one under a password",
            "Open it in the program that made it and save it as .docx, .xlsx or .pptx without a password.",
        )
    if data.startswith(b"PK\x03\x04"):
        return kind_of_archive(data, name, suffix)
    if data.startswith(b"{\\rtf"):
        return "rtf"
    if suffix in _BY_CONTENT:
        raise unfit(
            f"{name} is called {suffix} but is none: it is {_found_in(data)}", "Check that the file came over whole."
        )
    if suffix and suffix not in EXTENSIONS:
        raise unfit(
            f"{name}: files that end in {suffix} cannot be read",
            f"Send one of {', '.join(EXTENSIONS)}.",
            code="unsupported_file",
        )
    return EXTENSIONS.get(suffix, "text")


def _found_in(data: bytes) -> str:
    """What a file is by its first bytes, for who was told something else by its name."""
    head = data[:_HEAD]
    picture = signature(head)
    if picture is not None:
        return f"a picture ({picture})"
    if not head.strip(b"\0"):
        return "nothing but zeros"
    low = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if low.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "no file of any known kind" if head.translate(None, _TEXT) else "a text"


_HEAD: Final = 1024
_TEXT: Final = bytes(range(0x20, 0x100)) + b"\t\n\r\f"

_BY_CONTENT: Final = frozenset(
    suffix for suffix, kind in EXTENSIONS.items() if kind not in ("text", "markdown", "email", "html", "xml")
)


_READERS: Final[dict[Kind, Reader]] = {
    "text": read_text,
    "markdown": read_text,
    "html": read_html,
    "xml": read_xml,
    "docx": read_docx,
    "pptx": read_pptx,
    "xlsx": read_xlsx,
    "odt": read_opendocument,
    "ods": read_opendocument,
    "odp": read_opendocument,
    "rtf": read_rtf,
}
