"""
A web page as text: blocks on lines of their own, cells of a row parted by bars, nothing that is not shown.

It is written while it is parsed, so a page may be nested as deep as a stranger likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "head"})
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "ul"),
    )
)
_LINES: Final = frozenset({"br", "tr", "li"})


def html_text(data: bytes) -> str:
    """
    Read a page: its title, then what it shows. Nothing in it is run or fetched.

    Raises:
        ValueError: No parser can make sense of it.

    >>> html_text(b"<title>Offer</title><p>Nails<br>and <b>rope</b></p><script>alert(1)</script>")
    'Offer\\n\\nNails\\nand rope'
    """
    page = _Page()
    # Without a word about its encoding lxml takes a page for Latin-1, as nobody has written for long.
    parser = etree.HTMLParser(target=page, encoding="utf-8" if _is_utf8(data) else None, huge_tree=True)
    try:
        parser.feed(data)
        parser.close()
    except etree.LxmlError as error:
        raise ValueError(str(error)) from None
    title, body = " ".join("".join(page.title).split()), page.text()
    return f"{title}\n\n{body}" if title and not body.startswith(title) else body


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _Page:
    """Writes a page as text while it is parsed: blocks on lines of their own, cells of a row parted by bars."""

    def __init__(self) -> None:
        self.title: list[str] = []
        self._pieces: list[str] = []
        self._open: list[str] = []
        self._unseen = 0
        """How many elements were open when something that is not shown began; 0 while everything is shown."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._open.append(tag)
        if not self._unseen and (tag in _UNSEEN or "hidden" in attributes):
            self._unseen = len(self._open)
        self._pieces.append(_gap(tag))

    def end(self, tag: str) -> None:
        self._open.pop()
        if len(self._open) < self._unseen:
            self._unseen = 0
        if tag in _BLOCKS:
            self._pieces.append("\n\n")

    def data(self, text: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title.append(text)
        elif not self._unseen:
            self._pieces.append(_run(text))

    def comment(self, text: str) -> None:
        """Not shown."""

    def close(self) -> None:
        """Everything has been said by now."""

    def text(self) -> str:
        lines = (" ".join(line.split()).removeprefix("| ") for line in "".join(self._pieces).split("\n"))
        return _without_gaps(lines)


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
