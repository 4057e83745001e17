"""Every fault of a chat's body is a 400 that names the field; what is fine goes through as it came."""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.incoming.chat_body import ChatCall, read_chat
from groq_core.media.image.preparation import prepare
from groq_core.requests import Caller
from tests.api.stage import Stage, ask

MEDIA = Path(__file__).parent.parent / "data" / "media"

HI = {"role": "user", "content": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def read(body: object) -> ChatCall:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return read_chat(raw, caller=Caller(), request_id="gc_1")


def user(content: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param(b"", None, id="no body"),
        pytest.param(b"{", None, id="half an object"),
        pytest.param(b"[]", None, id="a list"),
        pytest.param(b"\xff\xfe{}", None, id="not UTF-8"),
        pytest.param(b'{"messages": "\\ud800"}', "messages", id="half a surrogate pair"),
        pytest.param(b"[" * 100_000, None, id="a hundred thousand brackets"),
        pytest.param(b'{"a":' * 500 + b"1" + b"}" * 500, None, id="nested 500 deep"),
        pytest.param({}, "messages", id="no messages"),
        pytest.param({"messages": []}, "messages", id="empty messages"),
        pytest.param({"messages": "Hi"}, "messages", id="messages as text"),
        pytest.param({"messages": [HI] * 10_001}, "messages", id="ten thousand and one messages"),
        pytest.param(user([{"type": "text", "text": "x"}] * 1001), "messages[0].content", id="1001 parts"),
        pytest.param({"messages": [HI, "Hi"]}, "messages[1]", id="a message as text"),
        pytest.param({"messages": [{"content": "Hi"}]}, "messages[0].role", id="no role"),
        pytest.param({"messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role", id="unknown role"),
        pytest.param({"messages": [{"role": ["user"], "content": "Hi"}]}, "messages[0].role", id="role as a list"),
        pytest.param(user(""), "messages[0].content", id="empty text"),
        pytest.param(user(" \n\t"), "messages[0].content", id="blank text"),
        pytest.param(user(None), "messages[0].content", id="no content"),
        pytest.param(user(7), "messages[0].content", id="content as a number"),
        pytest.param(user([]), "messages[0].content", id="no parts"),
        pytest.param(user([{"type": "text", "text": " "}]), "messages[0].content", id="only blank parts"),
        pytest.param(user([7]), "messages[0].content[0]", id="a part as a number"),
        pytest.param(user([{"type": "text"}]), "messages[0].content[0].text", id="a text part without text"),
        pytest.param(user([{"words": "Hi"}]), "messages[0].content[0].type", id="a part without type"),
        pytest.param(user([{"type": "input_audio"}]), "messages[0].content[0].type", id="audio in a chat"),
        pytest.param(user([{"type": "image_url"}]), "messages[0].content[0].image_url", id="no picture"),
        pytest.param(
            user([{"type": "image_url", "image_url": 7}]),
            "messages[0].content[0].image_url",
            id="a picture as a number",
        ),
        pytest.param(
            user([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]),
            "messages[0].content[0].image_url.url",
            id="a picture on a disk",
        ),
        pytest.param(
            user([{"type": "image_url", "image_url": {"url": "http://[::1"}}]),
            "messages[0].content[0].image_url.url",
            id="a broken address",
        ),
        pytest.param(
            {
                "messages": [
                    HI,
                    {"role": "system", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]},
                ]
            },
            "messages[1].content[0]",
            id="a picture from the system",
        ),
        pytest.param({"messages": [{"role": "system", "content": 7}]}, "messages[0].content", id="a system of 7"),
        pytest.param({"messages": [{"role": "tool", "content": "3"}]}, "messages[0].tool_call_id", id="whose result?"),
        pytest.param(
            {"messages": [{**HI, "tool_calls": [CALL]}]}, "messages[0].tool_calls", id="a user who calls tools"
        ),
        pytest.param(
            {
                "messages": [
                    {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "add", "arguments": 7}}]}
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
            id="a call with 7",
        ),
        pytest.param({"messages": [HI], "model": 7}, "model", id="model as a number"),
        pytest.param({"messages": [HI], "model": ""}, "model", id="empty model"),
        pytest.param({"messages": [HI], "model": "x" * 201}, "model", id="long model"),
        pytest.param({"messages": [HI], "model": "a\nb"}, "model", id="model in two lines"),
        pytest.param({"messages": [HI], "stream": "true"}, "stream", id="stream as text"),
        pytest.param({"messages": [HI], "stream_options": True}, "stream_options", id="stream options as a switch"),
        pytest.param(
            {"messages": [HI], "stream_options": {"include_usage": 1}}, "stream_options.include_usage", id="usage as 1"
        ),
        pytest.param({"messages": [HI], "cost_sensitive": "yes"}, "cost_sensitive", id="cost_sensitive as text"),
        pytest.param({"messages": [HI], "max_latency_ms": 0}, "max_latency_ms", id="no time at all"),
        pytest.param({"messages": [HI], "max_latency_ms": True}, "max_latency_ms", id="time as a switch"),
        pytest.param({"messages": [HI], "temperature": 2.1}, "temperature", id="too hot"),
        pytest.param({"messages": [HI], "temperature": "hot"}, "temperature", id="temperature as text"),
        pytest.param({"messages": [HI], "temperature": True}, "temperature", id="temperature as a switch"),
        pytest.param({"messages": [HI], "top_p": -0.1}, "top_p", id="negative top_p"),
        pytest.param({"messages": [HI], "top_k": 5}, "top_k", id="what nobody here takes"),
        pytest.param({"messages": [HI], "max_tokens": 1.5}, "max_tokens", id="half tokens"),
        pytest.param({"messages": [HI], "max_completion_tokens": -2}, "max_completion_tokens", id="negative tokens"),
        pytest.param({"messages": [HI], "n": 2}, "n", id="two answers"),
        pytest.param({"messages": [HI], "stop": 7}, "stop", id="stop as a number"),
        pytest.param({"messages": [HI], "stop": list("abcde")}, "stop", id="five stops"),
        pytest.param({"messages": [HI], "seed": "s"}, "seed", id="seed as text"),
        pytest.param({"messages": [HI], "tools": {}}, "tools", id="tools as an object"),
        pytest.param({"messages": [HI], "tools": [TOOL] * 129}, "tools", id="129 tools"),
        pytest.param({"messages": [HI], "tools": [{"type": "function"}]}, "tools[0].function", id="no function"),
        pytest.param(
            {"messages": [HI], "tools": [TOOL, {"type": "function", "function": {"name": ""}}]},
            "tools[1].function.name",
            id="a function without name",
        ),
        pytest.param(
            {"messages": [HI], "tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]},
            "tools[0].function.parameters",
            id="parameters as a list",
        ),
        pytest.param({"messages": [HI], "tools": [TOOL], "tool_choice": "some"}, "tool_choice", id="unknown choice"),
        pytest.param({"messages": [HI], "tool_choice": "required"}, "tool_choice", id="a choice of nothing"),
        pytest.param(
            {
                "messages": [HI],
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "multiply"}},
            },
            "tool_choice.function.name",
            id="a choice that is not there",
        ),
        pytest.param({"messages": [HI], "response_format": "json"}, "response_format", id="format as text"),
        pytest.param({"messages": [HI], "response_format": {"type": "xml"}}, "response_format.type", id="xml"),
        pytest.param(
            {"messages": [HI], "response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            id="no schema",
        ),
    ],
)
def test_a_fault_names_its_field(body: object, param: str | None) -> None:
    with pytest.raises(RequestError) as caught:
        read(body)

    assert caught.value.status == 400
    assert caught.value.param == param
    assert caught.value.message
    assert caught.value.code


