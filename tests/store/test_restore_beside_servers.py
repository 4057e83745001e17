"""A backup is read into no database on which a server runs; a server that starts meanwhile waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from groq_core.store import in_use
from groq_core.store.backup import back_up, restore
from groq_core.store.database import async_url, open_database
from groq_core.store.in_use import used_by_restore
from groq_core.store.people import PeopleStore
from groq_core.store.team import Team, open_team


@asynccontextmanager
async def server(url: str) -> AsyncIterator[Team]:
    async with open_team(Settings.from_env({"GROQ_CORE_DATABASE": url, "GROQ_CORE_OFFLINE": "1"})) as team:
        yield team


@pytest.mark.parametrize("servers", [1, 2])
async def test_a_restore_is_refused_while_a_server_runs(url: str, tmp_path: Path, servers: int) -> None:
    file = tmp_path / "a.gz"
    async with open_database(Secret(url)) as database:
        await PeopleStore(database).add("ann", who="tests")
        await back_up(database, file)
        async with AsyncExitStack() as stack:
            for _ in range(servers):
                await stack.enter_async_context(server(url))
            await PeopleStore(database).add("bob", who="tests")
            with pytest.raises(RequestError, match="a server runs on this database") as told:
                await restore(database, file, replace=True)
            assert told.value.hint.startswith("Stop every server")
            assert len(await PeopleStore(database).all()) == 2, "nothing was changed"

        await restore(database, file, replace=True)
        assert [one.name for one in await PeopleStore(database).all()] == ["ann"]
    async with server(url):
        """It starts as ever."""


async def test_a_server_that_starts_meanwhile_waits_until_the_restore_is_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    async with server(url):
        """Makes the tables."""
    with used_by_restore(async_url(url)):
        starting = asyncio.create_task(server(url).__aenter__())
        await asyncio.sleep(3 * in_use.LOOK_S)
        assert not starting.done()
    await starting


async def test_the_operator_s_own_name_of_the_connections_stays(postgres: object) -> None:
    url = async_url("postgresql://h/d?application_name=lab")

    assert in_use.name_of_server(url) == "groq-core server lab"
