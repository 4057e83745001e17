"""Pictures that hold several: pages of a TIFF, frames of an animation. Which of them is looked at, and what is said."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

MOST_FRAMES: Final = 60
"""Looked at for one that shows something."""

_ANIMATED: Final = frozenset({"GIF", "PNG", "WEBP", "AVIF"})


def seek_first_shown(image: Image.Image, format_name: str) -> tuple[int, str | None]:
    """
    Go to the first frame of an animation that shows something.

    Returns:
        Its number, counted from 0, and a note where there are others.
    """
    count = count_of(image, format_name)
    if count == 1 or format_name == "TIFF":
        return 0, None
    if format_name not in _ANIMATED:
        return 0, f"only the first of its {count} pictures is sent"
    shown = 0
    for number in range(min(count, MOST_FRAMES)):
        image.seek(number)
        if not is_blank(image):
            shown = number
            break
    else:
        image.seek(0)
    if shown:
        return shown, f"only frame {shown + 1} of {count} is sent, the first that shows something"
    return 0, "only the first of its frames is sent"


def count_of(image: Image.Image, format_name: str) -> int:
    """Pages, frames or pictures in a file; layers of a drawing are no pictures of their own."""
    if format_name == "JPEG" or format_name not in (*_ANIMATED, "TIFF", "HEIF"):
        return 1
    return int(getattr(image, "n_frames", 1))


def is_blank(image: Image.Image) -> bool:
    """Whether all pixels are the same, or none can be seen."""
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A").getextrema()
    if alpha == (0, 0):
        return True
    return bool((np.ptp(np.asarray(rgba), axis=(0, 1)) == 0).all())
