"""Pictures in a conversation: decoded, checked, and freed of what they tell about their maker before they go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.media.image.preparation import MAX_INPUT_BYTES, prepare_all
from groq_core.media.text.data_url import decode_data_url
from groq_core.models.catalogue import Catalogue
from groq_core.requests import ChatRequest, Message, image_parts
from groq_core.services.vision import least_images

Pieces: TypeAlias = Callable[[int], int]
"""Into how many parts each of so many pictures may be cut."""


class Catalogues(Protocol):
    @property
    def current(self) -> Catalogue: ...


def pieces_within(catalogues: Catalogues) -> Pieces:
    """Into how many parts each of so many pictures may be cut, so that every model of the moment takes them all."""

    def pieces(pictures: int) -> int:
        catalogue = catalogues.current
        able = (spec for spec in catalogue.specs.values() if not catalogue.absence(spec))
        return max(1, least_images(able) // max(1, pictures))

    return pieces


async def clean(request: ChatRequest, pieces: Pieces) -> tuple[ChatRequest, tuple[Note, ...]]:
    """
    Encode every picture that came as a data URL anew; addresses stay as they are and are never fetched here.

    Args:
        pieces: Into how many parts each of so many pictures may be cut, where it is too long to be read whole.

    Returns:
        The request, and what could not be kept of its pictures.

    Raises:
        RequestError: 400, 413 or 422 with the path of the picture that cannot be used.
    """
    if not request.needs.images or not _has_data_urls(request):
        return request, ()
    # Decoding takes milliseconds to seconds, in which other people's tokens want to go out.
    return await asyncio.to_thread(clean_now, request, pieces)


def clean_now(request: ChatRequest, pieces: Pieces) -> tuple[ChatRequest, tuple[Note, ...]]:
    """As :func:`clean`, in the thread that asks."""
    if not _has_data_urls(request):
        return request, ()
    work = _Work(pieces(image_parts(request.messages)))
    messages = work.all_cleaned(request.messages)
    return msgspec.structs.replace(request, messages=messages), tuple(work.notes)


def _has_data_urls(request: ChatRequest) -> bool:
    return any(
        isinstance(message.get("content"), list) and _indexes_of_data_urls(message) for message in request.messages
    )


def _indexes_of_data_urls(message: Message) -> list[int]:
    return [
        index
        for index, part in enumerate(message["content"])
        if part["type"] == "image_url" and part["image_url"]["url"][:40].lstrip()[:5].lower() == "data:"
    ]


class _Work:
    """One request's pictures, and what is to be said of them."""

    def __init__(self, pieces: int) -> None:
        self._pieces = pieces
        self.notes: list[Note] = []

    def all_cleaned(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(
            {**message, "content": self._parts(message, f"messages[{index}].content")}
            if isinstance(message.get("content"), list)
            else message
            for index, message in enumerate(messages)
        )

    def _parts(self, message: Message, path: str) -> list[Any]:
        embedded = set(_indexes_of_data_urls(message))
        parts = list[Any]()
        for index, part in enumerate(message["content"]):
            parts += self._clean(part, f"{path}[{index}].image_url.url") if index in embedded else [part]
        return parts

    def _clean(self, part: dict[str, Any], path: str) -> list[dict[str, Any]]:
        image = part["image_url"]
        try:
            _, data = decode_data_url(image["url"], MAX_INPUT_BYTES)
            prepared = prepare_all(data, at_most=self._pieces)
        except RequestError as error:
            error.param = path
            raise
        self.notes += [Note(code="image", text=f"{path}: {note}") for one in prepared for note in one.notes]
        return [{"type": "image_url", "image_url": {**image, "url": one.data_url}} for one in prepared]
