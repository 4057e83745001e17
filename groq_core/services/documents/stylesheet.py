"""
What a page's own style sheet hides: rules for tags, classes and ids, and what of them together.

It is no browser: selectors that look at other elements are passed over, and files are not fetched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_MOST_CSS: Final = 2_000_000
"""Characters looked at."""

_MOST_RULES: Final = 5_000
"""That hide or show, with different selectors."""

_SIMPLE: Final = re.compile(r"([a-z][a-z0-9]*|\*)?((?:[.#][\w-]+)*)", re.ASCII | re.IGNORECASE)
_PART: Final = re.compile(r"([.#])([\w-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a declaration says: None where it says nothing of it."""

    display: bool | None = None
    visibility: bool | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    tag: str
    classes: frozenset[str]
    ident: str
    shown: Shown
    order: int

    @property
    def weight(self) -> tuple[int, int, int, int]:
        return bool(self.ident), len(self.classes), bool(self.tag), self.order


def read_style(style: str) -> Shown:
    """
    What a ``style`` attribute, or the inside of a rule, says.

    >>> read_style("color: red; display : NONE !important")
    Shown(display=False, visibility=None)
    """
    display = visibility = None
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        word = value.replace("!important", "").strip().lower()
        if name.strip().lower() == "display" and word:
            display = word != "none"
        elif name.strip().lower() == "visibility" and word:
            visibility = word not in ("hidden", "collapse")
    return Shown(display, visibility)


class StyleSheet:
    """
    Rules that hide or show, found by an element's tag, classes and id.

    >>> StyleSheet(".a { display: none } p.a { display: block }").of("p", {"class": "a b"})
    Shown(display=True, visibility=None)
    """

    def __init__(self, css: str) -> None:
        self._rules: defaultdict[str, dict[tuple[str, frozenset[str], str], _Rule]] = defaultdict(dict)
        self._count = 0
        for order, (selectors, body) in enumerate(_rules(css[:_MOST_CSS])):
            shown = read_style(body)
            if shown == Shown():
                continue
            for selector in dict.fromkeys(selectors.split(",")):
                self._add(selector.strip(), shown, order)

    def _add(self, selector: str, shown: Shown, order: int) -> None:
        match = _SIMPLE.fullmatch(selector)
        if match is None or not selector:
            return
        tag = (match[1] or "").lower().replace("*", "")
        parts = _PART.findall(match[2])
        classes = frozenset(name for mark, name in parts if mark == ".")
        idents = [name for mark, name in parts if mark == "#"]
        if len(idents) > 1:
            return
        ident = idents[0] if idents else ""
        key = f"#{ident}" if ident else f".{min(classes)}" if classes else tag
        same = self._rules[key].get((tag, classes, ident))
        if same is not None:  # a later rule with the same selector wins, word by word
            display = same.shown.display if shown.display is None else shown.display
            shown = Shown(display, same.shown.visibility if shown.visibility is None else shown.visibility)
        elif (count := self._count + 1) > _MOST_RULES:
            return
        else:
            self._count = count
        self._rules[key][tag, classes, ident] = _Rule(tag, classes, ident, shown, order)

    def of(self, tag: str, attributes: Mapping[str, str]) -> Shown:
        """What the rules say of an element; its own ``style`` comes on top of that."""
        if not self._rules:
            return Shown()
        classes = frozenset(attributes.get("class", "").split())
        ident = attributes.get("id", "")
        keys = (f"#{ident}", *(f".{name}" for name in classes), tag, "")
        rules = [
            rule
            for key in keys
            for rule in self._rules.get(key, _NONE).values()
            if rule.classes <= classes and rule.ident in ("", ident) and rule.tag in ("", tag)
        ]
        display = visibility = None
        for rule in sorted(rules, key=lambda rule: rule.weight):
            display = display if rule.shown.display is None else rule.shown.display
            visibility = visibility if rule.shown.visibility is None else rule.shown.visibility
        return Shown(display, visibility)


_NONE: Final[dict[tuple[str, frozenset[str], str], _Rule]] = {}


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of what counts on a screen."""
    outer: list[str] = []
    before = ""
    for piece in re.split(r"([{}])", _without_comments(css)):
        if piece == "{":
            outer.append(before.rpartition(";")[2].strip())
            before = ""
        elif piece == "}":
            if outer and all(_on_screen(one) for one in outer[:-1]) and not outer[-1].startswith("@"):
                yield outer[-1], before
            del outer[-1:]
            before = ""
        else:
            before = piece


def _on_screen(around: str) -> bool:
    low = around.lower()
    if low.startswith(("@supports", "@layer")):
        return True
    # Rules for narrow screens hide what is seen on others, so only those without a condition count.
    return low.startswith("@media") and low.removeprefix("@media").strip() in ("screen", "all", "only screen")


def _without_comments(css: str) -> str:
    first, *rest = css.split("/*")
    return first + "".join(piece.partition("*/")[2] for piece in rest)
