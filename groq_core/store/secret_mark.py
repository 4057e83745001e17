"""Since when servers sign with which secret, by a mark from which nobody learns it."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.access.sessions import mark_of
from groq_core.redaction import Secret
from groq_core.store.database import Database, clock_of
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.tables import SecretMarkRow

logger = logging.getLogger("groq_core.team")


class LeftMark(msgspec.Struct, frozen=True):
    """
    Attributes:
        mark: Empty for servers that made their own secret at each start.
        at: When the first server started with it.
    """

    mark: str
    at: float

    @property
    def day(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.at))


class SecretMark:
    """
    The mark of a server.

    Args:
        secret: None where each process makes its own.
    """

    def __init__(self, database: Database, secret: Secret | None) -> None:
        self._database = database
        self._mark = mark_of(secret)

    async def leave(self) -> None:
        """Write the mark down where it is another than the last, and say what a new secret does."""
        with suppress(*UNAVAILABLE):
            before = await self._database.within(self._exchange)
            if before is not None and before.mark and before.mark != self._mark:
                logger.warning(
                    "sessions were signed with another GROQ_CORE_SECRET since %s: everybody has to sign in anew, and "
                    "where a server still has that one, the two know nobody of each other",
                    before.day,
                )

    async def _exchange(self) -> LeftMark | None:
        async with self._database.writing() as connection:
            before = await read_mark(connection)
            if before is None or before.mark != self._mark:
                values = {"mark": self._mark, "at": await clock_of(connection)}
                await connection.execute(insert(SecretMarkRow).values(values))
            return before


async def read_mark(connection: AsyncConnection) -> LeftMark | None:
    """The newest; None where no server has started yet."""
    newest = select(SecretMarkRow.mark, SecretMarkRow.at).order_by(SecretMarkRow.number.desc()).limit(1)
    row = (await connection.execute(newest)).first()
    return LeftMark(*row) if row is not None else None
