"""The one route in front of all others: who may ask, what comes back, and what happens when nobody listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from groq_core.events import TextDelta
from groq_core.requests import Request as Asked
from groq_core.ui import page_routes as routes
from groq_core.ui.static import Assets
from groq_core.ui.texts import TEXTS
from tests.ui.conftest import House
from tests.ui.scripts import BEGUN, DONE, plays

QUESTION = {"turns": [{"role": "user", "text": "hello"}]}


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=10) as client:
        yield client


async def pass_header(client: httpx.AsyncClient) -> dict[str, str]:
    return {"x-groq-core-page": (await client.get("/ui/pass")).json()["pass"]}


def events_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in text.split("\n\n") if line]


async def test_a_question_is_answered_from_open_to_receipt(house: House, client: httpx.AsyncClient) -> None:
    house.script = plays(BEGUN, TextDelta("Hello"), TextDelta(" there"), DONE)

    response = await client.post("/ui/chat", json=QUESTION, headers=await pass_header(client))

    lines = events_of(response.text)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store, no-transform"
    assert lines[0] == {"e": "open"}
    assert lines[-1]["e"] == "receipt"
    assert "".join(line.get("t", "") for line in lines) == "Hello there"


async def test_a_question_does_not_look_at_everybody_s_state(
    house: House, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot of all targets costs as much as the rest of the question, and five hundred people may ask at once."""
    looks: list[str] = []
    snapshot = house.core.board.snapshot

    def look(credential: str = "server", **more: Any) -> Any:
        if "within_s" not in more:  # pages that stand open in other tests follow the state, and share what they look at
            looks.append(credential)
        return snapshot(credential, **more)

    header = await pass_header(client)
    monkeypatch.setattr(house.core.board, "snapshot", look)
    for model in ("auto", "quality", "openai/gpt-oss-20b", "nobody/knows-it"):
        response = await client.post("/ui/chat", json=QUESTION | {"model": model}, headers=header)
        assert events_of(response.text)[-1]["e"] in ("receipt", "error")

    assert not looks


async def test_a_question_that_cannot_be_asked_is_refused_in_the_stream(client: httpx.AsyncClient) -> None:
    response = await client.post("/ui/chat", json={"turns": []}, headers=await pass_header(client))

    error = next(line for line in events_of(response.text) if line.get("e") == "error")
    assert (response.status_code, error["param"]) == (200, "message")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, TEXTS["error_pass"]),
        ({"x-groq-core-page": "page.99999999999.forged"}, TEXTS["error_pass"]),
        ({"sec-fetch-site": "cross-site"}, TEXTS["error_foreign"]),
        ({"origin": "https://evil.example"}, TEXTS["error_foreign"]),
    ],
)
async def test_who_is_not_our_page_may_not_ask(
    house: House, client: httpx.AsyncClient, headers: dict[str, str], detail: str
) -> None:
    genuine = await pass_header(client) if "x-groq-core-page" not in headers and headers else {}

    response = await client.post("/ui/chat", json=QUESTION, headers=genuine | headers)

    assert (response.status_code, response.json()["detail"]) == (403, detail)
    assert not house.asked


async def test_a_question_that_is_too_large_is_refused(
    house: House, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_QUESTION_BYTES", 1000)

    response = await client.post("/ui/chat", content=b"x" * 2000, headers=await pass_header(client))

    assert response.status_code == 413
    assert not house.asked


async def test_only_questions_are_answered_here(client: httpx.AsyncClient) -> None:
    assert (await client.get("/ui/chat")).headers["content-type"] != "text/event-stream; charset=utf-8"
    assert (await client.post("/ui/chatter", json=QUESTION)).status_code in {404, 405}


async def test_who_hangs_up_ends_the_answer(house: House, client: httpx.AsyncClient) -> None:
    left = asyncio.Event()

    async def script(request: Asked) -> Any:
        try:
            yield BEGUN
            yield TextDelta("Hello")
            await asyncio.sleep(60)
        finally:
            left.set()

    house.script = script
    async with client.stream("POST", "/ui/chat", json=QUESTION, headers=await pass_header(client)) as response:
        async for text in response.aiter_text():
            if "Hello" in text:
                break

    async with asyncio.timeout(5):
        await left.wait()


async def test_who_hangs_up_while_asking_is_not_answered(
    house: House, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    headers = await pass_header(client)
    host, port = house.url.removeprefix("http://").rstrip("/").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f'POST /ui/chat HTTP/1.1\r\nhost: {host}\r\n{lines}content-length: 100\r\n\r\n{{"turns"'.encode())
    await writer.drain()
    writer.close()
    await asyncio.sleep(0.1)

    assert (await client.post("/ui/chat", json={"turns": []}, headers=headers)).status_code == 200
    assert not house.asked
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("root", "path", "ours"),
    [
        ("", "/ui/chat", True),
        ("/space", "/space/ui/chat", True),
        ("", "/space/ui/chat", False),
        ("", "/ui/chat/", False),
    ],
)
async def test_it_is_found_below_where_a_proxy_has_put_us(house: House, root: str, path: str, ours: bool) -> None:
    route = routes.ChatRoute(PlainTextResponse("below", 404), routes.Page(house.core, Assets()))
    transport = httpx.ASGITransport(app=route, root_path=root)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
        response = await client.post(path, json=QUESTION)

    assert response.status_code == (403 if ours else 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_only_a_post_asks(house: House, client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/ui/chat", json=QUESTION, headers=await pass_header(client))

    assert response.status_code != 200 or "text/event-stream" not in response.headers["content-type"]
    assert house.asked == []
