"""A text as it is searched: one form for what is written in several, with the way back to the original's characters."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import Final, TypeAlias

Place: TypeAlias = tuple[int, int]

_SIGNS: Final = {"'": "’‘`´‛ʼ", '"': "“”„«»‟", "-": "‐‑‒–—―−﹣－", ".": "٫", ",": "٬،"}
_ALIKE: Final = {ord(alike): plain for plain, signs in _SIGNS.items() for alike in signs}

_FRACTIONS: Final = {"¼": ".25", "½": ".5", "¾": ".75", "⅛": ".125", "⅜": ".375", "⅝": ".625", "⅞": ".875"}

_SPECIAL: Final = re.compile(
    r"(?<=[^\W\d_])[-\u00ad\u2010][ \t]*\r?\n[ \t]*(?=[^\W\d_])"
    rf"|(?<=\d)[ \u00a0\u2009\u202f]?[{''.join(_FRACTIONS)}]|[^\x00-\x7f]"
)
"""
What is written otherwise in plain form: a word that a line's end has cut in two, a fraction behind a number, and
everything beyond ASCII.
"""


@lru_cache(maxsize=4096)
def _letter(sign: str) -> str:
    """
    One character in plain form: ligatures and full-width digits taken apart, case and kind of quotes left out.

    >>> _letter("ﬁ"), _letter("３"), _letter("ß"), _letter("\u00ad")
    ('fi', '3', 'ss', '')
    """
    if unicodedata.category(sign) in ("Cf", "Cc"):
        return ""
    if sign in "\u00a0\u202f\u2007\u3000" or unicodedata.category(sign) == "Zs":
        return " "
    alike = _ALIKE.get(ord(sign))
    if alike is not None:
        return alike
    return unicodedata.normalize("NFKD", sign).casefold().translate(_ALIKE)


def plain(text: str) -> str:
    """
    A text in plain form.

    >>> plain("Rechnungs-\\nnummer № １２"), plain("It’s")
    ('rechnungsnummer no 12', "it's")
    """
    return _SPECIAL.sub(_rewrite, text).lower() if _SPECIAL.search(text) else text.lower()


def _rewrite(match: re.Match[str]) -> str:
    found = match[0]
    if (share := _FRACTIONS.get(found[-1])) is not None:
        return share if match.string[max(0, match.start() - 1) : match.start()].isdigit() else "0" + share
    return "" if len(found) > 1 else _letter(found)


class PlainText:
    """
    A text in plain form.

    Attributes:
        text: It.
        hyphens: Words were put together that a line's end had cut.
    """

    def __init__(self, original: str) -> None:
        pieces: list[str] = []
        # Where a stretch begins in plain form, where in the original, and where the original's ends if rewritten.
        self._starts: list[int] = [0]
        self._originals: list[tuple[int, int | None]] = [(0, None)]
        self.hyphens = False
        at = length = 0
        for match in _SPECIAL.finditer(original):
            new = _rewrite(match)
            self.hyphens = self.hyphens or "\n" in match[0]
            before = original[at : match.start()]
            pieces += (before, new)
            length += len(before)
            if len(new) != match.end() - match.start():
                self._starts.append(length)
                self._originals.append((match.start(), match.end()))
                length += len(new)
                self._starts.append(length)
                self._originals.append((match.end(), None))
            else:
                length += len(new)
            at = match.end()
        pieces.append(original[at:])
        self.text = "".join(pieces).lower()

    def original(self, start: int, end: int) -> Place:
        """The place in the original of a place in plain form; never within a character, nor empty."""
        first, _ = self._back(start)
        _, last = self._back(end - 1)
        return first, last

    def plain(self, at: int) -> int:
        """The first place in plain form that stands for one at or behind ``at`` in the original."""
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._originals[middle][0] <= at else (low, middle)
        start, (begins, ends) = self._starts[low - 1], self._originals[low - 1]
        return start if ends is not None else start + at - begins

    def _back(self, at: int) -> Place:
        """Beginning and end in the original of the character at a place in plain form."""
        number = bisect_right(self._starts, at) - 1
        begins, ends = self._originals[number]
        if ends is not None:
            return begins, ends
        at = begins + at - self._starts[number]
        return at, at + 1
