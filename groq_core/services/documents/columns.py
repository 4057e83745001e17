"""A page that was set in two columns and written line by line across them, read column by column."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

_LEAST_LINES: Final = 6
"""In each column; fewer are a table or a letterhead."""

_MOST_PIECES: Final = 20_000
_TABLE_LINES: Final = 0.6
_WORDY: Final = 12
"""Letters a piece has on average in a column of text; cells of a table have fewer."""

_Piece = tuple[float, float, str]


def in_columns(page: Any) -> str:
    """
    The text of a page.

    A PDF draws its text in any order it likes. Most programs draw columns one after another, and then the order
    of the file is right; where it goes to and fro between them with every line, it is put in order here.
    """
    pieces: list[_Piece] = []

    def visit(text: str, _: Any, matrix: Any, __: Any, ___: Any) -> None:
        if text.strip() and len(pieces) < _MOST_PIECES:
            pieces.append((float(matrix[4]), float(matrix[5]), text.strip("\n")))

    text = str(page.extract_text(visitor_text=visit))
    gutter = _gutter(pieces, float(page.mediabox.width))
    if gutter is None:
        return text
    return _by_columns(pieces, gutter)


def _gutter(pieces: list[_Piece], width: float) -> float | None:
    """Where the right column begins, if lines of both are drawn in turn."""
    starts = sorted({round(x) for x, _, __ in pieces})
    left = [piece for piece in pieces if piece[0] < 0.4 * width]
    right = [piece for piece in pieces if piece[0] >= 0.45 * width]
    if len(starts) > 12 or len(left) < _LEAST_LINES or len(right) < _LEAST_LINES:
        return None
    edge = min(x for x, _, __ in right)
    aligned = sum(1 for x, _, __ in right if abs(x - edge) < 2)
    if aligned < 0.8 * len(right) or sum(len(text) for *_, text in pieces) < _WORDY * len(pieces):
        return None
    sides = [side for side, _ in groupby(x >= edge - 1 for x, _, __ in pieces)]
    turns = len(sides) - 1
    return edge if turns >= _TABLE_LINES * 2 * min(len(left), len(right)) - 1 else None


def _by_columns(pieces: list[_Piece], gutter: float) -> str:
    """What stands above both columns, the left one, the right one, what stands below."""
    right = [piece for piece in pieces if piece[0] >= gutter - 1]
    top, bottom = max(y for _, y, __ in right), min(y for _, y, __ in right)
    left = [piece for piece in pieces if piece[0] < gutter - 1]
    above = [piece for piece in left if piece[1] > top + 1]
    below = [piece for piece in left if piece[1] < bottom - 1 and _is_far(piece, left, bottom)]
    between = [piece for piece in left if piece not in above and piece not in below]
    return "\n".join(text for part in (above, between, right, below) for *_, text in part)


def _is_far(piece: _Piece, left: list[_Piece], bottom: float) -> bool:
    """Whether a piece under the right column is more than the left one's last lines: a gap parts it from them."""
    over = [y for _, y, __ in left if y > piece[1] + 1]
    return bool(over) and min(over) - piece[1] > 30 and piece[1] < bottom
