"""Where words begin in Thai, which is written without spaces: BudouX's model, a few kilobytes in its wheel."""

from __future__ import annotations

import re
from functools import cache
from itertools import accumulate
from typing import Any, Final

_MOSTLY: Final = 0.5
_THAI: Final = re.compile(r"[\u0e00-\u0e7f]")
_NOT_FIRST: Final = re.compile(r"[\u0e30-\u0e3a\u0e45-\u0e4e\u0e2f!?.,;:)\]}”’%ๆฯ]")
"""Vowels and tones that stand on or behind a consonant, and closing marks."""


def word_starts(text: str) -> list[int]:
    """
    Offsets at which words begin, the first being 0; of another script only that.

    >>> word_starts("ราคาสามร้อยบาท"), word_starts("ສະບາຍດີ"), word_starts("")
    ([0, 4, 7, 11], [0], [0])
    """
    if len(_THAI.findall(text)) <= _MOSTLY * len(text):
        return [0]
    starts = accumulate((len(word) for word in _parser().parse(text)), initial=0)
    return [at for at in starts if at == 0 or (at < len(text) and not _NOT_FIRST.match(text, at))]


@cache
def _parser() -> Any:
    import budoux  # only who hears Thai waits for it

    return budoux.load_default_thai_parser()
