"""A file that something is to be found in: a picture is prepared, everything else read as a document."""

from __future__ import annotations

import asyncio
from pathlib import PurePath

from groq_core.media.image.format import EXTENSIONS as PICTURES
from groq_core.media.image.format import is_picture
from groq_core.media.image.preparation import PreparedImage, prepare_all
from groq_core.media.image.signatures import UNMISTAKABLE, signature
from groq_core.services.documents.parts import EXTENSIONS as DOCUMENTS
from groq_core.services.documents.parts import Document, ReadingLimits
from groq_core.services.documents.seeing import Look, read_or_show

ACCEPTED = (*DOCUMENTS, *(f".{ending}" for ending in PICTURES))
"""Endings of all that is read here, for whoever lets people choose a file."""


async def source_of(
    data: bytes,
    filename: str,
    *,
    look: Look | None = None,
    pieces: int = 1,
    room: int = 0,
    limits: ReadingLimits | None = None,
) -> Document | tuple[PreparedImage, ...]:
    """
    Read a file, whatever it is.

    Args:
        look: Writes down what stands in a picture, for pages of a PDF that hold no text.
        pieces: Pictures that may be made of a long or many-paged one.
        room: Pages up to which a scanned PDF becomes pictures instead of being written down.

    Raises:
        RequestError: It is neither, or cannot be read; the message says which and the hint what to do.
    """
    suffix = PurePath(filename).suffix.lower()
    named = suffix.lstrip(".") in PICTURES
    if named or (suffix not in DOCUMENTS and is_picture(data)) or _is_surely_picture(data):
        return await asyncio.to_thread(prepare_all, data, filename=filename, at_most=pieces)
    return await read_or_show(data, filename, look, room=room, limits=limits)


def _is_surely_picture(data: bytes) -> bool:
    """A photograph that came under the name of a document; short signatures might begin a text."""
    return signature(data) in UNMISTAKABLE
