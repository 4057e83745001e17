"""
What a web page shows that stands in its style sheet and not in its text: counted numbers, quotes, words.

Counters live as CSS Lists 3 has them: a counter is seen by the element that resets it, by what is in it and by what
follows it within the same element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from groq_core.services.documents.numerals import OPEN_DOCUMENT, WORD
from groq_core.services.documents.stylesheet import Declarations

LIST_ITEM: Final = "list-item"
"""The counter of every list."""

_NUMERALS: Final = {
    "decimal-leading-zero": WORD["decimalZero"],
    "lower-roman": OPEN_DOCUMENT["i"],
    "upper-roman": OPEN_DOCUMENT["I"],
    "lower-alpha": OPEN_DOCUMENT["a"],
    "lower-latin": OPEN_DOCUMENT["a"],
    "upper-alpha": OPEN_DOCUMENT["A"],
    "upper-latin": OPEN_DOCUMENT["A"],
    "lower-greek": OPEN_DOCUMENT["α"],
    "cjk-ideographic": WORD["chineseCounting"],
    "simp-chinese-informal": WORD["chineseCounting"],
    "cjk-decimal": WORD["ideographDigital"],
}
_SIGNS: Final = {"none": "", "disc": "•", "circle": "◦", "square": "▪"}
UNNUMBERED: Final = frozenset({*_SIGNS, "disclosure-open", "disclosure-closed"})

_QUOTES: Final = {"open-quote": "“", "close-quote": "”"}
_PAIR: Final = re.compile(r"([\w-]+)(?:\s+([+-]?\d{1,9}))?", re.ASCII)
_STRING: Final = r"\"((?:\\.|[^\"\\])*)\"|'((?:\\.|[^'\\])*)'"
_PIECE: Final = re.compile(rf"{_STRING}|([\w-]+)\(((?:{_STRING}|[^()\"'])*)\)|([\w-]+)|(/)", re.ASCII | re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|\n|(.))", re.DOTALL)
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")
_LONGEST: Final = 2_000
_MOST_NAMES: Final = 100


class Counters:
    """The counters of one page while it is read from its beginning to its end."""

    def __init__(self) -> None:
        self._values: dict[str, list[int]] = {}
        self._made: list[tuple[int, str]] = []
        """Those alive, each with how deep the element lies that made it; the deepest last."""

    def enter(self, said: Declarations, depth: int) -> None:
        """An element, or something drawn, is shown at a depth: it resets, counts and sets what it says."""
        for name, value in _pairs(said.get("counter-reset"), 0):
            self.reset(name, value, depth)
        for name, value in _pairs(said.get("counter-increment"), 1):
            self._make(name, depth)
            self._values[name][-1] += value
        for name, value in _pairs(said.get("counter-set"), 0):
            self.put(name, value, depth)

    def reset(self, name: str, value: int, depth: int) -> None:
        if (depth, name) not in self._made[-_MOST_NAMES:]:
            self._values.setdefault(name, []).append(value)
            self._made.append((depth, name))
        else:
            self._values[name][-1] = value

    def put(self, name: str, value: int, depth: int) -> None:
        self._make(name, depth)
        self._values[name][-1] = value

    def leave(self, depth: int) -> None:
        """The element at a depth has ended, and with it what was made by those in it."""
        while self._made and self._made[-1][0] > depth:
            self._values[self._made.pop()[1]].pop()

    def values(self, name: str) -> list[int]:
        """From the outermost counter of a name to the one that counts here."""
        return self._values.get(name) or [0]

    def _make(self, name: str, depth: int) -> None:
        if not self._values.get(name):
            self.reset(name, 0, depth)


def content(said: Declarations, counters: Counters, attributes: Mapping[str, str]) -> str:
    """What is drawn by a declaration of ``content``, as text; pictures and their fonts are none."""
    written = said.get("content", "")[:_LONGEST]
    if said.get("display") == "none" or said.get("visibility") in ("hidden", "collapse"):
        return ""
    text = "".join(_pieces(written, counters, attributes))
    return f"\n{text}\n" if text and said.get("display", "inline") in ("block", "flex", "grid", "list-item") else text


def _pieces(written: str, counters: Counters, attributes: Mapping[str, str]) -> Iterator[str]:
    for piece in _PIECE.finditer(written):
        double, single, function, inside, *_, word, slash = piece.groups()
        if slash:  # what comes behind it is read out instead of it
            return
        if function:
            yield _computed(function.lower(), inside, counters, attributes)
        elif word:
            yield _QUOTES.get(word.lower(), "")
        else:
            yield _PRIVATE.sub("", unescape(double or single or ""))


def _computed(function: str, inside: str, counters: Counters, attributes: Mapping[str, str]) -> str:
    if function == "attr":
        return attributes.get(inside.split(",")[0].split()[0].lower() if inside.strip() else "", "")
    if function not in ("counter", "counters"):
        return ""
    between = re.search(_STRING, inside, re.DOTALL)
    name, *kinds = [one.strip() for one in re.sub(_STRING, "", inside, flags=re.DOTALL).split(",")]
    kind = next((one for one in reversed(kinds) if one), "decimal")
    values = counters.values(name)[-_MOST_NAMES:]
    if function == "counter":
        return in_style(kind, values[-1])
    return unescape((between[1] or between[2] or "") if between else "").join(in_style(kind, one) for one in values)


def in_style(kind: str, number: int) -> str:
    """
    A number as a kind of list writes it, without what parts it from the text.

    >>> in_style("upper-roman", 4), in_style("lower-alpha", 27), in_style("decimal-leading-zero", 3)
    ('IV', 'aa', '03')
    """
    kind = kind.lower()
    if kind in _SIGNS:
        return _SIGNS[kind]
    return _NUMERALS[kind](number) if kind in _NUMERALS and number > 0 else str(number)


def marker(kind: str, number: int) -> str:
    """What stands before an item of a list: its number; nothing for points, which say nothing."""
    if kind[:1] in ("'", '"'):
        return unescape(kind[1:-1])
    return "" if kind in UNNUMBERED else f"{in_style(kind, number)}. "


def unescape(text: str) -> str:
    r"""
    >>> unescape(r"\201C x \"")
    '“x "'
    """
    return _ESCAPE.sub(lambda found: _sign(found[1]) if found[1] else found[2] or "", text)


def _sign(code: str) -> str:
    number = int(code, 16)
    return "\ufffd" if number == 0 or number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)


def _pairs(said: str | None, usual: int) -> Iterator[tuple[str, int]]:
    for found in list(_PAIR.finditer(said or ""))[:_MOST_NAMES]:
        if found[1] != "none" and not found[1].lstrip("+-").isdigit():
            yield found[1], int(found[2]) if found[2] else usual
