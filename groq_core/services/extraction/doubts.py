"""How little a place in a text is meant, although the value stands there: the 3 of § 3, the 8 of 8 October."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from typing import Final

from groq_core.services.extraction.plain import Place

DOUBT: Final = 200
"""Characters that a doubtful place counts as farther away."""

_BOUND_BEFORE: Final = re.compile(r"[^\W_][-/.:_#]\Z")
_BOUND_AFTER: Final = re.compile(r"[-/_#][^\W_]|[.:]\d")
_BLANKS: Final = r"\t\x0b-\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
r"""What \s finds, the end of a line left out; as a part of a set, since only one may be possessive."""
_NUMBERING_BEFORE: Final = re.compile(
    rf"(?:\A|\n)[{_BLANKS}*#>|(]*+(?:(?:§§?|№|art(?:icle|ikel|\.)?|section|sec\.|clause|ziff(?:er|\.)?|nr\.?|no\.?|pos\.?|第|пункт|п\.|статья"
    r"|table|tisch|tabelle|page|seite|стр\.)\s*)?\Z",
    re.IGNORECASE,
)
_NUMBERING_AFTER: Final = re.compile(r"[.)\]:]?(?:\s|[条章節項]|\Z)")
_SIGN_BEFORE: Final = re.compile(
    r"(?:§|№|第|\bart(?:icle|ikel|\.)|\bsection|\bclause|\bziffer|\bстатья)\s*\Z", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d{1,3}\Z")

_AROUND: Final = 24


class Doubts:
    """
    What in a text is something else than the value it looks like.

    Args:
        text: In the original.
        wholes: Places of dates, and of numbers written with a space; a number that stands within one is part of it.
    """

    def __init__(self, text: str, wholes: Iterable[Place]) -> None:
        self._text = text
        self._wholes = sorted(wholes)
        self._starts = [start for start, _ in self._wholes]
        self._longest = max((end - start for start, end in self._wholes), default=0)
        self._known: dict[Place, int] = {}

    def of(self, place: Place) -> int:
        """Characters by which a place counts as farther away; 0 where nothing speaks against it."""
        if (known := self._known.get(place)) is None:
            known = self._known[place] = DOUBT * (self._bound(place) or self._within(place) or self._numbering(place))
        return known

    def _bound(self, place: Place) -> bool:
        """It is part of a longer word: the 20881 of 77-20881."""
        before = self._text[max(0, place[0] - 2) : place[0]]
        after = self._text[place[1] : place[1] + 2]
        return bool(_BOUND_BEFORE.search(before) or _BOUND_AFTER.match(after))

    def _within(self, place: Place) -> bool:
        """It is part of a date or of a longer number."""
        at = bisect.bisect_right(self._starts, place[0])
        while at and self._starts[at - 1] >= place[0] - self._longest:
            at -= 1
            start, end = self._wholes[at]
            if start <= place[0] and place[1] <= end and end - start > place[1] - place[0]:
                return True
        return False

    def _numbering(self, place: Place) -> bool:
        """It numbers a line or names an article."""
        if not _DIGITS.match(self._text[place[0] : place[1]]):
            return False
        before = self._text[max(0, place[0] - _AROUND) : place[0]]
        if _SIGN_BEFORE.search(before):
            return True
        after = self._text[place[1] : place[1] + 2]
        named = _NUMBERING_BEFORE.search(before if place[0] > _AROUND else "\n" + before)
        # At the beginning of a line a bare number may be a quantity; one with a dot or a bracket numbers the line.
        return (
            named is not None and bool(_NUMBERING_AFTER.match(after)) and (bool(named[0].strip()) or after[:1] in ".)]")
        )
