"""
Whole numbers as strangers write them: in an address, a file, a model's stream.

Python's ``int`` refuses more than 4,300 digits, and ``str.isdigit`` takes signs such as ``²`` for digits, so that
neither alone decides what is a number.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

T = TypeVar("T")

_WHOLE: Final = re.compile(r"\s*[+-]?\d{1,9}\s*", re.ASCII)


def whole_number(text: str | None, otherwise: T) -> int | T:
    """
    Read a whole number of at most nine digits; what is none, or longer, is ``otherwise``.

    >>> whole_number("12", None), whole_number("-3", 0), whole_number("²", 0), whole_number("9" * 5000, 0)
    (12, -3, 0, 0)
    """
    return int(text) if text is not None and _WHOLE.fullmatch(text) else otherwise
