"""Bad requests are refused in Groq's own words, as threads quote them."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from groq_core.simulator import Fault, Simulator
from tests.recordings import WIRE
from tests.simulator.http import CHAT, LLAMA, OSS, QWEN, SCOUT, ask, connect, error, tool

GUARD = "meta-llama/llama-prompt-guard-2-22m"
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
LOOK = tool("look_up", "look something up", word={"type": "string"})
PLACE = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def schema(inner: Any, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "place", "strict": strict, "schema": inner}}


REFUSED = [
    pytest.param(ask(fancy=1), "property 'fancy' is unsupported", id="unknown key"),
    pytest.param(ask(store=True), "property 'store' is unsupported, did you mean 'stop'?", id="store"),
    pytest.param(ask(n=2), "'n' : number must be at most 1", id="n"),
    pytest.param(ask(logprobs=True), "`logprobs` is not supported with this model", id="logprobs"),
    pytest.param(ask(temperature=3), "'temperature' : number must be at most 2", id="temperature"),
    pytest.param(ask(temperature="hot"), "'temperature' : value must be a number", id="temperature's type"),
    pytest.param(ask(stop=list("abcde")), "'stop' : maximum number of items is 4", id="five stops"),
    pytest.param({"model": OSS}, "property 'messages' is missing", id="no messages"),
    pytest.param({"model": OSS, "messages": []}, "'messages' : minimum number of items is 1", id="empty messages"),
    pytest.param({"messages": []}, "property 'model' is missing", id="no model"),
    pytest.param(
        {"model": OSS, "messages": [{"role": "system", "content": "x", "id": "1"}]},
        "'messages.0' : for 'role:system' the following must be satisfied[('messages.0' : property 'id' is "
        "unsupported, did you mean 'name'?)]",
        id="unknown message key",
    ),
    pytest.param(
        {
            "model": OSS,
            "messages": [*ask()["messages"], {"role": "assistant", "content": "", "reasoning_content": "x"}],
        },
        "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property "
        "'reasoning_content' is unsupported)]",
        id="reasoning_content",
    ),
    pytest.param(
        {"model": OSS, "messages": [{"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "x"}]}]},
        "'messages.0' : for 'role:tool' the following must be satisfied[('messages.0.content' : value must be a "
        "string)]",
        id="tool result in parts",
    ),
    pytest.param(
        {"model": OSS, "messages": [{"role": "robot", "content": "x"}]},
        "'messages.0' : discriminator property 'role' has invalid value 'robot'",
        id="unknown role",
    ),
    pytest.param(ask([PICTURE]), "messages[0].content must be a string", id="picture to a text model"),
    pytest.param(
        ask([PICTURE] * 4, QWEN), "Too many images provided. This model supports up to 3 images", id="four pictures"
    ),
    pytest.param(ask([PICTURE], QWEN), "invalid image data", id="no picture"),
    pytest.param(ask(max_completion_tokens=70_000), None, id="more tokens than it can"),
    pytest.param(ask(max_tokens=0), "'max_tokens' : number must be at least 1", id="no tokens"),
    pytest.param(ask(reasoning_effort="max"), "`reasoning_effort` must be one of `high`, `low`, `medium`", id="effort"),
    pytest.param(
        ask(reasoning_format="raw", tools=[LOOK]),
        "`reasoning_format` `raw` is not supported with tool calling or JSON mode",
        id="raw with tools",
    ),
    pytest.param(ask(tools=[LOOK] * 129), "'tools' : maximum number of items is 128", id="129 tools"),
    pytest.param(
        ask(tools=[LOOK], response_format=schema(PLACE)),
        "json mode cannot be combined with tool/function calling",
        id="schema with tools",
    ),
    pytest.param(
        ask(response_format={"type": "json_object"}),
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        id="json without the word",
    ),
    pytest.param(
        ask(response_format=schema({**PLACE, "additionalProperties": True})),
        "invalid JSON schema for response_format: 'place': /: additionalProperties:false must be set on every object",
        id="open object in strict mode",
    ),
    pytest.param(
        ask(response_format=schema({**PLACE, "required": []})),
        "invalid JSON schema for response_format: 'place': /: `required` is required to be supplied and to be an array "
        "including every key in properties",
        id="optional property in strict mode",
    ),
    pytest.param(
        ask(model=GUARD, tools=[LOOK]), "`tool calling` is not supported with this model", id="tools to guard"
    ),
    pytest.param(ask(reasoning_effort="low", model=GUARD), None, id="effort for a model that does not think"),
    pytest.param(
        ask("word " * 120_000, max_tokens=20_000),
        "Please reduce the length of the messages or completion.",
        id="more than the context",
    ),
    pytest.param(
        ask(model="whisper-large-v3"), "The model `whisper-large-v3` does not support chat completions", id="asr"
    ),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
async def test_groq_refuses_in_its_own_words(http: httpx.AsyncClient, body: Any, message: str | None) -> None:
    status, refused = await error(http, body)

    assert (status, refused["type"]) == (400, "invalid_request_error")
    if message is not None:
        assert refused["message"] == message


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(ask(model="llama-3.1-8b-instant"), 404, "model_not_found", id="shut down in 2026"),
        pytest.param(ask(model="gemma2-9b-it"), 400, "model_decommissioned", id="shut down in 2025"),
        pytest.param(ask(model="nobody/knows"), 404, "model_not_found", id="never was"),
    ],
)
async def test_a_model_that_is_gone_says_so(http: httpx.AsyncClient, body: Any, status: int, code: str) -> None:
    answer = await http.post(CHAT, json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "x-ratelimit-limit-tokens" not in answer.headers


async def test_reference_catalogue_has_the_four_ids_of_2025(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await http.post("/_simulator/profile", json={"catalogue": "reference"})

    listed = {model["id"] for model in (await http.get("/openai/v1/models")).json()["data"]}
    assert listed == {"llama-3.1-8b-instant", LLAMA, SCOUT, "whisper-large-v3-turbo"}


@pytest.mark.parametrize(("key", "prefix"), [("", "/openai/v1"), ("gsk_invalid", "/openai/v1"), ("", "/v1")])
async def test_a_missing_or_wrong_key_is_401(simulator: Simulator, key: str, prefix: str) -> None:
    async with connect(simulator, key=key) as http:
        answer = await http.get(f"{prefix}/models")

    assert answer.status_code == 401


async def test_only_listed_keys_are_accepted_where_there_is_a_list() -> None:
    async with Simulator(pace=0, keys={"gsk_mine"}) as simulator:
        async with connect(simulator, key="gsk_mine") as http:
            assert (await http.get("/openai/v1/models")).status_code == 200
        async with connect(simulator, key="gsk_other") as http:
            assert (await http.get("/openai/v1/models")).status_code == 401


@pytest.mark.parametrize("path", ["/openai/v1/messages", "/openai/v1/chat/completion", "/v2/models"])
async def test_an_unknown_path_is_named(http: httpx.AsyncClient, path: str) -> None:
    status, refused = await error(http, {}, path)

    assert (status, refused["code"]) == (404, "unknown_url")
    assert f"POST {path}" in refused["message"]


async def test_openai_bodies_are_indented_and_have_nulls(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/chat/completions", json=ask(model="gpt-99"))

    assert answer.status_code == 404
    assert answer.text.startswith('{\n  "error": {\n    "message": ')
    assert '"param": null' in answer.text


async def test_openai_reasoning_models_refuse_max_tokens(http: httpx.AsyncClient) -> None:
    status, refused = await error(http, ask(model="gpt-6-luna", max_tokens=5), "/v1/chat/completions")

    assert (status, refused["param"], refused["code"]) == (400, "max_tokens", "unsupported_parameter")


async def test_broken_json_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(CHAT, content=b'{"model": ')

    assert answer.status_code == 400


# ── error bodies that threads quote ──────────────────────────────────────────────────────────────────

QUOTED = sorted((WIRE / "errors-from-issues").glob("*.json"))
PRESET_OF = (
    # The presets' words are those of the quoted bodies.
    ("200-stream-tool-use-failed-first-event", "tool_use_failed"),
    ("400-context-length-exceeded-2025-03", "context_length"),
    ("400-json-validate-failed-g1", "json_validate_failed"),
    ("400-organization-restricted-2024-06", "400_restricted"),
    ("400-tool-not-in-request-tools", "tool_not_in_request"),
    ("413-tpm-too-large-2026-05", "413_tpm"),
    ("429-rpd-requests-per-day", "429_rpd"),
    ("429-tpd-daily-tokens", "429_tpd"),
    ("429-tpm-12000-wait-1984999999s", "429_tpm"),
)


def wording(message: str) -> str:
    """A message without names and figures."""
    message = re.sub(r"`[^`]+`|org_\w+", "…", message)
    return re.sub(r"\d+(?:\.\d+)?(?:m\d+(?:\.\d+)?)?(?=m?s\b)|\d+", "0", message)


@pytest.mark.parametrize(("name", "preset"), PRESET_OF, ids=[name for name, _ in PRESET_OF])
async def test_presets_say_what_threads_quote(
    simulator: Simulator, http: httpx.AsyncClient, name: str, preset: str
) -> None:
    response = json.loads((WIRE / "errors-from-issues" / f"{name}.json").read_text())["response"]
    quoted = json.loads(response["body"].partition("data: ")[2] or response["body"])["error"]
    simulator.faults.add(Fault(kind="status", preset=preset))

    status, refused = await error(http, ask())

    assert wording(refused["message"]) == wording(quoted["message"])
    assert (refused["type"], refused.get("code")) == (quoted["type"], quoted.get("code"))
    assert status == (quoted.get("status_code") or response["status"])
