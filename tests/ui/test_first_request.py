"""Whoever asks for the page first finds it made: what it takes to make it would hold every token under way."""

from __future__ import annotations

import json
import os
import sys

from tests.programs import run_program

ASK = """
import asyncio, json, os, sys
import fastapi.routing
from groq_core.compose import assemble
from groq_core.serve import create_app
from groq_core.settings.env_file import load
made = []
make = fastapi.routing.get_dependant
def get_dependant(**told):
    made.append(told["path"])
    return make(**told)
fastapi.routing.get_dependant = get_dependant
scope = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/",
    "query_string": b"", "root_path": "", "scheme": "http", "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "state": {},
}
async def receive():
    await asyncio.Event().wait()
async def send(message):
    said.append(message)
said = []
async def main():
    async with assemble(load(environ={})) as core:
        app = create_app(core)
        ready, routes = set(sys.modules), len(made)
        async with app.router.lifespan_context(app):
            await app(scope, receive, send)
        imported = [name for name in set(sys.modules) - ready if name.partition(".")[0] not in sys.stdlib_module_names]
        print(json.dumps([said[0]["status"], routes, made[routes:], imported]))
asyncio.run(main())
"""


async def test_the_first_request_for_the_page_finds_its_modules_imported_and_its_routes_worked_out() -> None:
    ended = await run_program(sys.executable, "-c", ASK, seconds=120, environ={"PATH": os.environ["PATH"]})

    status, routes, late_routes, late_modules = json.loads(ended.said.splitlines()[-1])
    assert status == 200
    assert routes > 50
    assert late_routes == []
    assert late_modules == []
