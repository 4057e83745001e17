"""JSON while it is being written: what stands in it so far."""

from __future__ import annotations

import re
from typing import Any, Final

import jiter

_THINKS: Final = re.compile(r"<(think|thinking|reasoning)>", re.IGNORECASE)
_ENDS: Final = {name: re.compile(f"</{name}>", re.IGNORECASE) for name in ("think", "thinking", "reasoning")}
_NUMBER: Final = "-+.0123456789eE"

FEWEST: Final = 24
"""Characters that come between two looks; from 480 on a twentieth of the text, so that looking costs little."""


def whole_values(text: str) -> dict[str, Any] | None:
    """
    Read an object that is not finished: only values that are, since half a number looks like a whole one.

    >>> whole_values('Here: {"rows": [{"a": "x", "b": 12'), whole_values("<think>{"), whole_values("no")
    ({'rows': [{'a': 'x'}]}, None, None)
    """
    plain = _without_thoughts(text)
    start = plain.find("{")
    if start < 0 or _THINKS.search(plain):
        return None
    try:
        found = jiter.from_json(
            plain[start:].rstrip(_NUMBER).encode("utf-8", "replace"), partial_mode="on", allow_inf_nan=False
        )
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Growth:
    """Looks at a text again when enough of it is new."""

    def __init__(self) -> None:
        self._looked = 0
        self._last: dict[str, Any] | None = None

    def look(self, text: str) -> dict[str, Any] | None:
        """What stands in it now; None where that is what stood in it before."""
        if len(text) < self._looked:
            self._looked = 0  # it was begun anew
        if len(text) < self._looked + max(FEWEST, self._looked // 20):
            return None
        self._looked = len(text)
        found = whole_values(text)
        if not found or found == self._last:
            return None
        self._last = found
        return found


def _without_thoughts(text: str) -> str:
    """The text without what stands between a thought's marks; one look at it, however many marks are never closed."""
    kept, at = [], 0
    open_for_ever: set[str] = set()
    for begun in _THINKS.finditer(text):
        name = begun[1].lower()
        if begun.start() < at or name in open_for_ever:
            continue
        ended = _ENDS[name].search(text, begun.end())
        if ended is None:
            open_for_ever.add(name)
            continue
        kept.append(text[at : begun.start()])
        at = ended.end()
    return "".join((*kept, text[at:]))
