"""
Put together what the parts of a document said: lists joined by place, values agreed upon, disagreements kept.

Neighbouring parts share a stretch of the text, so what stands there is said twice. Two items of a list are one where
their values stand at the same places; equal items elsewhere are real repeats and stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.plain import Place

Prefer: TypeAlias = Literal["majority", "first"]


@dataclass(frozen=True, slots=True)
class Said:
    """
    What one part of the document said.

    Attributes:
        at: Where it stands in the part's answer.
    """

    value: Any
    chunk: int
    at: Path = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    Parts that contradict each other about one value.

    Attributes:
        said: Each part's word, in the order of the document.
        chosen: The value taken.
    """

    path: Path
    said: tuple[Said, ...]
    chosen: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """
    One answer out of several.

    Attributes:
        origin: For each path, the part its value was taken from.
        sources: For each path, the part and the path in that part's answer; for what lies below it the same holds.
    """

    data: Any
    conflicts: tuple[Conflict, ...]
    origin: dict[Path, int]
    sources: dict[Path, tuple[int, Path]] = field(default_factory=dict)

    def source(self, path: Path) -> tuple[int, Path] | None:
        """The part a value came from, and its path there."""
        for length in range(len(path), -1, -1):
            if (found := self.sources.get(path[:length])) is not None:
                return found[0], (*found[1], *path[length:])
        return None


def merge(
    answers: Sequence[tuple[int, Any]],
    prefer: Prefer = "majority",
    places: Mapping[int, Mapping[Path, Place]] | None = None,
    text: str = "",
) -> Merged:
    """
    Merge the answers of a document's parts.

    Objects are merged key by key. Lists are joined in the order of the document. Items of two parts become one where
    their values stand at the same places in the text, and the halves of an item that a cut divides are put together.
    Single texts, and items of whose places nothing is known, are taken as often as the part has them that has them most
    often. Of single values that differ, most parts decide, else the first.

    Args:
        answers: The number of each part and its answer.
        places: Of each part, where its values stand, see :meth:`Source.places_within`.
        text: The whole document.
    """
    merging = _Merging(prefer, places or {}, text)
    data = merging.values((), [Said(answer, chunk) for chunk, answer in answers])
    return Merged(data, tuple(merging.conflicts), merging.origin, merging.sources)


class _Merging:
    def __init__(self, prefer: Prefer, places: Mapping[int, Mapping[Path, Place]], text: str) -> None:
        self.prefer = prefer
        self.places = places
        self.text = text
        self.conflicts: list[Conflict] = []
        self.origin: dict[Path, int] = {}
        self.sources: dict[Path, tuple[int, Path]] = {}

    def values(self, path: Path, said: list[Said]) -> Any:
        spoken = [one for one in said if one.value is not None and one.value != ""]
        if not spoken:
            return said[0].value if said else None
        if all(isinstance(one.value, dict) for one in spoken):
            return self._objects(path, spoken)
        if all(isinstance(one.value, list) for one in spoken):
            return self._lists(path, spoken)
        return self._singles(path, spoken)

    def _take(self, path: Path, one: Said) -> None:
        self.origin[path] = one.chunk
        self.sources[path] = (one.chunk, one.at)

    def _objects(self, path: Path, said: list[Said]) -> dict[str, Any]:
        self._take(path, said[0])
        names = dict.fromkeys(name for one in said for name in one.value)
        return {
            name: self.values(
                (*path, name),
                [Said(one.value[name], one.chunk, (*one.at, name)) for one in said if name in one.value],
            )
            for name in names
        }

    def _lists(self, path: Path, said: list[Said]) -> list[Any]:
        joined = _Joined(self.places, self.text)
        for one in said:
            joined.take(one)
        found = []
        for place, item in enumerate(joined.kept):
            below = (*path, place)
            if len(item.said) == 1:
                self._take(below, item.said[0])
                found.append(item.said[0].value)
            else:
                found.append(self.values(below, item.said))
        return found

    def _singles(self, path: Path, said: list[Said]) -> Any:
        votes = Counter(_canonical(one.value) for one in said)
        winner = _canonical(said[0].value)
        if self.prefer == "majority":
            best = max(votes.values())
            winner = next(form for form in map(_canonical, (one.value for one in said)) if votes[form] == best)
        chosen = next(one for one in said if _canonical(one.value) == winner)
        self._take(path, chosen)
        if len(votes) > 1:
            self.conflicts.append(Conflict(path, tuple(said), chosen.value))
        return chosen.value


@dataclass(slots=True)
class _Item:
    """
    One item of a joined list.

    Attributes:
        said: What the parts say of it; more than one where it stands in both.
        spots: Where its values stand in the text, by their path within it.
    """

    said: list[Said]
    spots: dict[Path, Place]

    @property
    def chunk(self) -> int:
        return self.said[-1].chunk

    @property
    def start(self) -> int:
        return min(place[0] for place in self.spots.values())

    @property
    def end(self) -> int:
        return max(place[1] for place in self.spots.values())


