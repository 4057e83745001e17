"""The API in front of the whole application, with the simulator upstream."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import orjson
import pytest

from groq_core.api.app import create_api
from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.api.stage import serving
from tests.stage import Stage, staged

MEDIA = Path(__file__).parent.parent / "data" / "media"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as it:
        yield it


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{stage.url}/v1", api_key="any", max_retries=0) as it:
        yield it


async def wait_until_idle(stage: Stage) -> None:
    """Wait until nothing is asked upstream any more; the test's own timeout is the bound."""
    async with asyncio.timeout(5):
        while stage.simulator.open_streams:  # noqa: ASYNC110 - the simulator offers a number, no event
            await asyncio.sleep(0.005)


# ── hanging up ───────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def asking(stage: Stage, **fields: Any) -> AsyncIterator[asyncio.StreamReader]:
    """Ask over a bare socket, which is closed at the end of the block."""
    url = httpx.URL(stage.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    body = orjson.dumps({"messages": [{"role": "user", "content": "Count from 1 to 60."}], **fields})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    try:
        yield reader
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "not streaming"])
@pytest.mark.parametrize("kind", ["never", "stall"])
async def test_hanging_up_closes_the_connection_upstream(kind: str, stream: bool) -> None:
    async with staged({"GROQ_CORE_FIRST_TOKEN_TIMEOUT": "20", "GROQ_CORE_IDLE_TIMEOUT": "20"}) as stage:
        stage.fault(kind, after=3)
        async with asking(stage, stream=stream) as reader:
            async with asyncio.timeout(5):
                while not stage.simulator.open_streams:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            if stream and kind == "stall":
                await reader.readuntil(b'"role":"assistant"')
        await wait_until_idle(stage)

        (asked,) = stage.asked()
        states = {target.name: target.state for target in stage.core.board.snapshot().targets}
    assert stage.core.log.under_way == 0
    assert states[asked] == "healthy"  # nobody is blamed for a client that left


# ── OpenAI's own client ──────────────────────────────────────────────────────────────────────────────


async def test_the_sdk_streams_through_the_whole_chain(stage: Stage, client: openai.AsyncOpenAI) -> None:
    stage.fault("status", preset="429_tpm", provider="groq", retry_after=60)

    stream = await client.chat.completions.create(
        model="speed",
        messages=[{"role": "user", "content": "Count from 1 to 60."}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert ", ".join(map(str, range(1, 61))) in text
    assert chunks[-1].usage is not None
    receipt = (chunks[-1].model_extra or {})["x_groq_core"]
    assert [attempt["outcome"] for attempt in receipt["attempts"]][-1] == "answered"
    assert receipt["served_by"]["provider"] == "openai"
    assert chunks[-1].model == receipt["served_by"]["model"]


async def test_the_sdk_gets_tool_calls_and_answers_them(client: openai.AsyncOpenAI) -> None:
    tool: Any = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    asked: Any = {"role": "user", "content": "What is the weather in Paris? Use the tool."}
    first = await client.chat.completions.create(
        model="auto",
        messages=[asked],
        tools=[tool],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    )
    message = first.choices[0].message
    assert message.tool_calls
    result: Any = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "21 °C"}
    replayed: Any = message.model_dump(exclude_none=True)
    second = await client.chat.completions.create(model="auto", messages=[asked, replayed, result], tools=[tool])

    assert first.choices[0].finish_reason == "tool_calls"
    assert (first.model_extra or {})["x_groq_core"]["tier"] == "quality"
    assert second.choices[0].message.content


async def test_the_sdk_gets_json_of_a_schema(client: openai.AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    answer = await client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "Answer in JSON: which city is the capital of France?"}],
        response_format={"type": "json_schema", "json_schema": {"name": "capital", "schema": schema, "strict": True}},
    )

    assert list(orjson.loads(answer.choices[0].message.content or "")) == ["city"]


async def test_the_sdk_shows_a_picture(client: openai.AsyncOpenAI) -> None:
    url = "data:image/jpeg;base64," + base64.b64encode((MEDIA / "kiwi.jpg").read_bytes()).decode()
    answer = await client.chat.completions.create(
        model="auto",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            }
        ],
    )

    assert (answer.model_extra or {})["x_groq_core"]["tier"] == "vision"
    assert answer.choices[0].message.content


