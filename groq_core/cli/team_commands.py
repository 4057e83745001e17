"""What the commands of a team share: the database, tables of plain text, and who is written into the audit log."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec

from groq_core.errors import GroqCoreError, SettingsError
from groq_core.terminal import for_terminal

if TYPE_CHECKING:
    from groq_core.redaction import Secret
    from groq_core.store.database import Database

WHO: Final = "command line"


@asynccontextmanager
async def team_database(*, new: bool = False) -> AsyncIterator[Database]:
    """
    Open the database of the settings.

    Args:
        new: It may be made now, where it is a file that is not there; else that is most likely another folder's.

    Raises:
        SettingsError: None is set, or it is not there, or it cannot be used.
    """
    from groq_core.settings.env_file import load
    from groq_core.settings.team_extra import require_team

    settings = load()
    if settings.database is None:
        raise SettingsError(
            "there is no database: GROQ_CORE_DATABASE is not set",
            hint="Set it to sqlite:///groq-core.db or to the address of a PostgreSQL server.",
        )
    require_team()
    _look_for_file(settings.database, new=new)
    from sqlalchemy.exc import SQLAlchemyError

    from groq_core.store.database import open_database, reason_of

    async with open_database(settings.database) as database:
        try:
            yield database
        except SQLAlchemyError as error:
            raise GroqCoreError(
                f"the database broke it off: {reason_of(error)}",
                hint="Look whether it runs, and try again.",
            ) from None


def _look_for_file(address: Secret, *, new: bool) -> None:
    from groq_core.store.database import async_url

    url = async_url(address.reveal())
    path = url.database or ""
    if url.get_backend_name() != "sqlite" or path.startswith((":memory:", "file:")) or os.path.exists(path):
        return
    whole = os.path.abspath(path)
    if not new:
        raise SettingsError(
            f"GROQ_CORE_DATABASE: there is no database {whole}",
            hint="A path that begins with no slash counts from the folder a command is started in.",
        )
    if os.path.isdir(os.path.dirname(whole)):
        print(for_terminal(f"a new database is made: {whole}"), file=sys.stderr)


def print_rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they need to be; names and models are others' words, and drive no terminal."""
    lines = [tuple(map(for_terminal, line)) for line in (header, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_json(entries: Iterable[Any]) -> None:
    """One JSON array, for programs."""
    json.dump(msgspec.to_builtins(list(entries)), sys.stdout, indent=2, ensure_ascii=False)
    print()


def day(moment: float | None) -> str:
    """
    A moment as people write a day; ``never`` for none.

    >>> day(0), day(None)
    ('1970-01-01', 'never')
    """
    return "never" if moment is None else time.strftime("%Y-%m-%d", time.gmtime(moment))
