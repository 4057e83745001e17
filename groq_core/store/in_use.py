"""Whether servers run on a database: nothing is read back into one under their hands, and none starts meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import ModuleType
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.errors import RequestError, SettingsError
from groq_core.store.migrate import LOCK

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where a restore refuses nothing
    fcntl = None

SERVER: Final = "groq-core server"
"""By which PostgreSQL knows the connections of servers."""

BESIDE: Final = "-servers"
"""Of the file beside a SQLite file on which its servers hold their lock; in the database SQLite has its own."""

START_S: Final = 20.0
"""Seconds that a server waits at its start for a restore to end."""

LOOK_S: Final = 0.1

ELSEWHERE: Final = (
    "SELECT pid, coalesce(host(client_addr), 'this machine') FROM pg_stat_activity "
    f"WHERE datname = current_database() AND application_name LIKE '{SERVER}%' ORDER BY backend_start"
)


def name_of_server(url: URL) -> str:
    """What a server is called in PostgreSQL, with the name that the operator gave it behind ours."""
    given = url.query.get("application_name", "")
    return f"{SERVER} {given}".strip() if isinstance(given, str) else SERVER


@asynccontextmanager
async def used_by_server(url: URL) -> AsyncIterator[None]:
    """
    Keep restores away from a SQLite file; from PostgreSQL the connections themselves do.

    Raises:
        SettingsError: A backup is being read into it.
    """
    with _lock_file(url) as lock:
        ends = time.monotonic() + START_S
        while not _take(lock, alone=False):
            if time.monotonic() > ends:
                raise SettingsError(
                    "GROQ_CORE_DATABASE: a backup is being restored into it", hint="Start again when that is done."
                )
            await asyncio.sleep(LOOK_S)
        yield


@contextmanager
def used_by_restore(url: URL) -> Iterator[None]:
    """
    Keep servers away from a SQLite file.

    Raises:
        RequestError: One runs on it.
    """
    with _lock_file(url) as lock:
        if not _take(lock, alone=True):
            raise _in_use("a server runs on this database", "Stop every server and every command that uses it before.")
        yield


async def check_unused(connection: AsyncConnection) -> None:
    """
    Keep servers away from a database of PostgreSQL for as long as a transaction lasts.

    Raises:
        RequestError: One runs on it.
    """
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})  # which each start takes
    if found := (await connection.execute(text(ELSEWHERE))).all():
        places = ", ".join(dict.fromkeys(str(place) for _, place in found))
        pids = ", ".join(str(pid) for pid, _ in found)
        raise _in_use(
            f"a server runs on this database, at {places}",
            f"Stop every server before. One whose machine has vanished is ended by pg_terminate_backend: {pids}.",
        )


def _in_use(what: str, mend: str) -> RequestError:
    return RequestError(what, status=409, code="database_in_use", hint=mend)


@contextmanager
def _lock_file(url: URL) -> Iterator[int | None]:
    """None where nothing can be locked: in memory, in a folder that may only be read, on Windows."""
    path = url.database if url.get_backend_name() == "sqlite" else None
    lock = None
    if fcntl is not None and path and path != ":memory:" and not path.startswith("file:"):
        try:
            lock = os.open(os.path.realpath(path) + BESIDE, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            lock = None
    try:
        yield lock
    finally:
        if lock is not None:
            os.close(lock)


def _take(lock: int | None, *, alone: bool) -> bool:
    if lock is None or fcntl is None:
        return True
    try:
        fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
