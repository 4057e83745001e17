"""A JPEG whose end is missing still holds the rows before it."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin

_END: Final = b"\xff\xd9"
_FILLERS: Final = (b"\x55" * 4096 + _END, b"\x2a\x95" * 2048 + _END)


def is_cut_off(error: Exception) -> bool:
    return "truncated" in str(error).lower() or isinstance(error, EOFError)


def with_end(data: bytes) -> bytes:
    """The same JPEG with an end: what is missing becomes grey."""
    return data.rstrip(b"\xff") + _END


def count_lost_rows(data: bytes, size: tuple[int, int]) -> tuple[int, int]:
    """
    Rows that are lost, and rows there should be: what is filled in decodes to whatever it is filled with.

    Args:
        size: At which it is decoded, to save time.
    """
    first, second = (_pixels(data.rstrip(b"\xff") + filler, size) for filler in _FILLERS)
    whole = _pixels(with_end(data), size)
    same = (first == whole).all(axis=(1, 2)) & (second == whole).all(axis=(1, 2))
    lost = np.flatnonzero(~same)
    scale = _height(data) / len(whole)
    return (round((len(whole) - int(lost[0])) * scale) if len(lost) else 0), _height(data)


def _height(data: bytes) -> int:
    return _open_jpeg(data).size[1]


def _open_jpeg(data: bytes) -> ImageFile.ImageFile:
    return JpegImagePlugin.JpegImageFile(BytesIO(data), "")


def _pixels(data: bytes, size: tuple[int, int]) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    image = _open_jpeg(data)
    image.draft(None, size)
    pixels = np.asarray(image if image.mode in ("RGB", "CMYK") else image.convert("RGB"))
    return pixels.reshape(*pixels.shape[:2], -1)


def is_progressive(image: Image.Image) -> bool:
    return bool(image.info.get("progressive"))
