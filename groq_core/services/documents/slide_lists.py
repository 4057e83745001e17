"""
The numbers that PowerPoint puts before the paragraphs of lists without writing them down.

What is not said by a paragraph is said by the shape around it, by the placeholder of the layout that it fills, by
that of the master, by the master's styles of titles, bodies and everything else, and last by the presentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from groq_core.services.documents.archive import Archive, attribute, child, local
from groq_core.services.documents.numerals import WORD

_BULLETS: Final = frozenset({"buNone", "buAutoNum", "buChar", "buBlip"})
_DEEPEST: Final = 8

_STYLES: Final = {"title": "titleStyle", "body": "bodyStyle"}
_AS_BODY: Final = {"subTitle": "body", "obj": "body", "chart": "body", "tbl": "body", "pic": "body", "": "body"}
_SAME: Final = {"ctrTitle": "title", **_AS_BODY}
"""Kinds of placeholders that follow the master's placeholder of another kind."""


class SlideLists:
    """
    Numbers of the lists on one slide.

    Args:
        around: Roots of what the slide follows: its layout, its master, the presentation; None where there is none.
    """

    def __init__(self, layout: Any = None, master: Any = None, presentation: Any = None) -> None:
        self._layout = list(_placeholders(layout))
        self._master = list(_placeholders(master))
        self._styles = child(master, "txStyles") if master is not None else None
        self._usual = child(presentation, "defaultTextStyle") if presentation is not None else None

    def marks(self, body: Any) -> Iterator[str]:
        """
        What stands before each paragraph of a text, in turn.

        Args:
            body: A ``txBody``, within its shape.
        """
        lists = list(self._lists_of(body))
        counted: dict[int, tuple[str, int]] = {}
        for paragraph in (one for one in body if local(one) == "p"):
            own = child(paragraph, "pPr")
            at = min(_DEEPEST, _number(attribute(own, "lvl"), 0)) if own is not None else 0
            written = any(local(one) == "t" and (one.text or "").strip() for one in paragraph.iter())
            numbers = _numbers(own, lists, at)
            if numbers is None or not written:
                # A paragraph of the same level without a number ends the list; an empty one has none and ends nothing.
                counted = {level: known for level, known in counted.items() if level < at + (not written)}
                yield ""
                continue
            counted = {level: known for level, known in counted.items() if level <= at}
            kind = attribute(numbers, "type") or "arabicPeriod"
            before = counted.get(at, ("", 0))
            number = before[1] + 1 if before[0] == kind else _number(attribute(numbers, "startAt"), 1)
            counted[at] = kind, number
            yield f"{in_scheme(kind, number)} "

    def _lists_of(self, body: Any) -> Iterator[Any]:
        """Styles of levels that a text follows, the nearest first."""
        yield child(body, "lstStyle")
        shape = body.getparent()
        place = _placeholder(shape) if shape is not None and local(shape) == "sp" else None
        if place is not None:
            filled = self._filled(*place)
            kind = _usual_kind((filled[0] if filled is not None else "") or place[0])
            yield filled[2] if filled is not None else None
            yield next((one[2] for one in self._master if _usual_kind(one[0]) == kind), None)
            if self._styles is not None:
                yield child(self._styles, _STYLES.get(kind, "otherStyle"))
        else:
            yield child(self._styles, "otherStyle") if self._styles is not None else None
        yield self._usual

    def _filled(self, kind: str, index: str) -> tuple[str, str, Any] | None:
        """The layout's placeholder that one of the slide fills: of the same number, else the first of its kind."""
        alike = [one for one in self._layout if not kind or _usual_kind(one[0]) == _usual_kind(kind)]
        return next((one for one in alike if one[1] == index), alike[0] if alike and kind not in _AS_BODY else None)


def _usual_kind(kind: str) -> str:
    return _SAME.get(kind, kind)


def _numbers(own: Any, lists: list[Any], at: int) -> Any:
    """The ``buAutoNum`` that holds for a paragraph; None where it has another sign, or none."""
    styles = (child(one, f"lvl{at + 1}pPr") for one in lists if one is not None)
    for marks in (own, *styles):
        sign = next((one for one in marks if local(one) in _BULLETS), None) if marks is not None else None
        if sign is not None:
            return sign if local(sign) == "buAutoNum" else None
    return None


def _placeholders(tree: Any) -> Iterator[tuple[str, str, Any]]:
    """Kind, index and styles of levels of every placeholder."""
    for shape in tree.iter("{*}sp") if tree is not None else ():
        place, body = _placeholder(shape), child(shape, "txBody")
        if place is not None and body is not None:
            yield *place, child(body, "lstStyle")


def _placeholder(shape: Any) -> tuple[str, str] | None:
    about = child(shape, "nvSpPr")
    place = next(about.iter("{*}ph"), None) if about is not None else None
    return None if place is None else (attribute(place, "type") or "", attribute(place, "idx") or "0")


def _number(text: str | None, usual: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else usual


def in_scheme(kind: str, number: int) -> str:
    """
    >>> in_scheme("arabicPeriod", 2), in_scheme("alphaLcParenBoth", 2), in_scheme("romanUcParenR", 4)
    ('2.', '(b)', 'IV)')
    """
    found = _SCHEME.match(kind)
    name, sign = found.groups() if found else ("arabic", "Period")
    written = WORD[_NUMERALS.get(name, "decimal")](number)
    return {"Period": f"{written}.", "ParenR": f"{written})", "ParenBoth": f"({written})"}.get(sign or "", written)


_SCHEME: Final = re.compile(r"(.*?)(Period|ParenR|ParenBoth|Plain|Minus)?\Z")
_NUMERALS: Final = {
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNumDb": "decimalEnclosedCircle",
    "circleNumWdWhite": "decimalEnclosedCircle",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "chineseCounting",
    "ea1JpnKor": "chineseCounting",
}


class Masters:
    """What the slides of one presentation follow, each part read once."""

    def __init__(self, archive: Archive, presentation: Any) -> None:
        self._archive = archive
        self._presentation = presentation
        self._known: dict[str, SlideLists] = {}

    def lists_of(self, slide: str) -> SlideLists:
        """
        Args:
            slide: Path of the slide.
        """
        layout = self._followed(slide, "slideLayout")
        if layout not in self._known:
            master = self._followed(layout, "slideMaster")
            self._known[layout] = SlideLists(self._archive.tree(layout), self._archive.tree(master), self._presentation)
        return self._known[layout]

    def _followed(self, path: str, kind: str) -> str:
        """Path of the part that another follows; empty where it follows none."""
        related = self._archive.relations(path).values() if path else ()
        return next((target for named, target in related if named == kind), "")
