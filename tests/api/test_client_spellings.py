"""Requests as clients really send them: other spellings of the same, brought to one, and what was changed is noted."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from groq_core.api.chat.body import ChatCall, read_chat
from groq_core.api.content_coding import decode_body
from groq_core.errors import RequestError
from groq_core.requests import Caller
from tests.stage import staged

HI = {"role": "user", "content": "Hi"}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("add", "multiply")]


def call(body: dict[str, Any] | bytes) -> ChatCall:
    raw = body if isinstance(body, bytes) else json.dumps({"messages": [HI]} | body).encode()
    return read_chat(raw, caller=Caller(), request_id="r")


def codes(found: ChatCall) -> list[str]:
    return [note.code for note in found.notes]


@pytest.mark.parametrize(
    ("messages", "contents"),
    [
        pytest.param([HI, {"role": "assistant", "content": None}, HI], ["Hi", "", "Hi"], id="a silent assistant"),
        pytest.param([HI, {"role": "assistant"}, HI], ["Hi", "", "Hi"], id="an assistant without content"),
        pytest.param([{"role": "user", "content": ""}, HI], ["", "Hi"], id="an empty question of old"),
        pytest.param([{"role": "user", "content": None}, HI], ["", "Hi"], id="a missing question of old"),
        pytest.param([{"role": "user", "content": []}, HI], ["", "Hi"], id="a question of old without parts"),
        pytest.param(
            [HI, {"role": "assistant", "content": None, "refusal": "No."}, HI], ["Hi", "No.", "Hi"], id="a refusal"
        ),
        pytest.param(
            [HI, {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, HI],
            ["Hi", [{"type": "text", "text": "No."}], "Hi"],
            id="a refusal in parts",
        ),
        pytest.param(
            [{"role": "user", "content": [{"type": "image_url", "image_url": "https://x/y.png"}]}],
            [[{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]],
            id="a picture as its address",
        ),
    ],
)
def test_what_has_no_text_is_empty(messages: list[Any], contents: list[Any]) -> None:
    assert [message["content"] for message in call({"messages": messages}).request.messages] == contents


def test_a_tool_that_gave_nothing_gave_an_empty_result() -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    tool = {"role": "tool", "tool_call_id": "1", "content": None}

    found = call({"messages": [HI, {"role": "assistant", "content": None, "tool_calls": calls}, tool]})

    assert found.request.messages[-1]["content"] == ""


def test_function_calls_of_old_become_calls_and_their_results() -> None:
    called = {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}}
    result = {"role": "function", "name": "add", "content": "3"}

    _, asked, told = call({"messages": [HI, called, result]}).request.messages

    assert asked["tool_calls"] == [{"id": "call_1", "type": "function", "function": called["function_call"]}]
    assert "function_call" not in asked
    assert told == {"role": "tool", "tool_call_id": "call_1", "content": "3"}


NAMED = {"type": "function", "function": {"name": "add"}}


@pytest.mark.parametrize(
    ("choice", "becomes"),
    [
        ("auto", "auto"),
        ("any", "required"),
        ({"type": "auto"}, "auto"),
        ({"type": "none"}, "none"),
        ({"type": "required"}, "required"),
        ({"type": "any"}, "required"),
        ({"type": "function", "name": "add"}, NAMED),
        ({"type": "tool", "name": "add"}, NAMED),
        ({"name": "add"}, NAMED),
        (NAMED, NAMED),
    ],
    ids=json.dumps,
)
def test_a_choice_is_understood_in_every_spelling(choice: Any, becomes: Any) -> None:
    assert call({"tools": TOOLS, "tool_choice": choice}).request.params["tool_choice"] == becomes


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("mode", ["auto", "required"])
@pytest.mark.parametrize("tool", [NAMED, {"type": "function", "name": "add"}], ids=["nested", "flat"])
def test_only_allowed_tools_are_offered(nested: bool, mode: str, tool: Any) -> None:
    allowed = {"mode": mode, "tools": [tool]}
    choice = {"type": "allowed_tools"} | ({"allowed_tools": allowed} if nested else allowed)

    params = call({"tools": TOOLS, "tool_choice": choice}).request.params

    assert (params["tools"], params["tool_choice"]) == ([TOOLS[0]], mode)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [-1, 0])
def test_no_limit_is_no_limit_and_noted(name: str, value: int) -> None:
    found = call({name: value})

    assert name not in found.request.params
    assert codes(found) == ["max_tokens_left_out"]


def test_a_whole_number_may_have_a_point() -> None:
    params = call({"max_tokens": 100.0, "seed": 3.0}).request.params

    assert json.dumps(params) == '{"max_tokens": 100, "seed": 3}'


@pytest.mark.parametrize("stop", ["", [], [""]])
def test_a_stop_that_says_nothing_is_left_out(stop: Any) -> None:
    assert "stop" not in call({"stop": stop}).request.params


def test_half_a_letter_is_replaced_and_noted() -> None:
    found = call(b'{"messages": [{"role": "user", "content": "a\\ud83d b \\ud83d\\ude00"}]}')

    assert found.request.messages[0]["content"] == "a\ufffd b 😀"
    assert codes(found) == ["letters_replaced"]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert call(b"\xef\xbb\xbf" + json.dumps({"messages": [HI]}).encode()).request.messages == (HI,)


def test_what_changes_no_answer_is_passed_over_and_noted() -> None:
    found = call({"session_id": "s", "tags": ["a"], "prompt_cache_key": "k", "trace_id": None})

    assert found.request.params == {}
    assert codes(found) == ["parameter_passed_over"] * 3


@pytest.mark.parametrize("name", ["top_k", "min_p", "repetition_penalty", "max_output_tokens"])
def test_what_would_change_the_answer_and_is_not_known_is_refused_by_name(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        call({name: 5})

    assert (caught.value.status, caught.value.param, caught.value.code) == (400, name, "unknown_parameter")


@pytest.mark.parametrize("value", [True, False])
def test_hedging_may_be_asked_for(value: bool) -> None:
    assert call({"hedge": value}).request.hedge is value
    assert call({}).request.hedge is None


# ── content codings ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("coding", "pack"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress)])
def test_a_compressed_body_is_unpacked_within_the_limit(coding: bytes, pack: Any) -> None:
    assert decode_body(pack(b"x" * 1000), coding, 1000) == b"x" * 1000
    with pytest.raises(RequestError) as caught:
        decode_body(pack(b"x" * 1001), coding, 1000)
    assert caught.value.status == 413


@pytest.mark.parametrize(("raw", "coding", "status"), [(b"{}", b"br", 415), (b"{}", b"gzip", 400)])
def test_a_coding_nobody_undoes_is_refused_by_name(raw: bytes, coding: bytes, status: int) -> None:
    with pytest.raises(RequestError) as caught:
        decode_body(raw, coding, 1000)

    assert (caught.value.status, caught.value.param) == (status, "Content-Encoding")


async def test_a_compressed_question_with_a_slash_behind_its_path_is_answered() -> None:
    async with staged() as stage:
        body = gzip.compress(json.dumps({"messages": [HI], "max_tokens": 0}).encode())

        response = await stage.http.post("/v1/chat/completions/", content=body, headers={"content-encoding": "gzip"})

    assert response.status_code == 200
    assert "max_tokens_left_out" in response.headers["x-groq-core-notes"]
