"""The simulator's switches are reached through the API, where there is a simulator."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from tests.api.stage import Stage


class Switches:
    """Tells what it was asked."""

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = (await request.body()).decode()
        await JSONResponse({"asked": f"{request.method} {scope['path']} {body}".strip()})(scope, receive, send)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/_simulator/faults", ""),
        ("POST", "/_simulator/faults", '{"kind": "cut"}'),
        ("DELETE", "/_simulator/faults", ""),
        ("DELETE", "/_simulator/faults/7", ""),
        ("GET", "/_simulator/requests", ""),
    ],
)
async def test_a_switch_is_forwarded_as_it_came(method: str, path: str, body: str) -> None:
    stage = Stage()
    stage.simulator = Switches()
    async with stage.served() as client:
        response = await client.request(method, path, content=body)

    assert response.json() == {"asked": f"{method} {path} {body}".strip()}


async def test_without_a_simulator_there_are_no_switches() -> None:
    async with Stage().served() as client:
        response = await client.get("/_simulator/faults")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "unknown_url"


async def test_the_switches_are_behind_the_same_door_as_the_api() -> None:
    stage = Stage(settings=Settings(api_tokens=(Secret("token"),)))
    stage.simulator = Switches()
    async with stage.served() as client:
        response = await client.get("/_simulator/faults")

    assert response.status_code == 401
