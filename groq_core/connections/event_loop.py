"""The event loop that everything runs on."""

from __future__ import annotations

import asyncio
import sys


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's loop, or asyncio's own where uvloop is not installed: it has no wheel for Windows."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def list_no_generators() -> None:
    """
    Keep no list of the asynchronous generators of the running loop from here on.

    The loop remembers each in a weak set, to close at its end what was never closed; that costs two calls of Python
    for every one, and a request has a dozen. All of ours are closed where they are read, and whatever is dropped
    half read is closed when it is collected, as before.
    """
    sys.set_asyncgen_hooks(firstiter=None)
