"""Work that nobody waits for any more is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from groq_core.ui.page_reader import wait_for_disconnect

_T = TypeVar("_T")


async def unless_gone(request: Request, work: Coroutine[Any, Any, _T] | asyncio.Task[_T]) -> _T | None:
    """
    Do it, or give it up when the page hangs up; the connection upstream is then closed too.

    Args:
        request: Its body must have been read.
        work: Errors pass through.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)
