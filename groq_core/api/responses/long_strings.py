"""
What is long in a conversation, apart from it: a picture or a document stands on a shelf once, however many turns of a
chain hold it.

Every response keeps the whole conversation before it. With everything in it, twenty turns over one picture of a
megabyte would be twenty megabytes, and with a new picture each turn two hundred.

Nobody counts which responses still hold a string. It is sealed instead, and its key is made of its name, which stands
in the responses that hold it and nowhere else: when the last of them is deleted, nobody can read it any more.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, Final

LEAST: Final = 4096
"""Characters that are worth a place of their own."""

MARK: Final = "long:"

_ONCE: Final = bytes(12)
"""The nonce: with each key one string is sealed, and always the same."""


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


def seal(name: str, text: str) -> bytes:
    """
    A long string as it stands on a shelf: text in ASCII, which only who knows the string's name can read.

    A picture takes about as much room as before: what its base64 adds is pressed out again.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # only a team has a shelf

    pressed = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
    return base64.b64encode(AESGCM(_key(name)).encrypt(_ONCE, pressed, None))


def unseal(name: str, sealed: bytes) -> str:
    """
    The string again.

    Raises:
        ValueError: It was not sealed under this name.

    >>> unseal("long:1", seal("long:1", "data:…"))
    'data:…'
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        pressed = AESGCM(_key(name)).decrypt(_ONCE, base64.b64decode(sealed), None)
    except InvalidTag:
        raise ValueError("it was sealed under another name") from None
    return zlib.decompress(pressed).decode("utf-8", "surrogatepass")


def _key(name: str) -> bytes:
    return hashlib.sha256(f"key of {name}".encode()).digest()
