"""
Texts into settings: each parser returns a value, or raises ValueError saying what is allowed.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from groq_core.redaction import Secret

MOST: Final = 10**9
"""No number of a setting is larger."""

MOST_S: Final = 365 * 86_400


def switch(text: str) -> bool:
    """
    Read a yes or a no.

    >>> switch("on"), switch("0")
    (True, False)
    """
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("one of 1, 0, true, false, yes, no, on, off")


def seconds(text: str) -> float:
    """Read a length of time above 0; ``inf`` and ``nan`` are no lengths of time."""
    allowed = "a number of seconds above 0, a year at most, e.g. 2.5"
    try:
        value = float(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not 0 < value <= MOST_S:
        raise ValueError(allowed)
    return value


def whole(low: int, high: int = MOST) -> Callable[[str], int]:
    """Make a parser of whole numbers from ``low`` to ``high``, both allowed."""
    allowed = f"a whole number from {low} to {high}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(allowed) from None
        if not low <= value <= high:
            raise ValueError(allowed)
        return value

    return parse


def choice(*words: str) -> Callable[[str], str]:
    """Make a parser of one word out of a few, in either case."""

    def parse(text: str) -> str:
        word = text.lower()
        if word not in words:
            raise ValueError("one of " + ", ".join(words))
        return word

    return parse


def names(text: str) -> tuple[str, ...]:
    """
    Read words separated by commas, each once, in order.

    >>> names("a, b,,a")
    ('a', 'b')
    """
    found = tuple(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not found:
        raise ValueError("one or more names separated by commas")
    return tuple(word(name) for name in found)


def word(text: str) -> str:
    """
    Read a text of one line.

    `docker run --env-file` and Compose's lists pass on the quotes that a `.env` file may have around a value.
    """
    if text[:1] in QUOTES or text[-1:] in QUOTES:
        raise ValueError("the same without the quotes around it")
    if not text.isprintable():
        raise ValueError("one line of letters, digits and signs")
    return text


QUOTES: Final = ('"', "'")


def model(text: str) -> str:
    """Read one model id."""
    if not text or re.search(r"[\s,]", word(text)):
        raise ValueError("one model id, without spaces or commas")
    return text


def models(text: str) -> tuple[str, ...]:
    """
    Read ids of Groq's, which may be written as a receipt has them.

    >>> models("openai/gpt-oss-20b, groq:qwen/qwen3.8-27b")
    ('openai/gpt-oss-20b', 'qwen/qwen3.8-27b')
    """
    found = tuple(dict.fromkeys(name.removeprefix("groq:") for name in names(text)))
    if not all(found) or any(re.search(r"\s", name) for name in found):
        raise ValueError("model ids separated by commas")
    return found


def key(text: str) -> Secret:
    """
    Read a secret that will stand in an HTTP header.

    A key copied from a page may bring along what cannot stand there: an ellipsis, a space in the middle, quotes.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("letters, digits and signs of ASCII without spaces")
    return Secret(word(text))


def tokens(text: str) -> tuple[Secret, ...]:
    """Read secrets separated by commas."""
    return tuple(key(name) for name in names(text))


def readable_file(text: str) -> Path:
    """Read the path of a file that is there."""
    path = _expand(text)
    try:
        found = path.is_file()
    except OSError as error:
        raise ValueError(f"the path of a file that can be read ({error.strerror})") from None
    if not found:
        raise ValueError("the path of a file that exists")
    return path


_UNITS: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def byte_count(text: str) -> int:
    """
    Read a number of bytes of at least a MiB.

    >>> byte_count("512MB"), byte_count("2 GiB")
    (512000000, 2147483648)
    """
    matched = re.fullmatch(r"(\d{1,15})\s*([A-Za-z]*)", text)
    if not matched or matched[2].lower() not in _UNITS or int(matched[1]) * _UNITS[matched[2].lower()] < 2**20:
        raise ValueError("a number of bytes of at least 1MiB, such as 512MB or 2GiB")
    return int(matched[1]) * _UNITS[matched[2].lower()]


def folder(text: str) -> Path:
    """Read the path of a folder, which may not be there yet."""
    path = _expand(text)
    try:
        there = next(one for one in (path, *path.absolute().parents) if one.exists())
    except OSError as error:
        raise ValueError(f"the path of a folder that can be made ({error.strerror})") from None
    if not there.is_dir():
        raise ValueError("the path of a folder")
    return path


def own_state_folder() -> Path:
    """
    Where programs of this user keep what they need after a restart (XDG base directories; on Windows AppData).

    A user without a home, as whom a container may be run, has a folder among the temporary files.
    """
    windows = sys.platform == "win32"
    if told := os.environ.get("LOCALAPPDATA" if windows else "XDG_STATE_HOME"):
        return Path(told) / "groq-core"
    try:
        home = Path.home()
    except RuntimeError:
        mine = f"groq-core-{os.getuid()}" if hasattr(os, "getuid") else "groq-core"
        return Path(tempfile.gettempdir()) / mine
    return home / ("AppData/Local/groq-core" if windows else ".local/state/groq-core")


def _expand(text: str) -> Path:
    if not text.isprintable():
        raise ValueError(
            r"a path; in a .env file \n and \t within double quotes are no letters, so leave the quotes out"
        )
    try:
        return Path(word(text)).expanduser()
    except RuntimeError:
        raise ValueError("a path without ~, since whoever runs this has no home") from None
