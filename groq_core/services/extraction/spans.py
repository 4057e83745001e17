"""Where in the text each value stands, or that it stands nowhere: what was found, and what was made up."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = tuple[int, int]

MAX_PLACES: Final = 100
"""Occurrences of one value that are looked at; a "1" stands everywhere."""

MAX_OCCURRENCES: Final = 500
"""Occurrences of a value's rarest word that are tried."""

_NUMBER = re.compile(r"(?<![\w.,])[-+−]?(?:\d{1,3}(?:[ \u00a0\u202f'’.,]\d{3})+|\d+)(?:[.,]\d+)?(?![\d])")
_WORD_BREAKS = "\u00ad\u200b"
_QUOTES = {"'": "'’‘`´", '"': '"“”„«»', "-": "-‐‑‒–—−"}

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier enero gennaio",
            "february feb februar février fevrier febrero febbraio",
            "march mar märz maerz mars marzo",
            "april apr avril abril aprile",
            "may mai mayo maggio",
            "june jun juni juin junio giugno",
            "july jul juli juillet julio luglio",
            "august aug août aout agosto",
            "september sep sept septembre septiembre settembre",
            "october oct oktober okt octobre octubre ottobre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre decembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_NAMED = r"(?P<name>[A-Za-zÀ-ÿ]{3,10})\.?"
_DATES: Final = (
    re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"),
    re.compile(r"\b(?P<a>\d{1,2})[-/.]\s?(?P<b>\d{1,2})[-/.]\s?(?P<y>\d{4}|\d{2})\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s+(?:of\s+|de\s+)?{_NAMED},?\s+(?:de\s+)?(?P<y>\d{{4}})\b"
    ),
    re.compile(rf"\b{_NAMED}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b"),
)
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[\d:.+Z-]*)?\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """
    A place in the text.

    Attributes:
        start, end: Character offsets.
        quote: What stands there.
        page: Counted from 1; None where the document has no pages.
    """

    start: int
    end: int
    quote: str
    page: int | None = None


class Source:
    """
    A text that values are looked up in; what it says in numbers and dates is read once.

    Args:
        pages: Where each page begins, in character offsets; empty where there are none.
    """

    def __init__(self, text: str, pages: Sequence[int] = ()) -> None:
        self.text = text
        self._pages = list(pages)
        self._plain: str | None = None
        self._numbers: dict[float, list[Place]] | None = None
        self._dates: dict[str, list[Place]] | None = None

    def spans(self, data: Any, within: dict[Path, Place] | None = None) -> dict[Path, Span | None]:
        """
        Find every value of an answer.

        Args:
            within: For a path, the part of the text it came from; the longest matching path counts.

        Returns:
            One entry for each text, number and date, in the order of the data; None where it stands nowhere.
            Yes and no, null and empty text are not looked for.
        """
        found: dict[Path, Span | None] = {}
        self._look_up(data, (), within or {}, found)
        return found

    def places(self, value: object, start: int = 0, end: int | None = None) -> list[Place]:
        """List where a value stands, tolerant of white space, case, quotes and ways to write numbers and dates."""
        end = len(self.text) if end is None else end
        if isinstance(value, bool) or value is None:
            return []
        if isinstance(value, int | float):
            return _inside(self._number_places(float(value)), start, end)
        text = str(value).strip()
        if not text:
            return []
        if exact := list(self._matches(text, start, end)):
            return exact
        if iso := _ISO_DATE.match(text):
            return _inside(self._date_places().get(iso[1], []), start, end)
        number = _NUMBER.fullmatch(text)
        return _inside(self._number_places(_readings(text)[0]), start, end) if number else []

    def _look_up(self, data: Any, path: Path, within: dict[Path, Place], found: dict[Path, Span | None]) -> None:
        if isinstance(data, list):
            for place, item in enumerate(data):
                self._look_up(item, (*path, place), within, found)
            return
        if not isinstance(data, dict):
            data, leaves, nested = {}, {path: data}, {}
        else:
            leaves = {(*path, key): value for key, value in data.items() if not isinstance(value, dict | list)}
            nested = {(*path, key): value for key, value in data.items() if isinstance(value, dict | list)}
        self._look_up_together(leaves, within, found)
        for below, value in nested.items():
            self._look_up(value, below, within, found)

    def _look_up_together(
        self, leaves: dict[Path, Any], within: dict[Path, Place], found: dict[Path, Span | None]
    ) -> None:
        """Find values that belong together: the rarest anchors, the others are taken where they stand nearest."""
        candidates = {}
        for path, value in leaves.items():
            if value is None or isinstance(value, bool) or value == "":
                continue
            start, end = _part(path, within)
            # What a part did not say in so many words may still stand elsewhere.
            candidates[path] = self.places(value, start, len(self.text) if end < 0 else end) or self.places(value)
        anchor = min((places for places in candidates.values() if places), key=len, default=None)
        for path, places in candidates.items():
            found[path] = self._span(_nearest(places, anchor[0])) if places and anchor else None

    def _span(self, place: Place) -> Span:
        page = bisect.bisect_right(self._pages, place[0]) if self._pages else None
        return Span(place[0], place[1], self.text[place[0] : place[1]], page)

    def _matches(self, text: str, start: int, end: int) -> Iterator[Place]:
        pattern = re.compile(_tolerant(text), re.IGNORECASE)
        seen = set[Place]()
        for window in self._windows(text, start, end):
            for match in pattern.finditer(self.text, *window):
                if match.span() not in seen:
                    seen.add(match.span())
                    yield match.span()
                if len(seen) == MAX_PLACES:
                    return

    def _windows(self, text: str, start: int, end: int) -> Iterator[Place]:
        """
        Name the stretches in which a value may stand: around each occurrence of its rarest word.

        A hundred times faster than to try the pattern everywhere, and a value that stands nowhere costs next to
        nothing. Where plain writing changed the length of the text, positions in it say nothing: try everywhere.
        """
        if self._plain is None:
            self._plain = _plain(self.text)
        plain, words = self._plain, _plain(text).split()
        if any(word not in plain for word in words):
            return
        if not words or len(plain) != len(self.text):
            yield start, end
            return
        rarest = min(words, key=lambda word: plain.count(word, start, end)) if len(words) > 1 else words[0]
        reach = 2 * len(text) + 80
        place = plain.find(rarest, start, end)
        for _ in range(MAX_OCCURRENCES):
            if place < 0:
                return
            yield max(start, place - reach), min(end, place + reach)
            place = plain.find(rarest, place + 1, end)

    def _number_places(self, value: float) -> list[Place]:
        if self._numbers is None:
            self._numbers = {}
            for match in _NUMBER.finditer(self.text):
                for reading in _readings(match[0]):
                    self._numbers.setdefault(reading, []).append(match.span())
        places = self._numbers.get(round(value, 6), [])
        if places:
            return places
        # A share is often written in per cent, a number of a column without its sign.
        per_cent = [
            (start, self.text.index("%", end) + 1)
            for start, end in self._numbers.get(round(value * 100, 6), [])
            if self.text[end : end + 2].lstrip().startswith("%")
        ]
        return per_cent or (self._numbers.get(round(-value, 6), []) if value < 0 else [])

    def _date_places(self) -> dict[str, list[Place]]:
        if self._dates is None:
            self._dates = {}
            for pattern in _DATES:
                for match in pattern.finditer(self.text):
                    for day in _days(match.groupdict()):
                        self._dates.setdefault(day, []).append(match.span())
        return self._dates


