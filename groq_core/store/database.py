"""One connection pool, and transactions for reading and for writing, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from groq_core.errors import RequestError, SettingsError
from groq_core.redaction import Secret
from groq_core.store.absence import DAMAGED, DatabaseAway
from groq_core.store.migrate import upgrade
from groq_core.store.presence import UNAVAILABLE, Presence
from groq_core.store.sqlite_connection import OpenFile, connect_sqlite, try_to_write

VARIABLE: Final = "GROQ_CORE_DATABASE"

BUSY_S: Final = 10.0
"""Seconds that SQLite waits for another writer."""

START_S: Final = 20.0
"""Seconds that a database gets to answer at the start."""

ANSWER_S: Final = 8.0
"""Longest wait for an answer without which nothing can be done; a server that is paused accepts and says nothing."""

KNOWN_ANSWER_S: Final = 1.0
"""The same where the last answer is remembered, and counts when there is no other."""

PATIENCE_S: Final = 15.0
"""How long a database that is away is waited for, by whoever can do nothing without it."""

READ_ONLY: Final = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool"
"""Of a standby, and of a server that takes no more writes, as where its disk is nearly full."""

T = TypeVar("T")


def async_url(text: str) -> URL:
    """
    The address with the driver that is used here.

    >>> str(async_url("sqlite:///team.db")), str(async_url("postgresql://h/d"))
    ('sqlite+aiosqlite:///team.db', 'postgresql+psycopg://h/d')
    """
    url = make_url(text)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


class Database:
    """
    A database that is open.

    Attributes:
        url: Where it is.
        sqlite: It is SQLite; else PostgreSQL.
    """

    def __init__(self, engine: AsyncEngine, looker: AsyncEngine | None = None) -> None:
        self._engine = engine
        self.url = engine.url
        self._looker = looker or engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.presence = Presence(self._look, self._renew)
        self._file: OpenFile | None = None

    async def within(self, ask: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
        """
        Ask something, at most so long as a request can wait; on SQLite, as long as another writer may take.

        Raises:
            UNAVAILABLE: There is no answer; at once while the database is known to be away.
        """
        return await self.presence.within(seconds or (2 * BUSY_S if self.sqlite else ANSWER_S), ask)

    async def patiently(self, ask: Callable[[], Awaitable[T]], *, known: bool = False) -> T:
        """
        Ask something of a database that may be away for a moment.

        Args:
            known: The last answer is remembered, so there is nothing to wait for.

        Raises:
            UNAVAILABLE: It still is.
        """
        answer_s = 2 * BUSY_S if self.sqlite else KNOWN_ANSWER_S if known else ANSWER_S
        return await self.presence.patiently(0.0 if known else PATIENCE_S, answer_s, ask)

    def hold_file(self) -> None:
        """From now on the file of a SQLite database is to be the one that it is now."""
        path = self.url.database
        if self.sqlite and path and path != ":memory:" and not path.startswith("file:"):
            self._file = OpenFile(path)

    async def check_file(self) -> None:
        """
        Raises:
            DatabaseAway: The file that is open is not the one of its name any more.
        """
        if self._file is not None:
            await self._file.check(self._engine.execution_options(immediate=True).begin)

    async def _look(self) -> None:
        if self.presence.away == DAMAGED:
            raise DatabaseAway(DAMAGED)
        await self.check_file()
        async with self._looker.connect() as connection:
            if self.sqlite:
                await connection.run_sync(try_to_write)
            elif await connection.scalar(text(READ_ONLY)):
                raise DatabaseAway("it may only be read")

    async def _renew(self) -> None:
        if self._looker is not self._engine:  # one in memory is gone with its connection
            await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """
        A transaction that sees one state throughout and writes nothing.

        Raises:
            DatabaseAway: That is known.
        """
        self.presence.check()
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="SERIALIZABLE" if self.sqlite else "REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """
        A transaction that writes; on SQLite one at a time, so that none fails in its middle.

        Raises:
            DatabaseAway: That is known.
        """
        self.presence.check()
        engine = self._engine.execution_options(immediate=True) if self.sqlite else self._engine
        async with engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self.presence.close()
        for engine in {self._engine, self._looker}:
            await engine.dispose()


@asynccontextmanager
async def open_database(address: Secret, *, name: str = "groq-core") -> AsyncIterator[Database]:
    """
    Connect, bring the tables up to date, and close at the end.

    Args:
        name: By which PostgreSQL knows the connections.

    Raises:
        SettingsError: Nobody answers there, or it cannot be used.
    """
    url = async_url(address.reveal())
    engine = _engine(url, name)
    database = Database(engine, _looker(url))
    try:
        async with asyncio.timeout(START_S):
            if database.sqlite and url.database:
                await asyncio.to_thread(_try_file, url.database)
            await _prepare(database)
            database.hold_file()
    except SettingsError:
        await engine.dispose()
        raise
    except (*UNAVAILABLE, DBAPIError, sqlite3.Error) as error:
        await engine.dispose()
        raise SettingsError(
            f"{VARIABLE}: {url.render_as_string(hide_password=True)} cannot be used: {reason_of(error)}",
            hint="Look at the address, whether the database runs, and whether it may be written.",
        ) from None
    try:
        yield database
    finally:
        await database.close()


def _try_file(path: str) -> None:
    """Open it by the plain driver first: the other one's thread would write a trace when it cannot."""
    if path != ":memory:" and not path.startswith("file:"):
        # A new one is for whoever runs this alone, as its journals are then: hashes and conversations are private.
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        connection.execute("PRAGMA schema_version")


