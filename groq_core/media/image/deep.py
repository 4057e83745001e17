"""
Colours of 16 bits that use only the lower ones: Pillow keeps the upper eight, which are black.

The same file is decoded once more in the other order of bytes, in which the lower eight are the upper ones.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageFile

from groq_core.media.image.colour import stretch
from groq_core.media.image.format import open_image

_HALF: Final = 128
_SWAPPED: Final = {"B": "L", "L": "B", "N": "B"}
"""The other order of bytes; every machine this runs on keeps the lower byte first."""


def stretch_dark(image: Image.Image, data: bytes, format_name: str, page: int = 0) -> Image.Image:
    """
    Stretch a colour picture of 16 bits to what it uses, where that is less than half of what it could.

    Args:
        image: As Pillow decoded it.
        data: The whole file.
        page: Of a TIFF, counted from 0.

    Returns:
        A picture of the same mode; the same picture where there is nothing to stretch.
    """
    if format_name not in ("PNG", "TIFF") or image.mode not in ("RGB", "RGBA"):
        return image
    upper = np.asarray(image)
    if upper[..., :3].max(initial=0) >= _HALF:
        return image
    again = open_image(data, format_name)
    if page:
        again.seek(page)
    if not _swap_bytes(again):
        return image
    again.load()
    lower = np.asarray(again)
    if again.mode != image.mode or lower.shape != upper.shape:
        return image
    values = upper[..., :3].astype(np.uint16) << 8 | lower[..., :3]
    shown = stretch(values)
    if image.mode == "RGBA":
        shown = np.dstack((shown, upper[..., 3]))
    stretched = Image.fromarray(shown)
    stretched.info = dict(image.info)
    return stretched


def _swap_bytes(image: ImageFile.ImageFile) -> bool:
    """Let every tile be read in the other order of bytes; whether all of them have 16 bits a colour."""
    tiles = []
    for tile in image.tile:
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        raw = args[0] if args else None
        if not isinstance(raw, str) or ";16" not in raw:
            return False
        swapped = raw[:-1] + _SWAPPED[raw[-1]] if raw[-1] in _SWAPPED else None
        if swapped is None:
            return False
        tiles.append(tile._replace(args=(swapped, *args[1:]) if isinstance(tile.args, tuple) else swapped))
    image.tile = tiles
    return bool(tiles)
