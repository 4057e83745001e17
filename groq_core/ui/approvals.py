"""Calls that wait for a visitor's word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from groq_core.services.agent import BoundCall


class Approvals:
    """
    Questions that runs have put to their pages and that nobody has answered yet.

    An approval's id is bound to the run, the call and its arguments, and is taken once: a word that is sent again,
    or for another call, finds nothing that waits.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], asyncio.Future[bool]] = {}

    def asker(self, page: str) -> Callable[[BoundCall], Awaitable[bool]]:
        """What an agent asks when a page runs it; the page is told by the event that comes before."""

        async def approve(call: BoundCall) -> bool:
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._open[page, call.approval] = answer
            try:
                return await answer
            finally:
                self._open.pop((page, call.approval), None)

        return approve

    def answer(self, page: str, approval: str, agreed: bool) -> bool:
        """Give a page's word; False when nothing waits for it."""
        waiting = self._open.pop((page, approval), None)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(agreed)
        return True
