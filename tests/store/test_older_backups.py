"""A backup is read whole by every later version, and takes no place that is not a backup's."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, create_engine

from groq_core.encoding import json_line
from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.store.backup import FORM, back_up, restore
from groq_core.store.conversations import Conversations
from groq_core.store.database import open_database
from groq_core.store.keys import ApiKeys
from groq_core.store.migrate import config, revisions
from groq_core.store.people import PeopleStore

PERSON = {
    "name": "ann",
    "role": "admin",
    "password": None,
    "limits": "5/day",
    "team": "lab",
    "created": 1.0,
    "seen": None,
}
KEY = {"id": 7, "name": "ci", "person": "ann", "digest": "d", "start": "gck_abcd", "created": 1.0}
KEY |= {"limits": None, "expires": None, "revoked": None, "used": None}
HEAD = {"id": "a", "title": "Grüße", "updated": 1000}
CONVERSATION = {
    "owner": "ann",
    "id": "a",
    "title": "Grüße",
    "head": HEAD,
    "created": 1.0,
    "updated": 1.0,
    "share": None,
}
MESSAGE = {
    "number": 3,
    "owner": "ann",
    "id": "m",
    "conversation": "a",
    "text": "hello",
    "body": {"id": "m", "text": "hello"},
}
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("people", PERSON),
    ("api_keys", KEY),
    ("conversations", CONVERSATION),
    ("messages", MESSAGE),
]


def write_backup(file: Path, revision: str) -> Path:
    """As a version of that revision wrote it: every column that its tables had."""
    engine = create_engine(f"sqlite:///{file}.db")
    with engine.begin() as connection:
        command.upgrade(config(connection), revision)
        tables = MetaData()
        tables.reflect(connection, only=[name for name, _ in ROWS])
    engine.dispose()
    lines = [{"form": FORM, "revision": revision, "at": 1.0}, *([name, row] for name, row in ROWS)]
    for name, row in ROWS:
        assert set(row) == set(tables.tables[name].columns.keys())
    file.write_bytes(gzip.compress(b"".join(map(json_line, lines))))
    return file


@pytest.mark.parametrize("revision", sorted(revisions()))
async def test_a_backup_of_every_version_is_read(url: str, tmp_path: Path, revision: str) -> None:
    file = write_backup(tmp_path / "old.gz", revision)

    async with open_database(Secret(url)) as database:
        assert await restore(database, file) == len(ROWS)
        (person,) = await PeopleStore(database).all()
        (key,) = await ApiKeys(database).all()
        assert (person.name, person.limits, person.team) == ("ann", "5/day", "lab")
        assert (key.id, key.person) == (7, "ann")
        assert [hit.id for hit in await Conversations(database).search("ann", "hello")] == ["a"]
        with pytest.raises(RequestError, match="not empty"):
            await restore(database, file)


async def test_a_backup_of_a_newer_version_is_named(tmp_path: Path) -> None:
    file = tmp_path / "new.gz"
    file.write_bytes(gzip.compress(json_line({"form": FORM, "revision": "9999", "at": 1.0})))

    async with open_database(Secret(f"sqlite:///{tmp_path}/a.db")) as database:
        with pytest.raises(RequestError, match="not a backup that this version knows") as told:
            await restore(database, file)
    assert "9999" in told.value.hint


async def test_a_backup_that_was_damaged_anywhere_is_refused_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.gz"
    async with open_database(Secret(f"sqlite:///{tmp_path}/a.db")) as database:
        await PeopleStore(database).add("ann", who="tests")
        await back_up(database, file)
        whole = file.read_bytes()
        for place in range(10, len(whole)):  # behind gzip's own head, which says nothing of what follows
            for mask in (0xFF, 1):
                file.write_bytes(whole[:place] + bytes([whole[place] ^ mask]) + whole[place + 1 :])
                with pytest.raises(RequestError, match="backup"):
                    await restore(database, file, replace=True)
        assert [one.name for one in await PeopleStore(database).all()] == ["ann"]


async def test_a_backup_takes_the_place_of_nothing_else(tmp_path: Path) -> None:
    base = tmp_path / "a.db"
    taken = tmp_path / "notes.txt"
    taken.write_text("mine")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with open_database(Secret(f"sqlite:///{base}")) as database:
        for place in (base, taken, pipe, tmp_path, Path(), tmp_path / "missing" / "b.gz"):
            with pytest.raises(RequestError):
                await back_up(database, place)
        assert taken.read_text() == "mine"
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]

        await back_up(database, tmp_path / "b.gz")
        assert await back_up(database, tmp_path / "b.gz") == await restore(database, tmp_path / "b.gz", replace=True)