class _Joined:
    """Lists of several parts on their way to one."""

    def __init__(self, places: Mapping[int, Mapping[Path, Place]], text: str) -> None:
        self.kept: list[_Item] = []
        self._places = places
        self._text = text
        self._forms: Counter[Any] = Counter()
        self._at: dict[tuple[Path, Place], list[_Item]] = {}
        self._unplaced: dict[int, list[_Item]] = {}
        self._by_item: dict[int, dict[int, dict[Path, Place]]] = {}

    def take(self, one: Said) -> None:
        """Add what the next part has, except for what stands there already."""
        seen: Counter[Any] = Counter()
        last = self.kept[-1] if self.kept else None
        used: set[int] = set()
        spots = self._spots(one)
        for place, value in enumerate(one.value):
            new = _Item([Said(value, one.chunk, (*one.at, place))], spots.get(place, {}))
            if new.spots and not isinstance(value, str):
                same = self._same(new, used) or (self._half(new, last) if place == 0 else None)
            else:
                # Names in a list are mentioned again and again, and mean the same each time.
                new.spots.clear()
                form = _canonical(value)
                seen[form] += 1
                same = self._find_twin(new, seen[form], form)
            if same is None:
                self._add(new)
            else:
                used.add(id(same))
                self._join(same, new)

    def _spots(self, one: Said) -> dict[int, dict[Path, Place]]:
        """The places of a part's values, by item of this list."""
        found: dict[int, dict[Path, Place]] = {}
        depth = len(one.at)
        for path, place in self._places.get(one.chunk, {}).items():
            if len(path) > depth and path[:depth] == one.at and isinstance(number := path[depth], int):
                found.setdefault(number, {})[path[depth + 1 :]] = place
        return found

    def _same(self, new: _Item, used: set[int]) -> _Item | None:
        """The item of an earlier part whose values stand where these stand."""
        votes: Counter[int] = Counter()
        items: dict[int, _Item] = {}
        for path, place in new.spots.items():
            for item in self._at.get((path, place), ()):
                if item.chunk != new.chunk and id(item) not in used:
                    votes[id(item)] += 1
                    items[id(item)] = item
        for name, number in votes.most_common():
            item = items[name]
            shared = sum(path in item.spots for path in new.spots)
            if 2 * number >= shared and _agree(item.said[-1].value, new.said[0].value):
                return item
        return None

    def _half(self, new: _Item, last: _Item | None) -> _Item | None:
        """The first half of an item that a cut has divided, where this is the second."""
        if last is None or not last.spots or last.chunk != new.chunk - 1 or not 0 <= new.start - last.end <= 200:
            return None
        first, second = last.said[-1].value, new.said[0].value
        if not isinstance(first, dict) or not isinstance(second, dict) or set(_speak(first)) & set(_speak(second)):
            return None
        between = self._text[last.end : new.start]
        return last if "\n" not in between and not any(map(str.isalnum, between)) else None

    def _find_twin(self, new: _Item, times: int, form: Any) -> _Item | None:
        """Of an item that stands nowhere, the one in the part before that says the same, or more, or less."""
        for item in self._unplaced.get(new.chunk - 1, ()):
            old, value = item.said[-1].value, new.said[0].value
            if _says_less(_speak(value), _speak(old)) or _says_less(_speak(old), _speak(value)):
                return item
        if times <= self._forms[form]:
            twins = (item for items in self._unplaced.values() for item in items)
            return next((item for item in twins if _canonical(item.said[-1].value) == form), None)
        return None

    def _add(self, new: _Item) -> None:
        self.kept.append(new)
        for path, place in new.spots.items():
            self._at.setdefault((path, place), []).append(new)
        if not new.spots:
            self._unplaced.setdefault(new.chunk, []).append(new)
            self._forms[_canonical(new.said[0].value)] += 1

    def _join(self, old: _Item, new: _Item) -> None:
        """Two parts say the same item: the one that says more of it counts, and what the other says beside that."""
        first, second = old.said[0], new.said[0]
        fuller, lesser = (second, first) if _size(second.value) > _size(first.value) else (first, second)
        old.said = [fuller]
        if old.spots and isinstance(fuller.value, dict) and isinstance(lesser.value, dict):
            told = _speak(fuller.value)
            beside = {name: value for name, value in lesser.value.items() if name not in told or _is_nested(value)}
            if _speak(beside):
                old.said.append(Said(beside, lesser.chunk, lesser.at))
        for path, place in new.spots.items():
            if path not in old.spots:
                old.spots[path] = place
                self._at.setdefault((path, place), []).append(old)


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _size(value: Any) -> int:
    """How much is said, in characters."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return 0 if value is None else len(str(value))


def _canonical(value: Any) -> Any:
    """Give equal things one form: case and white space of a text do not count, nor ``3.0`` for 3."""
    match value:
        case bool():
            return ("bool", value)
        case str():
            return " ".join(value.split()).casefold()
        case int() | float():
            return float(value) if abs(value) < 1e300 else value
        case list():
            return tuple(map(_canonical, value))
        case dict():
            return tuple(sorted((name, _canonical(item)) for name, item in value.items() if item not in (None, "", [])))
        case _:
            return value


def _speak(item: Any) -> dict[str, Any]:
    """What an object says, each value in its one form; empty for everything else."""
    if not isinstance(item, dict):
        return {}
    return {name: _canonical(value) for name, value in item.items() if value not in (None, "", [])}


def _says_less(part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Tell whether one object says some of what another says, and nothing else."""
    return 0 < len(part) < len(whole) and part.items() <= whole.items()


def _agree(first: Any, second: Any) -> bool:
    """Two items contradict each other nowhere: what both say is the same, or one is the beginning of the other."""
    if isinstance(first, dict) and isinstance(second, dict):
        return all(_agree(first[name], second[name]) for name in first.keys() & second.keys())
    if isinstance(first, list) and isinstance(second, list):
        return True
    if first in (None, "", []) or second in (None, "", []):
        return True
    one, other = _canonical(first), _canonical(second)
    if isinstance(one, str) and isinstance(other, str):
        # A cut may end in the middle of a text.
        return one.startswith(other) or other.startswith(one) or one.endswith(other) or other.endswith(one)
    return bool(one == other)
