"""Where in the text each value stands, or that it stands nowhere: what was found, and what was made up."""

from __future__ import annotations

import bisect
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groq_core.services.extraction.dates import ISO_DATE, dates
from groq_core.services.extraction.doubts import Doubts
from groq_core.services.extraction.looking import Looking, Path
from groq_core.services.extraction.numbers import WITHOUT_SPACES, is_number, numbers, readings, round_noise
from groq_core.services.extraction.plain import Place, PlainText, plain

MOST_PLACES: Final = 20_000
"""Occurrences of one value that are known; a "1" stands everywhere."""

_PER_CENT: Final = re.compile(r"\s?[%％٪]")


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
        self._doubts: Doubts | None = None
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
        looking = Looking(self, within or {}, elsewhere=True)
        looking.value(data, (), None)
        return {path: None if place is None else self.span(place) for path, place in looking.found.items()}

    def places_within(self, data: Any, window: Place) -> dict[Path, Place]:
        """The places of an answer's values in the part it came from; without those that do not stand there."""
        looking = Looking(self, {(): window}, elsewhere=False)
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

    def doubt(self, place: Place) -> int:
        """Characters by which a place counts as farther away, since something else stands there."""
        if self._doubts is None:
            spaced = [place for places in self._places_of_numbers().values() for place in places if self._spaced(place)]
            days = [place for places in self._date_places().values() for place in places]
            self._doubts = Doubts(self.text, {*spaced, *days})
        return self._doubts.of(place)

    def _spaced(self, place: Place) -> bool:
        return any(sign.isspace() for sign in self.text[place[0] : place[1]])

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
            (start, sign.end())
            for start, end in known.get(round_noise(value * 100), [])
            if (sign := _PER_CENT.match(self.text, end)) is not None
        ]
        return per_cent or (known.get(round_noise(-value), []) if value < 0 else [])

    def _places_of_numbers(self) -> dict[float, list[Place]]:
        if self._numbers is None:
            found: dict[float, list[Place]] = {}
            for start, end, values in numbers(self._plain.text):
                place = self._plain.original(start, end)
                for value in values:
                    found.setdefault(value, []).append(place)
            self._numbers = found  # whole: another thread that looks meanwhile would miss what is not there yet
        return self._numbers

    def _date_places(self) -> dict[str, list[Place]]:
        if self._dates is None:
            found: dict[str, list[Place]] = {}
            for start, end, day in dates(self._plain.text):
                found.setdefault(day, []).append(self._plain.original(start, end))
            self._dates = found
        return self._dates


def _inside(places: list[Place], start: int, end: int) -> list[Place]:
    low = bisect.bisect_left(places, (start, 0))
    high = bisect.bisect_left(places, (end, 0))
    return [place for place in places[low:high] if place[1] <= end]


_LETTER: Final = rf"[^\W{WITHOUT_SPACES.pattern[1:-1]}]"
_ENDS: Final = re.compile(_LETTER)
"""What makes a word longer; in Japanese every letter may be the last of one."""


def _tolerant(text: str) -> str:
    """Make a pattern that forgives white space, within whole words."""
    before = f"(?<!{_LETTER})" if _ENDS.match(text[0]) else ""
    after = f"(?!{_LETTER})" if _ENDS.match(text[-1]) else ""
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
