"""The same faults wherever one can ask: over HTTP, from Python, about a picture, with a recording."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from groq_core.errors import ChainError, GroqCoreError
from tests.stage import Stage, Streamed, staged

MEDIA = Path(__file__).parents[1] / "data" / "media"
KIWI = "data:image/jpeg;base64," + base64.b64encode((MEDIA / "kiwi.jpg").read_bytes()).decode()
JFK = (MEDIA / "jfk.wav").read_bytes()

PICTURE = [
    {"type": "text", "text": "What is in this picture?"},
    {"type": "image_url", "image_url": {"url": KIWI}},
]

Asked: TypeAlias = Callable[[Stage], Awaitable[tuple[bool, dict[str, Any]]]]
"""Ask; tell whether an answer came, and its receipt."""


async def vision_streamed(stage: Stage) -> tuple[bool, dict[str, Any]]:
    body = {"messages": [{"role": "user", "content": PICTURE}], "stream": True}
    async with stage.http.stream("POST", "/v1/chat/completions", json=body) as response:
        got = Streamed(response.status_code, (await response.aread()).decode(), {})
    return got.done, got.receipt if got.status == 200 else {}


async def vision_whole(stage: Stage) -> tuple[bool, dict[str, Any]]:
    response = await stage.http.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": PICTURE}]})
    return response.status_code == 200, response.json().get("x_groq_core", {})


async def transcription(stage: Stage) -> tuple[bool, dict[str, Any]]:
    files = {"file": ("jfk.wav", JFK, "audio/wav")}
    data = {"model": "audio", "response_format": "verbose_json"}
    response = await stage.http.post("/v1/audio/transcriptions", files=files, data=data)
    return response.status_code == 200, response.json().get("x_groq_core", {})


async def python_chat(stage: Stage) -> tuple[bool, dict[str, Any]]:
    try:
        reply = await stage.core.chat.ask("Count to five.")
    except GroqCoreError:
        return False, {}
    return reply.finished is not None, reply.receipt.as_dict()


async def python_transcription(stage: Stage) -> tuple[bool, dict[str, Any]]:
    try:
        reply = await stage.core.transcription.transcribe(JFK, "jfk.wav")
    except GroqCoreError:
        return False, {}
    return reply.finished is not None, reply.receipt.as_dict()


SURFACES = [vision_streamed, vision_whole, transcription, python_chat, python_transcription]

FAULTS = [
    pytest.param({"kind": "status", "preset": "429_tpm", "retry_after": 30}, id="S01-S02 429"),
    pytest.param({"kind": "status", "preset": "502_html"}, id="S03 502"),
    pytest.param({"kind": "status", "preset": "503_over_capacity"}, id="S04 over capacity"),
    pytest.param({"kind": "reset"}, id="S05 reset"),
    pytest.param({"kind": "status", "preset": "404_model"}, id="a gone model"),
    pytest.param({"kind": "status", "preset": "401"}, id="a wrong key"),
    pytest.param({"kind": "empty"}, id="an empty 200"),
]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged({"GROQ_CORE_IDLE_TIMEOUT": "10", "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "10"}) as it:
        yield it


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_backup_answers_when_groq_cannot(stage: Stage, surface: Asked, fault: dict[str, Any]) -> None:
    for operation in ("chat", "audio"):
        stage.fault(**{"provider": "groq", "operation": operation, **fault})

    answered, receipt = await surface(stage)

    assert answered
    assert receipt["served_by"]["provider"] == "openai"
    assert receipt["attempts"][0]["outcome"] in ("failed", "skipped")
    assert receipt["attempts"][-1]["outcome"] == "answered"


@pytest.mark.parametrize("surface", SURFACES)
async def test_when_nobody_can_it_is_said_so(stage: Stage, surface: Asked) -> None:
    stage.fault("status", preset="503_over_capacity", operation="chat")
    stage.fault("status", preset="503_over_capacity", operation="audio")

    answered, _ = await surface(stage)

    assert not answered


async def test_python_is_told_who_failed_and_why(stage: Stage) -> None:
    stage.fault("status", preset="503_over_capacity", operation="chat")

    with pytest.raises(ChainError) as caught:
        await stage.core.chat.ask("hi")

    assert {failure.provider for failure in caught.value.failures} == {"groq", "openai"}
    assert all(failure.kind == "over_capacity" for failure in caught.value.failures)
