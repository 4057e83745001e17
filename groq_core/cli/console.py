"""What a person at a terminal sees while something runs: one line that is rewritten, or a line now and then."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO, TypeVar

from groq_core.terminal import for_terminal

Found = TypeVar("Found")

SELDOM_S: Final = 10.0
"""Seconds between two lines where the output is a file or a log."""


def write_words(words: str) -> None:
    """Write words to standard output as they are; on a terminal without what would drive it."""
    sys.stdout.write(for_terminal(words) if sys.stdout.isatty() else words)
    sys.stdout.flush()


def write_data(data: bytes) -> None:
    """
    Write data to standard output: byte by byte where it goes on to a file or a program, and on a terminal without
    what would drive it.
    """
    if sys.stdout.isatty():
        sys.stdout.write(for_terminal(data.decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")))
    else:
        sys.stdout.buffer.write(data)
    sys.stdout.flush()


class StatusLine:
    """
    One line on standard error.

    On a terminal it is rewritten in place; elsewhere it is a plain line every ten seconds and one at the end.

    Args:
        out: Where it goes.
    """

    def __init__(self, out: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stderr
        self._clock = clock
        # Emacs's shell and others like it say so, and would show the commands that erase a line.
        self._terminal = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._next = clock()
        self._shown = False

    def show(self, text: str) -> None:
        """Say how it stands."""
        text = for_terminal(text)
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            self._out.write("\r" + text[:width] + "\x1b[K")
            self._shown = True
        elif self._clock() >= self._next:
            self._next = self._clock() + SELDOM_S
            self._out.write(text + "\n")
        self._out.flush()

    def say(self, text: str) -> None:
        """Say something that stays; nothing, where there is nothing to say."""
        if not text:
            return
        self._out.write(("\r\x1b[K" if self._shown else "") + for_terminal(text) + "\n")
        self._shown = False
        self._out.flush()

    def close(self) -> None:
        """Leave the cursor on a line of its own."""
        if self._shown:
            self._out.write("\n")
            self._out.flush()
            self._shown = False


SIMULATED: Final = "simulator: no model has answered this"
"""What every command says where no provider is asked."""


def read_argument(parse: Callable[[str], Found], text: str) -> Found:
    """
    What a parser of the settings reads, as argparse asks it.

    Raises:
        argparse.ArgumentTypeError: It says what is allowed.
    """
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed is {error}") from None


def model_name(text: str) -> str:
    """A tier, a model id or provider:id; whether there is one, the chain finds out."""
    from groq_core.settings.parsers import model

    return read_argument(model, text)


def positive(text: str) -> int:
    """
    A whole number from 1 on, as argparse reads it.

    >>> positive("5")
    5
    """
    number = int(text)
    if not 1 <= number < 2**63:  # more than that no database counts
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 on")
    return number


def duration(seconds: float) -> str:
    """
    Write a length of time as people say it.

    >>> [duration(s) for s in (0.4, 59, 61, 3_700, 200_000)]
    ['0 s', '59 s', '1:01 min', '1:01 h', '2 d 7 h']
    """
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60}:{whole % 60:02} min"
    if whole < 86_400:
        return f"{whole // 3_600}:{whole % 3_600 // 60:02} h"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


def money(usd: float | None) -> str:
    """
    >>> money(None), money(0.00042), money(3.456)
    ('price unknown', '$0.0004', '$3.46')
    """
    if usd is None:
        return "price unknown"
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def count(number: float) -> str:
    """
    >>> count(999), count(1_234_567)
    ('999', '1,234,567')
    """
    return f"{round(number):,}"
