"""Pages without text, read by a vision model: page by page, each under its number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeAlias

from groq_core.media.image.preparation import PreparedImage, prepare
from groq_core.services.documents import pdf
from groq_core.services.documents.parts import (
    PAGE_BREAK,
    Document,
    ReadingLimits,
    ReadText,
    format_pages,
    pages_of,
    unfit,
)
from groq_core.services.documents.reading import read_document
from groq_core.services.documents.worker import pictures_of, read_with_unread_pages

Look: TypeAlias = Callable[[PreparedImage], Awaitable[str]]
"""Writes down what stands in a picture."""

MOST_PAGES: Final = 40
"""Looked at in one document: each is a question to a model, with its price."""


async def read_and_look(data: bytes, filename: str, look: Look | None, limits: ReadingLimits | None = None) -> Document:
    """
    Read a document; pages of a PDF that hold no text are shown to a vision model where there is one.

    Raises:
        RequestError: As :func:`~groq_core.services.documents.reading.read`; a scanned PDF is only one without
            ``look``.
    """
    limits = limits or ReadingLimits()
    if look is None or pdf.start_of(data) < 0:
        return await read_document(data, filename, limits)
    document = await read_with_unread_pages(data, filename, limits)
    if not document.unread:
        return document
    seen = document.unread[:MOST_PAGES]
    pictures = await pictures_of(data, filename, seen, limits)
    texts = document.text.split(PAGE_BREAK)
    for number, picture in zip(seen, pictures, strict=True):
        texts[number - 1] = await look(await asyncio.to_thread(prepare, picture))
    return _with_texts(document, texts, seen)


def _with_texts(document: Document, texts: list[str], seen: tuple[int, ...]) -> Document:
    if not any(text.strip() for text in texts):
        raise pdf.unreadable(ReadText(texts, notes=list(document.notes)), document.name)
    left = tuple(number for number in document.unread if number not in seen)
    notes = [f"{format_pages(seen).capitalize()} had no text to be read and were looked at by a vision model."]
    if left:
        notes.append(f"Not read: {format_pages(left)}, since at most {MOST_PAGES} pages are looked at.")
    if len(seen) == 1:
        notes[0] = notes[0].replace(" were ", " was ")
    text = PAGE_BREAK.join(texts)
    if len(text) > ReadingLimits().characters:
        raise unfit(f"{document.name} holds {len(text)} characters of text", "Send it in pieces.", status=413)
    return replace(document, text=text, pages=pages_of(texts), notes=tuple(notes), unread=left)
