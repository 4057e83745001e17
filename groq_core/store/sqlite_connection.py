"""Connections to SQLite: one that closes, however often who uses it is called off, and one that tries to write."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any, Final

import aiosqlite
from sqlalchemy import Connection

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


def try_to_write(connection: Connection) -> None:
    """
    Write as others do, down to the disk; it is taken back when the connection is left.

    Raises:
        OperationalError: It cannot be written.
    """
    connection.exec_driver_sql("PRAGMA cache_size=2")  # pages: what is not kept stays in memory else
    connection.exec_driver_sql(f"CREATE TABLE groq_core_look AS SELECT zeroblob({TRIED_BYTES}) AS room")
