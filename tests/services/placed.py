"""Documents in which the place of every value is marked: the text, the data that stands in it, and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "data" / "places"
_MARK: Final = re.compile(r"⟦([^|⟧]+)\|([^⟧]*)⟧")
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

Steps = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(slots=True)
class Placed:
    """
    A document.

    Attributes:
        places: Of each value where it stands; where it stands twice, either is right.
    """

    name: str
    text: str = ""
    values: dict[Steps, Any] = field(default_factory=dict)
    places: dict[Steps, list[Place]] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, Any]:
        """Everything that stands in it, as nested JSON; names in the order of the document."""
        return nest(self.values)

    def ordered(self, *, alphabetical: bool) -> dict[str, Any]:
        """The same, or with its names in alphabetical order."""
        return nest(dict(sorted(self.values.items(), key=str))) if alphabetical else self.data

    def seen(self, start: int, end: int) -> dict[str, Any]:
        """What a reader of one part sees, rows in part, too; what stands elsewhere is null."""
        inside = {path for path, places in self.places.items() if any(start <= a and b <= end for a, b in places)}
        rows = {path[:2] for path in inside if len(path) > 1}
        known = {
            path: value if path in inside else None
            for path, value in self.values.items()
            if path in inside or len(path) == 1 or path[:2] in rows
        }
        return nest(known)


def nest(values: dict[Steps, Any]) -> dict[str, Any]:
    """
    Values by their paths as nested data; the rows there are move up.

    >>> nest({("b", 1, "c"): 1, ("b", 3, "c"): 2, ("a",): None})
    {'a': None, 'b': [{'c': 1}, {'c': 2}]}
    """
    found: dict[str, Any] = {}
    rows: dict[Steps, int] = {}
    for path, value in sorted(values.items(), key=lambda item: [step for step in item[0] if isinstance(step, int)]):
        here: Any = found
        for number, step in enumerate(path[:-1]):
            place = _row(rows, path[: number + 1]) if isinstance(step, int) else step
            here = _below(here, place, path[number + 1])
        if isinstance(path[-1], int):
            here.append(value)
        else:
            here[path[-1]] = value
    return found


def _row(rows: dict[Steps, int], path: Steps) -> int:
    """The number of a row among those of its list that are there."""
    if path not in rows:
        rows[path] = sum(other[:-1] == path[:-1] for other in rows)
    return rows[path]


def _below(here: Any, step: str | int, after: str | int) -> Any:
    empty: Any = [] if isinstance(after, int) else {}
    if isinstance(step, int):
        if step == len(here):
            here.append(empty)
        return here[step]
    return here.setdefault(step, empty)


def all_documents() -> list[Placed]:
    """All thirty."""
    return [one for path in sorted(FOLDER.glob("*.txt")) for one in _read(path.read_text(encoding="utf-8"))]


def _read(marked: str) -> Iterator[Placed]:
    for piece in re.split(r"(?m)^=== ", marked)[1:]:
        name, _, body = piece.partition("\n")
        yield _strip_marks(name, body)


def _strip_marks(name: str, body: str) -> Placed:
    found = Placed(name)
    at = 0
    for mark in _MARK.finditer(body):
        found.text += body[at : mark.start()]
        where, _, written = mark[1].partition("=")
        path = tuple(int(number) if number else word for word, number in _STEP.findall(where))
        start = len(found.text)
        found.text += mark[2]
        found.values[path] = _value(written, mark[2])
        found.places.setdefault(path, []).append((start, len(found.text)))
        at = mark.end()
    found.text += body[at:]
    return found


def _value(written: str, shown: str) -> Any:
    """A text stands as it is shown; what is written otherwise is given after the path."""
    if not written:
        return " ".join(shown.split())
    try:
        return json.loads(written)
    except ValueError:
        return written


def schema_of_data(data: Any) -> dict[str, Any]:
    """A JSON Schema that data of this kind fits, every field of which may be null."""
    if isinstance(data, dict):
        fields = {name: schema_of_data(value) for name, value in data.items()}
        return {"type": "object", "properties": fields}
    if isinstance(data, list):
        items: dict[str, Any] = {}
        for row in data:
            items = {**items, **row} if isinstance(row, dict) else row
        return {"type": "array", "items": schema_of_data(items)}
    return {"type": ["number" if isinstance(data, int | float) else "string", "null"]}
