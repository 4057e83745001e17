"""What the doctor says of the two places where a team's state lives: the database and Redis."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from groq_core.access.sessions import mark_of
from groq_core.errors import SettingsError
from groq_core.redaction import redact
from groq_core.settings.team_extra import require_team

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from groq_core.redaction import Secret
    from groq_core.store.secret_mark import LeftMark

SHOWN: Final = 8
"""Letters of a mark that are shown."""

ASKING_S: Final = 8.0
"""Seconds a database gets to answer."""


async def database_line(address: Secret) -> tuple[str, bool]:
    """
    Ask the database, changing nothing in it.

    Returns:
        The line, and whether a server could start with it.
    """
    try:
        require_team()
    except SettingsError as error:
        return f"database   {error.told}", False
    from groq_core.store.database import async_url

    url = async_url(address.reveal())
    shown = url.render_as_string(hide_password=True)
    sqlite = url.get_backend_name() == "sqlite"
    try:
        async with asyncio.timeout(ASKING_S):
            revision, newest = await (asyncio.to_thread(_sqlite_revision, url) if sqlite else _revision(url))
    except Exception as error:
        reason = "no answer" if isinstance(error, TimeoutError) else _first_line(error)
        mend = "Look at GROQ_CORE_DATABASE, whether it runs, and whether it may be written."
        return f"database   {shown} cannot be used: {reason}. {mend}", False
    if revision == newest:
        return f"database   {shown} answers, its tables are up to date", True
    if revision is None:
        return f"database   {shown} has no tables yet; the start makes them", True
    known = f"its tables are of revision {revision}; the start brings them to {newest}"
    if revision > newest:
        known = (
            f"its tables are of revision {revision}, newer than this version, which knows {newest}. Update groq-core"
        )
    return f"database   {shown} answers, {known}", revision < newest


def _sqlite_revision(url: URL) -> tuple[str | None, str]:
    """
    Raises:
        OSError: The file cannot be made or written.
        sqlite3.Error: It is no database.
    """
    from groq_core.store.migrate import newest

    if not url.database or url.database == ":memory:":
        return None, newest()
    file = Path(url.database)
    if not file.exists():
        if not file.absolute().parent.is_dir():
            raise FileNotFoundError(f"there is no folder {file.absolute().parent}")
        return None, newest()
    with closing(sqlite3.connect(file, timeout=2)) as connection:
        connection.execute("BEGIN IMMEDIATE")  # as much as a writer needs
        try:
            row = None
            with suppress(sqlite3.OperationalError):
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.rollback()
    return (row[0] if row else None), newest()


async def _revision(url: URL) -> tuple[str | None, str]:
    from sqlalchemy.ext.asyncio import create_async_engine

    from groq_core.store.database import CONNECTING, check_encoding
    from groq_core.store.migrate import current, newest

    engine = create_async_engine(url, hide_parameters=True, connect_args=CONNECTING)
    try:
        async with engine.connect() as connection:
            await check_encoding(connection)
            return await connection.run_sync(current), newest()
    finally:
        await engine.dispose()


async def secret_line(secret: Secret | None, database: Secret | None) -> str:
    """What sessions are signed with, by a mark that is no secret, and whether it is what servers signed with so far."""
    mark = mark_of(secret)[:SHOWN]
    left = await _left_mark(database) if database is not None else None
    if not mark:
        lost = "who signs in is a stranger after the next start, and at every other server. Set GROQ_CORE_SECRET"
        if left is not None and left.mark:
            lost = f"servers signed with one of mark {left.mark[:SHOWN]} since {left.day}; without it {lost}"
        return f"secret     not set: {lost}"
    if left is None:
        return f"secret     set, its mark is {mark}"
    if left.mark[:SHOWN] == mark:
        return f"secret     set, its mark is {mark}: sessions were signed with it since {left.day}"
    before = f"with another, of mark {left.mark[:SHOWN]}" if left.mark else "with one that each made at its start"
    kept = "With this one everybody signs in anew; API keys, shared links and conversations stay"
    return f"secret     set, its mark is {mark}: servers signed {before}, since {left.day}. {kept}"


async def _left_mark(address: Secret) -> LeftMark | None:
    """What the last server to start left in the database; None where that is not to be had."""
    try:
        require_team()
    except SettingsError:
        return None
    from sqlalchemy.ext.asyncio import create_async_engine

    from groq_core.store.database import CONNECTING, async_url
    from groq_core.store.secret_mark import read_mark

    url = async_url(address.reveal())
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not _is_there(url):
        return None
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": 2} if sqlite else CONNECTING)
    try:
        async with asyncio.timeout(ASKING_S), engine.connect() as connection:
            return await read_mark(connection)
    except Exception:  # the line of the database says why
        return None
    finally:
        await engine.dispose()


def _is_there(url: URL) -> bool:
    return bool(url.database) and Path(str(url.database)).is_file()


async def redis_line(address: Secret) -> str:
    """Ask Redis, and write one key that is gone at once; without it servers go on alone, so it is no reason to fail."""
    try:
        require_team(redis=True)
    except SettingsError as error:
        return f"redis      {error.told}"
    from redis.asyncio import Redis
    from redis.exceptions import AuthenticationError, ReadOnlyError, RedisError

    from groq_core.store.shared.link import PREFIX, client_of

    shown = redact(address.reveal())
    try:
        client = client_of(Redis, address, socket_timeout=2, socket_connect_timeout=2)
    except SettingsError as error:
        return f"redis      {error.told}"
    try:
        await client.set(PREFIX + "doctor", b"1", px=1)
        found = await client.info("server")
    except ReadOnlyError:
        return f"redis      {shown} may only be read: it is a replica. Set GROQ_CORE_REDIS_URL to the one that leads."
    except AuthenticationError:
        return f"redis      {shown} refuses the password. Put the right one into GROQ_CORE_REDIS_URL."
    except (RedisError, OSError, ValueError) as error:
        alone = "Each server goes on alone until it is there. Look at GROQ_CORE_REDIS_URL, and whether it runs."
        return f"redis      {shown} does not answer: {_first_line(error)}. {alone}"
    finally:
        await client.aclose()
    name = "Valkey" if "valkey_version" in found else "Redis"
    return (
        f"redis      {shown} answers and can be written: {name} {found.get('valkey_version', found['redis_version'])}"
    )


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return redact(line).rstrip(".")
