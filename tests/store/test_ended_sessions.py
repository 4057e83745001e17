"""Who signed out stays signed out: on every server of a database, and after every restart."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest

from groq_core.redaction import Secret
from groq_core.simulator import Simulator
from groq_core.store.backup import back_up, restore
from groq_core.store.database import Database, open_database
from groq_core.store.ended_sessions import EndedSessions
from tests.store.replicas import Redis
from tests.store.stage import TeamStage, eventually, team_stage


def start(url: str, simulator: Simulator, *, redis: str = "") -> AbstractAsyncContextManager[TeamStage]:
    """A server, with the secret that all servers and all starts have."""
    secret = "a-secret-of-all-servers-and-starts"
    return team_stage(url, simulator, GROQ_CORE_SECRET=secret, GROQ_CORE_REDIS_URL=redis)


async def status_of(stage: TeamStage, cookie: str) -> int:
    async with httpx.AsyncClient(base_url=stage.url, cookies={"groq_core_session": cookie}) as http:
        return (await http.get("/ui/pass")).status_code


async def test_no_restart_makes_an_ended_session_good_again(url: str, simulator: Simulator) -> None:
    async with start(url, simulator) as stage, stage.client("ann") as http, stage.client("bob") as other:
        ended, kept = http.cookies["groq_core_session"], other.cookies["groq_core_session"]
        assert (await http.post("/logout")).status_code == 303
        assert [await status_of(stage, cookie) for cookie in (ended, kept)] == [401, 200]

    async with start(url, simulator) as stage:
        assert [await status_of(stage, cookie) for cookie in (ended, kept)] == [401, 200]


async def test_another_server_of_the_database_hears_of_it(url: str, simulator: Simulator) -> None:
    async with start(url, simulator) as one, start(url, simulator) as another:
        async with one.client("ann") as http:
            cookie = http.cookies["groq_core_session"]
            assert await status_of(another, cookie) == 200
            await http.post("/logout")

        async def is_out() -> bool:
            return await status_of(another, cookie) == 401

        assert await eventually(is_out)


async def test_with_redis_too_the_database_remembers_what_redis_has_lost(
    tmp_path: Path, redis: Redis, simulator: Simulator
) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    async with start(url, simulator, redis=redis.url) as stage, stage.client("ann") as http:
        cookie = http.cookies["groq_core_session"]
        await http.post("/logout")
    redis.say("FLUSHALL")
    async with start(url, simulator, redis=redis.url) as stage:
        assert await status_of(stage, cookie) == 401


async def test_what_was_ended_while_the_database_was_away_is_written_when_it_is_back(database: Database) -> None:
    here, elsewhere = EndedSessions(database), EndedSessions(database)
    database.presence.away = "for the test"
    await here.add("a", 0)
    await here.add("b", 0)
    assert await here.has("a")
    database.presence.away = ""
    await here.flush()
    await elsewhere.refresh()

    assert [await elsewhere.has(name) for name in ("a", "b", "c")] == [True, True, False]


async def test_signing_out_again_and_again_drives_nobody_else_s_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groq_core.store.ended_sessions.KEPT_ENDED", 3)
    here, elsewhere = EndedSessions(database), EndedSessions(database)
    for name in ("a", "b", "b", "b", "b", "c"):
        await here.add(name, 0)
    await elsewhere.refresh()

    assert [await elsewhere.has(name) for name in "abc"] == [True, True, True]


async def test_a_restore_neither_forgets_nor_doubles_them(url: str, tmp_path: Path) -> None:
    async with open_database(Secret(url)) as database:
        await EndedSessions(database).add("before", 0)
        await back_up(database, tmp_path / "a.gz")
        await EndedSessions(database).add("after", 0)
        for _ in range(2):
            await restore(database, tmp_path / "a.gz", replace=True)
        await EndedSessions(database).add("then", 0)
        found = EndedSessions(database)
        await found.refresh()
        assert [await found.has(name) for name in ("before", "after", "then")] == [True, True, True]

    async with open_database(Secret(f"sqlite:///{tmp_path}/new.db")) as new:
        await restore(new, tmp_path / "a.gz")
        found = EndedSessions(new)
        await found.refresh()
        assert await found.has("before")
