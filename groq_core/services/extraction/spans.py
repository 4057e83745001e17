"""Where in the text each value stands, or that it stands nowhere: what was found, and what was made up."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from groq_core.services.extraction.dates import ISO_DATE, dates
from groq_core.services.extraction.numbers import is_number, numbers, readings, round_noise
from groq_core.services.extraction.plain import Place, PlainText, plain

Path: TypeAlias = tuple[str | int, ...]

MOST_PLACES: Final = 20_000
"""Occurrences of one value that are known; a "1" stands everywhere."""

NEARBY: Final = 12
"""Occurrences of a value that are looked at on either side of where a row is expected."""

ANCHORS: Final = 3
"""Of a row's values the rarest, one of which says where the row is."""

FAR: Final = 400
"""Characters beyond which one distance is as bad as another."""

LINE: Final = 40
"""Characters that the end of a line counts for."""

BEHIND: Final = 150
"""Characters by which a row may be closer if it lies before the one that was named before it."""


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


class SourceText:
    """
    A text that values are looked up in; what it says in numbers and dates is read once.

    Args:
        pages: Where each page begins, in character offsets; empty where there are none.
        constants: Names and values that the schema itself gives, such as a discriminator's; they need no place.
    """

    def __init__(
        self, text: str, pages: Sequence[int] = (), constants: Collection[tuple[str, object]] = frozenset()
    ) -> None:
        self.text = text
        self._pages = list(pages)
        self._constants = constants
        self._plain = PlainText(text)
        self._numbers: dict[float, list[Place]] | None = None
        self._dates: dict[str, list[Place]] | None = None
        self._found: dict[object, list[Place]] = {}
        self._line_ends = [match.start() for match in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """The line that a character stands in, counted from 0."""
        return bisect.bisect_left(self._line_ends, at)

    def spans(self, data: Any, within: Mapping[Path, Place] | None = None) -> dict[Path, Span | None]:
        """
        Find every value of an answer, each at a place of its own: the second of two equal rows in the second line.

        Args:
            within: For a path, the part of the text it came from; the longest matching path counts.

        Returns:
            One entry for each text, number and date, in the order of the data; None where it stands nowhere.
            Yes and no, null, empty text and constants of the schema are not looked for.
        """
        looking = _Looking(self, within or {}, elsewhere=True)
        looking.value(data, (), None)
        return {path: None if place is None else self.span(place) for path, place in looking.found.items()}

    def places_within(self, data: Any, window: Place) -> dict[Path, Place]:
        """The places of an answer's values in the part it came from; without those that do not stand there."""
        looking = _Looking(self, {(): window}, elsewhere=False)
        looking.value(data, (), None)
        return {path: place for path, place in looking.found.items() if place is not None}

    def is_findable(self, path: Path, value: object) -> bool:
        """A value that has a place to be looked for."""
        if value is None or isinstance(value, bool | dict | list) or value == "":
            return False
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        return (name, value) not in self._constants

    def places(self, value: object, start: int = 0, end: int | None = None) -> list[Place]:
        """List where a value stands, tolerant of white space, case, quotes and ways to write numbers and dates."""
        if isinstance(value, bool) or value is None:
            return []
        key = (type(value).__name__, value)
        if (found := self._found.get(key)) is None:
            found = self._found[key] = sorted(set(self._everywhere(value)))[:MOST_PLACES]
        return _inside(found, start, len(self.text) if end is None else end)

    def span(self, place: Place) -> Span:
        page = bisect.bisect_right(self._pages, place[0]) if self._pages else None
        return Span(place[0], place[1], self.text[place[0] : place[1]], page)

    # ── everywhere ───────────────────────────────────────────────────────────────────────────────────

    def _everywhere(self, value: object) -> list[Place]:
        if isinstance(value, int | float):
            return self._number_places(float(value)) if abs(value) < 1e300 else []
        text = plain(str(value)).strip()
        if not text:
            return []
        exact = self._text_places(text)
        if exact:
            return exact
        if iso := ISO_DATE.match(text):
            return self._date_places().get(iso[1], [])
        if is_number(text):
            return self._number_places(readings(text)[0])
        if self._plain.hyphens and "-" in text:
            return self._text_places(text.replace("-", ""))
        return []

    def _text_places(self, text: str) -> list[Place]:
        found = []
        for match in re.finditer(_tolerant(text), self._plain.text) if self._may_stand(text) else ():
            found.append(self._plain.original(*match.span()))
            if len(found) == MOST_PLACES:
                break
        return found

    def _may_stand(self, text: str) -> bool:
        """Every word of it stands somewhere; a value that was made up costs next to nothing."""
        return all(word in self._plain.text for word in text.split())

    def _number_places(self, value: float) -> list[Place]:
        known = self._places_of_numbers()
        if places := known.get(round_noise(value), []):
            return places
        # A share is often written in per cent, a number of a column without its sign.
        per_cent = [
            (start, self.text.index("%", end) + 1)
            for start, end in known.get(round_noise(value * 100), [])
            if self.text[end : end + 2].lstrip().startswith("%")
        ]
        return per_cent or (known.get(round_noise(-value), []) if value < 0 else [])

    def _places_of_numbers(self) -> dict[float, list[Place]]:
        if self._numbers is None:
            self._numbers = {}
            for start, end, values in numbers(self._plain.text):
                place = self._plain.original(start, end)
                for value in values:
                    self._numbers.setdefault(value, []).append(place)
        return self._numbers

    def _date_places(self) -> dict[str, list[Place]]:
        if self._dates is None:
            self._dates = {}
            for start, end, day in dates(self._plain.text):
                self._dates.setdefault(day, []).append(self._plain.original(start, end))
        return self._dates


class _Looking:
    """One answer on its way to places."""

    def __init__(self, source: SourceText, within: Mapping[Path, Place], *, elsewhere: bool) -> None:
        self.source = source
        self.within = within
        self.elsewhere = elsewhere
        self.found: dict[Path, Place | None] = {}

    def value(self, data: Any, path: Path, near: int | None) -> int | None:
        """Find what stands in a value; gives the place behind it, for the next of a list."""
        if isinstance(data, list):
            return self._list(data, path, near)
        leaves = {path: data}
        nested: dict[Path, Any] = {}
        if isinstance(data, dict):
            leaves = {(*path, key): value for key, value in data.items() if not isinstance(value, dict | list)}
            nested = {(*path, key): value for key, value in data.items() if isinstance(value, dict | list)}
        own = behind = self._together(leaves, near)
        for below, value in nested.items():
            # What belongs to a row stands near it.
            further = self.value(value, below, near if own is None else own)
            behind = behind if further is None else max(further, behind or 0)
        return behind

    def _list(self, items: list[Any], path: Path, near: int | None) -> int | None:
        """Rows stand one after another, mostly, so each is looked for behind the one before it."""
        for place, item in enumerate(items):
            behind = self.value(item, (*path, place), near)
            near = near if behind is None else behind
        return near

    def _together(self, leaves: dict[Path, Any], near: int | None) -> int | None:
        """Find values that belong together: where the rarest of them stand closest to the others."""
        candidates: dict[Path, list[Place]] = {}
        for path, value in leaves.items():
            if self.source.is_findable(path, value):
                start, end = _part(path, self.within)
                places = self.source.places(value, start, None if end < 0 else end)
                # What a part did not say in so many words may still stand elsewhere.
                candidates[path] = places or (self.source.places(value) if self.elsewhere else [])
        known = {path: places for path, places in candidates.items() if places}
        anchor = self._anchor(list(known.values()), near) if known else None
        for path in candidates:
            self.found[path] = None if anchor is None or path not in known else self._nearest(known[path], anchor, near)
        spots = [spot for path in known if (spot := self.found[path]) is not None]
        close = [spot[1] for spot in spots if anchor is not None and abs(spot[0] - anchor[0]) <= FAR]
        return max(close, default=None)

    def _anchor(self, lists: list[list[Place]], near: int | None) -> Place:
        """Choose where a row is: the spot whose values lie closest together, behind the row before it."""
        rarest = sorted(lists, key=len)[:ANCHORS]
        spots = {spot for places in rarest for spot in _around(places, near)}

        def badness(spot: Place) -> tuple[int, int]:
            spread = sum(min(FAR, self._apart(self._nearest(places, spot, near), spot)) for places in lists)
            before = near is not None and spot[0] < near
            return spread + BEHIND * before, abs(spot[0] - near) if near is not None else spot[0]

        return min(spots, key=badness)

    def _nearest(self, places: list[Place], spot: Place, near: int | None) -> Place:
        """The place nearest to a spot; of those before and behind it that which no earlier row has taken."""
        at = bisect.bisect_left(places, spot)
        around = places[max(0, at - 2) : at + 2]
        return min(around, key=lambda place: self._apart(place, spot) + BEHIND * (near is not None and place[0] < near))

    def _apart(self, place: Place, spot: Place) -> int:
        """Characters between two places; another line is far away, however short it is."""
        gap = max(0, place[0] - spot[1], spot[0] - place[1])
        return gap + LINE * min(3, abs(self.source.line(place[0]) - self.source.line(spot[0])))


def _around(places: list[Place], near: int | None) -> list[Place]:
    at = 0 if near is None else bisect.bisect_left(places, (near, 0))
    return places[max(0, at - NEARBY) : at + NEARBY]


def _part(path: Path, within: Mapping[Path, Place]) -> Place:
    for length in range(len(path), -1, -1):
        if (place := within.get(path[:length])) is not None:
            return place
    return (0, -1)


def _inside(places: list[Place], start: int, end: int) -> list[Place]:
    low = bisect.bisect_left(places, (start, 0))
    high = bisect.bisect_left(places, (end, 0))
    return [place for place in places[low:high] if place[1] <= end]


def _tolerant(text: str) -> str:
    """Make a pattern that forgives white space, within whole words."""
    before = r"(?<!\w)" if text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isalnum() else ""
    return before + r"[\s|]+".join(map(re.escape, text.split())) + after


def constants_of(schemas: Iterator[tuple[str, dict[str, Any]]]) -> frozenset[tuple[str, object]]:
    """Names and values that a schema gives itself: constants and choices of one."""
    found = set[tuple[str, object]]()
    for path, node in schemas:
        steps = path.split("/")
        if len(steps) < 2 or steps[-2] != "properties":
            continue
        given = [node["const"]] if "const" in node else node.get("enum")
        if isinstance(given, list) and len(given) == 1 and isinstance(given[0], str | int | float):
            found.add((steps[-1], given[0]))
    return frozenset(found)
