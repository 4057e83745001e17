"""
Word's automatic numbers: what stands before a paragraph without being in its text, ``1.``, ``a)``, ``1.1``, ``•``.

A paragraph names a list and a level, itself or by its style; the list names the scheme it counts in. Lists of one
scheme go on counting each other, unless one of them begins anew at a number of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groq_core.incoming.whole_numbers import whole_number
from groq_core.services.documents.archive import attribute, child, children
from groq_core.services.documents.numerals import WORD

LEVELS: Final = 9

BULLET: Final = "•"
_SIGNS: Final = frozenset("-–—*+›»→►▶▪■□●○◦✓✔❖➢·")
"""Bullets that are written as they are; the others lie in fonts of signs, where they have letters' codes."""

_PLACE: Final = re.compile(r"%([1-9])")


@dataclass(slots=True)
class _Level:
    text: str = ""
    kind: str = "decimal"
    start: int = 1
    between: str = " "
    restart: int | None = None
    legal: bool = False
    style: str | None = None


@dataclass(slots=True)
class _List:
    scheme: str
    levels: dict[int, _Level] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """
    Count the paragraphs of one document, in their order.

    Args:
        numbering: Root of ``numbering.xml``; None where there is none.
        styles: Root of ``styles.xml``.

    Attributes:
        unknown: Kinds of numerals that are written in digits, since they are not known here.
    """

    def __init__(self, numbering: Any, styles: Any) -> None:
        found = numbering if numbering is not None else ()
        schemes = {attribute(one, "abstractNumId") or "": one for one in children(found, "abstractNum")}
        self._schemes = {name: _levels(children(one, "lvl")) for name, one in schemes.items()}
        self._lists = {attribute(one, "numId") or "": _list(one) for one in children(found, "num")}
        self._styles = (
            {attribute(one, "styleId") or "": one for one in children(styles, "style")} if (styles is not None) else {}
        )
        self._usual = next((name for name, one in self._styles.items() if _is_usual(one)), "")
        self._follow_links(schemes)
        self._counted: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()
        self.unknown: set[str] = set()

    def _follow_links(self, schemes: Mapping[str, Any]) -> None:
        """A scheme may lie in a style of lists, and be named by it alone."""
        made = {
            attribute(link, "val"): name
            for name, one in schemes.items()
            if (link := child(one, "styleLink")) is not None
        }
        for name, one in schemes.items():
            link = child(one, "numStyleLink")
            if link is not None and (other := made.get(attribute(link, "val"))) is not None:
                self._schemes[name] = self._schemes[other]
                for each in self._lists.values():
                    each.scheme = other if each.scheme == name else each.scheme

    def mark(self, paragraph: Any) -> str:
        """What stands before a paragraph; the paragraph is counted."""
        name, at = self._place(child(paragraph, "pPr"))
        listed = self._lists.get(name)
        if listed is None or not 0 <= at < LEVELS:
            return ""
        levels = self._schemes.get(listed.scheme, {}) | listed.levels
        level = levels.get(at)
        if level is None:
            return ""
        counted = self._count(name, listed, levels, at)
        text = self._write(level, levels, counted)
        return text + level.between if text else ""

    def _place(self, marks: Any) -> tuple[str, int]:
        """The list and the level of a paragraph; no list where it is in none."""
        own = child(marks, "numPr") if marks is not None else None
        style = child(marks, "pStyle") if marks is not None else None
        name, at = _numbers(own)
        seen = 0
        key: str | None = attribute(style, "val") if style is not None else self._usual
        first = key
        while (name is None or at is None) and key in self._styles and seen < 32:
            marks = child(self._styles[key], "pPr")
            styled, level = _numbers(child(marks, "numPr") if marks is not None else None)
            if name is None and styled is not None:
                name = styled
                at = at if at is not None else self._level_of_style(styled, (key, first)) if level is None else level
            parent = child(self._styles[key], "basedOn")
            key, seen = (attribute(parent, "val") if parent is not None else None), seen + 1
        return (name or "0"), (at or 0)

    def _level_of_style(self, name: str, styles: Iterable[str | None]) -> int | None:
        listed = self._lists.get(name)
        levels = self._schemes.get(listed.scheme, {}) if listed is not None else {}
        return next((at for style in styles for at, level in levels.items() if style and level.style == style), None)

    def _count(self, name: str, listed: _List, levels: Mapping[int, _Level], at: int) -> list[int | None]:
        counted = self._counted.setdefault(listed.scheme, [None] * LEVELS)
        before = counted[at]
        anew = at in listed.starts and (name, at) not in self._begun
        start = listed.starts.get(at, levels[at].start)
        counted[at] = start if anew or before is None else before + 1
        self._begun.add((name, at))
        for deeper in range(at + 1, LEVELS):
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or (restart and at < restart):
                counted[deeper] = None
        return counted

    def _write(self, level: _Level, levels: Mapping[int, _Level], counted: list[int | None]) -> str:
        if level.kind == "bullet":
            return bullet(level.text)

        def number(found: re.Match[str]) -> str:
            place = int(found[1]) - 1
            other = levels.get(place, _Level())
            value = counted[place]
            kind = "decimal" if level.legal else other.kind
            if kind not in WORD:
                self.unknown.add(kind)
            return WORD.get(kind, str)(other.start if value is None else value)

        return _PLACE.sub(number, level.text)


def bullet(sign: str) -> str:
    """
    A bullet as it can be read.

    >>> bullet("–"), bullet("\\uf0b7"), bullet(" ")
    ('–', '•', '')
    """
    return sign if sign and set(sign) <= _SIGNS else BULLET if sign.strip() else ""


def _is_usual(style: Any) -> bool:
    return attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true", "on")


def _numbers(marks: Any) -> tuple[str | None, int | None]:
    if marks is None:
        return None, None
    name, level = child(marks, "numId"), child(marks, "ilvl")
    return (attribute(name, "val") if name is not None else None), (_int(level) if level is not None else None)


def _int(element: Any, otherwise: int = 0) -> int:
    return whole_number(attribute(element, "val"), otherwise) if element is not None else otherwise


def _levels(found: Iterable[Any]) -> dict[int, _Level]:
    levels: dict[int, _Level] = {}
    for one in found:
        at = whole_number(attribute(one, "ilvl"), -1)
        if 0 <= at < LEVELS:
            levels[at] = _level(one)
    return levels


def _level(found: Any) -> _Level:
    text, kind, suffix = child(found, "lvlText"), child(found, "numFmt"), child(found, "suff")
    restart, style, legal = child(found, "lvlRestart"), child(found, "pStyle"), child(found, "isLgl")
    return _Level(
        text=(attribute(text, "val") or "") if text is not None else "",
        kind=(attribute(kind, "val") or "decimal") if kind is not None else "decimal",
        start=_int(child(found, "start"), 0 if child(found, "start") is None else 1),
        between="" if suffix is not None and attribute(suffix, "val") == "nothing" else " ",
        restart=_int(restart) if restart is not None else None,
        legal=legal is not None and attribute(legal, "val") not in ("0", "false", "off"),
        style=attribute(style, "val") if style is not None else None,
    )


def _list(found: Any) -> _List:
    scheme = child(found, "abstractNumId")
    listed = _List((attribute(scheme, "val") or "") if scheme is not None else "")
    for change in children(found, "lvlOverride"):
        at = whole_number(attribute(change, "ilvl"), -1)
        if not 0 <= at < LEVELS:
            continue
        listed.levels |= _levels(children(change, "lvl"))
        start = child(change, "startOverride")
        if start is not None:
            listed.starts[at] = _int(start, 1)
    return listed
