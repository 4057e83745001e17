"""
Connections to SQLite: one that closes, however often who uses it is called off, and one that tries to write; and
whether the file that is open is still the one of its name.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiosqlite
from sqlalchemy import Connection

from groq_core.store.absence import DatabaseAway

REMOVED: Final = "its file was taken away; put it back, or start the server anew"
REPLACED: Final = "its file was replaced by another; put it back, or start the server anew"

TRIED_BYTES: Final = 65_536
"""What must find room where a disk was full: less may fit into what the journal has of it already."""


class ClosingConnection(aiosqlite.Connection):
    """
    A connection whose thread is told to end once, and whose end all hear of who wait for it.

    Who is called off in the middle of a query has SQLAlchemy close the connection, and who is called off once more
    meanwhile has its thread stopped. The library's own then asks the ended thread to end, and waits for ever: a server
    that stops just then never would.
    """

    _stopped: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        if self._stopped is None:
            self._stopped = super().stop()
        return self._stopped


def connect_sqlite(*place: Any, **options: Any) -> ClosingConnection:
    """What :func:`aiosqlite.connect` does for SQLAlchemy, in a thread that does not keep the program from ending."""
    connection = ClosingConnection(partial(sqlite3.connect, *place, **options), iter_chunk_size=64)
    connection._thread.daemon = True
    return connection


class OpenFile:
    """
    A SQLite file that a process has open, and whether it is still the one of that name.

    On Unix one that was removed or replaced is written on, and all of it is gone with the process.

    Args:
        path: Of the file, which is there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen = self._look()

    def _look(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    async def check(self, write: Callable[[], AbstractAsyncContextManager[object]]) -> None:
        """
        Args:
            write: Begins a transaction in the file that is open.

        Raises:
            DatabaseAway: Another one has its name, or none.
        """
        seen = self._look()
        if seen == self._seen:
            return
        if seen is None:
            raise DatabaseAway(REMOVED)
        # Some file systems number a file anew now and then: what we hold, nobody else can write.
        async with write():
            if await asyncio.to_thread(self._can_be_written):
                raise DatabaseAway(REPLACED)
        self._seen = seen

    def _can_be_written(self) -> bool:
        try:
            with closing(
                sqlite3.connect(f"{Path(self._path).absolute().as_uri()}?mode=rw", uri=True, timeout=0)
            ) as other:
                other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
        except sqlite3.Error:
            pass
        return True


def try_to_write(connection: Connection) -> None:
    """
    Write as others do, down to the disk; it is taken back when the connection is left.

    Raises:
        OperationalError: It cannot be written.
    """
    connection.exec_driver_sql("PRAGMA cache_size=2")  # pages: what is not kept stays in memory else
    connection.exec_driver_sql(f"CREATE TABLE groq_core_look AS SELECT zeroblob({TRIED_BYTES}) AS room")
