"""`POST /v1/extract`: data, where each value stands, and what is missing; on a real server, the simulator upstream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.stage import Stage, staged

pytestmark = pytest.mark.usefixtures("forks")

SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "customer": {"type": "string"}},
    "required": ["total"],
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as it:
        yield it


async def post(stage: Stage, path: str, body: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=stage.url, timeout=60) as client:
        return await client.post(path, content=body if isinstance(body, bytes) else json.dumps(body).encode())


async def test_data_comes_with_its_places_and_its_receipt(stage: Stage) -> None:
    answer = await post(stage, "/v1/extract", {"text": "Invoice. Total: 42.50", "schema": SCHEMA})
    found = answer.json()

    assert answer.status_code == 200
    assert set(found) == {"data", "places", "missing", "x_groq_core"}
    assert found["data"]["total"] == 42.5
    place = found["places"]["total"]
    assert "Invoice. Total: 42.50"[place["start"] : place["end"]] == place["quote"] == "42.50"
    receipt = found["x_groq_core"]
    assert receipt["request_id"] == answer.headers["x-request-id"]
    assert receipt["served_by"]["provider"] == "groq"
    assert receipt["attempts"][0]["outcome"] == "answered"
    assert receipt["usage"]["completion_tokens"] > 0


async def test_a_stream_ends_in_the_result(stage: Stage) -> None:
    answer = await post(stage, "/v1/extract", {"text": "Total: 42.50", "schema": SCHEMA, "stream": True})
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "[DONE]"
    events = [json.loads(line) for line in lines[:-1]]
    assert [event["type"] for event in events] == ["partial", "try", "result"]
    assert events[0]["data"] == {"total": 42.5}
    assert events[-1]["data"]["total"] == 42.5


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        pytest.param({"schema": SCHEMA}, 400, "text", id="no text"),
        pytest.param({"text": "", "schema": SCHEMA}, 400, "text", id="empty text"),
        pytest.param({"text": 7, "schema": SCHEMA}, 400, "text", id="text of another type"),
        pytest.param({"text": "a"}, 400, "schema", id="no schema"),
        pytest.param({"text": "a", "schema": {"type": 7}}, 400, "schema", id="no schema at all"),
        pytest.param({"text": "a", "schema": SCHEMA, "modle": "x"}, 400, "modle", id="unknown field"),
        pytest.param({"text": "a", "schema": SCHEMA, "stream": "yes"}, 400, "stream", id="no switch"),
        pytest.param(b"{", 400, None, id="no JSON"),
        pytest.param([1], 400, None, id="a list"),
    ],
)
async def test_what_is_wrong_is_named(stage: Stage, body: Any, status: int, param: str | None) -> None:
    answer = await post(stage, "/v1/extract", body)

    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["param"] == param
    assert set(error) == {"message", "type", "code", "param", "hint"}


async def test_get_is_not_allowed(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.url) as client:
        assert (await client.get("/v1/extract")).status_code == 405
