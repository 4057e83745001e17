"""
Ids of files and batches: they tell when they were made, so a list knows its place behind one that is gone.

Where somebody deletes what a page lists before asking for the next page, or a file's time is over meanwhile, the
next page begins behind an id that nothing has any more.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Final, Literal

MICRO: Final = 1_000_000
_FORM: Final = re.compile("(?:file|batch)_([0-9a-f]{14})[0-9a-f]{16}")


def new_id(kind: Literal["file", "batch"]) -> tuple[str, int]:
    """One that comes, in the order of text, behind those of before; and the second that it tells."""
    now = time.time_ns() // 1000
    return f"{kind}_{now:014x}{secrets.token_hex(8)}", now // MICRO


def made_at(name: str) -> int | None:
    """
    The second in which an id was made, as Unix time; None for one that does not tell it.

    >>> made_at("file_064487d25010000123456789abcdef"), made_at("file_0123456789abcdef01234567")
    (1764200000, None)
    """
    found = _FORM.fullmatch(name)
    return int(found[1], 16) // MICRO if found else None
