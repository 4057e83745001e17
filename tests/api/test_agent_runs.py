"""`POST /v1/agent/runs`: steps and an answer, or events; a call that changes something waits for a word, once."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from mcp.server.fastmcp import FastMCP

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Events, Finished, TextDelta, ToolCallDelta, Usage
from groq_core.requests import ChatRequest, Request
from groq_core.settings.settings import Settings
from tests.api.stage import Stage as Scripted
from tests.api.test_chat_body import MEDIA
from tests.services.mcp_server import serve
from tests.stage import Stage, staged

USAGE = Usage(prompt_tokens=50, completion_tokens=10, total_tokens=60)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as it:
        yield it


async def send(client: httpx.AsyncClient, body: Any) -> httpx.Response:
    return await client.post("/v1/agent/runs", json=body)


async def post(url: str, body: Any) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        return await client.post("/v1/agent/runs", json=body)


async def test_a_run_tells_its_steps_and_its_answer(stage: Stage) -> None:
    answer = await post(stage.url, {"task": "Work out 6 * 7", "tools": ["calculator"]})
    run = answer.json()

    assert answer.status_code == 200
    assert run["status"] == "answered"
    assert "42" in run["answer"]
    assert run["steps"][0]["calls"][0]["name"] == "calculate"
    assert run["steps"][0]["calls"][0]["result"] == "42"
    assert len(run["x_groq_core"]["attempts"]) == 2


async def test_its_events_are_streamed(stage: Stage) -> None:
    answer = await post(stage.url, {"task": "Work out 6 * 7", "tools": ["calculator"], "stream": True})
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    events = [json.loads(line) for line in lines[:-1]]

    assert lines[-1] == "[DONE]"
    kinds = [event["type"] for event in events]
    assert kinds[0] == "step_started"
    assert {"tool_started", "tool_finished", "text_delta"} <= set(kinds)
    assert kinds[-1] == "run_ended"
    assert "42" in events[-1]["answer"]


SHOWN: Any = {
    "role": "user",
    "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ],
}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param({}, "task", id="no task"),
        pytest.param({"task": " "}, "task", id="empty task"),
        pytest.param({"task": "a", "tools": ["rm"]}, "tools[0]", id="unknown tool"),
        pytest.param({"task": "a", "mcp_servers": ["http://127.0.0.1:1/mcp"]}, "mcp_servers[0]", id="an address"),
        pytest.param(
            {"task": "a", "mcp_servers": [{"url": "https://a.example", "name": "b"}]}, "mcp_servers[0].url", id="both"
        ),
        pytest.param({"task": "a", "mcp_servers": [{"nme": "b"}]}, "mcp_servers[0].nme", id="unknown of a server"),
        pytest.param({"task": "a", "limits": {"usd": 0}}, "limits.usd", id="no money"),
        pytest.param({"task": "a", "limits": {"seconds": -1}}, "limits.seconds", id="no time"),
        pytest.param({"task": "a", "limits": {"steps": 1.5}}, "limits.steps", id="half a step"),
        pytest.param({"task": "a", "limits": {"max_steps": 51}}, "limits.max_steps", id="too many steps"),
        pytest.param({"task": "a", "limits": {"hops": 1}}, "limits.hops", id="unknown limit"),
        pytest.param({"task": "a", "speed": 1}, "speed", id="unknown field"),
        pytest.param({"task": "a", "resume": {"run": "x"}}, "task", id="both"),
        pytest.param({"resume": {}}, "resume.run", id="no run"),
        pytest.param({"task": "a", "output": {"type": "objekt"}}, "output", id="no schema"),
        pytest.param({"task": "a", "model": "no/price", "limits": {"usd": 1}}, "limits.usd", id="no price"),
        pytest.param({"task": []}, "task", id="no message"),
        pytest.param({"task": [{"role": "user", "content": ""}]}, "task[0].content", id="an empty message"),
        pytest.param({"task": [{"role": "tool", "content": "a"}]}, "task[0].tool_call_id", id="a result of nothing"),
        pytest.param({"task": SHOWN | {}}, "task", id="no list"),
        pytest.param({"task": [SHOWN]}, "task[0].content[1].image_url.url", id="a broken picture"),
    ],
)
async def test_what_is_wrong_is_named(stage: Stage, body: Any, param: str) -> None:
    answer = await post(stage.url, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("said", "output"), [('Here: {"total": 42}', {"total": 42}), ("forty-two", None)])
async def test_a_typed_output_fits_or_is_an_error(stream: bool, said: str, output: Any) -> None:
    async def script(_: Request) -> Events:
        yield TextDelta(said)
        yield Finished(provider="groq", model="m", usage=USAGE)

    schema = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
    async with Scripted(script).served() as client:
        answer = await send(client, {"task": "Total?", "tools": [], "output": schema, "stream": stream})
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line.startswith("data: {")]
    run = json.loads(lines[-1]) if stream else answer.json()

    assert (run["output"], run["answer"]) == (output, said)
    assert ("error" in run) is (output is None)
    if output is None:
        assert run["error"]["code"] == "does_not_fit"
    assert answer.status_code == (422 if output is None and not stream else 200)


async def test_a_task_is_read_as_a_chat_is() -> None:
    """What clients spell otherwise is mended, and a picture made anew, with a note of what could not be kept of it."""
    gif = base64.b64encode((MEDIA / "animated-5-frames.gif").read_bytes()).decode()
    said = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/gif;base64,{gif}"},
    ]
    stage = Scripted()
    async with stage.served() as client:
        run = (await send(client, {"task": [{"role": "User", "content": said}], "tools": []})).json()

    assert run["status"] == "answered", run
    (words, picture) = stage.chat.messages[-1]["content"]
    assert words == {"type": "text", "text": "What is this?"}
    assert not picture["image_url"]["url"].startswith("data:image/gif")
    (note,) = run["notes"]
    assert note.startswith("task[0].content[1].image_url.url: ")


async def test_a_run_whose_server_is_away_waits_on() -> None:
    """Nothing has been done yet, so its word is not used up."""
    done: list[str] = []
    async with AsyncExitStack() as left_open:
        async with serve(burning(done)) as address:
            settings = Settings.from_env({"GROQ_CORE_MCP_SERVERS": f"lab={address}"})
            client = await left_open.enter_async_context(Scripted(calls_then("Burnt"), settings).served())
            first = (await send(client, {"task": "Burn A", "mcp_servers": ["lab"]})).json()
        word = {"resume": {"run": first["id"], "approvals": {first["pending"][0]["approval"]: True}}}
        away = await send(client, word)
        async with serve(burning(done), httpx.URL(address).port or 0):
            back = (await send(client, word)).json()

    assert away.status_code >= 400
    assert away.json()["error"]["code"] != "run_not_found"
    assert (back["status"], done) == ("answered", ["A"])


def burning(done: list[str]) -> FastMCP:
    server = FastMCP("lab", log_level="CRITICAL")

    @server.tool()
    async def burn(sample: str) -> str:
        """Burn a sample."""
        done.append(sample)
        return f"{sample} is ash"

    return server


def calls_then(answer: str, arguments: str = '{"sample": "A"}') -> Any:
    async def script(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        if request.messages[-1]["role"] == "user":
            yield ToolCallDelta(0, "c1", "lab_burn", arguments)
            yield Finished(provider="groq", model="m", finish_reason="tool_calls", usage=USAGE)
        else:
            yield TextDelta(f"{answer}: {request.messages[-1]['content']}")
            yield Finished(provider="groq", model="m", usage=USAGE)

    return script


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_call_waits_for_a_word_that_is_good_once(agreed: bool) -> None:
    done: list[str] = []
    async with serve(burning(done)) as address:
        settings = Settings.from_env({"GROQ_CORE_MCP_SERVERS": f"lab={address}"})
        async with Scripted(calls_then("Burnt"), settings).served() as client:
            first = (await send(client, {"task": "Burn A", "mcp_servers": ["lab"]})).json()
            assert (first["status"], done) == ("paused", [])
            (waiting,) = first["pending"]
            assert (waiting["name"], waiting["arguments"]) == ("lab_burn", '{"sample": "A"}')

            other = {"run": first["id"], "approvals": {"ap_0": True}}
            assert (await send(client, {"resume": other})).status_code == 404
            word = {"resume": {"run": first["id"], "approvals": {waiting["approval"]: agreed}}}
            second = (await send(client, word)).json()
            again = await send(client, word)

    assert second["status"] == "answered"
    assert done == (["A"] if agreed else [])
    assert ("is ash" if agreed else "declined") in second["answer"]
    assert again.status_code == 404, "one approval, one call"


async def test_what_was_done_is_kept_when_a_run_breaks() -> None:
    async def script(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        if request.messages[-1]["role"] == "user":
            yield ToolCallDelta(0, "c1", "calculate", '{"expression": "6 * 7"}')
            yield Finished(provider="groq", model="m", finish_reason="tool_calls", usage=USAGE)
            return
        raise ChainError("nobody answers", failures=[ProviderError(Kind.SERVER_ERROR, "down")], retry_after=3)

    async with Scripted(script).served() as client:
        answer = await send(client, {"task": "6 * 7"})

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"
    broken = answer.json()
    assert broken["error"]["code"] == "server_error"
    assert broken["status"] == "broken"
    assert broken["steps"][0]["calls"][0]["result"] == "42"


async def test_a_callers_own_server_is_refused_unless_allowed_and_never_within_the_network(stage: Stage) -> None:
    refused = await post(stage.url, {"task": "a", "mcp_servers": [{"url": "https://mcp.example/mcp"}]})
    async with staged({"GROQ_CORE_MCP_VISITORS": "on"}) as open_stage:
        inside = await post(open_stage.url, {"task": "a", "mcp_servers": [{"url": "https://127.0.0.1/mcp"}]})
        clear = await post(open_stage.url, {"task": "a", "mcp_servers": [{"url": "http://127.0.0.1/mcp"}]})

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "mcp_server_not_allowed")
    assert "it is not at a public address" in inside.json()["error"]["message"]
    assert "not reached by https" in clear.json()["error"]["message"]


async def test_a_callers_own_server_is_used_for_its_run() -> None:
    done: list[str] = []

    async def script(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        if request.messages[-1]["role"] == "user":
            yield ToolCallDelta(0, "c1", "own1_burn", '{"sample": "A"}')
        else:
            yield TextDelta("Burnt.")
        yield Finished(provider="groq", model="m", usage=USAGE)

    async with serve(burning(done)) as address:
        settings = Settings.from_env({"GROQ_CORE_MCP_VISITORS": "127.0.0.1"})
        async with Scripted(script, settings).served() as client:
            own = {"url": address, "headers": {"x-lab": "seven"}}
            first = (await send(client, {"task": "Burn A", "tools": [], "mcp_servers": [own]})).json()
            (waiting,) = first["pending"]
            word = {"run": first["id"], "approvals": {waiting["approval"]: True}}
            second = (await send(client, {"resume": word})).json()

    assert (second["answer"], done) == ("Burnt.", ["A"])


@pytest.mark.parametrize("model", ["auto", "speed", "quality", "vision", "openai/gpt-oss-120b", "openai:gpt-6-luna"])
async def test_a_bound_in_dollars_can_be_given_whatever_is_asked(stage: Stage, model: str) -> None:
    """A model that this key is not offered, and that has no price, stands in the way of none."""
    asked = {"task": "Work out 6 * 7", "tools": ["calculator"], "model": model}
    rich = (await post(stage.url, {**asked, "limits": {"usd": 1}})).json()
    poor = (await post(stage.url, {**asked, "limits": {"usd": 0.001}})).json()

    assert rich["status"] == "answered"
    assert 0 < rich["x_groq_core"]["cost_usd"] <= 1
    assert poor["status"] in ("answered", "money_limit")
    assert (poor["x_groq_core"]["cost_usd"] or 0) <= 0.001


async def test_a_bound_in_dollars_on_a_model_nobody_knows_is_refused_in_the_requests_own_words(stage: Stage) -> None:
    answer = await post(stage.url, {"task": "Go", "model": "new-model", "limits": {"usd": 1}})
    error = answer.json()["error"]

    assert (answer.status_code, error["param"]) == (400, "limits.usd")
    assert "limits.tokens" in error["hint"]
