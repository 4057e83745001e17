"""
A web page as text: blocks on lines of their own, cells of a row parted by bars, nothing that is not shown.

It is written while it is parsed, so a page may be nested as deep as a stranger likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from groq_core.services.documents.charsets import decode
from groq_core.services.documents.generated import LIST_ITEM, Counters, content, marker
from groq_core.services.documents.parts import ReadingLimits, ReadText, damage_error
from groq_core.services.documents.selectors import SEEN_AROUND, Element
from groq_core.services.documents.stylesheet import Declarations, StyleSheet

_UNSEEN: Final = frozenset(
    (
        *("script", "style", "template", "noscript", "iframe", "object", "head", "datalist", "rp", "noembed"),
        *("video", "audio", "canvas", "progress", "meter", "frameset", "map"),
        *("defs", "desc", "metadata", "symbol", "clippath", "mask"),  # of drawings
    )
)
"""Never shown, or shown only by browsers that cannot do better."""

_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "ul", "textarea", "details", "summary", "dialog", "legend", "caption"),
    )
)
_LINES: Final = frozenset({"br", "tr", "li", "option", "text"})
_VALUES: Final = frozenset(
    (
        *("", "text", "search", "email", "tel", "url", "number", "date", "time", "month", "week", "datetime-local"),
        *("range", "submit", "button", "reset"),
    )
)
"""Kinds of input whose value is shown; of passwords only dots are."""

_CHARSET: Final = re.compile(
    rb"charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})|encoding=[\"']([\w.:-]{1,40})", re.IGNORECASE
)


def read_html(data: bytes, name: str, _: ReadingLimits) -> ReadText:
    """
    Read a page in its own encoding, else in the one it can only have.

    Raises:
        RequestError: No parser can make sense of it.
    """
    match = _CHARSET.search(data[:4096])
    text, note = decode(data, name, (match[1] or match[2]).decode("ascii") if match else None)
    try:
        shown, unread = read_page(text)
    except ValueError as error:
        raise damage_error(name, "HTML", error) from None
    return ReadText([shown], notes=[one for one in (note, unread) if one])


def html_text(page: str) -> str:
    """
    Read a page: its title, then what it shows. Nothing in it is run or fetched.

    Raises:
        ValueError: No parser can make sense of it.

    >>> html_text("<title>Offer</title><p>Nails<br>and <b>rope</b></p><script>alert(1)</script>")
    'Offer\\n\\nNails\\nand rope'
    """
    return read_page(page)[0]


def read_page(page: str) -> tuple[str, str]:
    """
    Read a page as ``html_text`` does.

    Returns:
        What it shows, and a sentence about what of that is missing; empty where nothing is.
    """
    data = page.encode("utf-8", "replace").replace(b"\0", b"")
    styles = _Styles()
    _parse(data, styles)
    sheet = StyleSheet("\n".join(styles.css))
    shown = _Page(sheet)
    _parse(data, shown)
    title, body = " ".join("".join(shown.title).split()), shown.text()
    text = f"{title}\n\n{body}".strip() if title and not body.startswith(title) else body
    if sheet.is_given_up:
        return text, GIVEN_UP
    return text, UNREAD if sheet.unread or shown.is_overdrawn else ""


UNREAD: Final = (
    "Its style sheet may draw words or numbers (those of lists or headings, for example) in ways that can't be "
    "followed here; they are not read."
)

GIVEN_UP: Final = (
    "Its style sheet has too many rules for so many elements: towards the end it is not followed, so that words which "
    "it hides may be read, and what it draws may be missing."
)


def _parse(data: bytes, target: _Styles | _Page) -> None:
    # Pages name encodings they have lost on their way; the text is decoded already.
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    try:
        parser.feed(data)
        parser.close()
    except etree.LxmlError as error:
        raise ValueError(str(error)) from None


class _Styles:
    """Gathers a page's style sheets, wherever they stand in it."""

    def __init__(self) -> None:
        self.css: list[str] = []
        self._inside = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._inside = tag == "style" and attributes.get("media", "all").strip().lower() in ("", "all", "screen")

    def end(self, tag: str) -> None:
        self._inside = False

    def data(self, text: str) -> None:
        if self._inside:
            self.css.append(text)

    def comment(self, text: str) -> None:
        """No style."""

    def close(self) -> None:
        """Everything has been gathered by now."""


