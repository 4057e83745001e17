"""
Nothing of ours waits on an event loop for another program or for the disk: everybody else would wait for it too.

What would make it wait asks first who it is called by, so that a new place cannot forget it: the start of a program,
the removal of a folder with all that is in it, and what forces a file to the disk. (An audit hook would see them as
well, and slow every test: Python calls it for each file, import and attribute.)
"""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import groq_core

OURS = str(Path(groq_core.__file__).parent)


class BlockingError(AssertionError):
    """An event loop is made to wait."""


WAITS: tuple[tuple[Any, str, str], ...] = (
    (subprocess.Popen, "__init__", "starts a program"),
    (shutil, "rmtree", "removes a folder"),
    (os, "fsync", "forces a file to the disk"),
)


def refuse_to_wait() -> None:
    """
    From now on each of these fails on an event loop, before it does anything.

    Raises (from where it is called):
        BlockingError: Our code would wait.
    """
    for place, name, does in WAITS:
        setattr(place, name, refuse_on_loop(getattr(place, name), does))


def refuse_on_loop(waits: Callable[..., Any], does: str) -> Callable[..., Any]:
    """The same function, which fails where our code calls it on an event loop."""

    @functools.wraps(waits)
    def ask_first(*args: Any, **kwargs: Any) -> Any:
        if _is_on_loop() and (place := _place()):
            raise BlockingError(f"{place} {does} on the event loop; have a thread do it")
        return waits(*args, **kwargs)

    return ask_first


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _place() -> str:
    """Where in our code it is about to happen; empty for asyncio's own way, which waits for nothing."""
    frame, ours = sys._getframe(), ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.endswith(("asyncio/base_subprocess.py", "asyncio/unix_events.py")):
            return ""
        ours = ours or (f"{file}:{frame.f_lineno}" if file.startswith(OURS) else "")
        frame = frame.f_back  # type: ignore[assignment]
    return ours
