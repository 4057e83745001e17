"""
Back the database up into one file, and read it back, into the same kind of database or the other.

The file is gzipped JSON lines: what it is, then every row of every table, in one state of all of them.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
from alembic import command
from sqlalchemy import MetaData, Table, create_engine, delete, func, insert, select, text
from sqlalchemy.exc import CompileError, DataError, IntegrityError, NoSuchTableError
from sqlalchemy.ext.asyncio import AsyncConnection

from groq_core.encoding import json_line
from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.store.database import Database, open_database
from groq_core.store.in_use import check_unused, used_by_restore
from groq_core.store.migrate import config, current, newest, revisions
from groq_core.store.tables import TABLES, EndedSession

FORM: Final = "groq-core backup"
GZIP: Final = b"\x1f\x8b"
"""The first bytes of a backup."""

ROWS_AT_ONCE: Final = 500

BROKEN: Final = (OSError, EOFError, zlib.error, ValueError, StopIteration, AttributeError, KeyError, TypeError)
"""What reading something else than a whole backup raises."""

UNFIT: Final = (IntegrityError, DataError, CompileError, NoSuchTableError)
"""What a database says of rows that damage has given other names or values; its words quote them."""

ENDED: Final = EndedSession.__tablename__

NUMBERED: Final = {
    "api_keys": "id",
    "messages": "number",
    "audit": "id",
    "announcements": "id",
    "failed_sign_ins": "id",
}
"""Tables whose rows the database numbers, and the column."""


async def back_up(database: Database, file: Path) -> int:
    """
    Write everything into a file, which is there whole or not at all.

    Returns:
        How many rows.

    Raises:
        RequestError: The file cannot be written, or is something else than a backup.
    """
    file = place_for(file)
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # hashes and conversations are private
    except OSError as error:
        raise RequestError(f"{file} cannot be written: {error.strerror}", param="file") from None
    try:
        with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as out:
            count = await _write_rows(database, out)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def place_for(file: Path) -> Path:
    """
    Where a backup is written: a link stays one. Nothing is there, or an older backup.

    Raises:
        RequestError: Something else is, such as the database itself.
    """
    named, file = file, Path(os.path.realpath(file))
    if file.is_dir():
        raise RequestError(f"{file} is a folder", param="file", hint="Name a file in it.")
    # A pipe's real path is the name of nothing.
    if named.exists() and not file.is_file():
        raise RequestError(f"{named} is no file that can be replaced", param="file", hint="Name a file.")
    if not file.exists():
        return file
    with file.open("rb") as there:
        if there.read(len(GZIP)) not in (b"", GZIP):
            raise RequestError(f"{file} is there, and is no backup", param="file", hint="Name a new file.")
    return file


async def _write_rows(database: Database, out: TextIO) -> int:
    count = 0
    async with database.reading() as connection:
        revision = await connection.run_sync(current)
        out.write(json_line({"form": FORM, "revision": revision, "at": time.time()}).decode())
        for table in TABLES:
            async for row in await connection.stream(select(table)):
                # Names are of a class of SQLAlchemy's own, which the encoder does not know.
                values = {str(name): value for name, value in row._mapping.items()}
                out.write(json_line([str(table.name), values]).decode())
                count += 1
    return count


async def restore(database: Database, file: Path, *, replace: bool = False) -> int:
    """
    Read a backup of this version or an older one, all of it or nothing.

    Args:
        replace: Take away what is there; without it only an empty database is written.

    Returns:
        How many rows.

    Raises:
        RequestError: The file is no backup, or one of a newer version, or the database is not empty, or a server runs
            on it.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            head = msgspec.json.decode(next(lines))
            if head.get("form") != FORM or head.get("revision") not in revisions():
                raise RequestError(
                    f"{file} is not a backup that this version knows",
                    hint=f"It is of revision {head.get('revision')}; this version reads up to {newest()}.",
                )
            if head["revision"] != newest():
                return await _read_older(database, lines, head["revision"], replace=replace)
            with used_by_restore(database.url):
                return await _read_rows(database, lines, replace=replace)
    except UNFIT:
        raise RequestError(f"{file} is a damaged backup: a row of it fits into no table") from None
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise RequestError(f"{file}: {error.strerror}", param="file") from None
    except BROKEN as error:
        raise RequestError(f"{file} is not a backup, or is cut short: {error or type(error).__name__}") from None


async def _read_older(database: Database, lines: TextIO, revision: str, *, replace: bool) -> int:
    """By way of a database of that version, which is brought up to date as any other is."""
    folder = Path(tempfile.mkdtemp(prefix="groq-core-restore-"))
    try:
        older, newer = folder / "older.db", folder / "newer.gz"
        await asyncio.to_thread(_fill, older, lines, revision)
        async with open_database(Secret(f"sqlite:///{older}")) as brought_up:
            await back_up(brought_up, newer)
        return await restore(database, newer, replace=replace)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _fill(file: Path, lines: TextIO, revision: str) -> None:
    engine = create_engine(f"sqlite:///{file}")
    try:
        with engine.begin() as connection:
            command.upgrade(config(connection), revision)
            tables: dict[str, Table] = {}
            for name, rows in _batches(lines):
                if name not in tables:
                    tables[name] = Table(name, MetaData(), autoload_with=connection)
                connection.execute(insert(tables[name]), rows)
    finally:
        engine.dispose()


def _batches(lines: Iterable[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of a backup, some hundreds of a table at a time."""
    waiting: list[dict[str, Any]] = []
    name = ""
    for line in lines:
        of, row = msgspec.json.decode(line)
        if of != name or len(waiting) == ROWS_AT_ONCE:
            if waiting:
                yield name, waiting
            name, waiting = of, []
        waiting.append(row)
    if waiting:
        yield name, waiting


async def _read_rows(database: Database, lines: Any, *, replace: bool) -> int:
    tables = {table.name: table for table in TABLES}
    count = 0
    async with database.writing() as connection:
        if not database.sqlite:
            await check_unused(connection)
        for table in reversed(TABLES):
            if table.name == ENDED:
                continue  # who has signed out stays signed out
            if replace:
                await connection.execute(delete(table))
            elif await connection.scalar(select(func.count()).select_from(table)):
                raise RequestError("the database is not empty", hint="Add --replace to take away what is there.")
        for name, rows in _batches(lines):
            count += len(rows)
            if name == ENDED:
                rows = await _not_ended_yet(connection, rows)
            if rows:
                await connection.execute(insert(tables[name]), rows)
        if not database.sqlite:
            for table, column in NUMBERED.items():
                sequence = f"pg_get_serial_sequence('{table}', '{column}')"
                await connection.execute(
                    text(f"SELECT setval({sequence}, COALESCE((SELECT MAX({column}) FROM {table}), 0) + 1, false)")
                )
    return count


async def _not_ended_yet(connection: AsyncConnection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of ended sessions those that are unknown here, to be numbered as they come."""
    wanted = [row["session"] for row in rows]
    known = set(await connection.scalars(select(EndedSession.session).where(EndedSession.session.in_(wanted))))
    return [{"session": session} for session in wanted if session not in known]
