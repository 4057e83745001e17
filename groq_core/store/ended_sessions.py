"""Sessions that somebody ended before their time, on whichever process, so that no restart makes them good again."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from cachetools import LRUCache
from sqlalchemy import delete, func, insert, select

from groq_core.access.sessions import KEPT_ENDED
from groq_core.store.database import Database
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.tables import EndedSession

OVERLAP: Final = 100
"""Rows that are read once more: of two transactions the one with the lower number may end later."""


class EndedSessions:
    """
    Those of the database, as of a second ago, and those that were ended here, at once.

    While the database is away they are kept here, and written down when it is back.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: LRUCache[str, bool] = LRUCache(KEPT_ENDED)
        self._unwritten: list[str] = []
        self._read_to = 0

    async def add(self, session: str, expiry: int) -> None:
        if session in self._known:
            return
        self._known[session] = True
        self._unwritten.append(session)
        with suppress(*UNAVAILABLE):
            await self._database.within(self.flush)

    async def has(self, session: str) -> bool:
        return session in self._known

    async def flush(self) -> None:
        """
        Write down what is new here.

        Raises:
            UNAVAILABLE: The database is away; it waits.
        """
        if not self._unwritten:
            return
        rows, self._unwritten = self._unwritten, []  # two at once write nothing twice
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(EndedSession), [{"session": session} for session in rows])
                newest = await connection.scalar(select(func.max(EndedSession.number))) or 0
                await connection.execute(delete(EndedSession).where(EndedSession.number <= newest - KEPT_ENDED))
        except BaseException:
            self._unwritten = [*rows, *self._unwritten]
            raise

    async def refresh(self) -> None:
        """Read what others have ended."""
        columns = EndedSession.number, EndedSession.session
        new = select(*columns).where(EndedSession.number > self._read_to - OVERLAP).order_by(EndedSession.number)
        async with self._database.reading() as connection:
            for number, session in await connection.execute(new):
                self._known[session] = True
                self._read_to = number
