"""The answer every benchmark asks for: markdown of any length, one string a token, the same every time."""

from __future__ import annotations

import hashlib
from itertools import cycle, islice

_PARAGRAPH = (
    "The river carries what the mountain gives it and asks nothing back. Every **stone** in its bed was once a cliff, "
    "and every grain of sand was once a *stone*; the water keeps the books. When the snow melts the valley hears it "
    "first as a murmur, then as a roar, and by the time the meadows are green it has forgotten both."
)
_LIST = (
    "- meltwater from the north face\n- rain that fell in May\n- springs under the old mill\n- the lake above the weir"
)
_CODE = "```\ndef level(inflow, outflow, hours):\n    return sum(inflow[:hours]) - sum(outflow[:hours])\n```"
_TABLE = "| month | level | flow |\n|---|---|---|\n| April | high | strong |\n| July | low | gentle |"
_BLOCKS = ("## What the river keeps", _PARAGRAPH, _LIST, _PARAGRAPH, _CODE, _PARAGRAPH, _TABLE)

_TOKENS = [
    piece
    for block in _BLOCKS
    for line in (block + "\n\n").splitlines(keepends=True)
    for piece in (line[at : at + 4] for at in range(0, len(line), 4))
]


def tokens(count: int) -> list[str]:
    """
    Headings, paragraphs, lists, code and tables, about four letters a token.

    >>> len(tokens(4000)), "".join(tokens(6))
    (4000, '## What the river keeps\\n')
    """
    return list(islice(cycle(_TOKENS), count))


def letters(text: str) -> str:
    """
    The letters and digits alone: what is the same in the source of a markdown text and on the screen.

    >>> letters("- **One** `two`") == letters("One two")
    True
    """
    return "".join(filter(str.isalnum, text))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
