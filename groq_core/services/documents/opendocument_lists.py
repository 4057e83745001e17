"""The numbers that OpenDocument puts before the paragraphs of lists and before headings, without writing them down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from groq_core.incoming.whole_numbers import whole_number
from groq_core.services.documents.archive import attribute, local
from groq_core.services.documents.numbering import bullet
from groq_core.services.documents.numerals import OPEN_DOCUMENT

DEEPEST: Final = 10
"""Levels a list has."""

_PLACE: Final = re.compile(r"%(\d)%", re.ASCII)
"""A level's number in the form of a newer program, which wins over prefix and suffix."""


@dataclass(slots=True)
class _Level:
    kind: str = ""
    before: str = ""
    after: str = ""
    shown: int = 1
    start: int = 1
    form: str = ""
    sign: str = ""


@dataclass(slots=True)
class _List:
    style: str
    counts: dict[int, int] = field(default_factory=dict)


class ListNumbers:
    """
    Count the items of lists, and headings, in the order of a document.

    Args:
        trees: Roots of the parts with styles in them; None for those that are not there.
    """

    def __init__(self, *trees: Any) -> None:
        self._styles: dict[str, dict[int, _Level]] = {}
        self._outline: dict[int, _Level] = {}
        for tree in trees:
            for style in tree.iter("{*}list-style", "{*}outline-style") if tree is not None else ():
                if local(style) == "outline-style":
                    self._outline = _levels(style)
                else:
                    self._styles[attribute(style, "name") or ""] = _levels(style)
        self._around: list[_List] = []
        self._before: dict[str, _List] = {}
        self._named: dict[str, _List] = {}
        self._headings = _List("")

    def begin(self, element: Any) -> None:
        """A list begins; one within another counts on its own level of it."""
        style = attribute(element, "style-name") or (self._around[-1].style if self._around else "")
        if self._around:
            here = _List(style, self._around[-1].counts)
        else:
            wanted = attribute(element, "continue-list")
            known = self._named.get(wanted) if wanted else None
            if known is None and attribute(element, "continue-numbering") == "true":
                known = self._before.get(style)
            here = _List(style, known.counts if known is not None else {})
            self._before[style] = here
            if name := attribute(element, "id"):
                self._named[name] = here
        self._around.append(here)

    def end(self) -> None:
        """The innermost list ends."""
        self._around.pop()

    def mark(self, item: Any) -> str:
        """What stands before an item of the innermost list; it is counted."""
        here = self._around[-1]
        return _mark(here.counts, self._styles.get(here.style, {}), len(self._around), attribute(item, "start-value"))

    def heading(self, element: Any) -> str:
        """What stands before a heading that is in no list; it is counted."""
        level = whole_number(attribute(element, "outline-level") or "1", 0)
        if self._around or attribute(element, "is-list-header") == "true" or not 1 <= level <= DEEPEST:
            return ""
        return _mark(self._headings.counts, self._outline, level, attribute(element, "start-value"))


def _mark(counts: dict[int, int], levels: dict[int, _Level], at: int, told: str | None) -> str:
    level = levels.get(at, _Level())
    anew = whole_number(told, None)
    counts[at] = counts.get(at, level.start - 1) + 1 if anew is None else anew
    for deeper in [one for one in counts if one > at]:
        del counts[deeper]
    if level.sign:
        return f"{bullet(level.sign)} "

    def number(of: int) -> str:
        other = levels.get(of, _Level())
        return OPEN_DOCUMENT.get(other.kind, str)(counts.get(of, other.start))

    if level.form:
        text = _PLACE.sub(lambda found: number(int(found[1])), level.form)
    elif level.kind:
        shown = (number(of) for of in range(max(1, at - level.shown + 1), at + 1))
        text = f"{level.before}{'.'.join(filter(None, shown))}{level.after}"
    else:
        text = level.before + level.after
    return f"{text.strip()} " if text.strip() else ""


def _levels(style: Any) -> dict[int, _Level]:
    return dict(_each_level(style))


def _each_level(style: Any) -> Iterator[tuple[int, _Level]]:
    for one in style:
        at, shown, start = (
            whole_number(attribute(one, name), otherwise)
            for name, otherwise in (("level", 0), ("display-levels", 1), ("start-value", 1))
        )
        if 1 <= at <= DEEPEST:
            yield (
                at,
                _Level(
                    kind=attribute(one, "num-format") or "",
                    before=attribute(one, "num-prefix") or "",
                    after=attribute(one, "num-suffix") or "",
                    shown=shown,
                    start=start,
                    form=attribute(one, "num-list-format") or "",
                    sign=attribute(one, "bullet-char") or "",
                ),
            )
