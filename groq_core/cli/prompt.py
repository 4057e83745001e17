"""What a person types at a terminal, and what a program gives on standard input or as an argument."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from groq_core.access.passwords import LEAST_PASSWORD, MOST_PASSWORD
from groq_core.cli.given_files import as_text, read_stream
from groq_core.errors import RequestError

try:
    import select
    import termios
except ImportError:  # a console of Windows is no file that can be waited for; Ctrl-C ends its reading by itself
    termios = None  # type: ignore[assignment]

LOOK_S: Final = 0.1
"""Seconds between two looks whether nobody waits for the line any more."""

_HALF_LETTER: Final = re.compile("[\ud800-\udfff]")


async def ask_terminal(prompt: str, *, hidden: bool = False) -> str:
    """
    A line that a person types after a prompt. Ctrl-C ends it at once: a thread that waits for a line would otherwise
    hold the process until there is one.

    Args:
        hidden: Nothing of it is shown.
    """
    if termios is None:
        if hidden:
            return await asyncio.to_thread(getpass.getpass, prompt)
        print(prompt, end="", file=sys.stderr, flush=True)
        return await asyncio.to_thread(sys.stdin.readline)
    gone = threading.Event()
    with _echo(shown=not hidden):
        print(prompt, end="", file=sys.stderr, flush=True)
        try:
            return await asyncio.to_thread(_read_line, gone)
        finally:
            gone.set()
            if hidden:
                print(file=sys.stderr)


def _read_line(gone: threading.Event) -> str:
    while not gone.is_set():
        if select.select([sys.stdin], [], [], LOOK_S)[0]:
            return sys.stdin.readline()
    return ""


@contextmanager
def _echo(*, shown: bool) -> Iterator[None]:
    """Show nothing of what is typed meanwhile."""
    if shown:
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


async def read_words(given: str | None, what: str) -> str:
    """
    What was given as an argument; else what a person types after a prompt; else all of standard input.

    Args:
        what: What is asked for, for the prompt and the error: ``question``, ``task``.

    Raises:
        RequestError: There is nothing but white space.
    """
    if given is not None:
        words = given
    elif sys.stdin.isatty():
        words = await ask_terminal(f"{what.capitalize()}: ")
    else:
        words = await asyncio.to_thread(read_input)
    if not words.strip():
        raise RequestError(f"the {what} is empty", hint=f"Give it as an argument: {what.upper()}", param=what)
    return words


def read_input() -> str:
    """
    All of standard input as text, in whichever encoding it comes; that it is a guess is told on standard error.

    Raises:
        RequestError: It is no text, or has no end.
    """
    data = read_stream(sys.stdin.buffer, "standard input")
    return as_text(data, "standard input").replace("\r\n", "\n")


async def read_password(prompt: str) -> str:
    """
    A password that is typed after a prompt, or that is a line of standard input; it may be empty.

    Raises:
        RequestError: It is too short, or cannot be typed into a page.
    """
    if sys.stdin.isatty():
        typed = await ask_terminal(prompt, hidden=True)
    else:
        typed = await asyncio.to_thread(sys.stdin.readline, MOST_PASSWORD + 2)
    password = typed.rstrip("\n")
    if len(password) > MOST_PASSWORD:
        raise RequestError(f"a password has at most {MOST_PASSWORD} characters", param="password")
    if _HALF_LETTER.search(password):
        raise RequestError("the password is not UTF-8 text", param="password")
    if password and len(password) < LEAST_PASSWORD:
        raise RequestError(f"a password has at least {LEAST_PASSWORD} characters", param="password")
    return password


def mend_arguments(args: argparse.Namespace) -> None:
    """
    Read words of the command line as UTF-8 though the locale says otherwise; names of files stay as they are.

    Raises:
        RequestError: One of them is no text.
    """
    for name, value in vars(args).items():
        if isinstance(value, str):
            setattr(args, name, _whole(value, name))
        elif isinstance(value, list):
            setattr(args, name, [_whole(one, name) if isinstance(one, str) else one for one in value])


def _whole(words: str, name: str) -> str:
    if not _HALF_LETTER.search(words):
        return words
    try:
        return os.fsencode(words).decode()
    except UnicodeDecodeError:
        raise RequestError(f"{name} is not UTF-8 text", param=name) from None
