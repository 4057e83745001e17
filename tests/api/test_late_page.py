"""The API answers while the page behind it is still loading."""

from __future__ import annotations

import asyncio
import threading

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from groq_core.api.app import create_api
from groq_core.api.late_page import LatePage
from groq_core.compose import assemble
from groq_core.settings.env_file import load
from tests.serving import serving, url_of


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("the page")


async def test_the_api_answers_and_the_page_is_waited_for() -> None:
    may_load = threading.Event()
    told: list[Exception | None] = []
    async with assemble(load(environ={})) as core:
        api = create_api(core)

        def mount() -> None:
            may_load.wait(30)
            api.add_route("/", _page)

        api.late = LatePage(api, mount, told.append)
        async with serving(api) as server, httpx.AsyncClient(base_url=url_of(server), timeout=30) as client:
            early = asyncio.create_task(client.get("/"))
            assert (await client.get("/v1/models")).status_code == 200
            assert not early.done()

            may_load.set()

            assert (await early).text == "the page"
        assert told == [None]


async def test_a_page_that_cannot_be_loaded_keeps_nobody_waiting() -> None:
    told: list[Exception | None] = []
    broken = RuntimeError("a file of the page is missing")
    async with assemble(load(environ={})) as core:
        api = create_api(core)

        def mount() -> None:
            raise broken

        api.late = LatePage(api, mount, told.append)
        async with serving(api) as server, httpx.AsyncClient(base_url=url_of(server), timeout=30) as client:
            assert (await client.get("/")).status_code == 404
            assert told == [broken]


async def test_the_lifespan_of_what_is_mounted_is_entered_and_left_in_one_task() -> None:
    tasks: list[asyncio.Task[object] | None] = []
    app = FastAPI()

    class _Life:
        def __init__(self, app: object) -> None: ...

        async def __aenter__(self) -> None:
            tasks.append(asyncio.current_task())

        async def __aexit__(self, *told: object) -> None:
            tasks.append(asyncio.current_task())

    app.router.lifespan_context = _Life
    late = LatePage(app, lambda: None)
    heard = asyncio.Queue[dict[str, str]]()
    said: list[object] = []

    async def send(message: object) -> None:
        said.append(message)

    life = asyncio.create_task(late.live(heard.get, send))
    heard.put_nowait({"type": "lifespan.startup"})
    await late.wait()
    heard.put_nowait({"type": "lifespan.shutdown"})
    await life

    assert len(tasks) == 2
    assert tasks[0] is tasks[1]
    assert said == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
