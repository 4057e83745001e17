"""Pages without text, read by a vision model: page by page, each under its number."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final, TypeAlias

from groq_core.errors import GroqCoreError, RequestError
from groq_core.media.image.preparation import PreparedImage, prepare
from groq_core.services.documents import pdf
from groq_core.services.documents.parts import (
    PAGE_BREAK,
    PICTURED,
    Document,
    ReadingLimits,
    ReadText,
    format_pages,
    pages_of,
    unfit,
)
from groq_core.services.documents.readers import read_document
from groq_core.services.documents.worker import pictures_of, read_with_unread_pages

_SIDE_BY_SIDE: Final = 3
"""Pages looked at at once."""

Look: TypeAlias = Callable[[PreparedImage], Awaitable[str]]
"""Writes down what stands in a picture."""

MOST_PAGES: Final = 40
"""Looked at in one document: each is a question to a model, with its price."""


async def read_and_look(data: bytes, filename: str, look: Look | None, limits: ReadingLimits | None = None) -> Document:
    """
    Read a document; pages of a PDF that hold no text are shown to a vision model where there is one.

    Raises:
        RequestError: As :func:`~groq_core.services.documents.readers.read`; a scanned PDF is only one without
            ``look``, or where no page could be looked at.
    """
    found = await read_or_show(data, filename, look, limits=limits)
    assert isinstance(found, Document), "without room there are no pictures"
    return found


async def read_or_show(
    data: bytes, filename: str, look: Look | None, *, room: int = 0, limits: ReadingLimits | None = None
) -> Document | tuple[PreparedImage, ...]:
    """
    The same, but a scanned PDF of at most ``room`` pages comes back as pictures of them, in their order: whoever asks
    about it sees them himself.
    """
    limits = limits or ReadingLimits()
    if look is None or pdf.start_of(data) < 0:
        return await read_document(data, filename, limits)
    document = await read_with_unread_pages(data, filename, limits)
    wanted = tuple(sorted({*document.unread, *document.pictured}))
    if not wanted:
        return document
    if len(wanted) == len(document.pages) <= room:
        pictures = await pictures_of(data, filename, wanted, limits)
        return tuple([await asyncio.to_thread(_as_page, one, at, document) for at, one in enumerate(pictures, start=1)])
    return await _look_at_pages(document, data, filename, look, limits)


def _as_page(picture: bytes, number: int, document: Document) -> PreparedImage:
    prepared = prepare(picture)
    return replace(prepared, notes=(f"page {number} of {len(document.pages)}", *prepared.notes))


async def _look_at_pages(document: Document, data: bytes, filename: str, look: Look, limits: ReadingLimits) -> Document:
    # Of pages beyond the most those without any text come first.
    wanted = tuple(sorted([*document.unread, *document.pictured][:MOST_PAGES]))
    pictures = await pictures_of(data, filename, wanted, limits)
    free = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def look_at_one(picture: bytes) -> str | GroqCoreError:
        async with free:
            try:
                return await look(await asyncio.to_thread(prepare, picture))
            except GroqCoreError as error:
                return error

    answers = await asyncio.gather(*map(look_at_one, pictures))
    texts = document.text.split(PAGE_BREAK)
    failed = dict[int, GroqCoreError]()
    for number, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, GroqCoreError):
            failed[number] = answer
        else:
            texts[number - 1] = _joined(texts[number - 1], answer)
    if failed and not any(text.strip() for text in texts):
        raise _unseen(document, failed[wanted[0]])
    return _with_texts(document, texts, tuple(number for number in wanted if number not in failed), failed)


def _joined(read: str, seen: str) -> str:
    """What was seen on a page, after what was read of it where a word of that is missing there."""
    said = set(_WORD.findall(seen.casefold()))
    return seen if said.issuperset(_WORD.findall(read.casefold())) else f"{read}\n\n{seen}"


_WORD: Final = re.compile(r"\w+")


def _unseen(document: Document, why: GroqCoreError) -> RequestError:
    """What to say of a scanned PDF that no vision model could look at."""
    error = pdf.unreadable(ReadText([""] * len(document.pages), notes=list(document.notes)), document.name)
    said = f"{error.message}; {_why_not(why)}"
    return RequestError(said, status=error.status, param="file", code=error.code, hint=error.hint)


def _why_not(error: GroqCoreError) -> str:
    return f"no vision model could look at it: {error.message.rstrip('.')}"


def _with_texts(
    document: Document, texts: list[str], seen: tuple[int, ...], failed: Mapping[int, GroqCoreError]
) -> Document:
    if not any(text.strip() for text in texts):
        raise pdf.unreadable(ReadText(texts, notes=list(document.notes)), document.name)
    left = tuple(number for number in document.unread if number not in seen and number not in failed)
    notes = list[str]()
    if blank := tuple(number for number in seen if number in document.unread):
        notes.append(
            f"{format_pages(blank).capitalize()} had no text to be read and "
            f"{'was' if len(blank) == 1 else 'were'} looked at by a vision model."
        )
    if pictured := tuple(number for number in seen if number in document.pictured):
        notes.append(
            f"{format_pages(pictured).capitalize()} {'holds' if len(pictured) == 1 else 'hold'} large pictures and "
            f"{'was' if len(pictured) == 1 else 'were'} looked at by a vision model."
        )
    if rest := [number for number in document.pictured if number not in seen and number not in failed]:
        notes.append(f"{PICTURED} {format_pages(rest)}, since at most {MOST_PAGES} pages are looked at.")
    if refused := tuple(number for number in failed if number in document.unread):
        notes.append(f"Not read: {format_pages(refused)}, since {_why_not(failed[refused[0]])}.")
    if refused := tuple(number for number in failed if number in document.pictured):
        notes.append(f"{PICTURED} {format_pages(refused)}, since {_why_not(failed[refused[0]])}.")
    if left:
        notes.append(f"Not read: {format_pages(left)}, since at most {MOST_PAGES} pages are looked at.")
    notes += [note for note in document.notes if not note.startswith(("No text on", PICTURED))]
    text = PAGE_BREAK.join(texts)
    if len(text) > ReadingLimits().characters:
        raise unfit(f"{document.name} holds {len(text)} characters of text", "Send it in pieces.", status=413)
    return replace(
        document,
        text=text,
        pages=pages_of(texts),
        notes=tuple(notes),
        unread=tuple(number for number in document.unread if number in (*failed, *left)),
    )
