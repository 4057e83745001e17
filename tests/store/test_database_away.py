"""A database that is away for a moment: who was known still comes in, money waits for it, a stranger is told."""

from __future__ import annotations

import asyncio

import pytest

from groq_core.simulator import Simulator
from groq_core.store import allowances, keys
from tests.store.conftest import Postgres
from tests.store.stage import ask, team_stage


async def test_a_database_that_is_away_for_a_moment_keeps_nobody_out(
    postgres: Postgres, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (allowances, keys):
        monkeypatch.setattr(module, "STRANGER_S", 0.5)
    async with team_stage(postgres.new_url(), simulator, GROQ_CORE_CACHE_SIZE="0") as stage:
        team = stage.core.team
        assert team is not None
        known, stranger = [
            (await team.keys.create(name, who="tests", limit="1 usd/day, 100/day")).reveal() for name in ("a", "b")
        ]
        async with stage.client(key=known) as first, stage.client(key=stranger) as second:
            assert (await ask(first)).status_code == 200
            await asyncio.to_thread(postgres.stop, "immediate")
            try:
                assert (await first.get("/v1/models")).status_code == 200
                refused = await ask(second)
                waiting = asyncio.create_task(ask(first, max_completion_tokens=8000))
                await asyncio.sleep(0.3)
            finally:
                await asyncio.to_thread(postgres.start)
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "limits_unavailable")
            assert int(refused.headers["retry-after"]) >= 1
            assert (await waiting).status_code == 200
            assert (await ask(second)).status_code == 200
            await team.keys.revoke("a", who="tests")
            assert (await ask(first)).status_code == 401, "what is remembered counts only while nobody can say"
