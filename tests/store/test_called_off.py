"""Who is called off in the middle of a query, once or several times, leaves nothing that never ends."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from groq_core.store.database import Database

SLOW = text(
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000) "
    "SELECT count(*) FROM numbers"
)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_whoever_is_called_off_while_asking_a_database_leaves_nothing_that_never_ends(
    database: Database, times: int, turns: int
) -> None:
    async def ask() -> None:
        async with database.reading() as connection:
            asked.set()
            await connection.execute(SLOW)

    asked, before = asyncio.Event(), asyncio.all_tasks()
    asking = asyncio.create_task(ask())
    await asked.wait()
    await asyncio.sleep(0.005)
    for _ in range(times):
        asking.cancel()
        for _ in range(turns + 1):
            await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    if left := asyncio.all_tasks() - before:
        _, endless = await asyncio.wait(left, timeout=20)
        assert not endless
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
