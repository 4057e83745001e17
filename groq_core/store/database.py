"""One connection pool, and transactions for reading and for writing, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from groq_core.errors import RequestError, SettingsError
from groq_core.redaction import Secret
from groq_core.store.migrate import upgrade

VARIABLE: Final = "GROQ_CORE_DATABASE"

BUSY_S: Final = 10.0
"""Seconds that SQLite waits for another writer."""

START_S: Final = 20.0
"""Seconds that a database gets to answer at the start."""

ANSWER_S: Final = 3.0
"""Longest wait for an answer that a request needs; a server that is paused accepts and says nothing."""

STRANGER_S: Final = 8.0
"""How long somebody waits of whom nothing is known here."""

LOOK_S: Final = 0.25

T = TypeVar("T")

UNAVAILABLE = (SQLAlchemyError, OSError, TimeoutError)
"""What a database that has gone away raises."""


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
        sqlite: It is SQLite; else PostgreSQL.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.sqlite = engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state throughout and writes nothing."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="SERIALIZABLE" if self.sqlite else "REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; on SQLite one at a time, so that none fails in its middle."""
        engine = self._engine.execution_options(immediate=True) if self.sqlite else self._engine
        async with engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def open_database(address: Secret) -> AsyncIterator[Database]:
    """
    Connect, bring the tables up to date, and close at the end.

    Raises:
        SettingsError: Nobody answers there, or it cannot be used.
    """
    url = async_url(address.reveal())
    engine = _engine(url)
    database = Database(engine)
    try:
        async with asyncio.timeout(START_S):
            if database.sqlite and url.database:
                await asyncio.to_thread(_try_file, url.database)
            await _prepare(database)
    except (*UNAVAILABLE, DBAPIError, sqlite3.Error) as error:
        await engine.dispose()
        raise SettingsError(
            f"{VARIABLE}: {url.render_as_string(hide_password=True)} cannot be used: {_reason(error)}",
            hint="Look at the address, whether the database runs, and whether it may be written.",
        ) from None
    try:
        yield database
    finally:
        await database.close()


def _try_file(path: str) -> None:
    """Open it by the plain driver first: the other one's thread would write a trace when it cannot."""
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        connection.execute("PRAGMA schema_version")


async def _prepare(database: Database) -> None:
    async with database.writing() as connection:
        await connection.run_sync(upgrade)


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 5},
        )
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_S})
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


async def patiently(ask: Callable[[], Awaitable[T]], seconds: float) -> T:
    """
    Ask something of a database that may be away for a moment.

    Args:
        seconds: How long it is asked again; each time has :data:`ANSWER_S` to answer.

    Raises:
        UNAVAILABLE: It still is.
    """
    ends = time.monotonic() + seconds
    while True:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await ask()
        except UNAVAILABLE:
            if time.monotonic() >= ends:
                raise
        await asyncio.sleep(LOOK_S)


def away_error(what: str) -> RequestError:
    """What somebody is told whom the database keeps waiting for too long."""
    return RequestError(
        f"nobody can say now {what}: the database does not answer",
        status=503,
        code="limits_unavailable",
        hint="Try again in a few seconds.",
        retry_after=2.0,
    )
