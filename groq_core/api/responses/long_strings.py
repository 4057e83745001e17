"""
What is long in a conversation, apart from it: a picture or a document stands on a shelf once, however many turns of a
chain hold it.

Every response keeps the whole conversation before it. With everything in it, twenty turns over one picture of a
megabyte would be twenty megabytes, and with a new picture each turn two hundred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

LEAST: Final = 4096
"""Characters that are worth a place of their own."""

MARK: Final = "long:"


def take_apart(value: Any, found: dict[str, str]) -> Any:
    """
    The same without long strings: each leaves its name, under which it is found.

    >>> found = {}
    >>> take_apart([{"url": "data:" + "x" * 5000}, "text"], found) == [{"url": next(iter(found))}, "text"]
    True
    """
    if isinstance(value, str):
        if len(value) < LEAST:
            return value
        name = MARK + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        found[name] = value
        return name
    if isinstance(value, dict):
        return {key: take_apart(one, found) for key, one in value.items()}
    return [take_apart(one, found) for one in value] if isinstance(value, list | tuple) else value


def put_together(value: Any, found: Mapping[str, str]) -> Any:
    """
    With its long strings again.

    >>> put_together([{"url": "long:1"}, "text"], {"long:1": "data:…"})
    [{'url': 'data:…'}, 'text']
    """
    if isinstance(value, str):
        return found.get(value, value)
    if isinstance(value, dict):
        return {key: put_together(one, found) for key, one in value.items()}
    return [put_together(one, found) for one in value] if isinstance(value, list) else value
