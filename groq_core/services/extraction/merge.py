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
        kept: list[Said] = []
        for one in said:
            already = Counter(_canonical(earlier.value) for earlier in kept)
            for item in one.value:
                form = _canonical(item)
                if already[form]:
                    already[form] -= 1
                    continue
                self._add(kept, Said(item, one.chunk))
        for place, one in enumerate(kept):
            self.origin[(*path, place)] = one.chunk
        return [one.value for one in kept]

    def _add(self, kept: list[Said], new: Said) -> None:
        """Add an item, unless it and one of the part before are the two sides of a cut."""
        for place, old in enumerate(kept):
            if new.chunk - old.chunk != 1:
                continue
            if _within(new.value, old.value):
                return
            if _within(old.value, new.value):
                kept[place] = new
                return
        kept.append(new)

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


def _within(part: Any, whole: Any) -> bool:
    """Tell whether an object says nothing that another does not say as well; an empty one says nothing at all."""
    if not isinstance(part, dict) or not isinstance(whole, dict):
        return False
    spoken = {name: value for name, value in part.items() if value not in (None, "", [])}
    return bool(spoken) and all(
        name in whole and _canonical(whole[name]) == _canonical(value) for name, value in spoken.items()
    )
