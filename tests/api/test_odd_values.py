"""Anything may stand where a word or a list belongs: it is refused by name, and never breaks the server."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.api.stage import Stage, says

ODD: tuple[Any, ...] = (None, True, -1, 2.5, 10**30, "", "odd", [], [[]], [None], {}, {"type": []}, {"a": {}})
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}
FUNCTION = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}, "strict": False}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}

BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "model": "auto",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "t"}, PICTURE]},
            {"role": "assistant", "content": "a", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c", "content": "r"},
            {"role": "user", "content": "u"},
        ],
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
        "stream": False,
        "stream_options": {"include_usage": True},
        "stop": ["x"],
        "reasoning_effort": "low",
        "service_tier": "auto",
        "logit_bias": {"1": 2},
        "metadata": {"a": "b"},
    },
    "/v1/responses": {
        "model": "auto",
        "instructions": "i",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "t"}]},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "t"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "t"}]},
            {"type": "web_search_call", "id": "w", "action": {"type": "search", "query": "q"}},
        ],
        "tools": [{"type": "function", **FUNCTION}, {"type": "web_search"}],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "metadata": {"a": "b"},
        "truncation": "auto",
        "store": False,
        "stream": False,
    },
    "/v1/audio/speech": {
        "model": "speech", "input": "Hi", "voice": "v", "response_format": "wav", "stream_format": "audio", "speed": 1,
    },
    "/v1/extract": {"text": "Ada is 36.", "schema": SCHEMA, "model": "auto", "instructions": "i", "stream": False},
    "/v1/agent/runs": {
        "task": "t", "tools": ["calculator", {"type": "calculator"}], "limits": {"steps": 2, "usd": 1}, "model": "auto",
        "mcp_servers": [{"name": "n", "headers": {"a": "b"}}], "output": SCHEMA, "stream": False,
    },
    "/v1/batches": {
        "input_file_id": "f", "endpoint": "/v1/chat/completions", "completion_window": "24h", "metadata": {"a": "b"},
        "via": "live",
    },
}  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place within a body."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*path, key)
        yield from places(part, (*path, key))


def spoilt(body: dict[str, Any], path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    made = copy.deepcopy(body)
    inner: Any = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return made


@pytest.mark.parametrize("path", BODIES)
async def test_nothing_that_stands_anywhere_in_a_body_breaks_the_server(path: str, tmp_path: Any) -> None:
    from groq_core.settings.settings import Settings

    body, broken = BODIES[path], []
    stage = Stage(says('{"a": "b"}'), Settings(state_dir=tmp_path))
    # Of two thousand requests httpx takes three quarters of the time.
    async with stage.served() as served, aiohttp.ClientSession(str(served.base_url)) as http:
        for place in places(body):
            for odd in ODD:
                async with http.post(path, json=spoilt(body, place, odd)) as answer:
                    # Speech of a script that says words is empty, which is the model's fault and no bug.
                    if answer.status == 500 or (answer.status >= 400 and "error" not in await answer.json()):
                        broken.append((place, odd, answer.status))

    assert not broken, broken[:20]