def test_a_body_of_the_responses_api_is_told_where_it_belongs() -> None:
    with pytest.raises(RequestError) as caught:
        read({"input": [HI], "tools": [{"type": "function", "name": "add"}]})
    assert "/v1/responses" in caught.value.hint


async def test_a_fault_reaches_the_client_in_the_shape_of_errors() -> None:
    stage = Stage()
    async with stage.served() as client:
        response = await client.post("/v1/chat/completions", json=user(""))

    assert response.status_code == 400
    assert response.json() == {
        "error": {
            "message": "`messages[0].content` is empty",
            "type": "invalid_request_error",
            "code": "invalid_value",
            "param": "messages[0].content",
            "hint": "Write something, or leave the message out.",
        }
    }
    assert response.headers["x-request-id"].startswith("gc_")
    assert stage.asked == []


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([{"role": "system", "content": ""}, HI], id="an empty system prompt"),
        pytest.param([HI, {"role": "assistant", "content": ""}, HI], id="an assistant who had nothing to say"),
        pytest.param(
            [
                HI,
                {"role": "assistant", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "call_1", "content": ""},
            ],
            id="a tool turn",
        ),
        pytest.param([HI, {"role": "assistant", "content": "Hello", "reasoning": "…"}, HI], id="replayed reasoning"),
        pytest.param([{"role": "user", "content": [{"type": "text", "text": "Hi"}], "name": "Ann"}], id="parts"),
        pytest.param(
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}]}],
            id="a picture's address",
        ),
    ],
)
def test_what_clients_really_send_goes_through(messages: list[object]) -> None:
    assert read({"messages": messages}).request.messages == tuple(messages)


