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


RUN = {"type": "custom", "custom": {"name": "run"}}
SAID = 'Run this: echo "\\d" é😀'


@pytest.mark.parametrize("fault", ["429_tpm", "tool_use_failed", None])
async def test_a_custom_tool_is_called_as_one_by_whoever_answers(stage: Stage, fault: str | None) -> None:
    """The backup writes its arguments in pieces, Groq as a whole."""
    if fault:
        stage.fault("status", preset=fault, provider="groq", operation="chat", retry_after=2)

    whole = await stage.chat(SAID, tools=[RUN], tool_choice=RUN)
    streamed = await stage.stream(SAID, tools=[RUN], tool_choice=RUN)

    assert (stage.asked()[-1] == BACKUP) == bool(fault)
    choice = whole.json()["choices"][0]
    [call] = choice["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run", "input": SAID})
    deltas = [one for chunk in streamed.chunks for one in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert (deltas[0]["type"], deltas[0]["custom"]["name"]) == ("custom", "run")
    assert "".join(one["custom"]["input"] for one in deltas) == SAID
    assert not fault or len(deltas) > 2
    assert choice["finish_reason"] == streamed.finish_reason
