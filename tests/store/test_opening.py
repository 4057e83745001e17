"""A database that this version cannot use is told at the start, with what to do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from benchmarks.processes import free_port
from groq_core.cli.doctor_state import database_line, redis_line
from groq_core.compose import assemble
from groq_core.errors import SettingsError
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from groq_core.store.conversations import Conversations
from groq_core.store.database import open_database
from tests.requires import needs, only_where
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


@only_where(sys.platform != "win32", "rights of a file are another matter there")
async def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        async with open_database(Secret(f"sqlite:///{tmp_path}/team.db")) as database:
            await Conversations(database).put_head("ann", {"id": "a", "title": "x", "updated": 1})
            rights = {name: os.stat(tmp_path / name).st_mode & 0o777 for name in os.listdir(tmp_path)}
    finally:
        os.umask(before)
    assert set(rights.values()) == {0o600}, rights


@needs("redis-server")
@pytest.mark.parametrize("option", ["nonsense=1", "socket_timeout=abc", "health_check_interval=soon"])
async def test_an_option_of_redis_that_nobody_knows_is_told_at_the_start(option: str) -> None:
    """It was a trace twice a second, and one at the end."""
    address = f"redis://:a-password@127.0.0.1:{free_port()}/0?{option}"
    settings = Settings.from_env({"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_REDIS_URL": address})
    with pytest.raises(SettingsError, match="GROQ_CORE_REDIS_URL: what stands behind its question mark") as told:
        async with assemble(settings):
            pass
    line = await redis_line(Secret(address))
    assert option.partition("=")[0] in str(told.value)
    assert option.partition("=")[0] in line
    assert "a-password" not in f"{told.value}{line}"


@pytest.mark.parametrize("option", ["nonsense=1", "timeout=abc", "mode=ro"])
def test_options_of_a_sqlite_file_are_refused(option: str) -> None:
    with pytest.raises(SettingsError, match=r"GROQ_CORE_DATABASE=.*without options"):
        Settings.from_env({"GROQ_CORE_DATABASE": f"sqlite:///team.db?{option}"})
