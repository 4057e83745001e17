"""A PDF, page by page: its text, what was filled into its forms, what was written onto it."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import Any, Final

from groq_core.errors import RequestError
from groq_core.services.documents.columns import in_columns
from groq_core.services.documents.enclosed import Enclosures, ReadAttached, base_name
from groq_core.services.documents.parts import (
    PICTURED,
    ReadingLimits,
    ReadingWatch,
    ReadText,
    damage_error,
    format_pages,
    size_error,
    slow,
    tidy,
    unfit,
)
from groq_core.services.documents.pictured import Pictured, pictured_pages

_FAR: Final = 64_000
"""Bytes in which a PDF begins: a printer's commands may come first."""

_MEANINGLESS: Final = 0.15
"""Share of letters without meaning from which on a page cannot be read."""

_GLYPH: Final = re.compile(r"/g\d+|\(cid:\d+\)|/uni[0-9A-Fa-f]{4}|/G[0-9A-F]{2}\b")
"""How a reader spells the number of a picture of a letter."""

_WRITTEN: Final = frozenset({"/FreeText", "/Text", "/Highlight", "/Underline", "/StrikeOut", "/Stamp", "/Squiggly"})


def start_of(data: bytes) -> int:
    """Where a PDF begins in a file; −1 where there is none."""
    at = data[:_FAR].find(b"%PDF-")
    head = data[: max(at, 0)].lstrip(b"\xef\xbb\xbf\0 \t\r\n")
    return at if at >= 0 and (not head or head.startswith((b"\x1b%-12345X", b"@PJL")) or at < 1024) else -1


def read_pdf(data: bytes, name: str, limits: ReadingLimits, read_attached: ReadAttached | None = None) -> ReadText:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    watch = ReadingWatch(name, limits)
    try:
        data = data[max(0, start_of(data)) :]
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise unfit(
                f"{name} is locked with a password",
                "Open it with its password and print it into a new PDF.",
                code="encrypted_file",
            )
        texts = _texts(reader, name, limits, watch)
        enclosed, notes = _enclose(reader, read_attached)
        pictured = pictured_pages(data, reader.pages, texts, watch) if not enclosed else Pictured()
    except RequestError:
        raise
    except (PyPdfError, Exception) as error:  # a damaged file raises whatever its bytes happen to run into
        raise damage_error(name, "PDF", error) from None
    return _judge(texts, enclosed, notes, pictured)


def _judge(texts: list[str], enclosed: list[str], notes: list[str], pictured: Pictured) -> ReadText:
    count = len(texts)
    coded = [number for number, text in enumerate(texts, start=1) if is_meaningless(text)]
    texts = ["" if number in coded else text for number, text in enumerate(texts, start=1)]
    unread = [number for number, text in enumerate(texts, start=1) if not text.strip()]
    if enclosed:
        return ReadText([*texts, *enclosed], paged=True, notes=notes, unread=[])
    empty = [number for number in unread if number not in coded]
    if coded:
        notes.append(f"The letters of {format_pages(coded)} have no meaning in the file.")
    if empty and len(empty) < count:
        notes.insert(0, f"No text on {format_pages(empty)}: scanned, or empty.")
    partly = [number for number in pictured.partly if number not in coded]
    mostly = [number for number in pictured.mostly if number not in coded]
    if mostly:
        notes.append(f"{PICTURED} {format_pages(mostly)}, which may hold most of what stands there.")
    if partly:
        notes.append(f"Not read: what stands in pictures on {format_pages(partly)}.")
    return ReadText(texts, paged=True, notes=notes, unread=unread, pictured=mostly)


def unreadable(found: ReadText, name: str) -> RequestError:
    """What to say of a PDF none of whose pages could be read."""
    count = len(found.texts)
    where = "its only page" if count == 1 else f"its {count} pages"
    if any("no meaning" in note for note in found.notes):
        return unfit(
            f"{name} holds no text on {where} that can be read: its letters have no meaning in the file",
            "Send its pages as pictures, or run text recognition (OCR) over it first.",
            code="scanned_file",
        )
    return unfit(
        f"{name} holds no text on {where}: it is scanned",
        "Send its pages as pictures, or run text recognition (OCR) over it first.",
        code="scanned_file",
    )


