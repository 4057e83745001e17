"""What every replica should find, in the database."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy import delete, insert, select, update

from groq_core.store.database import Database, clock_of
from groq_core.store.presence import UNAVAILABLE
from groq_core.store.shelf import ShelfAway
from groq_core.store.tables import ShelfRow

TIDY_S = 60.0

T = TypeVar("T")


class DatabaseShelf:
    """See :class:`groq_core.store.shelf.SharedPlace`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tidied = time.monotonic()

    async def put(self, name: str, body: bytes, seconds: float) -> None:
        async def write() -> None:
            async with self._database.writing() as connection:
                now = await clock_of(connection)
                await connection.execute(delete(ShelfRow).where(ShelfRow.name == name))
                await connection.execute(insert(ShelfRow).values(name=name, body=body.decode(), ends=now + seconds))
                if time.monotonic() - self._tidied > TIDY_S:
                    await connection.execute(delete(ShelfRow).where(ShelfRow.ends < now))
                    self._tidied = time.monotonic()

        await self._within(write)

    async def renew(self, names: Sequence[str], seconds: float) -> list[str]:
        async def write() -> set[str]:
            async with self._database.writing() as connection:
                now = await clock_of(connection)
                these = ShelfRow.name.in_(names), ShelfRow.ends >= now
                there = set(await connection.scalars(select(ShelfRow.name).where(*these)))
                await connection.execute(update(ShelfRow).where(*these).values(ends=now + seconds))
            return there

        there = await self._within(write)
        return [name for name in names if name not in there]

    async def get(self, name: str) -> bytes | None:
        async def read() -> str | None:
            async with self._database.reading() as connection:
                there = ShelfRow.name == name, ShelfRow.ends >= await clock_of(connection)
                return await connection.scalar(select(ShelfRow.body).where(*there))

        found = await self._within(read)
        return found.encode() if found is not None else None

    async def remove(self, name: str) -> None:
        async def write() -> None:
            async with self._database.writing() as connection:
                await connection.execute(delete(ShelfRow).where(ShelfRow.name == name))

        await self._within(write)

    async def take(self, name: str) -> bytes | None:
        async def take() -> str | None:
            async with self._database.writing() as connection:
                there = ShelfRow.name == name, ShelfRow.ends >= await clock_of(connection)
                found = await connection.scalar(select(ShelfRow.body).where(*there))
                removed = await connection.execute(delete(ShelfRow).where(ShelfRow.name == name))
                return found if removed.rowcount else None

        found = await self._within(take)
        return found.encode() if found is not None else None

    async def _within(self, ask: Callable[[], Awaitable[T]]) -> T:
        try:
            return await self._database.within(ask)
        except UNAVAILABLE as error:
            raise ShelfAway from error
