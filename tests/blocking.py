"""
Nothing of ours waits for another program on an event loop: everybody else would wait for it too.

Every program that is started is seen where the standard library starts it, so that a new place cannot forget it. Python
would tell an audit hook too, but calls that for each file and each import as well: one to five hundredths of all tests.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import groq_core

OURS = str(Path(groq_core.__file__).parent)


class BlockingStartError(AssertionError):
    """A program is started, and waited for, on an event loop."""


def watch_programs() -> None:
    """Raise :class:`BlockingStartError` from now on in the place of each program that an event loop would wait for."""
    start = subprocess.Popen.__init__

    def start_elsewhere(self: subprocess.Popen[Any], *arguments: Any, **options: Any) -> None:
        if _is_on_loop() and (place := _place()):
            raise BlockingStartError(f"{place} starts a program on the event loop; have a thread do it")
        start(self, *arguments, **options)

    subprocess.Popen.__init__ = start_elsewhere  # type: ignore[method-assign,assignment]


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _place() -> str:
    """Where in our code a program is about to be started; empty for asyncio's own way, which waits for nothing."""
    frame, ours = sys._getframe(), ""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.endswith(("asyncio/base_subprocess.py", "asyncio/unix_events.py")):
            return ""
        ours = ours or (f"{file}:{frame.f_lineno}" if file.startswith(OURS) else "")
        frame = frame.f_back  # type: ignore[assignment]
    return ours
