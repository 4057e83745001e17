"""Of Gradio's own routes those are there that are needed, for those who may use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import CancelledError
from typing import Any

import gradio as gr
import httpx
import pytest
from anyio import to_thread
from gradio_client import Client

from groq_core.compose import Core
from groq_core.ui.app import create_ui
from tests.doors.stage import house, new_pass

House = tuple[httpx.AsyncClient, Core]


@pytest.fixture(scope="module")
async def local() -> AsyncIterator[House]:
    """As a person starts it at home."""
    async with house() as found:
        yield found


@pytest.fixture(scope="module")
async def public() -> AsyncIterator[House]:
    """Open to other machines, with a token for programs."""
    async with house(GRADIO_SERVER_NAME="0.0.0.0", GROQ_CORE_API_TOKENS="gck-test") as found:
        yield found


def functions(core: Core) -> Iterator[tuple[int, Any]]:
    for index, function in create_ui(core).fns.items():
        if function.fn is not None:
            yield index, function


@pytest.mark.parametrize("path", ["", "config", "theme.css", "gradio_api/info", "gradio_api/startup-events"])
async def test_what_the_page_and_clients_read_is_there(local: House, path: str) -> None:
    assert (await local[0].get(path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "gradio_api/process_recording"),
        ("POST", "gradio_api/vibe-edit/"),
        ("POST", "gradio_api/run/chat_lines"),
        ("POST", "gradio_api/api/chat"),
        ("POST", "gradio_api/component_server"),
        ("POST", "gradio_api/stream/abc"),
        ("GET", "gradio_api/proxy=http://127.0.0.1:1/x"),
        ("GET", "gradio_api/deep_link"),
        ("GET", "monitoring/summary"),
        ("GET", "manifest.json"),
        ("POST", "login"),
        ("GET", "logout"),
        ("POST", "upload"),
        ("GET", "gradio_api/nothing-like-this"),
        ("DELETE", "gradio_api/queue/join"),
    ],
)
async def test_everything_else_is_not_there(local: House, method: str, path: str) -> None:
    assert (await local[0].request(method, path, json={})).status_code in (404, 405)


async def test_a_new_route_of_gradio_is_closed_until_somebody_opens_it(local: House) -> None:
    """Every route that Gradio declares is asked for: none answers with more than a refusal unless it is listed."""
    client, _ = local
    opened = set()
    app = gr.routes.App.create_app(create_ui(local[1]))
    paths = {route.path for route in app.routes if hasattr(route, "path")}
    for declared in sorted(paths):
        path = declared.replace("{path:path}", "x").replace("{size}", "1").replace("{key}", "k").lstrip("/")
        for method in ("POST", "PUT", "DELETE"):
            response = await client.request(method, path, json={})
            if response.status_code not in (404, 405):
                opened.add((method, declared))
    assert opened == set()


async def test_private_functions_want_the_pages_pass(local: House) -> None:
    client, core = local
    private = [index for index, one in functions(core) if one.api_visibility == "private"]
    assert private
    for index in private:
        for data in (["{}"], [], [None], ['{"pass":"x.9999999999.y"}'], [{"pass": 1}], "x"):
            body = {"data": data, "fn_index": index, "session_hash": "stranger"}
            assert (await client.post("gradio_api/queue/join", json=body)).status_code == 403


async def test_named_endpoints_are_for_whoever_may_use_the_api(public: House) -> None:
    client, core = public
    named = [(index, one.api_name) for index, one in functions(core) if one.api_visibility != "private"]
    assert named
    token = {"authorization": "Bearer gck-test"}
    for index, name in named:
        body = {"data": ["hi", "auto", ""], "fn_index": index, "session_hash": f"s{index}"}
        assert (await client.post("gradio_api/queue/join", json=body)).status_code == 401
        assert (await client.post(f"gradio_api/call/{name}", json=body)).status_code == 401
    assert (await client.post("gradio_api/call/chat_lines", json={"data": ["hi"]}, headers=token)).status_code == 404
    for name, data in (("chat", ["hi", "auto", ""]), ("models", [])):
        called = await client.post(f"gradio_api/call/{name}", json={"data": data}, headers=token)
        assert called.status_code == 200, called.text
        event = called.json()["event_id"]
        assert (await client.get(f"gradio_api/call/{name}/{event}")).status_code == 401
        read = await client.get(f"gradio_api/call/{name}/{event}", headers=token)
        assert "complete" in read.text


async def test_gradios_own_client_is_answered(local: House, public: House) -> None:
    def ask(url: str, **options: Any) -> str:
        return str(Client(url, verbose=False, **options).predict("What is 17 * 23?", api_name="/chat"))

    assert "391" in await to_thread.run_sync(lambda: ask(str(local[0].base_url)))
    with_token = {"headers": {"Authorization": "Bearer gck-test"}}
    assert "391" in await to_thread.run_sync(lambda: ask(str(public[0].base_url), **with_token))
    with pytest.raises((CancelledError, httpx.HTTPStatusError)):
        await to_thread.run_sync(lambda: ask(str(public[0].base_url)))


@pytest.mark.parametrize("path", ["upload", "call/chat", "upload_progress", "mcp/", "file=x"])
async def test_strangers_bring_and_read_no_files(public: House, path: str) -> None:
    method = "GET" if path in ("upload_progress", "file=x") else "POST"
    response = await public[0].request(
        method, f"gradio_api/{path}", files={"files": b"x"} if method == "POST" else None
    )

    assert response.status_code == 401


async def test_a_session_belongs_to_whoever_opened_it(public: House) -> None:
    client, core = public
    index = next(index for index, one in functions(core) if one.api_visibility != "private")
    body = {"data": ["hi", "auto"], "fn_index": index, "session_hash": "mine"}
    joined = await client.post("gradio_api/queue/join", json=body, headers={"authorization": "Bearer gck-test"})
    assert joined.status_code == 200
    from_elsewhere = {"x-forwarded-for": "203.0.113.9"}

    for headers in (from_elsewhere, {}):
        stolen = await client.get("gradio_api/queue/data?session_hash=mine", headers=headers)
        assert stolen.status_code == 403, "the holder of the token opened it"
        ended = await client.post("gradio_api/cancel", headers=headers, json={**body, "event_id": "x"})
        assert ended.status_code == 403
    assert (await client.get("gradio_api/queue/data?session_hash=unknown")).status_code == 404


async def test_a_question_of_110_mb_is_refused_before_it_is_read(local: House) -> None:
    client, _ = local
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    head = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\nContent-Length: {110 * 2**20}\r\n\r\n{{"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()

    assert b" 413 " in answer


async def test_a_visitor_that_comes_back_is_the_same(local: House) -> None:
    client, _ = local
    first = await new_pass(client)
    again = (await client.get("ui/pass", headers=first)).json()["pass"]
    stranger = (await client.get("ui/pass", headers={"x-groq-core-page": "made.1.up"})).json()["pass"]

    page = first["x-groq-core-page"].split(".")[0]
    assert again.split(".")[0] == page
    assert stranger.split(".")[0] not in (page, "made")