def _texts(reader: Any, name: str, limits: ReadingLimits, watch: ReadingWatch) -> list[str]:
    count = len(reader.pages)
    if count > limits.pages:
        raise size_error(
            f"{name} has {count} pages; {limits.pages} is the most",
            "Send only the pages that matter.",
        )
    texts: list[str] = []
    for page in reader.pages:
        text = tidy(in_columns(page))
        texts.append("\n".join(filter(None, (text, *_write_onto(page)))))
        try:
            watch.count()
        except RequestError:
            raise slow(name, limits, f"{len(texts)} of {count} pages") from None
        if sum(map(len, texts)) > limits.characters:
            raise slow(name, limits, f"{len(texts)} of {count} pages")
    return texts


def is_meaningless(text: str) -> bool:
    """
    Whether the letters of a page are only the numbers of pictures of letters (no ToUnicode map).

    >>> is_meaningless("Total 42"), is_meaningless("\\x01\\x02\\x03 54321 \\x05\\x06")
    (False, True)
    """
    letters = [letter for letter in text if not letter.isspace()]
    if not letters:
        return False
    bad = sum(1 for letter in letters if letter == "\ufffd" or unicodedata.category(letter) in ("Cc", "Co", "Cn"))
    named = sum(map(len, _GLYPH.findall(text)))
    return bad > _MEANINGLESS * len(letters) or 2 * named > len(letters) > 20


# ── what stands on a page beside its text ────────────────────────────────────────────────────────────


def _write_onto(page: Any) -> list[str]:
    """Fields with their values, and remarks, in the order in which they lie in the file."""
    lines: list[str] = []
    for reference in page.get("/Annots") or ():
        try:
            annotation = reference.get_object()
            kind = annotation.get("/Subtype")
            if kind == "/Widget":
                lines += _field(annotation)
            elif kind in _WRITTEN and (said := _plain(annotation.get("/Contents"))):
                author = _plain(annotation.get("/T"))
                lines.append(f"[{author}: {said}]" if author else f"[{said}]")
        except Exception:
            continue
    return lines


def _field(widget: Any) -> list[str]:
    names: list[str] = []
    value = kind = flags = None
    at, depth = widget, 0
    while at is not None and depth < 16:
        if (name := _plain(at.get("/T"))) != "":
            names.insert(0, name)
        value = at.get("/V") if value is None else value
        kind = at.get("/FT") if kind is None else kind
        flags = at.get("/Ff") if flags is None else flags
        parent = at.get("/Parent")
        at, depth = (parent.get_object() if parent is not None else None), depth + 1
    label = ".".join(names) or "field"
    if kind == "/Btn":
        return _button(widget, label, value, flags if isinstance(flags, int) else 0)
    if kind == "/Sig":
        return [f"{label}: signed"] if value is not None else []
    text = ", ".join(map(_plain, value)) if isinstance(value, list) else _plain(value)
    return [f"{label}: {text}"] if text else []


_RADIO, _PUSH = 1 << 15, 1 << 16


def _button(widget: Any, label: str, value: Any, flags: int) -> list[str]:
    if flags & _PUSH:
        return []
    state = str(widget.get("/AS") or value or "/Off").removeprefix("/")
    if flags & _RADIO:
        return [f"{label}: {state}"] if state != "Off" else []
    return [f"{label}: {'no' if state == 'Off' else 'yes'}"]


def _plain(value: Any) -> str:
    if value is None:
        return ""
    value = value.get_object() if hasattr(value, "get_object") else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return " ".join(str(value).removeprefix("/").split()) if not isinstance(value, dict) else ""


# ── files inside ─────────────────────────────────────────────────────────────────────────────────────


def _enclose(reader: Any, read_attached: ReadAttached | None) -> tuple[list[str], list[str]]:
    """Of a portfolio its files, each as a page of its own; of others their names."""
    names = list(reader.attachments)
    if not names:
        return [], []
    enclosures = Enclosures(read_attached)
    if read_attached is None or "/Collection" not in reader.root_object:
        enclosures.pass_over(*names)
        return [], enclosures.notes()
    read = [(name, enclosures.read(content, base_name(name))) for name in names for content in reader.attachments[name]]
    return [f"── {name} ──\n{text}" for name, text in read if text is not None], enclosures.notes()
