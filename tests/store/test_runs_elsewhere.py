"""A run of the agent that waits for a word hears it at whichever replica, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from groq_core.api.app import create_api
from groq_core.compose import assemble
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from groq_core.store.database import open_database
from groq_core.store.database_shelf import DatabaseShelf
from groq_core.store.shelf import SharedPlace, ShelfAway
from tests.api.stage import Stage, serving
from tests.api.test_agent_runs import burning, calls_then, send
from tests.requires import require
from tests.services.mcp_server import serve
from tests.store.stage import eventually


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SharedPlace]:
    if request.param == "redis":
        require("redis-server")
        address = request.getfixturevalue("redis").url
        made = Settings.from_env({"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_REDIS_URL": address})
        async with assemble(made) as core:
            shared = core.shared
            assert shared is not None
            assert await eventually(lambda: answers(shared.shelf), 5)
            yield shared.shelf
        return
    sqlite = f"sqlite:///{tmp_path}/team.db"
    url = request.getfixturevalue("postgres").new_url() if request.param == "postgresql" else sqlite
    async with open_database(Secret(url)) as database:
        yield DatabaseShelf(database)


async def answers(shelf: SharedPlace) -> bool:
    try:
        await shelf.get("a")
    except ShelfAway:
        return False
    return True


@asynccontextmanager
async def two_servers(
    address: str, shelf: SharedPlace | None, **more: str
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two processes as far as paused runs go: each with an API of its own in front of the same MCP server."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(2):
            settings = Settings.from_env({"GROQ_CORE_MCP_SERVERS": f"lab={address}", **more})
            api = create_api(Stage(calls_then("Burnt"), settings), shelf=shelf)
            port = await stack.enter_async_context(serving(api))
            client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
            made.append(await stack.enter_async_context(client))
        yield made[0], made[1]


def word_for(run: Any, *, agreed: bool = True) -> dict[str, Any]:
    return {"resume": {"run": run["id"], "approvals": {run["pending"][0]["approval"]: agreed}}}


async def test_of_several_that_want_it_one_takes_it(shelf: SharedPlace) -> None:
    await shelf.put("a", b"x", 60)

    assert sorted(map(str, await asyncio.gather(*(shelf.take("a") for _ in range(6))))) == ["None"] * 5 + ["b'x'"]
    assert await shelf.get("a") is None


async def test_a_run_goes_on_at_another_replica_and_once(shelf: SharedPlace) -> None:
    done: list[str] = []
    async with serve(burning(done)) as address, two_servers(address, shelf) as (first, other):
        run = (await send(first, {"task": "Burn A", "mcp_servers": ["lab"], "limits": {"steps": 4}})).json()
        wrong = {"resume": {"run": run["id"], "approvals": {"ap_0": True}}}
        assert (await send(other, wrong)).json()["error"]["code"] == "approval_not_found"
        said = await asyncio.gather(*(send(one, word_for(run)) for one in (other, first) * 3))

    assert sorted(one.status_code for one in said) == [200] + [404] * 5
    assert next(one.json()["status"] for one in said if one.status_code == 200) == "answered"
    assert done == ["A"]


async def test_a_run_that_cannot_go_on_yet_waits_on_everywhere(shelf: SharedPlace) -> None:
    done: list[str] = []
    async with AsyncExitStack() as left_open:
        async with serve(burning(done)) as address:
            first, other = await left_open.enter_async_context(two_servers(address, shelf))
            run = (await send(first, {"task": "Burn A", "mcp_servers": ["lab"]})).json()
        away = await send(other, word_for(run))
        async with serve(burning(done), httpx.URL(address).port or 0):
            back = (await send(first, word_for(run))).json()

    assert away.status_code >= 400
    assert (back["status"], done) == ("answered", ["A"])


class Away:
    """A shelf that answers while it is told to."""

    def __init__(self) -> None:
        self.here = True
        self.rows: dict[str, bytes] = {}

    def _look(self) -> dict[str, bytes]:
        if not self.here:
            raise ShelfAway
        return self.rows

    async def put(self, name: str, body: bytes, seconds: float) -> None:
        self._look()[name] = body

    async def renew(self, names: Sequence[str], seconds: float) -> list[str]:
        return [name for name in names if name not in self._look()]

    async def get(self, name: str) -> bytes | None:
        return self._look().get(name)

    async def remove(self, name: str) -> None:
        self._look().pop(name, None)

    async def take(self, name: str) -> bytes | None:
        return self._look().pop(name, None)


async def test_while_nobody_can_say_whether_it_waits_it_is_not_begun() -> None:
    done: list[str] = []
    shelf = Away()
    async with serve(burning(done)) as address, two_servers(address, shelf) as (first, other):
        run = (await send(first, {"task": "Burn A", "mcp_servers": ["lab"]})).json()
        shelf.here = False
        unknown = await send(other, word_for(run))
        alone = (await send(other, {"task": "Burn A", "mcp_servers": ["lab"]})).json()
        assert (await send(other, word_for(alone, agreed=False))).status_code == 200, "it goes on alone"
        shelf.here = True
        known = await send(first, word_for(run))

    assert (unknown.status_code, unknown.headers["retry-after"]) == (503, "5")
    assert (known.status_code, done) == (200, ["A"])


async def test_what_a_caller_brings_along_is_written_nowhere() -> None:
    shelf = Away()
    async with serve(burning([])) as address, two_servers(address, shelf) as (first, _):
        server = {"name": "lab", "headers": {"x-key": "k-0123456789"}}
        run = (await send(first, {"task": "Burn A", "mcp_servers": [server]})).json()
        assert shelf.rows == {}
        assert (await send(first, word_for(run))).status_code == 200
