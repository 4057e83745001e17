"""Pictures in a conversation: decoded, checked, and freed of what they tell about their maker before they go on."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from groq_core.errors import RequestError
from groq_core.media.image.preparation import MAX_INPUT_BYTES, prepare
from groq_core.media.text.data_url import decode_data_url
from groq_core.requests import ChatRequest, Message


async def cleaned(request: ChatRequest) -> ChatRequest:
    """
    Encode every picture that came as a data URL anew; addresses stay as they are and are never fetched here.

    Raises:
        RequestError: 400, 413 or 422 with the path of the picture that cannot be used.
    """
    if not any(isinstance(message.get("content"), list) and _embedded(message) for message in request.messages):
        return request
    # Decoding takes milliseconds to seconds, in which other people's tokens want to go out.
    messages = await asyncio.to_thread(_all_cleaned, request.messages)
    return msgspec.structs.replace(request, messages=messages)


def _embedded(message: Message) -> list[int]:
    return [
        index
        for index, part in enumerate(message["content"])
        if part["type"] == "image_url" and part["image_url"]["url"][:5].lower() == "data:"
    ]


def _all_cleaned(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(
        {**message, "content": _parts_cleaned(message, f"messages[{index}].content")}
        if isinstance(message.get("content"), list)
        else message
        for index, message in enumerate(messages)
    )


def _parts_cleaned(message: Message, path: str) -> list[Any]:
    parts = list(message["content"])
    for index in _embedded(message):
        image = parts[index]["image_url"]
        at = f"{path}[{index}].image_url.url"
        parts[index] = {"type": "image_url", "image_url": {**image, "url": _cleaned(image["url"], at)}}
    return parts


def _cleaned(url: str, path: str) -> str:
    try:
        _, data = decode_data_url(url, MAX_INPUT_BYTES)
        return prepare(data).data_url
    except RequestError as error:
        error.param = path
        raise
