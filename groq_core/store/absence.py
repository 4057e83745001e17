"""Why a database is away, in a few words that name no address and no user, and which errors tell of it at all."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

READ_ONLY: Final = "25006"
"""PostgreSQL's word for a server that may only be read, such as the standby an old connection leads to."""

SQLITE_REASONS: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_BUSY: "another program writes in it",
    sqlite3.SQLITE_READONLY: "it may only be read",
    sqlite3.SQLITE_IOERR: "its disk cannot be read or written",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
}

DAMAGED: Final = "its file is damaged; stop the servers, and restore a backup into a new one"
"""So it stays until they start anew: whoever writes on into a damaged file loses more of it."""

DAMAGES: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Whole codes: an index that is damaged, or a search, is not all of the file."""

POSTGRESQL_REASONS: Final = tuple(
    (re.compile(words, re.IGNORECASE), reason)
    for words, reason in (
        (
            r"authentication failed|no password supplied|pg_hba\.conf|role \S+ (does not exist|is not permitted)",
            "it refuses the name or password of GROQ_CORE_DATABASE",
        ),
        (r"database \S+ does not exist", "its server has no database of that name"),
        (r"too many (clients|connections)|connection slots", "its server takes no more connections"),
        (r"starting up|shutting down|not accepting connections|not yet accepting", "its server starts or stops"),
        (r"terminating connection|closed the connection|connection is lost", "its server broke the connection off"),
        (r"could not translate host|name or service not known|failed to resolve", "its server's name leads nowhere"),
        (r"refused|no such file|unreachable|no route|timeout expired", "nobody answers at its address"),
        (r"SSL|certificate", "its server and this one agree on no encryption"),
        (r"no space left|disk full", "its disk is full"),
    )
)
"""Found in what libpq says, which has no codes where no connection comes about. A server that speaks another language
than English is told by the name of the error alone."""


class DatabaseAway(OSError):  # noqa: N818 - a state, not a fault
    """It does not answer, or may not be written; known without having asked."""


def absence_reason(error: BaseException) -> str:
    if isinstance(error, DatabaseAway):
        return str(error)
    if _state(error) == READ_ONLY:
        return "it may only be read"
    if isinstance(error, TimeoutError | PoolTimeoutError):
        return "it does not answer"
    if _is_damage(error):
        return DAMAGED
    if reason := SQLITE_REASONS.get((_sqlite_code(error) or 0) & 0xFF):  # without what it adds about the place
        return reason
    said = str(getattr(error, "orig", None) or error)
    return next((reason for words, reason in POSTGRESQL_REASONS if words.search(said)), type(error).__name__)


def tells_of_absence(error: BaseException) -> bool:
    """Whether it is the server's fault; not so what was asked of it."""
    if isinstance(error, DBAPIError):
        by_kind = isinstance(error, OperationalError | InterfaceError)
        return by_kind or error.connection_invalidated or _state(error) == READ_ONLY or _is_damage(error)
    return isinstance(error, PoolTimeoutError | OSError | TimeoutError)


def _is_damage(error: BaseException) -> bool:
    return _sqlite_code(error) in DAMAGES


def _sqlite_code(error: BaseException) -> int | None:
    code = getattr(getattr(error, "orig", None) or error, "sqlite_errorcode", None)
    return code if isinstance(code, int) else None


def _state(error: BaseException) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)
