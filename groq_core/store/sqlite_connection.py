"""A connection to SQLite that closes, however often who uses it is called off."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any

import aiosqlite


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
