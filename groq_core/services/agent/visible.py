"""Calls of models made safe to look at: nothing in them is hidden."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from pydantic_core import to_jsonable_python

from groq_core.terminal import for_terminal

__all__ = ["as_json", "for_terminal", "is_plain", "whole_call"]

_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u070f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ud800-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U0010ffff]"
)
"""Controls, what takes no room, turns the direction of writing or only looks like a space, and private signs."""


def whole_call(arguments: dict[str, Any]) -> str:
    """
    Write the arguments of a call down to the last character, as JSON that reads back to the very same.

    Signs that a person would not see are written as their escapes.

    >>> whole_call({"to": "a\u202eb", "sum": 12345678901234567890})
    '{"to": "a\\\\u202eb", "sum": 12345678901234567890}'
    """
    plain = arguments if is_plain(arguments) else as_json(arguments)
    text = json.dumps(plain, ensure_ascii=False)
    # The white space between JSON's own signs is a plain space; all else that is hidden stands inside a text.
    text = _HIDDEN.sub(lambda match: _escape(match[0]), text)
    # Signs that this Python's tables do not know may be drawn as nothing.
    return text if text.isprintable() else "".join(s if s.isprintable() else _escape(s) for s in text)


def is_plain(value: object) -> bool:
    """
    A value that JSON writes down as it is.

    >>> is_plain({"a": [1, None]}), is_plain({"a": (1,)}), is_plain({1: 2})
    (True, False, False)
    """
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            if not all(type(name) is str for name in one):
                return False
            waiting += one.values()
        elif type(one) is list:
            waiting += one
        elif not (one is None or type(one) in (str, int, bool) or (type(one) is float and math.isfinite(one))):
            return False
    return True


def as_json(value: object) -> Any:
    """What a tool's own type made of the model's words (a date, a model, an enumeration), as plain data."""
    try:
        return to_jsonable_python(value, fallback=str, inf_nan_mode="strings")
    except Exception:  # a value may refuse in its own way to be written down
        return f"[a {type(value).__name__} that cannot be written down]"


def _escape(sign: str) -> str:
    code = ord(sign)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
