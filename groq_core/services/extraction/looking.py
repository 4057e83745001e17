"""Which of its places each value of an answer means: values of a row stand together, each at a place of its own."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final, Protocol, TypeAlias

from groq_core.services.extraction.plain import Place

Path: TypeAlias = tuple[str | int, ...]

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


TOGETHER: Final = 150
"""Characters within which a second place for an equal value of the same row is looked for."""


class Places(Protocol):
    """The text that values are looked up in, see :class:`~groq_core.services.extraction.spans.SourceText`."""

    def is_findable(self, path: Path, value: object) -> bool: ...
    def places(self, value: object, start: int = 0, end: int | None = None) -> list[Place]: ...
    def doubt(self, place: Place) -> int: ...
    def line(self, at: int) -> int: ...


class Looking:
    """One answer on its way to places."""

    def __init__(self, source: Places, within: Mapping[Path, Place], *, elsewhere: bool) -> None:
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
            # What belongs to a row stands near it; what belongs to the whole document stands anywhere.
            further = self.value(value, below, near if own is None or not path else own)
            behind = behind if further is None else max(further, behind or 0)
        return behind

    def _list(self, items: list[Any], path: Path, near: int | None) -> int | None:
        """Rows stand one after another, mostly, so each is looked for behind the one before it."""
        for place, item in enumerate(items):
            behind = self.value(item, (*path, place), near)
            near = near if behind is None else behind
        self._order_columns(path, items)
        return near

    def _order_columns(self, path: Path, items: list[Any]) -> None:
        """Give equal values of a row the places that their columns have in rows where they differ."""
        rows = [(*path, number) for number, item in enumerate(items) if isinstance(item, dict)]
        for one, other in combinations(dict.fromkeys(key for row in rows for key in items[row[-1]]), 2):  # type: ignore[index]
            pairs = [(row, self.found.get((*row, one)), self.found.get((*row, other))) for row in rows]
            placed = [(row, here, there) for row, here, there in pairs if here is not None and there is not None]
            equal = [row for row, _, _ in placed if items[row[-1]][one] == items[row[-1]][other]]  # type: ignore[index]
            if not equal:
                continue
            order = Counter(here < there for row, here, there in placed if row not in equal)
            first = order[True] >= order[False]
            for row in equal:
                here, there = sorted((self.found[(*row, one)], self.found[(*row, other)]))  # type: ignore[type-var]
                self.found[(*row, one)], self.found[(*row, other)] = (here, there) if first else (there, here)

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
        self.found |= dict.fromkeys(candidates)
        if anchor is not None:
            loose = near is None and all(len(path) == 1 for path in leaves)
            sure: list[Place] = []
            for same in sorted(_equal(known, leaves), key=lambda paths: len(known[paths[0]])):
                apiece = self._apiece(known[same[0]], anchor, near, len(same), loose, sure)
                self.found |= zip(same, apiece, strict=True)
                sure += apiece
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
            return spread + BEHIND * before + self.source.doubt(spot), abs(
                spot[0] - near
            ) if near is not None else spot[0]

        return min(spots, key=badness)

    def _apiece(
        self, places: list[Place], anchor: Place, near: int | None, many: int, loose: bool, sure: list[Place]
    ) -> list[Place]:
        """
        A place for each of ``many`` equal values, in the order of the text; where there are too few, one for several.

        Args:
            loose: They belong to the whole document and not to a row, so they may stand anywhere in it.
            sure: Places of rarer values of the same row.
        """
        found: list[Place] = []
        for _ in range(many):
            free = [place for place in places if place not in found]
            place = self._nearest(free, anchor, near, loose, sure) if free else found[-1]
            if found and not loose and self._apart(place, found[0]) > TOGETHER:
                place = found[-1]
            found.append(place)
        return sorted(found)

    def _nearest(
        self, places: list[Place], spot: Place, near: int | None, loose: bool = False, sure: Sequence[Place] = ()
    ) -> Place:
        """The place nearest to a spot; of those before and behind it that which no earlier row has taken."""
        at = bisect.bisect_left(places, spot)
        width = NEARBY if loose else 3
        around = places[max(0, at - width) : at + width]

        def badness(place: Place) -> int:
            before = BEHIND * (near is not None and place[0] < near)
            apart, doubt = self._apart(place, spot), self.source.doubt(place)
            if loose:
                return min(FAR, apart) + 2 * doubt
            return apart + before + doubt + min((self._apart(place, other) for other in sure), default=0)

        return min(around, key=badness)

    def _apart(self, place: Place, spot: Place) -> int:
        """Characters between two places; another line is far away, however short it is."""
        gap = max(0, place[0] - spot[1], spot[0] - place[1])
        return gap + LINE * min(3, abs(self.source.line(place[0]) - self.source.line(spot[0])))


def _equal(known: Mapping[Path, object], leaves: Mapping[Path, Any]) -> list[list[Path]]:
    """Paths of a row by their values, equal ones together."""
    found: dict[tuple[str, object], list[Path]] = {}
    for path in known:
        found.setdefault((type(leaves[path]).__name__, leaves[path]), []).append(path)
    return list(found.values())


def _around(places: list[Place], near: int | None) -> list[Place]:
    at = 0 if near is None else bisect.bisect_left(places, (near, 0))
    return places[max(0, at - NEARBY) : at + NEARBY]


def _part(path: Path, within: Mapping[Path, Place]) -> Place:
    for length in range(len(path), -1, -1):
        if (place := within.get(path[:length])) is not None:
            return place
    return (0, -1)
