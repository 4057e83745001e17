"""Whatever a tool returns, as text for a model, and as pictures for one that can see."""

from __future__ import annotations

import base64
import dataclasses
import enum
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from pydantic_core import to_json, to_jsonable_python

from groq_core.errors import RequestError
from groq_core.media.image.preparation import MAX_EDGE, prepare
from groq_core.media.image.signatures import HEAD, MEDIA_TYPES, SENDABLE, signature

MOST_PICTURES: Final = 4
"""Pictures of one result that are shown to a model."""

LARGEST_PICTURE: Final = 3_000_000
"""Characters of the data URLs of a result together (Groq takes 4 MB in one request); what is larger is made smaller."""

UNBOUND: Final = 1 << 62

DEEPEST: Final = 50
"""Lists and objects in one another that are written down; what lies deeper may as well be a circle."""

MOST_TAKEN: Final = 10_000
"""Values that are taken from what yields them one by one."""


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


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenResult:
    """
    A result as text.

    Attributes:
        text: At least as much of it as was asked for.
        of: Characters there would be in all; None where there are more than anybody counted.
        pictures: Those in it, as data URLs.
    """

    text: str
    of: int | None
    pictures: tuple[str, ...]


def read_result(value: object, most: int) -> WrittenResult:
    """
    Write a result down for a model, and find the pictures in it.

    Args:
        most: Characters after which the rest is left out, however much there is.
    """
    writing = _Writing(most)
    text = writing.whole(value)
    of = len(text) if writing.left > 0 else None
    if isinstance(value, str | Mixed):
        of = len(value.text if isinstance(value, Mixed) else value)
    return WrittenResult(text, of, tuple(_urls(writing.pictures[:MOST_PICTURES])))


def to_text(value: object) -> str:
    """
    Write a result down: text as it is, all else as JSON, half a surrogate pair as U+FFFD.

    >>> to_text({"a": (1, 2)}), to_text(None), to_text(b"caf\\xc3\\xa9"), to_text(b"\\xff\\x00")
    ('{"a":[1,2]}', 'done', 'café', '[2 bytes that are no text]')
    """
    return read_result(value, UNBOUND).text


def picture_urls(value: object) -> Iterator[str]:
    """The pictures in a result, as data URLs."""
    yield from read_result(value, UNBOUND).pictures


class _Writing:
    """
    One result on its way to text.

    Attributes:
        left: Characters there is room for.
        pictures: Those met so far.
    """

    def __init__(self, most: int) -> None:
        self.left = most
        self.pictures: list[ToolPicture] = []

    def whole(self, value: object) -> str:
        match value:
            case None:
                return "done"
            case str() if not isinstance(value, enum.Enum):
                return _whole(value[: self.left])
            case Mixed():
                self.pictures += value.pictures
                return _whole(value.text[: self.left])
            case bytes() | bytearray() | memoryview():
                return self._bytes(bytes(value))
        if (picture := _as_picture(value)) is not None:
            return self._picture(picture)
        plain = self._plain(value)
        return (
            plain if isinstance(plain, str) and _is_remark(plain) else to_json(plain, inf_nan_mode="strings").decode()
        )

    def _plain(self, value: object, depth: int = 0) -> Any:
        """The value in JSON's own types, as much of it as there is room for."""
        self.left -= 1
        if self.left <= 0 or depth > DEEPEST:
            return "…"
        match value:
            case None | bool() | float():
                return value
            case enum.Enum():
                return self._plain(value.value, depth + 1)
            case int():
                self.left -= value.bit_length() // 3
                return value
            case str():
                text = _whole(value[: self.left])
                self.left -= len(text)
                return text
            case bytes() | bytearray() | memoryview():
                return self._plain(self._bytes(bytes(value)), depth + 1)
            case Mixed():
                self.pictures += value.pictures
                return self._plain(value.text, depth + 1)
        return self._compound(value, depth + 1)

    def _compound(self, value: object, depth: int) -> Any:
        try:
            if (picture := _as_picture(value)) is not None:
                return self._picture(picture)
            if dataclasses.is_dataclass(value) and not isinstance(value, type):
                fields = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value))
                return self._object(fields, depth)
            if isinstance(value, Mapping):
                return self._object(value.items(), depth)
            if isinstance(value, list | tuple | set | frozenset | deque | range | Iterator):
                return self._list(value, depth)
            return self._plain(self._other(value), depth)
        except Exception:  # a value may refuse in its own way to be written down
            return f"[a {type(value).__name__} that cannot be written down]"

    def _object(self, items: Iterable[tuple[object, object]], depth: int) -> dict[str, Any]:
        found = dict[str, Any]()
        for name, item in items:
            if self.left <= 0:
                break
            key = _whole(name if isinstance(name, str) else str(name))
            self.left -= len(key)
            found[key] = self._plain(item, depth)
        return found

    def _list(self, items: Iterable[object], depth: int) -> list[Any]:
        found = list[Any]()
        for item in items if isinstance(items, Sequence) else islice(items, MOST_TAKEN):
            if self.left <= 0:
                break
            found.append(self._plain(item, depth))
        return found

    def _other(self, value: object) -> Any:
        """What Pydantic makes of a value of another kind; its name, where it makes nothing of it."""
        return to_jsonable_python(value, fallback=self._name, inf_nan_mode="strings", bytes_mode="base64")

    def _name(self, value: object) -> str:
        picture = _as_picture(value)
        return str(value) if picture is None else self._picture(picture)

    def _picture(self, picture: ToolPicture) -> str:
        self.pictures.append(picture)
        return str(picture)

    def _bytes(self, data: bytes) -> str:
        if (picture := _as_picture(data)) is not None:
            return self._picture(picture)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = "\0"
        return text if "\0" not in text else f"[{len(data):,} bytes that are no text]"


def _is_remark(text: str) -> bool:
    return text.startswith("[a ") and text.endswith(" that cannot be written down]")


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _urls(pictures: Sequence[ToolPicture]) -> Iterator[str]:
    """Each picture as it is where it may be sent so, else drawn anew, smaller; what cannot be drawn is left out."""
    share = LARGEST_PICTURE // max(1, len(pictures))
    for picture in pictures:
        if picture.kind in SENDABLE and len(picture.data) * 4 // 3 + 40 <= share:
            yield picture.url
            continue
        try:
            yield prepare(picture.data, max_bytes=share * 3 // 4 - 100).data_url
        except RequestError:
            continue  # it is mentioned all the same


def _as_picture(value: Any) -> ToolPicture | None:
    if isinstance(value, ToolPicture):
        return value
    if isinstance(value, bytes | bytearray):
        found = signature(bytes(value[:HEAD]))
        return ToolPicture(bytes(value), MEDIA_TYPES[found]) if found else None
    # A picture of PIL, without importing it for those that have none.
    if any(f"{one.__module__}.{one.__name__}" == "PIL.Image.Image" for one in type(value).__mro__):
        return _draw(value)
    return None


def _draw(image: Any) -> ToolPicture:
    """A picture of PIL as a file, no larger than a model looks at it."""
    if max(image.size) > MAX_EDGE:
        image = image.copy()
        image.thumbnail((MAX_EDGE, MAX_EDGE))
    file = io.BytesIO()
    kept = image if image.mode in ("RGB", "L", "RGBA", "P", "1", "LA") else image.convert("RGB")
    kept.save(file, format="PNG")
    return ToolPicture(file.getvalue(), "image/png")
