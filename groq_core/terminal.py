"""Text of models, tools, files and servers made safe to print: nothing in it drives a terminal."""

from __future__ import annotations

import re
from typing import Final

_COMMANDS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal may act upon, and marks that turn the direction of writing; a new line and a tab are left."""


def for_terminal(text: str) -> str:
    r"""
    Make a text safe to print: what would move the cursor, colour or retitle the window is written out.

    >>> for_terminal("a\x1b[2Jb\nc")
    'a\\x1b[2Jb\nc'
    """
    return _COMMANDS.sub(lambda match: _short(ord(match[0])), text)


def _short(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
