"""A SQLite file that is taken away or replaced under a server, which wrote on into it; at its end all was gone."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from groq_core.redaction import Secret
from groq_core.simulator import Simulator
from groq_core.store.absence import DAMAGED
from groq_core.store.database import open_database
from groq_core.store.people import PeopleStore
from groq_core.store.sqlite_connection import REMOVED, REPLACED
from tests.requires import only_where
from tests.store.stage import ask, eventually, sqlite_url, team_stage

pytestmark = only_where(sys.platform != "win32", "nobody can take away a file that is open there")

ENDINGS = ("", "-wal", "-shm")


def move(before: Path, after: Path) -> None:
    for ending in ENDINGS:
        Path(f"{before}{ending}").rename(f"{after}{ending}")


@pytest.mark.parametrize(("replace", "reason"), [(False, REMOVED), (True, REPLACED)])
async def test_it_is_told_and_over_when_it_is_back(
    tmp_path: Path, simulator: Simulator, replace: bool, reason: str
) -> None:
    file, aside = tmp_path / "team.db", tmp_path / "aside.db"
    url = sqlite_url(file)
    shutil.copy(file, tmp_path / "copy.db")
    async with team_stage(url, simulator) as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("ci", who="tests")).reveal()

        async def is_away() -> bool:
            return team.status() == f"away: {reason}"

        async def is_there() -> bool:
            return team.status() == "in step"

        async def is_written() -> bool:
            return sum(line.requests for line in await team.limits.books.read()) == 2

        async with stage.client(key=key) as http:
            assert (await ask(http)).status_code == 200
            move(file, aside)
            if replace:
                shutil.copy(tmp_path / "copy.db", file)
            assert await eventually(is_away)
            assert (await ask(http)).status_code == 200, "what is known goes on"
            assert file.exists() is replace, "nothing is made in its place"
            move_back(file, aside)
            assert await eventually(is_there)
            assert await eventually(is_written)


def move_back(file: Path, aside: Path) -> None:
    for ending in ENDINGS:
        Path(f"{file}{ending}").unlink(missing_ok=True)
    move(aside, file)


async def test_a_file_that_was_numbered_anew_is_the_same(tmp_path: Path) -> None:
    """As some network file systems do it."""
    async with open_database(Secret(sqlite_url(tmp_path / "team.db"))) as database:
        assert database._file is not None
        database._file._seen = (0, 0)
        await database.check_file()
        await PeopleStore(database).add("ann", who="tests")
        assert database._file._seen != (0, 0)


async def test_a_damaged_file_is_told_and_written_no_more(tmp_path: Path, simulator: Simulator) -> None:
    """It was "in step", while nothing could be read or written any more."""
    file = tmp_path / "team.db"
    async with team_stage(sqlite_url(file), simulator) as stage:
        team = stage.core.team
        assert team is not None
        key = (await team.keys.create("ci", who="tests")).reveal()
        async with stage.client(key=key) as http:
            assert (await ask(http)).status_code == 200
            for ending in ("", "-wal"):
                damage(Path(f"{file}{ending}"))

            async def is_told() -> bool:
                return team.status() == f"away: {DAMAGED}"

            assert await eventually(is_told)
            written = file.read_bytes()
            assert (await ask(http)).status_code == 200
            await asyncio.sleep(1.5)
            assert await is_told()
            assert file.read_bytes() == written


def damage(file: Path) -> None:
    with file.open("r+b") as open_file:
        open_file.write(b"this is no page of a database. " * (file.stat().st_size // 31))