class _Page:
    """Writes a page as text while it is parsed: blocks on lines of their own, cells of a row parted by bars."""

    def __init__(self, styles: StyleSheet) -> None:
        self.title: list[str] = []
        self._styles = styles
        self._counters = Counters()
        self._pieces: list[str] = []
        self._drawn = 0
        self._open: list[Element] = []
        self._visible = True
        self._unseen = 0
        """How many elements were open when something that is not shown began; 0 while everything is shown."""
        self._titled = False
        self._choice: _Choice | None = None
        self._lists: list[_Numbers | None] = []
        """Lists around what comes next; None for those that their elements do not count."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        element = Element(tag, attributes, self._visible, self._open[-1].list_style if self._open else "disc")
        said = self._styles.of(element, self._open)
        self._open.append(element)
        displayed = _displays(tag, attributes, said.get("display"))
        if visibility := said.get("visibility"):
            self._visible = visibility not in ("hidden", "collapse")
        if self._choice is not None and tag == "option":
            displayed = displayed and self._choice.takes("selected" in attributes)
        if not self._unseen and not displayed:
            self._unseen = len(self._open)
        self._pieces.append(_gap(tag))
        if tag in _LISTS:
            self._lists.append(_Numbers(attributes) if tag == "ol" else None)
            element.list_style = _KINDS.get(attributes.get("type", ""), "decimal") if tag == "ol" else "disc"
        if self._unseen:
            return
        element.list_style = said.get("list-style-type", element.list_style)
        self._counters.enter(said, len(self._open))
        if tag == "li":
            self._mark(element)
        if tag == "select":
            self._choice = _Choice(self._pieces, "multiple" in attributes or _number(attributes.get("size")) > 1)
        if self._visible and (said_by_itself := _value_of(tag, attributes)):
            self._pieces.append(f" {_run(said_by_itself).strip()} ")
        if tag not in _EMPTY:
            element.after = self._styles.of(element, self._around(), "after") or _QUOTED.get(tag, {})
            self._draw(self._styles.of(element, self._around(), "before") or _QUOTED.get(f"/{tag}", {}))

    def _around(self) -> list[Element]:
        """What is around the element that was opened last; as much of it as is looked at, however deep it lies."""
        return self._open[-1 - SEEN_AROUND : -1]

    def _mark(self, element: Element) -> None:
        """What stands before an item of a list."""
        numbers = self._lists[-1] if self._lists else None
        number = numbers.next(element.attributes) if numbers is not None else None
        if number is not None:
            self._counters.put(LIST_ITEM, number, len(self._open) - 1)
        elif numbers is None:
            self._counters.enter({"counter-increment": LIST_ITEM}, len(self._open) - 1)
            number = self._counters.values(LIST_ITEM)[-1]
        said = self._styles.of(element, self._around(), "marker")
        if not self._visible:
            return
        if said.get("content", "normal") != "normal":
            self._draw(said)
        elif number is not None:
            self._pieces.append(marker(element.list_style, number))

    def _draw(self, said: Declarations) -> None:
        """Something that is not in the text, as if it were an element of its own."""
        if said.get("content", "none") in ("none", "normal"):
            return
        if said.get("display") != "none":
            self._counters.enter(said, len(self._open) + 1)
        if self._visible and (text := content(said, self._counters, self._open[-1].attributes)):
            self._drawn += len(text)
            if self._drawn > _MOST_DRAWN:
                return
            self._pieces.append("\n".join(map(_run, text.split("\n"))))

    def end(self, tag: str) -> None:
        if not self._unseen and self._open[-1].after:
            self._draw(self._open[-1].after)
        self._visible = self._open.pop().visible
        self._counters.leave(len(self._open) + 1)
        if len(self._open) < self._unseen:
            self._unseen = 0
        if tag == "select":
            self._choice = None
        if tag in _LISTS and self._lists:
            self._lists.pop()
        if tag == "title" and not self._is_drawn():
            self._titled = True
        if tag in _BLOCKS:
            self._pieces.append("\n\n")

    def data(self, text: str) -> None:
        if self._open and self._open[-1].tag == "title":
            if not self._titled and not self._is_drawn():
                self.title.append(text)
        elif not self._unseen and self._visible:
            self._pieces.append(_run(text.replace("\xad", "")))

    def comment(self, text: str) -> None:
        """Not shown."""

    def close(self) -> None:
        """Everything has been said by now."""

    @property
    def is_overdrawn(self) -> bool:
        """Whether its style sheet draws more than is read of that."""
        return self._drawn > _MOST_DRAWN

    def _is_drawn(self) -> bool:
        """A drawing has titles too, which show only under the pointer."""
        return any(one.tag == "svg" for one in self._open[-40:])

    def text(self) -> str:
        lines = (" ".join(line.split()).removeprefix("| ") for line in "".join(self._pieces).split("\n"))
        return _without_gaps(lines)


class _Numbers:
    """The numbers of one list; backwards only from a number that is told, since the list is not read to its end yet."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self._step = -1 if "reversed" in attributes else 1
        told = attributes.get("start", "").strip()
        self._next: int | None = int(told) if _INTEGER.match(told) else None if self._step < 0 else 1

    def next(self, attributes: Mapping[str, str]) -> int | None:
        told = attributes.get("value", "").strip()
        number = int(told) if _INTEGER.match(told) else self._next
        self._next = None if number is None else number + self._step
        return number


