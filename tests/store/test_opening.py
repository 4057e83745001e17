"""A database that this version cannot use is told at the start, with what to do."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from groq_core.cli.doctor_state import database_line
from groq_core.errors import SettingsError
from groq_core.redaction import Secret
from groq_core.store.conversations import Conversations
from groq_core.store.database import open_database
from tests.store.conftest import Postgres


async def test_tables_of_a_newer_version_are_left_alone(url: str) -> None:
    async with open_database(Secret(url)) as database, database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(SettingsError, match="of revision 9999, newer than this version") as told:
        async with open_database(Secret(url)):
            pass
    assert told.value.hint.startswith("Update groq-core")
    line, usable = await database_line(Secret(url))
    assert not usable
    assert "9999" in line


def make(postgres: Postgres, encoding: str) -> Secret:
    name = f"in_{encoding.lower()}"
    with psycopg.connect(f"host={postgres.folder} user=team dbname=postgres", autocommit=True) as connection:
        options = f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        connection.execute(f"CREATE DATABASE {name} {options}".encode())
    return Secret(f"postgresql://team@/{name}?host={postgres.folder}")


@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII"])
async def test_every_letter_is_kept(postgres: Postgres, encoding: str) -> None:
    """The second is what a server has that was made without a locale."""
    address = make(postgres, encoding)
    put = {"id": "a", "title": "你好 🙂", "updated": 1000}
    async with open_database(address) as database:
        await Conversations(database).put_head("Zoë", put)
        assert [head["title"] for head in await Conversations(database).heads("Zoë")] == ["你好 🙂"]
    line, usable = await database_line(address)
    assert usable
    assert "up to date" in line


async def test_an_encoding_that_lacks_letters_is_refused(postgres: Postgres) -> None:
    address = make(postgres, "LATIN1")
    with pytest.raises(SettingsError, match="keeps its texts in LATIN1"):
        async with open_database(address):
            pass
    line, usable = await database_line(address)
    assert not usable
    assert "LATIN1" in line
