"""Writes that count once, though nobody may have heard that they were done: the answer to a commit can be lost."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.store.database import Database
from groq_core.store.tables import WriterRow

FORGOTTEN_S: Final = 7 * 86_400
"""A process that has written nothing for so long has ended."""


class Once:
    """The writes of one process, numbered from 1 on without gaps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = secrets.token_hex(8)

    async def write(self, number: int, do: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        """
        Do this in one transaction, unless it was done already under this number.

        Raises:
            UNAVAILABLE: It may be done or not; the same may be written again under the same number.
        """
        await self._database.within(lambda: self._write(number, do))

    async def _write(self, number: int, do: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        now = time.time()
        mine = WriterRow.process == self._me
        async with self._database.writing() as connection:
            step = update(WriterRow).where(mine, WriterRow.number < number).values(number=number, beat=now)
            if not (await connection.execute(step)).rowcount:
                if await connection.scalar(select(WriterRow.number).where(mine)) is not None:
                    return
                await connection.execute(insert(WriterRow).values(process=self._me, number=number, beat=now))
                await connection.execute(delete(WriterRow).where(WriterRow.beat < now - FORGOTTEN_S))
            await do(connection)