_INTEGER: Final = re.compile(r"[+-]?\d{1,9}\Z")
_LISTS: Final = frozenset({"ol", "ul", "menu", "dir"})
_MOST_DRAWN: Final = 1_000_000
"""Characters from the style sheet that are read: one rule may draw before every element."""

_KINDS: Final = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_EMPTY: Final = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"))
"""Elements without content, before and after which nothing is drawn."""

_QUOTED: Final = {"/q": {"content": "open-quote"}, "q": {"content": "close-quote"}}


class _Choice:
    """Of a list that is folded only what is chosen shows: the last that is marked, else the first."""

    def __init__(self, pieces: list[str], open_: bool) -> None:
        self._pieces = pieces
        self._begins = len(pieces)
        self._open = open_
        self._any = False

    def takes(self, marked: bool) -> bool:
        if self._open:
            return True
        if marked and self._any:
            del self._pieces[self._begins :]
        taken = marked or not self._any
        self._any = True
        return taken


def _displays(tag: str, attributes: Mapping[str, str], said: str | None) -> bool:
    if tag in _UNSEEN or (tag == "dialog" and "open" not in attributes):
        return False
    return said != "none" if said is not None else "hidden" not in attributes


def _value_of(tag: str, attributes: Mapping[str, str]) -> str:
    """What an element shows that has no text inside."""
    if tag == "img":
        return attributes.get("alt", "")
    if tag != "input":
        return ""
    kind = attributes.get("type", "").strip().lower()
    if kind in ("checkbox", "radio"):
        return "[x]" if "checked" in attributes else "[ ]"
    if kind == "image":
        return attributes.get("alt", "")
    if kind in ("hidden", "password", "file", "color"):
        return ""
    return attributes.get("value", "") if kind in _VALUES or kind.isalpha() else ""


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _gap(tag: str) -> str:
    if tag in ("td", "th"):
        return " | "
    return "\n" if tag in _LINES else "\n\n" if tag in _BLOCKS else ""


def _run(text: str) -> str:
    """Shrink white space, line breaks too, to one space; at either end of a text it still parts words."""
    return " ".join(f"_{text}_".split())[1:-1]


def _without_gaps(lines: Iterable[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n")