def _part(path: Path, within: dict[Path, Place]) -> Place:
    for length in range(len(path), -1, -1):
        if (place := within.get(path[:length])) is not None:
            return place
    return (0, -1)


def _inside(places: list[Place], start: int, end: int) -> list[Place]:
    return [place for place in places if start <= place[0] and place[1] <= end][:MAX_PLACES]


def _nearest(places: list[Place], anchor: Place) -> Place:
    return min(places, key=lambda place: abs(place[0] - anchor[0]))


def _tolerant(text: str) -> str:
    """Make a pattern that forgives white space, soft hyphens and typographic signs, within whole words."""
    words = [
        f"[{_WORD_BREAKS}]?".join(map(_sign, word)) if len(word) < 60 else re.escape(word) for word in text.split()
    ]
    before = r"(?<!\w)" if text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isalnum() else ""
    return before + r"[\s|]+".join(words) + after


_PLAIN = str.maketrans(
    {
        **{alike: plain for plain, signs in _QUOTES.items() for alike in signs},
        **dict.fromkeys(_WORD_BREAKS, ""),
    }
)


def _plain(text: str) -> str:
    """Write a text without what :func:`_tolerant` forgives, but for white space."""
    return text.translate(_PLAIN).lower()


def _sign(sign: str) -> str:
    for alike in _QUOTES.values():
        if sign in alike:
            return f"[{re.escape(alike)}]"
    return re.escape(sign)


def _readings(text: str) -> list[float]:
    """
    Read a number as it may be meant: ``1.234`` is a thousand or one and a bit.

    >>> _readings("1.234,50"), _readings("1,234")
    ([1234.5], [1234.0, 1.234])
    """
    plain = re.sub(r"[ \u00a0\u202f'’+]", "", text).replace("−", "-")
    dot, comma = plain.rfind("."), plain.rfind(",")
    if dot >= 0 and comma >= 0:
        decimal, other = (".", ",") if dot > comma else (",", ".")
        return [_float(plain.replace(other, "").replace(decimal, "."))]
    sign = "." if dot >= 0 else "," if comma >= 0 else ""
    if not sign:
        return [_float(plain)]
    if plain.count(sign) > 1:
        return [_float(plain.replace(sign, ""))]
    decimal_reading = _float(plain.replace(sign, "."))
    grouped = len(plain) - plain.index(sign) == 4 and plain.lstrip("-")[0] != "0"
    return [_float(plain.replace(sign, "")), decimal_reading] if grouped else [decimal_reading]


def _float(text: str) -> float:
    return round(float(text), 6)


def _days(parts: dict[str, str | None]) -> Iterator[str]:
    """Read a date in every order it may have been written in, as ``YYYY-MM-DD``."""
    year = int(parts["y"] or 0)
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    if parts.get("name") is not None:
        month = _MONTHS.get(str(parts["name"]).casefold(), 0)
        orders: list[tuple[str | int | None, str | None]] = [(month, parts["d"])]
    elif parts.get("a") is not None:
        orders = [(parts["b"], parts["a"]), (parts["a"], parts["b"])]
    else:
        orders = [(parts["m"], parts["d"])]
    seen = set[str]()
    for in_year, in_month in orders:
        try:
            written = date(year, int(in_year or 0), int(in_month or 0)).isoformat()
        except ValueError:
            continue
        if written not in seen:
            seen.add(written)
            yield written
