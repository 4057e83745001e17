"""
Nothing of ours waits for another program on an event loop: everybody else would wait for it too.

Every program that is started is seen, as Python tells its audit hooks of each, so that a new place cannot forget it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import groq_core

OURS = str(Path(groq_core.__file__).parent)


class BlockingStartError(AssertionError):
    """A program is started, and waited for, on an event loop."""


def watch(event: str, _: object) -> None:
    """
    Raises:
        BlockingStartError: In the place of the program that would be started.
    """
    if event == "subprocess.Popen" and _is_on_loop() and (place := _place()):
        raise BlockingStartError(f"{place} starts a program on the event loop; have a thread do it")


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
