"""Health, readiness, the snapshot, its changes, metrics; and what is not there."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from groq_core.api.access import Access
from groq_core.api.app import create_api
from groq_core.api.dispatch import Dispatcher
from groq_core.api.status import Status
from tests.api.stage import Stage, ask, plays, serving


async def test_health_asks_nobody() -> None:
    stage = Stage()
    async with stage.served() as client:
        response = await client.get("/health")
        head = await client.head("/health")

    assert response.status_code == head.status_code == 200
    assert response.json()["status"] == "ok"
    assert head.content == b""
    assert stage.asked == []


async def test_ready_says_yes_or_why_not_and_when() -> None:
    stage = Stage()
    async with stage.served() as client:
        yes = await client.get("/ready")
        await stage.board.move(ready=False)
        no = await client.get("/ready")

    assert yes.status_code == 200
    assert yes.json() == {"ready": True, "mode": "live", "tiers": {"speed": "groq:quick"}}
    assert no.status_code == 503
    assert no.json()["why"] == "every target rests"
    assert no.headers["retry-after"] == "12"


async def test_a_server_that_stops_is_not_ready() -> None:
    app = create_api(Stage())
    app.state.stopping.set()
    async with serving(app) as port, httpx.AsyncClient(verify=False) as client:
        response = await client.get(f"http://127.0.0.1:{port}/ready")

    assert response.status_code == 503
    assert response.json()["why"] == "the server is stopping"


async def test_only_the_head_of_the_events_comes_to_an_end() -> None:
    """A connection whose answer never ends would keep the next request on it waiting for ever."""
    async with serving(create_api(Stage())) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b" %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(b"HEAD" + head % b"/v1/status/events" + b"GET" + head % b"/health")
        async with asyncio.timeout(20):
            first = await reader.readuntil(b"\r\n\r\n")
            second = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    assert first.startswith(b"HTTP/1.1 200")
    assert b"content-type: text/event-stream" in first
    assert b"content-type: application/json" in second


async def test_status_is_the_snapshot() -> None:
    stage = Stage()
    async with stage.served() as client:
        body = (await client.get("/v1/status")).json()

    assert body["version"] == 1
    assert body["targets"][0]["name"] == "groq:quick"
    assert body["tiers"] == [{"tier": "speed", "target": "groq:quick", "why": "first of its list", "candidates": []}]


async def blocks(response: httpx.Response) -> AsyncIterator[str]:
    text = ""
    async for piece in response.aiter_text():
        text += piece
        while "\n\n" in text:
            block, _, text = text.partition("\n\n")
            yield block


def version_in(block: str) -> int:
    data = block.split("\n")[-1].removeprefix("data: ")
    version = orjson.loads(data)["version"]
    assert isinstance(version, int)
    return version


async def test_status_events_come_at_once_and_on_every_change() -> None:
    stage = Stage()
    async with stage.served() as client, client.stream("GET", "/v1/status/events") as response:
        events = blocks(response)
        first = await anext(events)
        await stage.board.move()
        second = await anext(events)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert first.startswith("event: status\nid: 1\n")
    assert [version_in(first), version_in(second)] == [1, 2]


async def test_many_changes_are_told_as_one() -> None:
    stage = Stage()
    async with stage.served() as client, client.stream("GET", "/v1/status/events") as response:
        events = blocks(response)
        await anext(events)
        for _ in range(50):
            await stage.board.move()
        second = await anext(events)

    assert version_in(second) > 2


async def test_a_quiet_stream_shows_that_it_lives_and_ends_with_the_server() -> None:
    stage, stopping = Stage(), asyncio.Event()
    status = Status(stage, stopping, keep_alive_s=0.01, gather_s=0.0)
    app = create_api(stage)
    app.dispatcher = Dispatcher(
        {"/events": {"GET": status.events}}, Access(stage.settings), below=(), open_paths=frozenset()
    )

    async with (
        serving(app) as port,
        httpx.AsyncClient(verify=False) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/events") as response,
    ):
        events = blocks(response)
        await anext(events)
        assert await anext(events) == ": still here"
        stopping.set()
        rest = [block async for block in events]

    assert all(block == ": still here" for block in rest)


async def test_a_reader_of_events_who_leaves_leaves_nothing_behind() -> None:
    stage = Stage()
    async with stage.served() as client:
        before = asyncio.all_tasks()
        async with client.stream("GET", "/v1/status/events") as response:
            await anext(blocks(response))
        for _ in itertools.takewhile(lambda _: asyncio.all_tasks() - before, range(200)):
            await asyncio.sleep(0.005)
        left_over = asyncio.all_tasks() - before

    assert not left_over


async def test_metrics_are_prometheus_text() -> None:
    async with Stage().served() as client:
        response = await client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "groq_core_fallbacks_total 1.0" in response.text


# ── what is not there ────────────────────────────────────────────────────────────────────────────────


def with_a_page(stage: Stage) -> FastAPI:
    """The API with a page mounted behind it, as the app does."""

    async def page(_: object) -> HTMLResponse:
        return HTMLResponse("<html>the page</html>")

    app = create_api(stage)
    app.router.routes.append(Mount("/", routes=[Route("/{path:path}", page, methods=["GET", "POST"])]))
    return app


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/assistants", 404),
        ("POST", "/v1/chat/completions/more", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/v1/status", 405),
        ("POST", "/health", 405),
        ("OPTIONS", "/v1/chat/completions", 405),
    ],
)
async def test_what_is_not_there_is_an_error_in_json_and_never_the_page(method: str, path: str, status: int) -> None:
    async with serving(with_a_page(Stage())) as port, httpx.AsyncClient(verify=False) as client:
        response = await client.request(method, f"http://127.0.0.1:{port}{path}")

    assert response.status_code == status
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert ("allow" in response.headers) == (status == 405)


async def test_the_page_is_served_behind_the_api() -> None:
    async with serving(with_a_page(Stage())) as port, httpx.AsyncClient(verify=False) as client:
        base = f"http://127.0.0.1:{port}"
        page = await client.get(f"{base}/")
        answer = await client.post(f"{base}/v1/chat/completions/", json=ask())

    assert page.text == "<html>the page</html>"
    assert answer.json()["object"] == "chat.completion"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_server_that_stops_says_so_to_who_is_still_waiting(stream: bool) -> None:
    waits = asyncio.Event()

    async def forever() -> None:
        waits.set()
        await asyncio.Event().wait()

    stage = Stage(plays(forever))
    async with httpx.AsyncClient(verify=False) as client:
        async with serving(create_api(stage), grace_s=0.05) as port:
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            asking = asyncio.create_task(client.post(url, json=ask(stream=stream)))
            await waits.wait()
        response = await asking

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "stopping"
    assert stage.running == 0