def test_without_a_model_the_router_chooses() -> None:
    assert read({"messages": [HI]}).request.model == "auto"
    assert read({"messages": [HI], "model": None}).request.model == "auto"


def test_two_hundred_levels_of_siblings_are_not_depth() -> None:
    properties = {f"field{index}": {"type": "string"} for index in range(200)}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": properties}}}

    assert read({"messages": [HI], "tools": [tool]}).request.params["tools"] == [tool]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "messages",
        "model",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "response_format",
        "stop",
        "n",
        "seed",
        "temperature",
        "cost_sensitive",
        "max_latency_ms",
    ]
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {}, optional={"role": st.sampled_from(["user", "assistant", "tool"]), "content": JSON, "tool_calls": JSON}
    )
    | JSON,
    max_size=3,
)


@settings(max_examples=50)
@given(fields=st.dictionaries(FIELDS, JSON), messages=MESSAGES)
def test_whatever_comes_is_a_request_or_a_fault_never_a_crash(fields: dict[str, Any], messages: list[Any]) -> None:
    for body in (fields, {**fields, "messages": messages}, {**fields, "messages": [HI]}):
        with suppress(RequestError):
            assert read(body).request.needs.model


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────


def picture(name: str, mime: str = "image/jpeg") -> dict[str, object]:
    url = f"data:{mime};base64,{base64.b64encode((MEDIA / name).read_bytes()).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


async def test_a_picture_goes_on_without_what_it_tells_about_its_maker() -> None:
    stage = Stage()
    sent = user([{"type": "text", "text": "What is this?"}, picture("exif-gps.jpg")])
    async with stage.served() as client:
        response = await client.post("/v1/chat/completions", json=sent)

    assert response.status_code == 200
    text, image = stage.chat.messages[0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert image["image_url"]["detail"] == "low"
    assert image["image_url"]["url"] == prepare((MEDIA / "exif-gps.jpg").read_bytes()).data_url


async def test_a_pictures_address_goes_on_unread() -> None:
    stage = Stage()
    url = "http://127.0.0.1:9/never-fetched.png"
    async with stage.served() as client:
        await client.post("/v1/chat/completions", json=user([{"type": "image_url", "image_url": {"url": url}}]))

    assert stage.chat.messages[0]["content"] == [{"type": "image_url", "image_url": {"url": url}}]


@pytest.mark.parametrize(
    ("part", "status"),
    [
        pytest.param(picture("broken.png"), 400, id="broken"),
        pytest.param(picture("jfk.wav"), 422, id="a recording"),
        pytest.param(picture("huge-dimensions.gif"), 413, id="too many pixels"),
        pytest.param({"type": "image_url", "image_url": {"url": "data:image/png;base64,!!"}}, 400, id="not base64"),
        pytest.param({"type": "image_url", "image_url": {"url": "data:,x"}}, 400, id="not base64 at all"),
    ],
)
async def test_a_picture_nobody_could_read_is_the_callers_fault(part: dict[str, object], status: int) -> None:
    stage = Stage()
    async with stage.served() as client:
        response = await client.post("/v1/chat/completions", json=ask() | user([{"type": "text", "text": "?"}, part]))

    assert response.status_code == status
    assert response.json()["error"]["param"] == "messages[0].content[1].image_url.url"
    assert stage.asked == []


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_body_that_is_too_large_is_refused_and_the_sender_hears_it() -> None:
    stage = Stage()
    async with stage.served() as client:
        response = await client.post("/v1/chat/completions", content=b" " * (31 * 2**20))

    assert response.status_code == 413
    assert response.json()["error"]["code"] == "request_too_large"


async def test_a_body_of_unknown_length_is_counted_while_it_is_read() -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 2**20

    async with Stage().served() as client:
        response = await client.post("/v1/chat/completions", content=endless())

    assert response.status_code == 413
