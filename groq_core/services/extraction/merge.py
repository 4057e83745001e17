"""Put together what the parts of a document said: lists joined, values agreed upon, disagreements kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from groq_core.services.extraction.spans import Path

Prefer: TypeAlias = Literal["majority", "first"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one part of the document said."""

    value: Any
    chunk: int


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
    """

    data: Any
    conflicts: tuple[Conflict, ...]
    origin: dict[Path, int]


def merge(answers: Sequence[tuple[int, Any]], prefer: Prefer = "majority") -> Merged:
    """
    Merge the answers of a document's parts.

    Objects are merged key by key. Lists are joined in the order of the document: an item that two parts have is
    taken once, however often one of them alone has it, and an item that a cut left incomplete gives way to the
    whole one in the next part. Of single values that differ, most parts decide, else the first.

    Args:
        answers: The number of each part and its answer.
    """
    merging = _Merging(prefer)
    data = merging.values((), [Said(answer, chunk) for chunk, answer in answers])
    return Merged(data, tuple(merging.conflicts), merging.origin)


class _Merging:
    def __init__(self, prefer: Prefer) -> None:
        self.prefer = prefer
        self.conflicts: list[Conflict] = []
        self.origin: dict[Path, int] = {}

    def values(self, path: Path, said: list[Said]) -> Any:
        spoken = [one for one in said if one.value is not None and one.value != ""]
        if not spoken:
            return said[0].value if said else None
        if all(isinstance(one.value, dict) for one in spoken):
            return self._objects(path, spoken)
        if all(isinstance(one.value, list) for one in spoken):
            return self._lists(path, spoken)
        return self._singles(path, spoken)

    def _objects(self, path: Path, said: list[Said]) -> dict[str, Any]:
        self.origin[path] = said[0].chunk
        names = dict.fromkeys(name for one in said for name in one.value)
        return {
            name: self.values((*path, name), [Said(one.value[name], one.chunk) for one in said if name in one.value])
            for name in names
        }

    def _lists(self, path: Path, said: list[Said]) -> list[Any]:
        joined = _Joined()
        for one in said:
            joined.take(one)
        for place, kept in enumerate(joined.kept):
            self.origin[(*path, place)] = kept.chunk
        return [kept.value for kept in joined.kept]

    def _singles(self, path: Path, said: list[Said]) -> Any:
        votes = Counter(_canonical(one.value) for one in said)
        winner = _canonical(said[0].value)
        if self.prefer == "majority":
            best = max(votes.values())
            winner = next(form for form in map(_canonical, (one.value for one in said)) if votes[form] == best)
        chosen = next(one for one in said if _canonical(one.value) == winner)
        self.origin[path] = chosen.chunk
        if len(votes) > 1:
            self.conflicts.append(Conflict(path, tuple(said), chosen.value))
        return chosen.value


class _Joined:
    """Lists of several parts on their way to one; every item is looked at once, and its neighbours' alone."""

    def __init__(self) -> None:
        self.kept: list[Said] = []
        self._spoken: list[dict[str, Any]] = []
        self._forms: Counter[Any] = Counter()
        self._places: dict[int, list[int]] = {}

    def take(self, one: Said) -> None:
        """Add what the next part has, except for what is there already as often."""
        seen: Counter[Any] = Counter()
        for item in one.value:
            form = _canonical(item)
            seen[form] += 1
            if seen[form] > self._forms[form]:
                self._add(Said(item, one.chunk), form)

    def _add(self, new: Said, form: Any) -> None:
        """Add an item, unless it and one of the part before are the two sides of a cut."""
        spoken = _spoken(new.value)
        for place in self._places.get(new.chunk - 1, ()):
            if _says_less(spoken, self._spoken[place]):
                return
            if _says_less(self._spoken[place], spoken):
                self._forms[_canonical(self.kept[place].value)] -= 1
                self._forms[form] += 1
                self.kept[place], self._spoken[place] = new, spoken
                return
        self._forms[form] += 1
        self._places.setdefault(new.chunk, []).append(len(self.kept))
        self.kept.append(new)
        self._spoken.append(spoken)


def _canonical(value: Any) -> Any:
    """Give equal things one form: case and white space of a text do not count, nor ``3.0`` for 3."""
    match value:
        case bool():
            return ("bool", value)
        case str():
            return " ".join(value.split()).casefold()
        case int() | float():
            return float(value)
        case list():
            return tuple(map(_canonical, value))
        case dict():
            return tuple(sorted((name, _canonical(item)) for name, item in value.items() if item not in (None, "", [])))
        case _:
            return value


def _spoken(item: Any) -> dict[str, Any]:
    """What an object says, each value in its one form; empty for everything else."""
    if not isinstance(item, dict):
        return {}
    return {name: _canonical(value) for name, value in item.items() if value not in (None, "", [])}


def _says_less(part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Tell whether one object says some of what another says, and nothing else."""
    return 0 < len(part) < len(whole) and part.items() <= whole.items()