async def test_the_sdk_has_a_recording_written_down(client: openai.AsyncOpenAI) -> None:
    recording = ("jfk.wav", (MEDIA / "jfk.wav").read_bytes())
    verbose = await client.audio.transcriptions.create(
        model="audio", file=recording, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    srt = await client.audio.transcriptions.create(model="audio", file=recording, response_format="srt")

    assert verbose.duration == pytest.approx(11, abs=0.1)
    assert verbose.words
    assert verbose.segments
    assert srt.startswith("1\n00:00:00,")


async def test_the_sdk_has_a_text_spoken(client: openai.AsyncOpenAI) -> None:
    spoken = await client.audio.speech.create(model="speech", voice="troy", input="Hello", response_format="wav")

    assert spoken.content[:4] == b"RIFF"


async def test_the_sdk_lists_models_and_asks_for_one_of_them(client: openai.AsyncOpenAI) -> None:
    active = [
        model.id
        async for model in client.models.list()
        if (model.model_extra or {})["status"] == "active"
        and "chat" in ((model.model_extra or {}).get("capabilities") or [])
    ]
    answer = await client.chat.completions.create(model=active[0], messages=[{"role": "user", "content": "Hi"}])

    assert answer.model == active[0]


# ── the rest of the contract ─────────────────────────────────────────────────────────────────────────


async def test_the_same_question_at_temperature_0_is_answered_from_the_cache(stage: Stage) -> None:
    fresh = await stage.chat(temperature=0)
    kept = await stage.chat(temperature=0)
    streamed = await stage.stream(temperature=0)
    unkept = await stage.http.post(
        "/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "Count from 1 to 60."}], "temperature": 0},
        headers={"cache-control": "no-store"},
    )

    assert "x-groq-core-cache" not in fresh.headers
    assert kept.headers["x-groq-core-cache"] == streamed.headers["x-groq-core-cache"] == "hit"
    assert kept.json()["choices"][0]["message"]["content"] == streamed.text
    assert kept.json()["model"] == streamed.chunks[0]["model"] == fresh.json()["model"]
    assert "x-groq-core-cache" not in unkept.headers


@pytest.mark.parametrize("stream", [True, False])
async def test_when_told_to_a_friendly_sentence_stands_in(stream: bool) -> None:
    async with staged({"GROQ_CORE_DEGRADE": "message"}) as stage:
        stage.fault("status", preset="401")
        if stream:
            answer = await stage.stream()
            body, text = answer.chunks[-1], answer.text
            assert answer.done
        else:
            body = (await stage.chat()).json()
            text = body["choices"][0]["message"]["content"]

    assert body["model"] == "fallback"
    assert body["x_groq_core"]["degraded"] is True
    assert body["choices"][0]["finish_reason"] == "stop"
    assert text


async def test_an_id_nobody_knows_is_sent_to_groq_and_the_chain_goes_on(stage: Stage) -> None:
    answer = await stage.chat(model="groq/brand-new")

    assert answer.status_code == 200
    assert stage.asked()[0] == "groq:groq/brand-new"
    assert answer.json()["x_groq_core"]["attempts"][0]["error"] == "model_gone"
    assert answer.json()["model"] != "groq/brand-new"


async def test_our_own_fields_are_not_sent_upstream(stage: Stage) -> None:
    answer = await stage.chat(cost_sensitive=True, max_latency_ms=50)

    assert answer.status_code == 200
    assert answer.json()["x_groq_core"]["tier"] == "speed"


async def test_the_metrics_count_the_answer(stage: Stage) -> None:
    await stage.chat()

    text = (await stage.http.get("/metrics")).text
    for name in (
        "gen_ai_client_operation_duration_seconds",
        "gen_ai_client_time_to_first_token_seconds",
        "gen_ai_client_token_usage_total",
        "groq_core_attempts_total",
        "groq_core_target_state",
        "groq_core_inflight",
        "groq_core_overhead_seconds",
    ):
        assert name in text


async def test_without_a_key_the_simulator_answers_and_can_be_broken_over_http() -> None:
    simulator = Simulator(pace=0, limits="off", seed=1)
    await simulator.start()
    try:
        async with (
            assemble(Settings(), simulator=simulator) as core,
            serving(create_api(core)) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False, timeout=20) as http,
        ):
            broken = await http.post("/_simulator/faults", json={"kind": "status", "preset": "401", "provider": "groq"})
            listed = await http.get("/_simulator/faults")
            answer = await http.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "Hi"}]})
            seen = await http.get("/_simulator/requests")
            mended = await http.delete("/_simulator/faults")
            mode = (await http.get("/v1/status")).json()["mode"]
    finally:
        await simulator.stop()

    assert broken.status_code == 200
    assert len(listed.json()["faults"]) == 1
    assert answer.json()["x_groq_core"]["served_by"]["provider"] == "openai"
    assert seen.json()["requests"]
    assert mended.json() == {"faults": []}
    assert mode == "simulator"
