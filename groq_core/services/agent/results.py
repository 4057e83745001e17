"""Whatever a tool returns, as text for a model, and as pictures for one that can see."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic_core import to_json, to_jsonable_python

from groq_core.media.image.signatures import HEAD, MEDIA_TYPES, SENDABLE, signature

MOST_PICTURES: Final = 4
"""Pictures of one result that are shown to a model."""

LARGEST_PICTURE: Final = 3_000_000
"""Characters of a picture's data URL (Groq takes 4 MB in one request); a larger one is only mentioned."""


class ToolPicture:
    """
    A picture a tool returns, to be looked at by a model that can see.

    Args:
        data: The file's bytes.
        kind: Its media type, e.g. ``image/png``.
    """

    def __init__(self, data: bytes, kind: str) -> None:
        self.data = data
        self.kind = kind

    @property
    def url(self) -> str:
        return f"data:{self.kind};base64,{base64.b64encode(self.data).decode()}"

    def __str__(self) -> str:
        return f"[a picture, {self.kind}, {len(self.data):,} bytes]"


class Mixed:
    """A result of text and pictures together."""

    def __init__(self, text: str, pictures: Iterable[ToolPicture] = ()) -> None:
        self.text = text
        self.pictures = tuple(pictures)


def to_text(value: object) -> str:
    """
    Write a result down for a model: text as it is, all else as JSON, half a surrogate pair as U+FFFD.

    >>> to_text({"a": (1, 2)}), to_text(None), to_text(b"caf\\xc3\\xa9"), to_text(b"\\xff\\x00")
    ('{"a":[1,2]}', 'done', 'café', '[2 bytes that are no text]')
    """
    match value:
        case None:
            return "done"
        case str():
            return _whole(value)
        case Mixed():
            return _whole(value.text)
        case ToolPicture():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return _bytes(bytes(value))
    if (picture := _as_picture(value)) is not None:
        return str(picture)
    try:
        return to_json(value, fallback=str, inf_nan_mode="strings", bytes_mode="base64").decode()
    except Exception:  # a value may refuse in its own way to be written down
        return _whole(_last_resort(value))


def _last_resort(value: object) -> str:
    try:
        plain = to_jsonable_python(value, fallback=str, inf_nan_mode="strings", bytes_mode="base64")
        return json.dumps(plain, ensure_ascii=False, default=str)
    except Exception:
        return f"[a {type(value).__name__} that cannot be written down]"


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _bytes(data: bytes) -> str:
    if (picture := _as_picture(data)) is not None:
        return str(picture)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"[{len(data):,} bytes that are no text]"
    return text if "\0" not in text else f"[{len(data):,} bytes that are no text]"


def picture_urls(value: object) -> Iterator[str]:
    """The pictures in a result, as data URLs; what is too large or of a format that cannot be sent is left out."""
    items = value.pictures if isinstance(value, Mixed) else value if isinstance(value, list | tuple) else (value,)
    for item in items[:100]:
        picture = _as_picture(item)
        if picture is not None and picture.kind in SENDABLE and len(url := picture.url) <= LARGEST_PICTURE:
            yield url


def _as_picture(value: Any) -> ToolPicture | None:
    if isinstance(value, ToolPicture):
        return value
    if isinstance(value, bytes | bytearray):
        found = signature(bytes(value[:HEAD]))
        return ToolPicture(bytes(value), MEDIA_TYPES[found]) if found else None
    # A picture of PIL, without importing it for those that have none.
    if any(f"{one.__module__}.{one.__name__}" == "PIL.Image.Image" for one in type(value).__mro__):
        file = io.BytesIO()
        picture = value if value.mode in ("RGB", "L", "RGBA", "P", "1", "LA") else value.convert("RGB")
        picture.save(file, format="PNG")
        return ToolPicture(file.getvalue(), "image/png")
    return None
