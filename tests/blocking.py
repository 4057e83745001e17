"""
Nothing of ours waits on an event loop for another program or for the disk: everybody else would wait for it too.

Each is seen as Python tells its audit hooks, so that a new place cannot forget it: programs that are started, folders
that are removed with all that is in them, and files that are written whole and forced to the disk, which by our
custom end in ``.new`` until they are.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import groq_core

OURS = str(Path(groq_core.__file__).parent)


class BlockingError(AssertionError):
    """An event loop is made to wait."""


SEEN = frozenset({"subprocess.Popen", "shutil.rmtree", "open"})
"""Of all other events, which are most, the hook lets go at once."""


def watch(event: str, about: tuple[Any, ...]) -> None:
    """
    Raises:
        BlockingError: In the place of what the loop would wait for.
    """
    if event not in SEEN:
        return
    match event:
        case "subprocess.Popen":
            does = "starts a program"
        case "shutil.rmtree":
            does = "removes a folder"
        case "open" if str(about[0]).endswith(".new") and "w" in (about[1] or ""):
            does = "writes a file to the disk"
        case _:
            return
    if _is_on_loop() and (place := _place()):
        raise BlockingError(f"{place} {does} on the event loop; have a thread do it")


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
