"""
The public catalogue of failover faults (Failover Bench v0.1, September 2026), S01 to S16, over the HTTP API.

Each fault strikes Groq; the next target is healthy. Streaming is the hard case: nobody can take text back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import httpx
import pytest

from tests.stage import Stage, Streamed, models, staged

SPEED, NEXT, BACKUP = "groq:openai/gpt-oss-20b", "groq:openai/gpt-oss-120b", "openai:gpt-6-luna"

COUNTED = ", ".join(map(str, range(1, 61)))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as it:
        yield it


class Answer:
    """What came back, streamed or not, in the same words."""

    def __init__(self, got: Streamed | httpx.Response) -> None:
        if isinstance(got, Streamed):
            self.ok = got.status == 200 and got.done and got.error is None
            self.status, self.text, self.finish_reason, self.error = got.status, got.text, got.finish_reason, got.error
            self.receipt: dict[str, Any] = got.receipt if got.status == 200 else {}
        else:
            body = got.json()
            self.status, self.error, self.ok = got.status_code, body.get("error"), got.status_code == 200
            choice = body["choices"][0] if self.ok else {"message": {}}
            self.text, self.finish_reason = choice["message"].get("content", ""), choice.get("finish_reason")
            self.receipt = body.get("x_groq_core", {})

    @property
    def outcomes(self) -> list[tuple[str, str | None]]:
        return [(attempt["outcome"], attempt["error"]) for attempt in self.receipt["attempts"]]


Ask: TypeAlias = Callable[..., Awaitable[Answer]]


@pytest.fixture(params=["streaming", "not streaming"])
def ask(request: pytest.FixtureRequest, stage: Stage) -> Ask:
    async def call_text(text: str = "Count from 1 to 60.", **fields: Any) -> Answer:
        call = stage.stream if request.param == "streaming" else stage.chat
        return Answer(await call(text, **fields))

    return call_text


async def healthy(ask: Ask) -> str:
    """What the answer is when nothing is wrong; at temperature 0 every model of the simulator gives the same."""
    answer = await ask(temperature=0)
    assert answer.ok
    return answer.text


# ── before the first byte ────────────────────────────────────────────────────────────────────────────


async def test_s01_a_short_retry_after_is_waited_for_on_the_same_target(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", preset="429_tpm", retry_after=1, times=1, operation="chat")
    began = time.monotonic()

    answer = await ask()

    assert answer.ok
    assert time.monotonic() - began >= 1
    assert stage.asked() == [SPEED, SPEED]
    assert answer.outcomes == [("failed", "rate_limited"), ("answered", None)]


async def test_s02_a_429_for_ever_without_retry_after_goes_on(stage: Stage, ask: Ask) -> None:
    body = {"error": {"message": "slow down", "type": "tokens", "code": "rate_limit_exceeded"}}
    stage.fault("status", provider="groq", status=429, body=body, operation="chat")

    answer = await ask()

    assert answer.ok
    assert answer.receipt["served_by"]["provider"] == "openai"
    assert len(stage.asked()) <= 6


async def test_s03_one_500_is_retried(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", status=500, times=1, operation="chat")

    answer = await ask()

    assert answer.ok
    assert stage.asked() == [SPEED, SPEED]


async def test_s04_a_503_for_ever_goes_on(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", preset="503_over_capacity", operation="chat")

    answer = await ask()

    assert answer.ok
    assert stage.asked()[-1:] == [BACKUP]


async def test_s04_a_target_that_failed_is_left_alone_afterwards() -> None:
    async with staged({"GROQ_CORE_COOLDOWN": "60"}) as stage:
        stage.fault("status", provider="groq", preset="503_over_capacity", operation="chat")
        await stage.stream()
        stage.simulator.requests.clear()

        answer = Answer(await stage.stream())

        assert answer.ok
        assert SPEED not in stage.asked()


@pytest.mark.parametrize("kind", ["reset", "never"])
async def test_s05_s06_a_reset_or_silence_before_headers_goes_on_once(stage: Stage, ask: Ask, kind: str) -> None:
    stage.fault(kind, provider="groq", model="openai/gpt-oss-20b")

    answer = await ask(max_tokens=50)

    assert answer.ok
    assert answer.outcomes[-1] == ("answered", None)
    if kind == "never":
        assert stage.asked().count(SPEED) == 1, "a silent target is never asked again"


async def test_s07_a_late_first_token_goes_on(stage: Stage) -> None:
    stage.fault("slow_first_token", provider="groq", model="openai/gpt-oss-20b", seconds=20)

    answer = Answer(await stage.stream())

    assert answer.ok
    assert answer.outcomes == [("failed", "timeout_first_token"), ("answered", None)]


# ── in the middle ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        pytest.param("cut", {"after": 40}, "stream_cut", id="S08 cut after 40 chunks"),
        pytest.param("stall", {"after": 40}, "timeout_idle", id="S09 stall"),
        pytest.param("clean_end", {"after": 40}, "stream_cut", id="S11 ended without finish"),
        pytest.param("error_event", {"after": 40}, "*", id="an error event"),
        pytest.param("x_groq_error", {"after": 40}, "*", id="x_groq.error"),
        pytest.param("cut", {"after": 40, "mid": "json"}, "stream_cut", id="cut inside an event"),
    ],
)
async def test_what_breaks_in_the_middle_is_completed_without_doubling(
    stage: Stage, kind: str, fields: dict[str, Any], error: str
) -> None:
    whole = (await stage.stream(temperature=0, seed=1)).text
    stage.fault(kind, provider="groq", model="openai/gpt-oss-20b", times=1, **fields)

    answer = Answer(await stage.stream(temperature=0, seed=2))

    assert answer.ok
    assert answer.text == whole
    assert answer.finish_reason == "stop"
    assert answer.outcomes[0][0] == "failed"
    assert error in ("*", answer.outcomes[0][1])


async def test_what_cannot_be_completed_is_an_error_and_never_a_finished_answer(stage: Stage) -> None:
    stage.fault("cut", provider="groq", after=40)
    stage.fault("cut", provider="openai", after=5)

    got = await stage.stream("Tell me a long story about the sea.")

    assert not got.done
    assert got.finish_reason is None
    assert got.error is not None
    assert got.receipt["served_by"] is None


async def test_s10_a_malformed_line_is_passed_over(stage: Stage) -> None:
    whole = (await stage.stream(temperature=0, seed=1)).text
    stage.fault("malformed", provider="groq", after=10, times=1)

    answer = Answer(await stage.stream(temperature=0, seed=2))

    assert answer.ok
    assert answer.text == whole


async def test_s11_a_missing_done_after_the_finish_is_no_failure(stage: Stage) -> None:
    stage.fault("no_done", provider="groq", times=1)

    answer = Answer(await stage.stream())

    assert answer.ok
    assert answer.outcomes == [("answered", None)]


async def test_an_empty_200_is_a_failure(stage: Stage, ask: Ask) -> None:
    stage.fault("empty", provider="groq", model="openai/gpt-oss-20b")

    answer = await ask()

    assert answer.ok
    assert ("failed", "empty_answer") in answer.outcomes


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


async def test_s12_a_context_that_is_too_long_is_said_to_be_so_when_nothing_may_be_left_out(
    stage: Stage, ask: Ask
) -> None:
    stage.fault("status", preset="context_length", operation="chat")

    answer = await ask()

    assert answer.status == 400
    assert answer.error is not None
    assert answer.error["code"] == "context_length_exceeded"


async def test_s12_old_turns_are_left_out_to_make_room(stage: Stage) -> None:
    stage.fault("status", preset="context_length", operation="chat", times=1)
    turns = [{"role": role, "content": "word " * 300} for role in ("user", "assistant") * 2]
    body = {"messages": [*turns, {"role": "user", "content": "Say hello."}]}

    got = await stage.http.post("/v1/chat/completions", json=body)

    assert got.status_code == 200
    sent = stage.simulator.requests[-1].body
    assert len(sent["messages"]) < 5


async def test_s13_a_content_filter_is_not_shopped_around(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", preset="content_filter", operation="chat")

    answer = await ask()

    assert not answer.ok or answer.finish_reason == "content_filter"
    assert models(stage.asked()) == [SPEED]


async def test_s14_a_refused_prefill_is_never_the_final_error() -> None:
    from groq_core.simulator import Simulator

    reference = Simulator(catalogue="reference", pace=0, limits="off", seed=1)
    await reference.start()
    try:
        async with staged(simulator=reference) as stage:
            whole = (await stage.stream(temperature=0, seed=1)).text
            stage.fault("cut", model="llama-3.1-8b-instant", after=30, times=1)
            stage.fault("refuse_prefill")

            answer = Answer(await stage.stream(temperature=0, seed=2))

            assert answer.ok
            assert answer.text == whole
    finally:
        await reference.stop()


async def test_s15_after_an_outage_the_primary_is_used_again(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", preset="502_html", operation="chat", until_s=0.9)
    during = await ask()
    await asyncio.sleep(1.6)
    stage.simulator.requests.clear()

    after = await ask()

    assert during.ok
    assert during.receipt["served_by"]["provider"] == "openai"
    assert after.ok
    assert after.receipt["served_by"]["provider"] == "groq"
    assert stage.asked() == [SPEED]


async def test_s16_every_attempt_is_accounted_for(stage: Stage, ask: Ask) -> None:
    stage.fault("status", provider="groq", preset="429_tpd", operation="chat")

    answer = await ask()

    asked = [f"{one['provider']}:{one['model']}" for one in answer.receipt["attempts"] if one["outcome"] != "skipped"]
    assert asked == stage.asked()
    assert answer.receipt["usage"]["completion_tokens"] > 0
    metrics = (await stage.http.get("/metrics")).text
    assert 'groq_core_attempts_total{error="rate_limited",model="openai/gpt-oss-20b",outcome="failed"' in metrics
