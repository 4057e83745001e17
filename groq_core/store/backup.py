"""
Back the database up into one file, and read it back, into the same kind of database or the other.

The file is gzipped JSON lines: what it is, then every row of every table, in one state of all of them.
"""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, insert, select, text

from groq_core.encoding import json_line
from groq_core.errors import RequestError
from groq_core.store.database import Database
from groq_core.store.migrate import current, newest
from groq_core.store.tables import TABLES

FORM: Final = "groq-core backup"
ROWS_AT_ONCE: Final = 500

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
    """
    count = 0
    part = file.with_name(file.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # hashes and conversations are private
    with os.fdopen(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as out:
        async with database.reading() as connection:
            revision = await connection.run_sync(current)
            out.write(json_line({"form": FORM, "revision": revision, "at": time.time()}).decode())
            for table in TABLES:
                async for row in await connection.stream(select(table)):
                    # Names are of a class of SQLAlchemy's own, which the encoder does not know.
                    values = {str(name): value for name, value in row._mapping.items()}
                    out.write(json_line([str(table.name), values]).decode())
                    count += 1
    part.replace(file)
    return count


async def restore(database: Database, file: Path, *, replace: bool = False) -> int:
    """
    Read a backup, all of it or nothing.

    Args:
        replace: Take away what is there; without it only an empty database is written.

    Returns:
        How many rows.

    Raises:
        RequestError: The file is no backup of this version, or the database is not empty.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            head = msgspec.json.decode(next(lines))
            if head.get("form") != FORM or head.get("revision") != newest():
                raise RequestError(
                    f"{file} is not a backup of this version",
                    hint=f"It is of revision {head.get('revision')}; this version reads {newest()}.",
                )
            return await _read_rows(database, lines, replace=replace)
    except (OSError, EOFError, ValueError, StopIteration, AttributeError) as error:
        raise RequestError(f"{file} is not a backup, or is cut short: {error or type(error).__name__}") from None


async def _read_rows(database: Database, lines: Any, *, replace: bool) -> int:
    tables = {table.name: table for table in TABLES}
    count = 0
    async with database.writing() as connection:
        for table in reversed(TABLES):
            if replace:
                await connection.execute(delete(table))
            elif await connection.scalar(select(func.count()).select_from(table)):
                raise RequestError("the database is not empty", hint="Add --replace to take away what is there.")
        waiting: list[dict[str, Any]] = []
        name = ""
        for line in lines:
            of, row = msgspec.json.decode(line)
            if of != name or len(waiting) == ROWS_AT_ONCE:
                if waiting:
                    await connection.execute(insert(tables[name]), waiting)
                name, waiting = of, []
            waiting.append(row)
            count += 1
        if waiting:
            await connection.execute(insert(tables[name]), waiting)
        if not database.sqlite:
            for table, column in NUMBERED.items():
                sequence = f"pg_get_serial_sequence('{table}', '{column}')"
                await connection.execute(
                    text(f"SELECT setval({sequence}, COALESCE((SELECT MAX({column}) FROM {table}), 0) + 1, false)")
                )
    return count
