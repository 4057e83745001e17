"""How many bytes requests may hold together, and how early it is seen that the rest need not come."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from groq_core.connections.bytes import BUDGET, BytesInFlight, Holding, default_limit, hold_bytes
from groq_core.errors import RequestError
from tests.doors.stage import house, new_pass


@pytest.fixture(scope="module")
async def small() -> AsyncIterator[httpx.AsyncClient]:
    """A house with room for four million bytes."""
    async with house(GROQ_CORE_MAX_BYTES_IN_FLIGHT="4MB") as (client, _):
        yield client


class Upload:
    """A request that says how long it is, and is sent as the test likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def begin(cls, client: httpx.AsyncClient, path: str, length: int, **headers: str) -> Upload:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{head}\r\n".encode())
        return cls(reader, writer)

    async def status(self) -> int:
        return int((await asyncio.wait_for(self.reader.readline(), 10)).split(b" ")[1])

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


async def test_the_newcomer_is_refused_and_those_inside_are_not(small: httpx.AsyncClient) -> None:
    question = b'{"messages": [{"role": "user", "content": "hi"}], "user": "' + b"x" * 3_000_000 + b'"}'
    inside = await Upload.begin(small, "/v1/chat/completions", len(question))
    await inside.send(question[:1000])
    await asyncio.sleep(0.1)

    refused = await small.post("v1/chat/completions", content=question)
    page = await small.post("ui/transcribe", content=b"x" * 2_000_000, headers=await new_pass(small))
    await inside.send(question[1000:])
    answered = await inside.status()
    inside.writer.close()
    later = await small.post("v1/chat/completions", content=question)

    assert (refused.status_code, page.status_code) == (503, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert int(page.headers["retry-after"]) >= 1
    assert answered == 200
    assert later.status_code == 200, "all is given back"


@pytest.mark.parametrize("path", ["/ui/transcribe", "/ui/image"])
async def test_zeros_are_refused_after_64_kib(small: httpx.AsyncClient, path: str) -> None:
    passed = await new_pass(small)
    upload = await Upload.begin(small, path, 3_500_000, **passed)
    await upload.send(bytes(64 * 1024))

    assert await upload.status() in (400, 415, 422)
    upload.writer.close()


async def test_zeros_in_a_form_are_refused_after_64_kib(small: httpx.AsyncClient) -> None:
    kind = {"content_type": "multipart/form-data; boundary=x"}
    upload = await Upload.begin(small, "/v1/audio/transcriptions", 3_500_000, **kind)
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    await upload.send(part + bytes(80 * 1024))

    assert await upload.status() in (400, 415, 422)
    upload.writer.close()


async def test_gradios_bodies_are_counted_too(small: httpx.AsyncClient) -> None:
    inside = await Upload.begin(small, "/gradio_api/queue/join", 3_500_000)
    await inside.send(b"{")
    await asyncio.sleep(0.1)

    refused = await small.post("gradio_api/call/chat", content=b"x" * 2_000_000)
    inside.writer.close()

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1


def picture(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


async def test_decoded_pictures_are_of_the_same_budget(small: httpx.AsyncClient) -> None:
    passed = await new_pass(small)
    fits, never = picture(500, 500), picture(1000, 1000)
    small_one = await small.post("ui/image", content=fits, headers=passed)
    too_large = await small.post("ui/image", content=never, headers=passed)
    inside = await Upload.begin(small, "/v1/chat/completions", 3_000_000)
    await inside.send(b"{")
    await asyncio.sleep(0.1)
    later = await small.post("ui/image", content=fits, headers=passed)
    inside.writer.close()
    await asyncio.sleep(0.1)
    again = await small.post("ui/image", content=fits, headers=passed)

    assert (small_one.status_code, too_large.status_code) == (200, 413)
    assert "GROQ_CORE_MAX_BYTES_IN_FLIGHT" in too_large.json()["detail"]
    assert later.status_code == 503
    assert int(later.headers["retry-after"]) >= 1
    assert again.status_code == 200, "all is given back"


async def test_documents_that_are_read_are_of_the_same_budget(small: httpx.AsyncClient) -> None:
    passed = await new_pass(small)
    page = b"From: a\nSubject: b\n\nhello"
    inside = await Upload.begin(small, "/v1/chat/completions", 3_900_000)
    await inside.send(b"{")
    await asyncio.sleep(0.1)
    refused = await small.post("ui/document?name=a.eml", content=page, headers=passed)
    inside.writer.close()
    await asyncio.sleep(0.1)
    read = await small.post("ui/document?name=a.eml", content=page, headers=passed)

    assert (refused.status_code, read.status_code) == (503, 200)
    assert int(refused.headers["retry-after"]) >= 1


def test_what_is_held_is_counted_once_and_given_back() -> None:
    budget = BytesInFlight(100)
    one, two = Holding(budget), Holding(budget)
    one.reach(60)
    one.reach(50)
    one.reach(70)
    assert budget.held == 70
    with pytest.raises(RequestError) as caught:
        two.reach(31)
    assert (caught.value.status, budget.held) == (503, 70)
    two.reach(30)
    one.release()
    one.release()
    assert budget.held == 30


def test_threads_take_and_give_back_what_was_there() -> None:
    budget = BytesInFlight(1000)

    def decode() -> None:
        for _ in range(200):
            with contextlib.suppress(RequestError), hold_bytes(7):
                pass

    def run() -> None:
        BUDGET.set(budget)
        decode()

    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(run)
    assert budget.held == 0


def test_a_quarter_of_memory_is_something() -> None:
    assert default_limit() > 2**20
