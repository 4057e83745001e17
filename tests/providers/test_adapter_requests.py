"""What an adapter asks for: bodies, keys and headers, and the list of models."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Note,
)
from groq_core.models.spec import ModelSpec
from groq_core.providers.bodies import IMAGE_LEFT_OUT
from groq_core.redaction import Secret
from groq_core.reply import collect
from groq_core.requests import Caller, ChatRequest
from tests.providers.adapters import (
    HELLO,
    LIMITED,
    SEEING,
    SPEC,
    THINKING,
    C,
    Connect,
    attempt,
    events_of,
    failure_of,
    groq_at,
    openai_at,
    text_of,
)
from tests.wire_server import (
    Reset,
    Script,
    answers,
    fails,
    says,
    serving,
)

# ── what is asked ────────────────────────────────────────────────────────────────────────────────────


async def ask(
    connect: Connect, request: ChatRequest, spec: ModelSpec = SPEC, **options: Any
) -> tuple[dict[str, Any], list[str]]:
    """The body that went out, and the codes of the notes that came back."""
    async with serving(says("x")) as wire, connect(wire.url, **options) as provider:
        events = await events_of(provider, request, spec)
    body: dict[str, Any] = wire.heard[0].json
    return body, [event.code for event in events if isinstance(event, Note)]


async def test_a_chat_goes_to_its_path_with_its_key(connect: Connect) -> None:
    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider)

    (heard,) = wire.heard
    groq = provider.name == "groq"
    assert (heard.method, heard.path) == ("POST", "/openai/v1/chat/completions" if groq else "/v1/chat/completions")
    assert heard.headers["authorization"] == "Bearer " + ("gsk_server_key" if groq else "sk-server-key")
    assert heard.headers["content-type"] == "application/json"
    assert heard.json == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_messages_are_reduced_to_what_the_wire_knows(connect: Connect) -> None:
    request = ChatRequest(
        messages=(
            {
                "role": "user",
                "content": [{"type": "text", "text": "a", "id": 1}, {"type": "text", "text": "b"}],
                "id": 7,
            },
            {
                "role": "assistant",
                "content": None,
                "metadata": {"title": "x"},
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "c", "type": "function", "index": 0, "function": {"name": "f", "arguments": "{}", "x": 1}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "1", "options": []},
            {"role": "assistant"},
        )
    )

    body, notes = await ask(connect, request)

    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert body["messages"] == [
        {"role": "user", "content": "a\nb"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "content": "1", "tool_call_id": "c"},
        {"role": "assistant", "content": ""},
    ]
    assert notes == []


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low", "name": "x.png"}}
LOOK = ChatRequest(messages=({"role": "user", "content": [{"type": "text", "text": "what is this?"}, PICTURE]},))


async def test_a_picture_goes_to_a_model_that_sees(connect: Connect) -> None:
    body, notes = await ask(connect, LOOK, SEEING)

    image = {"url": "data:image/png;base64,AA==", "detail": "low"}
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": image},
    ]
    assert notes == []


async def test_a_model_that_reads_text_only_gets_a_note_instead_of_a_picture(connect: Connect) -> None:
    body, notes = await ask(connect, LOOK, SPEC)

    assert body["messages"][0]["content"] == f"what is this?\n{IMAGE_LEFT_OUT}"
    assert notes == ["images_left_out"]


def params(**params: Any) -> ChatRequest:
    return msgspec.structs.replace(HELLO, params=params)


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}, []),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_completion_tokens": 7}, []),
        ({"max_completion_tokens": 5000}, {"max_completion_tokens": 1000}, ["max_tokens_lowered"]),
        ({"max_tokens": None, "temperature": None}, {}, []),
        (
            {"temperature": 0, "top_p": 0.5, "stop": ["."], "seed": 0},
            {"temperature": 0, "top_p": 0.5, "stop": ["."], "seed": 0},
            [],
        ),
        ({"store": False, "metadata": {}, "logit_bias": {}, "logprobs": False, "n": 1}, {}, []),
        ({"presence_penalty": 0}, {}, []),
        ({"store": True, "n": 2, "logprobs": True}, {}, ["parameter_left_out"] * 3),
        ({"top_k": 5}, {}, ["parameter_left_out"]),
        ({"reasoning_effort": "high", "reasoning_format": "parsed"}, {}, []),
        ({"service_tier": "flex"}, {"service_tier": "flex"}, []),
        ({"service_tier": "priority"}, {}, []),
        ({"stream_options": {"include_usage": False}}, {}, []),
        (
            {"tools": [{"type": "function"}], "tool_choice": "auto"},
            {"tools": [{"type": "function"}], "tool_choice": "auto"},
            [],
        ),
    ],
)
async def test_groq_is_asked_only_what_it_takes(given: dict[str, Any], sent: dict[str, Any], notes: list[str]) -> None:
    body, told = await ask(groq_at, params(**given))

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes
    assert body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({}, {"reasoning_format": "parsed"}, []),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low", "reasoning_format": "parsed"}, []),
        ({"reasoning_effort": "none"}, {"reasoning_effort": "low", "reasoning_format": "parsed"}, ["effort_changed"]),
        ({"reasoning_effort": "max"}, {"reasoning_effort": "high", "reasoning_format": "parsed"}, ["effort_changed"]),
        ({"reasoning_effort": "default"}, {"reasoning_format": "parsed"}, []),
        ({"reasoning_format": "hidden"}, {"reasoning_format": "hidden"}, []),
        ({"reasoning_format": "raw"}, {"reasoning_format": "raw"}, []),
        (
            {"reasoning_format": "raw", "response_format": {"type": "json_object"}},
            {"reasoning_format": "parsed", "response_format": {"type": "json_object"}},
            [],
        ),
        ({"include_reasoning": False, "reasoning_format": "parsed"}, {"include_reasoning": False}, []),
    ],
)
async def test_a_thinking_model_is_asked_to_think_as_it_can(
    given: dict[str, Any], sent: dict[str, Any], notes: list[str]
) -> None:
    body, told = await ask(groq_at, params(**given), THINKING)

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes


async def test_another_server_is_not_asked_what_only_groq_knows() -> None:
    given = {
        "reasoning_format": "parsed",
        "include_reasoning": True,
        "citation_options": "disabled",
        "service_tier": "on_demand",
        "max_completion_tokens": 5,
        "top_k": 3,
        "n": 1,
    }

    body, notes = await ask(openai_at, params(**given))

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == {"max_tokens": 5, "top_k": 3, "n": 1}
    assert notes == []


LUNA = ModelSpec(
    id="gpt-6-luna",
    capabilities=frozenset({C.CHAT, C.REASONING, C.TOOLS}),
    efforts=("none", "low"),
    effort_with_tools="none",
)


@pytest.mark.parametrize(
    ("given", "sent", "notes"),
    [
        ({"max_tokens": 5}, {"max_completion_tokens": 5}, []),
        ({"temperature": 1, "top_p": 1, "logprobs": False, "logit_bias": {}}, {}, []),
        ({"temperature": 0}, {}, ["parameter_left_out"]),
        ({"top_k": 3, "store": True}, {"store": True}, ["parameter_left_out"]),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}, []),
        (
            {"reasoning_effort": "low", "tools": [{"type": "function"}]},
            {"reasoning_effort": "none", "tools": [{"type": "function"}]},
            ["effort_changed"],
        ),
        ({"tools": [{"type": "function"}]}, {"reasoning_effort": "none", "tools": [{"type": "function"}]}, []),
    ],
)
async def test_openais_own_models_are_asked_as_they_want_it(
    given: dict[str, Any], sent: dict[str, Any], notes: list[str]
) -> None:
    body, told = await ask(openai_at, params(**given), LUNA)

    usual = {"model", "messages", "stream", "stream_options"}
    assert {name: value for name, value in body.items() if name not in usual} == sent
    assert told == notes


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_visitors_own_key_is_used_for_his_request_alone() -> None:
    visitor = Caller(credential="visitor:blue", groq_key=Secret("gsk_visitor"))
    async with serving(says("x"), says("x")) as wire, groq_at(wire.url) as provider:
        await events_of(provider, msgspec.structs.replace(HELLO, caller=visitor))
        await events_of(provider)

    assert [heard.headers["authorization"] for heard in wire.heard] == ["Bearer gsk_visitor", "Bearer gsk_server_key"]


async def test_without_a_key_nobody_is_asked() -> None:
    async with serving() as wire, groq_at(wire.url, api_key=None) as provider:
        _, error = await failure_of(provider)

    assert (error.kind, error.provider_wide) == (Kind.AUTH, True)
    assert wire.heard == []


async def test_a_server_without_keys_is_asked_all_the_same() -> None:
    async with serving(says("x")) as wire, openai_at(wire.url, api_key=None) as provider:
        assert text_of(await events_of(provider)) == "x"


async def test_a_base_url_with_its_path_is_mended(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(says("x")) as wire, groq_at(wire.url + "/openai/v1/") as provider:
        await events_of(provider)

    assert wire.heard[0].path == "/openai/v1/chat/completions"
    assert "host alone" in caplog.text


async def test_an_sdk_writes_no_prompt_to_the_log(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = msgspec.structs.replace(HELLO, messages=({"role": "user", "content": "my diary"},))

    async with serving(says("x")) as wire, connect(wire.url) as provider:
        await events_of(provider, secret)

    assert "my diary" not in caplog.text
    assert "server_key" not in caplog.text


async def test_headers_are_told_of_answers_and_refusals(connect: Connect) -> None:
    seen: list[str | None] = []
    told = msgspec.structs.replace(
        attempt(), on_headers=lambda headers: seen.append(headers.get("x-ratelimit-limit-tokens"))
    )

    async with (
        serving(says("x"), fails(429, LIMITED, "x-ratelimit-limit-tokens: 6000")) as wire,
        connect(wire.url) as provider,
    ):
        async with aclosing(provider(told)) as events:
            await collect(events)
        with pytest.raises(ProviderError):
            async with aclosing(provider(told)) as events:
                await collect(events)

    assert seen == ["8000", "6000"]


# ── models ───────────────────────────────────────────────────────────────────────────────────────────


async def test_models_are_handed_over_as_they_came(connect: Connect) -> None:
    entries = [{"id": "m", "context_window": 8192}, {"id": "n", "unheard_of": [1]}]

    listed = answers({"object": "list", "data": [*entries, {"noid": 1}, 7]})
    async with serving(listed) as wire, connect(wire.url) as provider:
        assert await provider.models() == entries

    assert wire.heard[0].method == "GET"
    assert wire.heard[0].path.endswith("/v1/models")


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (answers({"object": "list"}), Kind.MALFORMED),
        (answers(b"<html>"), Kind.MALFORMED),
        (fails(401, {"error": {"code": "invalid_api_key"}}), Kind.AUTH),
        ([Reset()], Kind.CONNECTION),
    ],
)
async def test_a_list_of_models_that_is_none_is_a_failure(connect: Connect, script: Script, kind: Kind) -> None:
    # aiohttp asks once more for what is safe to ask twice.
    async with serving(script, script) as wire, connect(wire.url) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.models()

    assert caught.value.kind is kind
