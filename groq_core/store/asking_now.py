"""Who is asking now, on whichever process: each writes down its own once a second, while anybody asks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Final

from sqlalchemy import delete, insert, select

from groq_core.middleware.log import Asking
from groq_core.store.database import Database, clock_of
from groq_core.store.tables import AskingRow

MOST: Final = 200
"""Of one process that are written down."""

FRESH_S: Final = 5.0
"""A process that has written nothing for so long has ended, or cannot write."""

FORGOTTEN_S: Final = 60.0


class AskingNow:
    """
    Attributes:
        running: Who asks this process.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._process = secrets.token_hex(8)
        self._written = False
        self.running: Callable[[], Iterable[Asking]] = tuple

    async def flush(self) -> None:
        """
        Write who asks here; nothing where nobody does and nobody did.

        Raises:
            UNAVAILABLE: The database is away.
        """
        rows = list(self.running())[:MOST]
        if not rows and not self._written:
            return
        values = [
            {
                "process": self._process,
                "number": number,
                "person": one.person[:200],
                "user": one.user[:200],
                "operation": one.operation,
                "model": one.model[:200],
                "since": one.since,
            }
            for number, one in enumerate(rows)
        ]
        async with self._database.writing() as connection:
            now = await clock_of(connection)
            mine = AskingRow.process == self._process
            await connection.execute(delete(AskingRow).where(mine | (AskingRow.beat < now - FORGOTTEN_S)))
            if values:
                await connection.execute(insert(AskingRow), [one | {"beat": now} for one in values])
        self._written = bool(values)

    async def everywhere(self) -> list[Asking]:
        """Who asks any process, as of a second ago; longest first."""
        columns = (AskingRow.person, AskingRow.user, AskingRow.operation, AskingRow.model, AskingRow.since)
        async with self._database.reading() as connection:
            fresh = AskingRow.beat > await clock_of(connection) - FRESH_S
            query = select(*columns).where(fresh).order_by(AskingRow.since)
            return [Asking(*row) for row in await connection.execute(query)]
