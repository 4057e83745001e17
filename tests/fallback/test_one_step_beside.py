"""One step beside the published catalogue of faults, through the whole application and on one state."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.stage import Stage, staged

BACKUP = "openai:gpt-6-luna"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged({"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "8", "GROQ_CORE_DEADLINE": "60"}) as found:
        yield found


async def test_every_groq_model_limited_for_a_moment_goes_to_the_backup(stage: Stage) -> None:
    stage.fault("status", preset="429_tpm", provider="groq", operation="chat", retry_after=2)

    answer = await stage.chat()

    assert answer.status_code == 200, answer.text
    assert stage.asked()[-1] == BACKUP
    assert len(stage.asked()) <= 6
    assert "budget" not in {one["error"] for one in answer.json()["x_groq_core"]["attempts"]}


async def test_every_groq_model_empty_goes_to_the_backup(stage: Stage) -> None:
    stage.fault("empty", provider="groq", operation="chat")

    answer = await stage.chat()

    assert answer.status_code == 200, answer.text
    assert stage.asked()[-1] == BACKUP


async def test_everybody_limited_is_429_with_a_time(stage: Stage) -> None:
    stage.fault("status", preset="429_tpm", operation="chat", retry_after=120)

    for _ in range(2):
        answer = await stage.chat()
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) > 60


async def test_no_key_accepted_is_told_so_now_and_afterwards(stage: Stage) -> None:
    stage.fault("status", preset="401", operation="chat")

    for _ in range(2):
        answer = await stage.chat()
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "auth")
