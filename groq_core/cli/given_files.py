"""Files and standard input that a command is given: read to a bound, and text in whichever encoding it comes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Final

from groq_core.errors import RequestError

MOST: Final = 400 * 2**20
"""Bytes; more than any document, question or recording that is read whole. A device gives them without an end."""

STANDARD_INPUT: Final = "-"


def read_file(path: Path, named: str, param: str = "file") -> bytes:
    """
    All of a file, or of standard input where the name is a dash.

    Args:
        named: What the error calls it, such as ``--schema FILE``.

    Raises:
        RequestError: It cannot be read, or has no end.
    """
    try:
        if str(path) == STANDARD_INPUT:
            return read_stream(sys.stdin.buffer, named, param)
        with path.open("rb") as file:
            return read_stream(file, named, param)
    except OSError as error:
        raise RequestError(f"{named}: {error.strerror}", param=param) from None


def read_stream(stream: IO[bytes], named: str, param: str = "file") -> bytes:
    """
    Raises:
        RequestError: It has no end.
    """
    data = stream.read(MOST + 1)
    if len(data) > MOST:
        raise RequestError(f"{named} is longer than {MOST >> 20} MiB", param=param)
    return data


def read_text(path: Path, named: str, param: str = "file") -> str:
    """
    The same as text; Windows writes it with a mark in front, or as UTF-16.

    Raises:
        RequestError: It cannot be read, or is no text.
    """
    return as_text(read_file(path, named, param), named)


def as_text(data: bytes, named: str) -> str:
    """
    Decode a text; that its encoding is a guess is told on standard error.

    Raises:
        RequestError: It is no text.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        from groq_core.services.documents.charsets import decode

        text, note = decode(data, named)
        if note:
            print(f"{named}: {note}", file=sys.stderr)
        return text
