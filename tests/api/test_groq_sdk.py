"""Groq's own client by its base URL alone: its paths begin with `/openai/v1`."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import groq
import pytest
from PIL import Image

from groq_core.api.absent_paths import ABSENT, MISPLACED, WITHOUT_V1
from groq_core.services.batch.batch_store import BatchStore
from groq_core.services.batch.places import BatchFolder
from tests.api.stage import Stage
from tests.media.samples import encode_image, tone, wav
from tests.stage import Stage as House
from tests.stage import staged


@asynccontextmanager
async def client_of(house: House, key: str = "any") -> AsyncIterator[groq.AsyncGroq]:
    async with groq.AsyncGroq(base_url=house.url, api_key=key, max_retries=0) as client:
        yield client


async def test_a_completion_with_groqs_headers_and_fields() -> None:
    async with staged() as house, client_of(house) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model="openai/gpt-oss-120b", messages=[{"role": "user", "content": "Say hello."}]
        )
        answer = await raw.parse()

    assert answer.choices[0].message.content
    assert answer.x_groq is not None
    assert answer.x_groq.id.startswith("req_")


async def test_the_limits_of_whoever_answered_are_in_the_headers() -> None:
    from groq_core.simulator import Simulator

    upstream = Simulator(pace=0, limits="developer", seed=1)
    await upstream.start()
    try:
        async with staged(simulator=upstream) as house, client_of(house) as client:
            for stream in (False, True):
                raw = await client.chat.completions.with_raw_response.create(
                    model="speed", messages=[{"role": "user", "content": f"Say hello {stream}."}], stream=stream
                )
                assert int(raw.headers["x-ratelimit-limit-requests"]) > 0
                assert int(raw.headers["x-ratelimit-remaining-tokens"]) > 0
                assert raw.headers["x-ratelimit-reset-tokens"].endswith("s")
                await raw.read()
            plain = await house.chat("Say hello again.")
            assert not [name for name in plain.headers if name.startswith("x-ratelimit")]
    finally:
        await upstream.stop()


async def test_a_stream_tells_its_usage_as_groqs_does() -> None:
    async with staged() as house, client_of(house) as client:
        stream = await client.chat.completions.create(
            model="speed", messages=[{"role": "user", "content": "Count from 1 to 5."}], stream=True
        )
        chunks = [chunk async for chunk in stream]

    first, last = chunks[0], chunks[-1]
    assert first.x_groq is not None
    assert first.x_groq.id is not None
    assert last.x_groq is not None
    assert last.x_groq.usage is not None
    assert last.x_groq.usage.completion_tokens > 0
    assert "5" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


RETIRED = {
    "llama3-70b-8192": "quality",
    "llama3-8b-8192": "speed",
    "gemma2-9b-it": "speed",
    "mixtral-8x7b-32768": "quality",
    "deepseek-r1-distill-llama-70b": "quality",
    "llama-3.1-70b-versatile": "quality",
    "llama-3.2-90b-vision-preview": "speed",  # asked without a picture, it is a chat like any other
    "moonshotai/kimi-k2-instruct": "quality",
    "meta-llama/llama-4-scout-17b-16e-instruct": "speed",
}

EYES = ("llama-3.2-11b-vision-preview", "llava-v1.5-7b-4096-preview", "meta-llama/llama-4-scout-17b-16e-instruct")


@pytest.mark.parametrize("model", RETIRED)
async def test_a_retired_id_is_answered_by_its_successors_tier(model: str) -> None:
    async with staged() as house, client_of(house) as client:
        answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Say hello."}])

    assert answer.choices[0].message.content
    assert answer.model != model
    assert answer.model_extra is not None
    receipt = answer.model_extra["x_groq_core"]
    assert receipt["tier"] == RETIRED[model]
    assert model in receipt["reason"] or "was asked for" in receipt["reason"]
    assert receipt["attempts"][0]["outcome"] == "answered", "nobody is asked for a model that is known to be gone"


@pytest.mark.parametrize("model", EYES)
async def test_a_retired_id_that_saw_is_answered_by_one_that_sees(model: str) -> None:
    picture = encode_image(Image.new("RGB", (40, 20), "red"), "PNG")
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    async with staged() as house, client_of(house) as client:
        answer = await client.chat.completions.create(
            model=model,
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Which colour?"},
                        {"type": "image_url", "image_url": {"url": url}},
                    ],
                }
            ],
        )

    assert answer.model_extra is not None
    assert answer.model_extra["x_groq_core"]["tier"] == "vision"
    assert "red" in (answer.choices[0].message.content or "").lower()


async def test_recordings_and_speech_go_by_the_same_paths() -> None:
    async with staged() as house, client_of(house) as client:
        heard = await client.audio.transcriptions.create(
            model="distil-whisper-large-v3-en", file=("a.wav", wav(tone(1.0)))
        )
        spoken = await client.audio.speech.create(
            model="playai-tts", voice="Fritz-PlayAI", input="Hello there.", response_format="wav"
        )
        listed = await client.models.list()
        data = await spoken.read()

    assert heard.text is not None
    assert data[:4] == b"RIFF"
    assert listed.data[0].id == "auto"


async def test_a_refusal_is_the_sdks_own_error() -> None:
    async with staged() as house, client_of(house) as client:
        with pytest.raises(groq.BadRequestError) as caught:
            await client.chat.completions.create(model="auto", messages=[])

    assert caught.value.body["error"]["param"] == "messages"  # type: ignore[index]


# ── what is not there ────────────────────────────────────────────────────────────────────────────────


NOWHERE = (
    "/v1/images/generations", "/v1/threads/x/runs", "/v1/nowhere", "/v1/chat/completions/chatcmpl_1",
    "/v1/engines/davinci/completions",
)  # fmt: skip
DEPLOYED = "/openai/deployments/gpt-4/chat/completions?api-version=2026-01-01"


async def test_a_path_that_is_not_here_says_what_to_do_instead() -> None:
    paths = [path for path in (*ABSENT, *NOWHERE) if path.startswith("/v1/")]
    async with Stage().served() as http:
        for path in (*paths, *(f"/openai{path}" for path in paths), DEPLOYED):
            answer = await http.post(path, json={})
            error = answer.json()["error"]
            found = (answer.status_code, error["code"], error["type"])
            assert found == (404, "unknown_url", "invalid_request_error"), path
            assert error["hint"], path

    assert "base URL that ends in /v1" in error["hint"]


async def test_a_base_url_without_v1_is_told_so() -> None:
    async with Stage().served() as http:
        for path in MISPLACED:
            answer = await http.post(path, json={})

            assert answer.status_code == 404
            assert f"/v1{path.removeprefix('/openai')}" in answer.json()["error"]["hint"]


async def test_a_doubled_beginning_is_recognised() -> None:
    async with Stage().served() as http:
        for path in ("/v1/v1/chat/completions", "/v1/api/chat/completions"):
            answer = await http.post(path, json={})

            assert answer.status_code == 404
            assert "/v1/chat/completions?" in answer.json()["error"]["hint"]


def test_every_route_of_the_api_is_known_without_its_v1() -> None:
    from groq_core.api.app import routes

    stage = Stage()
    table = routes(stage, stage.left, BatchStore(BatchFolder(stage.settings.state_folder), stage.handle))
    ours = {path for path in table if path.startswith(("/v1/chat", "/v1/audio", "/v1/responses", "/v1/files"))}
    assert {path for path in ours if not path.endswith("/") and "{}" not in path} <= {
        f"/v1{path}" for path in WITHOUT_V1
    }
