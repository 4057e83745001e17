"""Who follows the state: each sees every change, and many cost little more than one."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.status.board import Board
from groq_core.status.watch import watch


class Counted:
    """A board that counts what it takes anew, on a clock that stands."""

    def __init__(self, board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.taken: list[str] = []
        take = board._take

        def take_and_count(credential: str) -> Any:
            self.taken.append(credential)
            return take(credential)

        monkeypatch.setattr(board, "_clock", lambda: self.now)
        monkeypatch.setattr(board, "_take", take_and_count)


async def test_pages_that_look_at_the_same_moment_share_what_they_see(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator())
        core = await stack.enter_async_context(assemble(Settings.from_env({}), simulator=simulator))
        counted = Counted(core.board, monkeypatch)

        async def look(credential: str) -> Any:
            async with aclosing(watch(core.board, credential, gather_s=0.2, look_s=0.8)) as states:
                return await anext(states)

        seen = [await look("server") for _ in range(20)]
        assert counted.taken == ["server"]
        assert all(one is seen[0] for one in seen)

        await look("visitor:a")
        assert counted.taken == ["server", "visitor:a"]

        # By the time at which a page may look again, nobody is shown the last one.
        counted.now += 0.2
        assert await look("server") is not seen[0]
        assert len(core.board._recent) == 1


async def test_who_asks_once_gets_what_is_true_now(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator())
        core = await stack.enter_async_context(assemble(Settings.from_env({}), simulator=simulator))
        counted = Counted(core.board, monkeypatch)

        core.board.snapshot(within_s=1)
        core.board.snapshot()
        core.board.snapshot()

        assert len(counted.taken) == 3


async def test_a_change_right_after_a_look_is_seen_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator())
        core = await stack.enter_async_context(assemble(Settings.from_env({}), simulator=simulator))
        async with aclosing(watch(core.board, gather_s=0.02, look_s=60)) as states:
            first = await anext(states)
            core.board._changes.notify()
            # Shown what was taken before the change, it would wait for the next one.
            assert (await anext(states)).version > first.version
