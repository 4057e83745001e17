"""
What a page's own style sheet hides, counts and draws: rules for elements, and what of them together.

It is no browser: of selectors only those of ``selectors`` are known, and files are not fetched.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from groq_core.services.documents.selectors import SEEN_AROUND, Element, Selector, is_moving, read_selector

Declarations: TypeAlias = Mapping[str, str]
"""Properties of those that matter here to their values, as written."""

_MOST_CSS: Final = 2_000_000
"""Characters looked at."""

_MOST_RULES: Final = 5_000
"""That say something that matters, with different selectors."""

_MOST_LOOKS: Final = 4_000_000
"""Rules held against elements, and four of those around them; some seconds of work. People's pages need a tenth."""

_NAMES: Final = frozenset(
    {"display", "visibility", "content", "list-style-type", "counter-reset", "counter-increment", "counter-set"}
)
_STRING: Final = r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?"
_TOKEN: Final = re.compile(rf"(/\*.*?(?:\*/|\Z))|({_STRING})|([{{}}])|[^\"'{{}}/]+|/", re.DOTALL)
_DECLARATION: Final = re.compile(rf"(?:{_STRING}|\([^()\"']*\)?|[^;\"'(])+", re.DOTALL)
_IMPORTANT: Final = re.compile(r"!\s*important\s*\Z", re.IGNORECASE)
_OF_LISTS: Final = re.compile(rf"{_STRING}|[\w-]+(?:\([^()]*\)?)?", re.DOTALL)
_PRIVATE: Final = re.compile(r"\\[eEfF][0-9a-fA-F]{3}\b|[\ue000-\uf8ff]")
"""Signs of fonts of pictures."""


@dataclass(frozen=True, slots=True)
class _Rule:
    selector: Selector
    order: int
    said: Declarations
    important: Declarations


def read_style(style: str) -> Declarations:
    """
    What a ``style`` attribute, or the inside of a rule, says of what matters here.

    >>> dict(read_style("color: red; display : NONE !important"))
    {'display': 'none'}
    """
    said, important = _declarations(style)
    return {**said, **important}


def _declarations(style: str) -> tuple[dict[str, str], dict[str, str]]:
    said: dict[str, str] = {}
    important: dict[str, str] = {}
    for declaration in _DECLARATION.findall(style):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        marked = _IMPORTANT.search(value[-40:])
        if name == "list-style":
            name, value = "list-style-type", _of_lists(value)
        if name not in _NAMES or not value:
            continue
        if marked:
            value = value[: value.rindex("!")].strip()
        (important if marked else said)[name] = value if name == "content" or '"' in value else value.lower()
    return said, important


def _of_lists(value: str) -> str:
    """The kind of numbers in the short form, where the place and a picture may stand too."""
    words = [word for word in _OF_LISTS.findall(value) if word not in ("inside", "outside", "important")]
    return next((word for word in words if not word.startswith("url(")), "")


class StyleSheet:
    """
    Rules that hide, count or draw, found by an element and what is around it.

    Attributes:
        unread: Something is drawn by a rule whose selector is not known here.
        is_given_up: Its rules and the elements are too many to hold each against each; the last were not.

    >>> dict(StyleSheet(".a { display: none } p.a { display: block }").of(Element("p", {"class": "a b"}), ()))
    {'display': 'block'}
    """

    def __init__(self, css: str) -> None:
        self._rules: defaultdict[str, defaultdict[str, dict[Selector, _Rule]]] = defaultdict(lambda: defaultdict(dict))
        self._count = 0
        self._looks = _MOST_LOOKS
        self.unread = False
        for order, (selectors, body) in enumerate(_rules(css[:_MOST_CSS])):
            said, important = _declarations(body)
            if said or important:
                for text in dict.fromkeys(selectors.split(",")):
                    self._add(text.strip(), order, said, important)

    def _add(self, text: str, order: int, said: dict[str, str], important: dict[str, str]) -> None:
        selector = read_selector(text) if text else None
        drawn = said.get("content", "") + important.get("content", "")
        if selector is None:
            self.unread = self.unread or (_draws(drawn) and ":" in text and not is_moving(text))
            return
        if selector.pseudo and _PRIVATE.search(drawn) and not _draws(drawn):
            return
        same = self._rules[selector.pseudo][selector.last.key].get(selector)
        if same is not None:  # a later rule with the same selector wins, word by word
            said, important = {**same.said, **said}, {**same.important, **important}
        elif self._count >= _MOST_RULES:
            return
        else:
            self._count += 1
        self._rules[selector.pseudo][selector.last.key][selector] = _Rule(selector, order, said, important)

    @property
    def is_given_up(self) -> bool:
        return self._looks < 0

    def of(self, element: Element, around: Sequence[Element], pseudo: str = "") -> Declarations:
        """What the rules and its own style say of an element, or of what is drawn before or after its content."""
        own, own_important = ({}, {}) if pseudo else _declarations(element.attributes.get("style", ""))
        found = self._rules.get(pseudo)
        if not found or self.is_given_up:
            return {**own, **own_important}
        keys = (f"#{element.attributes.get('id', '')}", *(f".{name}" for name in element.classes), element.tag, "")
        candidates = [rule for key in keys for rule in found.get(key, _NONE).values()]
        self._looks -= len(candidates)
        rules = [rule for rule in candidates if self._applies(rule.selector, element, around)]
        rules.sort(key=lambda rule: (rule.selector.weight, rule.order))
        together: dict[str, str] = {}
        for rule in rules:
            together |= rule.said
        together |= own
        for rule in rules:
            together |= rule.important
        return together | own_important

    def _applies(self, selector: Selector, element: Element, around: Sequence[Element]) -> bool:
        if not selector.last.matches(element):
            return False
        self._looks -= len(selector.around) * min(len(around), SEEN_AROUND) // 4
        return selector.matches(element, around)


_NONE: Final[dict[Selector, _Rule]] = {}


def _draws(content: str) -> bool:
    """Whether it is anything that can be read."""
    if "counter" in content or "attr(" in content:
        return True
    strings = "".join(re.findall(_STRING, _PRIVATE.sub("", content)))
    return any(sign.isalnum() for sign in strings)


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of what counts on a screen."""
    outer: list[str] = []
    before: list[str] = []
    for token in _TOKEN.finditer(css):
        if token[1]:
            continue
        if token[3] == "{":
            outer.append("".join(before).rpartition(";")[2].strip())
            before = []
        elif token[3] == "}":
            if outer and all(_on_screen(one) for one in outer[:-1]) and not outer[-1].startswith("@"):
                yield outer[-1], "".join(before)
            del outer[-1:]
            before = []
        else:
            before.append(token[0])


def _on_screen(around: str) -> bool:
    low = around.lower()
    if low.startswith(("@supports", "@layer")):
        return True
    # Rules for narrow screens hide what is seen on others, so only those without a condition count.
    return low.startswith("@media") and low.removeprefix("@media").strip() in ("screen", "all", "only screen")
