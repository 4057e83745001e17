"""
Which elements a rule of a style sheet is about: tags, classes, ids and attributes, within others or not.

What depends on siblings, on the pointer or on anything else that moves is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

_LONGEST: Final = 1_000
"""Characters of a selector that is looked at."""

SEEN_AROUND: Final = 100
"""Elements around one that are looked at, the nearest first."""

_SIMPLE: Final = re.compile(
    r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+|\[[\w-]+(?:=(?:[\w-]+|\"[^\"]*\"|'[^']*'))?\])*)", re.ASCII | re.IGNORECASE
)
_PART: Final = re.compile(r"([.#])([\w-]+)|\[([\w-]+)(?:=(?:([\w-]+)|\"([^\"]*)\"|'([^']*)'))?\]", re.ASCII)
_PSEUDO: Final = re.compile(r"(.*?)::?(before|after|marker)\Z", re.IGNORECASE | re.DOTALL)
_STEPS: Final = re.compile(r"\s*(>)\s*|\s+")
_MOVING: Final = re.compile(
    r":(?:hover|focus|active|target|visited|checked|disabled|enabled|(?:user-)?(?:in)?valid|open|popover|fullscreen"
    r"|:?(?:selection|backdrop|placeholder|file-selector-button|first-letter|first-line|-\w))",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Element:
    """
    An element of a page while it is open.

    Attributes:
        visible: Whether what is in it is, unless that says otherwise itself.
        list_style: What stands before items of lists in it.
        after: Declarations of what its style sheet draws behind its content.
    """

    tag: str
    attributes: Mapping[str, str]
    visible: bool = True
    list_style: str = ""
    after: Mapping[str, str] = field(default_factory=dict)
    _classes: frozenset[str] | None = None

    @property
    def classes(self) -> frozenset[str]:
        if self._classes is None:
            self._classes = frozenset(self.attributes.get("class", "").split())
        return self._classes


@dataclass(frozen=True)
class Compound:
    """What one element has to be."""

    tag: str
    classes: frozenset[str]
    idents: frozenset[str]
    attributes: frozenset[tuple[str, str | None]]

    @cached_property
    def key(self) -> str:
        """Under which it is found: a part that the element has itself."""
        if self.idents:
            return f"#{min(self.idents)}"
        return f".{min(self.classes)}" if self.classes else self.tag

    @property
    def weight(self) -> tuple[int, int, int]:
        return len(self.idents), len(self.classes) + len(self.attributes), bool(self.tag)

    def matches(self, element: Element) -> bool:
        return (
            self.tag in ("", element.tag)
            and self.classes <= element.classes
            and all(element.attributes.get("id") == ident for ident in self.idents)
            and all(
                name in element.attributes and value in (None, element.attributes[name])
                for name, value in self.attributes
            )
        )


@dataclass(frozen=True)
class Selector:
    """
    Elements within elements.

    Attributes:
        last: What the element itself has to be.
        around: What has to be around it, from the inside out, each with whether it has to be the very next one.
        pseudo: ``before``, ``after`` or ``marker`` where it is about what is drawn there; empty for the element.
    """

    last: Compound
    around: tuple[tuple[bool, Compound], ...]
    pseudo: str

    @cached_property
    def weight(self) -> tuple[int, ...]:
        weights = [self.last.weight, *(one.weight for _, one in self.around)]
        return tuple(sum(column) for column in zip(*weights, strict=True))

    def matches(self, element: Element, around: Sequence[Element]) -> bool:
        """
        Args:
            around: Elements that are open around it, the outermost first.
        """
        if not self.last.matches(element):
            return False
        places = {len(around)}
        lowest = max(0, len(around) - SEEN_AROUND)
        for next_one, compound in self.around:
            candidates = {place - 1 for place in places} if next_one else range(lowest, max(places))
            places = {place for place in candidates if place >= lowest and compound.matches(around[place])}
            if not places:
                return False
        return True


def read_selector(text: str) -> Selector | None:
    """
    One selector without commas; None where it depends on what is not known here.

    >>> read_selector("ol > li.a::before").around[0]
    (True, Compound(tag='ol', classes=frozenset(), idents=frozenset(), attributes=frozenset()))
    """
    if len(text) > _LONGEST:
        return None
    found = _PSEUDO.match(text)
    words, pseudo = (found[1], found[2].lower()) if found else (text, "")
    steps = _STEPS.split((words or "*").strip())
    compounds = [_compound(word) for word in steps[::2]]
    if any(one is None for one in compounds):
        return None
    known = [one for one in compounds if one is not None]
    around = tuple((steps[2 * at + 1] == ">", known[at]) for at in range(len(known) - 2, -1, -1))
    return Selector(known[-1], around, pseudo)


def is_moving(text: str) -> bool:
    """Whether a selector is about something that only shows when it is touched, or about a part of a field."""
    return _MOVING.search(text) is not None


def _compound(word: str) -> Compound | None:
    word = "html" if word.lower() == ":root" else word
    match = _SIMPLE.fullmatch(word)
    if match is None or not word:
        return None
    parts = _PART.findall(match[2])
    return Compound(
        (match[1] or "").lower().replace("*", ""),
        frozenset(name for mark, name, *_ in parts if mark == "."),
        frozenset(name for mark, name, *_ in parts if mark == "#"),
        frozenset(
            (name.lower(), next(filter(None, values), "") if "=" in whole[0] else None)
            for (mark, _, name, *values), whole in zip(parts, _PART.finditer(match[2]), strict=True)
            if not mark
        ),
    )
