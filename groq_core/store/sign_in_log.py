"""Refused sign-ins of every process, for a month; written together once a second."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from sqlalchemy import delete, insert, select

from groq_core.access.refused_sign_ins import RefusedSignIn, RefusedSignIns
from groq_core.store.database import Database
from groq_core.store.tables import FailedSignIn

KEPT_S: Final = 30 * 86_400
WAITING: Final = 1000
"""Lines kept while the database is away; whoever guesses more than that drives out his own."""


class SignInLog(RefusedSignIns):
    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._new: deque[RefusedSignIn] = deque(maxlen=WAITING)

    def note(self, address: str, *, person: str = "", way: str = "password") -> None:
        self._new.append(RefusedSignIn(time.time(), address[:64], person, way))

    async def flush(self) -> None:
        """
        Write what is new; while the database is away, it waits.

        Raises:
            UNAVAILABLE: It is.
        """
        if not self._new:
            return
        lines, self._new = self._new, deque(maxlen=WAITING)  # two at once write nothing twice
        try:
            async with self._database.writing() as connection:
                values = [{"at": one.at, "address": one.address, "person": one.person, "way": one.way} for one in lines]
                await connection.execute(insert(FailedSignIn), values)
                await connection.execute(delete(FailedSignIn).where(FailedSignIn.at < time.time() - KEPT_S))
        except BaseException:
            self._new = deque([*lines, *self._new], maxlen=WAITING)
            raise

    async def newest(self, count: int = 100) -> list[RefusedSignIn]:
        columns = (FailedSignIn.at, FailedSignIn.address, FailedSignIn.person, FailedSignIn.way)
        async with self._database.reading() as connection:
            rows = await connection.execute(select(*columns).order_by(FailedSignIn.id.desc()).limit(count))
            return [RefusedSignIn(*row) for row in rows]
