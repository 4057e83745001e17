"""The ledger: written together twice a second, read by person, key, model and day."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.ratelimit.personal_limits import Taken
from groq_core.store.database import Database
from groq_core.store.once import Once
from groq_core.store.people import PeopleStore
from groq_core.store.presence import UNAVAILABLE, UNFIT
from groq_core.store.tables import Spend

logger = logging.getLogger("groq_core.books")

FLUSH_S: Final = 0.5
LONGEST: Final = 20_000
"""Lines kept while the database is away."""


class LedgerEntry(Taken, kw_only=True):
    """What one person spent with one key on one model on one day."""

    day: str
    person: str
    key: int
    model: str

    def add(self, other: LedgerEntry) -> None:
        self.requests += other.requests
        self.cached += other.cached
        self.tokens_in += other.tokens_in
        self.tokens_out += other.tokens_out
        self.audio_s += other.audio_s
        self.usd += other.usd


def today() -> str:
    """The day in UTC, the same for all replicas."""
    return time.strftime("%Y-%m-%d", time.gmtime())


class Books:
    """
    What was spent, gathered here and written by :meth:`run`.

    A process that is killed takes along what it gathered in its last half second; the limits, which are lent, do not
    rely on it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._people = PeopleStore(database)
        self._once = Once(database)
        self._number = 1
        self._lines: dict[tuple[str, str, int, str], LedgerEntry] = {}
        self._sent: dict[tuple[str, str, int, str], LedgerEntry] = {}
        self._keys: dict[int, float] = {}
        self._seen: set[str] = set()
        self.away = False

    def note(self, line: LedgerEntry) -> None:
        if line.requests:  # of what failed and cost nothing there is no line
            self._gather(line)
        if line.key:
            self._keys[line.key] = time.time()
        if line.person:
            self._seen.add(line.person)

    def _gather(self, line: LedgerEntry) -> None:
        place = (line.day, line.person, line.key, line.model)
        if (known := self._lines.get(place)) is not None:
            known.add(line)
        elif len(self._lines) < LONGEST:
            self._lines[place] = line

    async def flush(self) -> None:
        # What was written and not answered is written again first, as it was: it may be there already.
        while self._sent or self._lines:
            if not self._sent:
                self._sent, self._lines = self._lines, {}
            try:
                await self._once.write(self._number, self._write)
            except (UNFIT, OverflowError, UnicodeError) as error:
                self._split(error)
                continue
            except UNAVAILABLE:
                if not self.away:
                    logger.warning("spend is kept in memory while the database is away")
                self.away = True
                return
            self._sent, self._number, self.away = {}, self._number + 1, False
            await self._record_visits()

    def _split(self, error: BaseException) -> None:
        """One of these lines cannot be kept, and nothing was written: the halves are tried, down to that line alone."""
        places = sorted(self._sent)
        if len(places) == 1:
            logger.error("a line of the ledger cannot be kept and is left out: %s", type(error).__name__)
        for place in places[len(places) // 2 :]:
            line = self._sent.pop(place)
            if len(places) > 1:
                self._gather(line)

    async def _write(self, connection: AsyncConnection) -> None:
        for place in sorted(self._sent):
            await _add(connection, self._sent[place])

    async def _record_visits(self) -> None:
        """When keys were used last, and who was here."""
        keys, self._keys = self._keys, {}
        seen, self._seen = self._seen, set()
        with suppress(*UNAVAILABLE):  # whoever asks again is seen again
            await self._database.within(lambda: self._people.record_visits(sorted(seen), keys))

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    async def read(self, *, since: str = "", person: str | None = None) -> list[LedgerEntry]:
        """Lines of the ledger since a day (``2026-11-01``), oldest first."""
        query = select(Spend.__table__).where(Spend.day >= since).order_by(Spend.day, Spend.person, Spend.model)
        if person is not None:
            query = query.where(Spend.person == person)
        async with self._database.reading() as connection:
            return [LedgerEntry(**row._mapping) for row in await connection.execute(query)]


async def _add(connection: AsyncConnection, line: LedgerEntry) -> None:
    names = ("requests", "cached", "tokens_in", "tokens_out", "audio_s", "usd")
    mine = (Spend.day == line.day, Spend.person == line.person, Spend.key == line.key, Spend.model == line.model)
    added = {name: getattr(Spend, name) + getattr(line, name) for name in names}
    if not (await connection.execute(update(Spend).where(*mine).values(added))).rowcount:
        await connection.execute(insert(Spend).values(msgspec.structs.asdict(line)))
