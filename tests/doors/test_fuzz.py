"""Broken and hostile input, small: no answer of 5xx that is not meant, and the server goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.doors.stage import house, new_pass

MEANT = {503, 507}
DEEP = 100_000

STALL_S = float(os.environ.get("GROQ_FUZZ_STALL_S", "5"))
"""Seconds that no answer of `/health` may take; `make fuzz` allows 0.25, a busy machine more."""

WORDS = (
    b"GET", b"POST", b" ", b"/", b"HTTP/1.1", b"\r\n", b"Host: localhost", b":", b"\0", b"Content-Length: -1",
    b"Transfer-Encoding: chunked", b"zz\r\n",
)  # fmt: skip

PAGE = ["chat", "faults", "image", "transcribe", "transcript/txt", "speak", "extract", "document", "extraction/csv",
        "agent", "agent/word", "batch?name=a.csv", "batch?name=a%00b.xlsx", "document?name=a%00.pdf"]  # fmt: skip
API = ["chat/completions", "audio/speech", "audio/transcriptions", "responses", "files", "batches", "extract",
       "agent/runs"]  # fmt: skip


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with house() as (client, _):
        yield client


def nestings() -> list[bytes]:
    """JSON with a hundred thousand levels, where readers look for something else."""
    arrays, objects = b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP
    return [
        arrays,
        objects,
        b'{"messages":' + arrays + b"}",
        b'{"turns":' + arrays + b"}",
        b'{"messages":[{"role":"user","content":"x"}],"tools":' + objects + b"}",
        b'{"text":"x","schema":' + objects + b"}",
        b'{"text":"x","schema":' + json.dumps(objects.decode()).encode() + b"}",
        b"[" * 900 + b"]" * 900,
        b'{"messages":[{"role":"user","content":' + b"[" * 900 + b"]" * 900 + b"}]}",
        b'{"messages":[{"role":"user","content":"x"}],"metadata":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    ]


def breakages(seed: int) -> list[bytes]:
    """Bytes that are nearly something."""
    chance = random.Random(seed)
    seeds = [
        b'{"messages":[{"role":"user","content":"hi"}],"stream":true}',
        b'{"turns":[{"role":"user","text":"hi"}]}',
        b"a,b\n1,2\n",
        b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n",
        b"PK\x03\x04" + bytes(40),
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"\x89PNG\r\n\x1a\n" + bytes(30),
        b"\xff\xd8\xff\xe0" + bytes(30),
        b"<html><body>" + b"<div>" * 3000,
        b"From: a\nSubject: " + b"=?utf-8?q?x?= " * 300 + b"\n\nhi",
    ]
    found = [b"", b"\0", b"null", b'"', b"{", bytes(1000), b'{"turns":[{"role":"user","text":"\\ud800"}]}']
    for text in seeds:
        found.append(text)
        for _ in range(3):
            data = bytearray(text)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            found.append(bytes(data[: chance.randrange(1, len(data) + 1)]))
    return found


async def ask(client: httpx.AsyncClient, path: str, body: bytes, headers: dict[str, str]) -> None:
    response = await client.post(path, content=body, headers=headers)

    assert response.status_code < 500 or response.status_code in MEANT, (path, body[:80], response.text[:200])


async def test_json_nested_beyond_reason_is_the_callers_fault(client: httpx.AsyncClient) -> None:
    headers = {**await new_pass(client), "content-type": "application/json"}
    chance, paths = random.Random(3), [f"v1/{name}" for name in API] + [f"ui/{name}" for name in PAGE]
    for body in nestings():
        for path in chance.sample(paths, 8):
            await ask(client, path, body, headers)
        await ask(client, "_simulator/faults", body, headers)
        await ask(client, "gradio_api/queue/join", body, headers)
    assert (await client.get("health")).status_code == 200


@pytest.mark.timeout(1500)
async def test_broken_bytes_are_the_callers_fault(client: httpx.AsyncClient) -> None:
    headers = await new_pass(client)
    paths = [f"v1/{name}" for name in API] + [f"ui/{name}" for name in PAGE]
    seconds = float(os.environ.get("GROQ_FUZZ_SECONDS", "0"))
    ends, seed = time.monotonic() + seconds, 1
    while True:
        chance = random.Random(seed)
        for body in breakages(seed):
            for path in chance.sample(paths, 3):
                await ask(client, path, body, headers)
        began = time.monotonic()
        assert (await client.get("health")).status_code == 200
        assert not seconds or time.monotonic() - began < STALL_S, f"health stalled after seed {seed}"
        seed += 1
        if time.monotonic() >= ends:
            return


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\naudio\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\x24\0\0\0WAVEfmt \r\n--b--\r\n'
)


async def test_forms_of_any_shape_are_the_callers_fault(client: httpx.AsyncClient) -> None:
    chance = random.Random(5)
    shapes = [FORM * 60, FORM.replace(b"--b--", b""), b"--b\r\n" * 5_000, b"--b\r\nX: " + b"x" * 100_000]
    for _ in range(40):
        data = bytearray(FORM)
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.choice(b'\r\n-b:;="\0\xff')
        shapes.append(bytes(data[: chance.randrange(1, len(data) + 1)]))
    for number, shape in enumerate(shapes):
        boundary = ("b", "b", "", "x" * 500, '"')[number % 5]
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        for path in ("v1/audio/transcriptions", "v1/files"):
            await ask(client, path, shape, headers)


@pytest.mark.parametrize("name", ["a\0b.wav", "..\\..\\a.wav", "a" * 5000 + ".wav", "é\u202e.wav", ""])
async def test_names_of_files_are_only_names(client: httpx.AsyncClient, name: str) -> None:
    form = {"file": (name or "x", b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav")}
    response = await client.post("v1/audio/transcriptions", files=form, data={"model": "audio"})

    assert response.status_code < 500


async def test_heads_of_any_shape_leave_the_server_standing(client: httpx.AsyncClient) -> None:
    chance = random.Random(2)
    for _ in range(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        writer.write(
            b"".join(chance.choice([*WORDS, bytes([chance.randrange(256)])]) for _ in range(chance.randrange(1, 30)))
            + b"\r\n\r\n"
        )
        writer.write_eof()
        try:
            head = await asyncio.wait_for(reader.read(20), 5)
        except ConnectionError:
            head = b""
        writer.close()
        assert b" 5" not in head[:12], head
    assert (await client.get("health")).status_code == 200


SSE = (b"data: ", b"data:", b"\n\n", b"\n", b"\r\n", b": ping", b"event: error\n", b"[DONE]",
       b"{", b"}", b"\xff\xfe", b"\0",
       b'{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}',
       b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', b'{"error":{"message":"x"}}', b"[" * 5000,
       b'{"choices":[{"delta":{"tool_calls":[{"index":99999999}]}}]}', b'{"choices":null}', b"x" * 70_000)  # fmt: skip


async def test_whatever_a_model_streams_is_an_answer_or_an_honest_error() -> None:
    chance = random.Random(int(os.environ.get("GROQ_SEED", "16")))

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            writer.write(b"".join(chance.choice(SSE) for _ in range(chance.randrange(1, 40))))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    quick = {"GROQ_CORE_DEADLINE": "5", "GROQ_CORE_COOLDOWN": "0.1", "GROQ_CORE_MAX_ATTEMPTS": "2"}
    async with house(GROQ_API_KEY="gsk_babble", GROQ_BASE_URL=url, **quick) as (client, _):
        for number in range(40):
            body = {"messages": [{"role": "user", "content": f"{number}"}], "stream": number % 2 == 0}
            response = await client.post("v1/chat/completions", json=body)
            assert response.status_code < 500 or response.status_code in MEANT, response.text[:300]
            if response.status_code == 200 and body["stream"]:
                # An attempt that failed has an error in the receipt of an answer that is whole.
                ended, failed = "data: [DONE]" in response.text, 'data: {"error"' in response.text
                assert ended != failed, response.text[-300:]
        assert (await client.get("health")).status_code == 200
    server.close()
