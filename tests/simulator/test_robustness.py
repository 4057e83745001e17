"""Whatever is sent, the answer is an answer or a refusal, never a failure of the simulator's own."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groq_core.simulator import Fault, Simulator
from tests.simulator.http import CHAT, OSS, QWEN, ask, connect, tool

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 99)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
FULL: dict[str, Any] = {
    "model": QWEN,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "weather in Paris as json"}]},
        {
            "role": "assistant",
            "tool_calls": [{"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "a", "content": "sunny"},
    ],
    "tools": [tool("get_weather", "weather", city={"type": "string"})],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": SCHEMA}},
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "top_p": 1,
    "max_completion_tokens": 50,
    "stop": ["x"],
    "seed": 1,
    "reasoning_effort": "low",
    "reasoning_format": "parsed",
    "service_tier": "auto",
    "user": "me",
}


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))][0 if at else 1 :]


def change(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    body = copy.deepcopy(body)
    inner = body
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return body


@pytest.mark.parametrize("path", [CHAT, "/v1/chat/completions"])
@pytest.mark.parametrize("leave_out", ["response_format", "tools"])
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(places(FULL)), json_values)
async def test_no_body_breaks_the_simulator(
    simulator: Simulator, http: httpx.AsyncClient, path: str, leave_out: str, place: Any, value: Any
) -> None:
    body = change(FULL, place, value)
    body.pop(leave_out, None)
    if leave_out == "tools":
        body.pop("tool_choice", None)
    if path != CHAT:
        body = {k: v for k, v in body.items() if k not in ("reasoning_format",)}
        body["model"] = "gpt-6-luna" if body.get("model") == QWEN else body.get("model")

    answer = await http.post(path, json=body)

    assert answer.status_code < 500


@pytest.mark.parametrize(
    "path", [CHAT, "/openai/v1/audio/speech", "/openai/v1/audio/transcriptions", "/openai/v1/files"]
)
@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff\xfe", b'"x"', b"{", b"--x\r\n\r\n"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "???"])
async def test_no_bytes_break_the_simulator(http: httpx.AsyncClient, path: str, body: bytes, kind: str) -> None:
    answer = await http.post(f"/openai/v1/{path}", content=body, headers={"content-type": kind})

    assert 400 <= answer.status_code < 500


async def test_a_hundred_readers_at_once(simulator: Simulator) -> None:
    import asyncio

    async with connect(simulator) as http:
        body = ask("Write 300 tokens", OSS, stream=True)
        answers = await asyncio.gather(*(http.post(CHAT, json=body) for _ in range(100)))

    assert all(answer.content.endswith(b"data: [DONE]\n\n") for answer in answers)


async def test_stop_is_prompt_with_open_streams() -> None:
    simulator = Simulator(pace=0, limits="off")
    simulator.faults.add(Fault(kind="stall", after=3))
    await simulator.start()
    request = ask("Write 300 tokens", OSS, stream=True)
    async with connect(simulator) as http, http.stream("POST", CHAT, json=request) as answer:
        received = answer.aiter_raw()
        await anext(received)
        await simulator.stop()
        with pytest.raises(httpx.HTTPError):
            [_ async for _ in received]

    assert simulator.open_streams == 0


async def test_a_simulator_can_be_started_again() -> None:
    simulator = Simulator(pace=0)
    for _ in range(2):
        async with simulator, connect(simulator) as http:
            assert (await http.get("/openai/v1/models")).status_code == 200


async def test_a_taken_port_is_an_error(simulator: Simulator) -> None:
    port = int(simulator.groq_url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        await Simulator().start(port=port)


async def test_the_app_runs_on_somebody_else_s_server() -> None:
    transport = httpx.ASGITransport(app=Simulator(pace=0).app)
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as http:
        answer = await http.post(CHAT, json=ask(), headers={"authorization": "Bearer x"})

    assert answer.json()["choices"][0]["message"]["content"] == "17 * 23 = **391**"


async def test_what_was_asked_is_shown(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await http.post(CHAT, json=ask())

    (seen,) = (await http.get("/_simulator/requests")).json()["requests"]
    assert (seen["provider"], seen["path"], seen["model"], seen["body"]) == ("groq", CHAT, OSS, ask())


async def test_front_page_says_what_it_is(http: httpx.AsyncClient) -> None:
    assert (await http.get("/")).json()["note"] == "Answers are simulated; no model is asked."


@pytest.mark.parametrize("body", [{"catalogue": "2019"}, {"pace": -1}, {"speed": 3}])
async def test_a_wrong_profile_is_refused(http: httpx.AsyncClient, body: Any) -> None:
    answer = await http.post("/_simulator/profile", json=body)

    assert answer.status_code == 400
    assert next(iter(body)) in answer.json()["error"]["message"]


@pytest.mark.parametrize("wrong", [{"catalogue": "2019"}, {"pace": -1}, {"limits": "none"}, {"limits_scale": 0}])
def test_a_wrong_setting_is_named(wrong: Any) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Simulator(**wrong)
