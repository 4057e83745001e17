"""Letters that arrive in two halves: an emoji escaped as a surrogate pair, and the pair cut between two chunks."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "\ufffd"

_HALF: Final = re.compile("[\ud800-\udfff]")


class Halves:
    """Put the halves together; a half without its other becomes the mark for a letter nobody can read."""

    def __init__(self) -> None:
        self._half = ""

    def __bool__(self) -> bool:
        return bool(self._half)

    def join(self, text: str) -> str:
        """Take the next text, and keep its last letter where that is the first half of one."""
        text = self._half + text
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half, text = text[-1], text[:-1]
        return whole(text)

    def rest(self) -> str:
        """What stands for a half whose other never came."""
        half, self._half = self._half, ""
        return UNKNOWN if half else ""


def whole(text: str) -> str:
    r"""
    Join the pairs within a text and mark what is left of others.

    >>> whole("a\ud83d\ude00b\udc00")
    'a😀b\ufffd'
    """
    if _HALF.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
