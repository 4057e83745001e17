"""What a terminal gets and gives: text that drives nothing when it is printed, and Ctrl-C while we are loaded."""

from __future__ import annotations

import gc
import io
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


def open_missing_streams() -> None:
    """
    Give a process whose standard streams were closed before it began the empty device in their place.

    Python has None for them then, and the first file or connection takes the number of the stream: what is said to
    standard error goes to whoever is at its other end, and uvloop aborts when it closes.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


class Remarks(io.TextIOWrapper):
    """
    Standard error from which nothing comes back: what cannot be written is lost.

    Its disk may be full, or whoever read it gone. A remark is no reason to stop the work that it is about, nor for
    Python's own status 120 after all of it is done.
    """

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def let_remarks_be_lost() -> None:
    """Make this process's standard error one of :class:`Remarks`; what a test reads is left as it is."""
    given = sys.stderr
    if given is sys.__stderr__ and type(given) is io.TextIOWrapper:
        sys.stderr = Remarks(
            given.buffer,
            encoding=given.encoding,
            errors=given.errors,
            line_buffering=given.line_buffering,
            write_through=given.write_through,
        )


@contextmanager
def loading() -> Iterator[None]:
    """
    Load parts of the program.

    Ctrl-C ends the process at once meanwhile: an exception would come out of the midst of a module, with a trace, or
    be swallowed there. Who ignores Ctrl-C, as what runs in the background does, goes on so. And no garbage is looked
    for among what is there to stay, which takes a quarter of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        if collects:
            gc.enable()
        if raises:
            signal.signal(signal.SIGINT, signal.default_int_handler)
