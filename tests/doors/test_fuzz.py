"""Broken and hostile input, small: no answer of 5xx that is not meant, and the server goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random

import httpx
import pytest

from benchmarks.fuzz import Findings, rounds
from tests.doors.broken import PATHS, babble, nestings
from tests.doors.stage import house, new_pass
from tests.serving import listening

pytestmark = pytest.mark.usefixtures("forks")

MEANT = {503, 507}


async def ask(client: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str]) -> None:
    response = await client.post(path, content=body, headers=headers)

    assert response.status_code < 500 or response.status_code in MEANT, (path, body[:80], response.text[:200])


async def test_json_nested_beyond_reason_is_the_callers_fault(client: httpx.AsyncClient) -> None:
    headers = {**await new_pass(client), "content-type": "application/json"}
    chance = random.Random(3)
    for body in nestings():
        for path in chance.sample(PATHS, 8):
            await ask(client, path, body, headers)
        await ask(client, "_simulator/faults", body, headers)
        await ask(client, "gradio_api/queue/join", body, headers)
    assert (await client.get("health")).status_code == 200


@pytest.mark.timeout(300)
async def test_whatever_is_broken_is_the_callers_fault(client: httpx.AsyncClient) -> None:
    """A round of `make fuzz`, without the bombs, which `test_bombs.py` has; in CI as many as a minute holds."""
    found, seconds = Findings(), float(os.environ.get("GROQ_FUZZ_SECONDS", "0"))
    await rounds(str(client.base_url).rstrip("/"), found, seconds=seconds, seed=int(os.environ.get("GROQ_SEED", "1")))

    assert found.wrong == []
    assert {200, 400, 422} <= set(found.answers)
    assert (await client.get("health")).status_code == 200


@pytest.mark.parametrize("name", ["a\0b.wav", "..\\..\\a.wav", "a" * 5000 + ".wav", "é\u202e.wav", ""])
async def test_names_of_files_are_only_names(client: httpx.AsyncClient, name: str) -> None:
    form = {"file": (name or "x", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav")}
    response = await client.post("v1/audio/transcriptions", files=form, data={"model": "audio"})

    assert response.status_code < 500


async def test_whatever_a_model_streams_is_an_answer_or_an_honest_error() -> None:
    chance = random.Random(int(os.environ.get("GROQ_SEED", "16")))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            writer.write(babble(chance))
            await writer.drain()
        writer.close()

    quick = {"GROQ_CORE_DEADLINE": "5", "GROQ_CORE_COOLDOWN": "0.1", "GROQ_CORE_MAX_ATTEMPTS": "2"}
    async with (
        listening(talk) as port,
        house(GROQ_API_KEY="gsk_babble", GROQ_BASE_URL=f"http://127.0.0.1:{port}", **quick) as (client, _),
    ):

        async def ask_one(number: int) -> None:
            body = {"messages": [{"role": "user", "content": f"{number}"}], "stream": number % 2 == 0}
            response = await client.post("v1/chat/completions", json=body)
            assert response.status_code < 500 or response.status_code in MEANT, response.text[:300]
            if response.status_code == 200 and body["stream"]:
                # An attempt that failed has an error in the receipt of an answer that is whole.
                ended, failed = "data: [DONE]" in response.text, 'data: {"error"' in response.text
                assert ended != failed, response.text[-300:]

        # One after the other they would wait half a minute, for the next attempts; as many streams are read as then.
        await asyncio.gather(*map(ask_one, range(40)))
        assert (await client.get("health")).status_code == 200
