"""Cut what is much longer than wide, or wider than long, into pieces in which its text can still be read."""

from __future__ import annotations

import math
from typing import Final

OVERLAP: Final = 0.1
"""Of a tile's length that it shares with the next, so that no line is cut in both."""

LONG: Final = 2.0
"""From this ratio of edges on a picture is cut; a page of paper has 1.4, a phone's screen 2.2."""

SHRUNK: Final = 0.75
"""Scale below which small text suffers; above it a picture is sent whole."""

ILLEGIBLE: Final = 0.5
"""Scale below which the text of a screenshot can no longer be read."""

Box = tuple[int, int, int, int]


def scale_of(size: tuple[int, int], max_edge: int) -> float:
    return min(1.0, max_edge / max(size))


def boxes(size: tuple[int, int], max_edge: int, at_most: int) -> list[Box]:
    """
    Where to cut a picture: left, top, right and bottom of every piece, along its longer side.

    Args:
        size: Width and height in pixels, upright.
        max_edge: The longest edge a model looks at.
        at_most: Pieces there may be; with fewer than would be needed each is longer.

    >>> len(boxes((1080, 6000), 1568, 5)), len(boxes((1080, 1920), 1568, 5))
    (5, 1)
    """
    short, long = min(size), max(size)
    if long < LONG * short or scale_of(size, max_edge) > SHRUNK or at_most < 2:
        return [(0, 0, *size)]
    wanted = min(long, math.ceil(max_edge / min(1.0, max_edge / short)))
    count = min(at_most, math.ceil((long - OVERLAP * wanted) / (wanted * (1 - OVERLAP))))
    length = math.ceil(long / (count - (count - 1) * OVERLAP))
    step = (long - length) / max(1, count - 1)
    starts = [round(step * at) for at in range(count)]
    if size[1] >= size[0]:
        return [(0, start, size[0], min(size[1], start + length)) for start in starts]
    return [(start, 0, min(size[0], start + length), size[1]) for start in starts]
