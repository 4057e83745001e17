"""
Whether the database is there: while it is known to be away, nobody waits for it in vain.

A driver waits for a server that says nothing even when it is told to stop (psycopg for ten seconds more), so whoever
asks is released by us, and what was asked is left to end by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from groq_core.store.absence import DatabaseAway, absence_reason, tells_of_absence

logger = logging.getLogger("groq_core.database")

T = TypeVar("T")

UNAVAILABLE = (SQLAlchemyError, OSError, TimeoutError)
"""What a database that has gone away raises."""

UNFIT: Final = DataError
"""What a database says of a value that it cannot keep, whenever it comes."""

LOOK_S: Final = 0.25
SUSPECT_S: Final = 2.0
"""A server that has kept somebody waiting has so long to show that it is only slow."""

LOOK_ANSWER_S: Final = 6.0
"""How long a server has to answer when it is looked for; meanwhile others look too, since a first word may be lost."""

LOOKS: Final = 4
"""That are under way at once."""

LEAVE_S: Final = 0.5

_SLOW: Final = (TimeoutError, PoolTimeoutError)
"""What a server may raise that is there, and has much to do."""


class Presence:
    """
    Args:
        look: Asks whether the server is there, on a connection of its own.
        renew: Called when it is there again: connections from before may lead nowhere.

    Attributes:
        away: Why it is away; empty while it is there.
        changed: Called when that changes.
    """

    def __init__(self, look: Callable[[], Awaitable[object]], renew: Callable[[], Awaitable[object]]) -> None:
        self._look = look
        self._renew = renew
        self._there = asyncio.Event()
        self._there.set()
        self._asked: set[asyncio.Task[Any]] = set()
        self._looking: asyncio.Task[None] | None = None
        self.away = ""
        self.changed: Callable[[], None] = lambda: None

    def check(self) -> None:
        """
        Raises:
            DatabaseAway: It is known to be away.
        """
        if self.away:
            raise DatabaseAway(self.away)

    async def within(self, seconds: float, ask: Callable[[], Awaitable[T]]) -> T:
        """
        Ask something, and wait no longer than that.

        Raises:
            UNAVAILABLE: There is no answer; at once where that is known.
        """
        self.check()
        try:
            return await self._detached(seconds, ask)
        except UNAVAILABLE as error:
            if tells_of_absence(error):
                self._lose(error)
            raise

    async def patiently(self, seconds: float, answer_s: float, ask: Callable[[], Awaitable[T]]) -> T:
        """
        The same again and again, while it may be away for a moment.

        Args:
            seconds: How long it is asked again; each time has ``answer_s`` to answer.
        """
        ends = time.monotonic() + seconds
        while True:
            if self.away and seconds:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ends - time.monotonic()):
                        await self._there.wait()
            try:
                return await self.within(answer_s, ask)
            except UNAVAILABLE:
                if time.monotonic() >= ends:
                    raise
            await asyncio.sleep(LOOK_S)

    async def close(self) -> None:
        """Look for it no more, and leave what still waits for it."""
        if self._looking is not None:
            self._looking.cancel()
        for task in self._asked:
            task.cancel()
        if self._asked:
            await asyncio.wait(self._asked, timeout=LEAVE_S)

    async def _detached(self, seconds: float, ask: Callable[[], Awaitable[T]]) -> T:
        task = asyncio.ensure_future(ask())
        self._asked.add(task)
        task.add_done_callback(self._drop)
        try:
            done, _ = await asyncio.wait((task,), timeout=seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            raise TimeoutError(f"the database has not answered within {seconds:g} s")
        return task.result()

    def _drop(self, task: asyncio.Task[Any]) -> None:
        self._asked.discard(task)
        if not task.cancelled():
            task.exception()  # nobody else may have waited for it

    def _lose(self, error: BaseException) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._find_out(error))
        if not (self.away or isinstance(error, _SLOW)):
            self._go_away(error)

    def _go_away(self, error: BaseException) -> None:
        reason = absence_reason(error)
        if reason != self.away:
            # That a connection was broken off may be the first that is heard of a new password.
            self.away = reason
            logger.warning("the database is away: %s", self.away)
            self._there.clear()
            self.changed()

    async def _find_out(self, error: BaseException) -> None:
        """Whether it is away or only slow; and where it is away, when it is there again."""
        looks: set[asyncio.Task[object]] = set()
        ends = time.monotonic() + SUSPECT_S
        try:
            while True:
                if len(looks) < LOOKS:
                    looks.add(asyncio.ensure_future(self._detached(LOOK_ANSWER_S, self._look)))
                done, looks = await asyncio.wait(looks, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                failures = [one.exception() for one in done]
                if None in failures:
                    break
                hard = [one for one in failures if one is not None and not isinstance(one, _SLOW)]
                if hard or (not self.away and time.monotonic() > ends):
                    self._go_away(hard[0] if hard else error)
                if done:
                    await asyncio.sleep(LOOK_S)
        finally:
            for one in looks:
                one.cancel()
            self._looking = None
        if self.away:
            await self._come_back()

    async def _come_back(self) -> None:
        with suppress(*UNAVAILABLE):
            await self._detached(LEAVE_S, self._renew)
        logger.info("the database is there")
        self.away = ""
        self._there.set()
        self.changed()