async def _prepare(database: Database) -> None:
    async with database.writing() as connection:
        if not database.sqlite:
            await check_encoding(connection)
        await connection.run_sync(upgrade)


async def check_encoding(connection: AsyncConnection) -> None:
    """
    Raises:
        SettingsError: A database of PostgreSQL cannot keep every letter.
    """
    encoding = await connection.scalar(text("SHOW server_encoding"))
    if encoding not in UNICODE:
        raise SettingsError(
            f"{VARIABLE}: the database keeps its texts in {encoding}, which lacks most letters",
            hint="Make one in UTF8: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0.",
        )


async def clock_of(connection: AsyncConnection) -> float:
    """Unix time by the clock that all processes on a database share: those of two machines differ."""
    if connection.dialect.name == "sqlite":
        return time.time()  # one machine
    return float(await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or time.time())


def reason_of(error: BaseException) -> str:
    """What the driver said, in a line."""
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


CONNECTING: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "client_encoding": "utf8",  # else a database without an encoding gives bytes
}
"""Of libpq; a machine that has vanished is noticed after 25 seconds, where nobody waits for it any more."""

UNICODE: Final = ("UTF8", "SQL_ASCII")
"""Encodings of a PostgreSQL database that keep every letter; the second keeps the bytes that it is given."""


def _looker(url: URL) -> AsyncEngine | None:
    """Connects anew each time, whatever the pool waits for; None where each connection has a database of its own."""
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=CONNECTING)
    in_memory = not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
    return None if in_memory else _sqlite_engine(url, poolclass=NullPool).execution_options(immediate=True)


def _engine(url: URL, name: str) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={**CONNECTING, "application_name": name},
    )


def _sqlite_engine(url: URL, **options: Any) -> AsyncEngine:
    connecting = {"timeout": BUSY_S, "async_creator_fn": connect_sqlite}
    engine = create_async_engine(url, hide_parameters=True, connect_args=connecting, **options)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by us, below, not guessed by the driver
    cursor = connection.cursor()
    # WAL: readers and a writer side by side.
    for pragma in (f"busy_timeout={int(BUSY_S * 1000)}", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def away_error(what: str) -> RequestError:
    """What somebody is told whom the database keeps waiting for too long."""
    return RequestError(
        f"nobody can say now {what}: the database does not answer",
        status=503,
        code="limits_unavailable",
        hint="Try again in a few seconds.",
        retry_after=2.0,
    )
