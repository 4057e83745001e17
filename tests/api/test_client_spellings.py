"""Requests as clients really send them: other spellings of the same, brought to one, and what was changed is noted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.errors import RequestError
from groq_core.incoming.chat_body import ChatCall, read_chat
from groq_core.requests import Caller

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
            [HI, {"role": "assistant", "content": [{"type": "refusal", "refusal": None}]}, HI],
            ["Hi", [{"type": "text", "text": ""}], "Hi"],
            id="a refusal of nothing",
        ),
        pytest.param(
            [{"role": "user", "content": {"type": "text", "text": "Hi"}}],
            [[{"type": "text", "text": "Hi"}]],
            id="a part without a list",
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


@pytest.mark.parametrize(
    ("part", "becomes"),
    [
        ("Hi", {"type": "text", "text": "Hi"}),
        ({"text": "Hi"}, {"type": "text", "text": "Hi"}),
        ({"type": "input_text", "text": "Hi"}, {"type": "text", "text": "Hi"}),
        ({"type": "text", "text": None}, {"type": "text", "text": ""}),
        (
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ),
        *(
            (spelling, {"type": "image_url", "image_url": {"url": "https://x/y.png"}})
            for spelling in (
                {"type": "image_url", "image_url": " https://x/y.png\n"},
                {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": None}},
                {"type": "image_url", "url": "https://x/y.png"},
                {"type": "image", "url": "https://x/y.png"},
                {"type": "image", "image": "https://x/y.png"},
                {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
            )
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ),
        (
            {"type": "input_image", "image_url": {"url": "https://x/y.png"}},
            {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        ),
    ],
    ids=json.dumps,
)
def test_a_part_is_read_in_every_spelling(part: Any, becomes: Any) -> None:
    rest = {"type": "text", "text": "there"}

    found = call({"messages": [{"role": "user", "content": [part, rest]}]})

    assert found.request.messages[0]["content"] == [becomes, rest]


def test_what_an_assistant_put_out_is_text() -> None:
    said = {"role": "Assistant", "content": [{"type": "output_text", "text": "Hi"}]}

    assert call({"messages": [HI, said, HI]}).request.messages[1] == {
        "role": "assistant", "content": [{"type": "text", "text": "Hi"}],
    }  # fmt: skip


@pytest.mark.parametrize("role", ["system", "developer"])
def test_an_instruction_without_text_is_empty(role: str) -> None:
    assert call({"messages": [{"role": role, "content": None}, HI]}).request.messages[0]["content"] == ""


@pytest.mark.parametrize(
    ("arguments", "becomes"),
    [({"a": "ü"}, '{"a": "ü"}'), (None, "{}"), ([1], "[1]"), ("", ""), ('{"a":1}', '{"a":1}'), (..., "{}")],
    ids=str,
)
@pytest.mark.parametrize("id", ["7", 7])
def test_the_arguments_and_ids_of_a_call_are_text(arguments: Any, becomes: str, id: str | int) -> None:
    function = {"name": "f"} | ({} if arguments is ... else {"arguments": arguments})
    asked = {"role": "assistant", "content": None, "tool_calls": [{"id": id, "function": function}]}

    _, asking, told = call(
        {"messages": [HI, asked, {"role": "tool", "tool_call_id": id, "content": "x"}]}
    ).request.messages

    assert asking["tool_calls"] == [{"id": "7", "type": "function", "function": {"name": "f", "arguments": becomes}}]
    assert told["tool_call_id"] == "7"


@pytest.mark.parametrize("none", [None, "", ...], ids=str)
def test_calls_and_results_without_an_id_belong_together_in_their_order(none: Any) -> None:
    def give(field: str) -> dict[str, Any]:
        return {} if none is ... else {field: none}

    functions = [{"name": name, "arguments": "{}"} for name in ("add", "multiply")]
    asked = {"role": "assistant", "tool_calls": [{"function": one} | give("id") for one in functions]}
    told = [{"role": "tool", "content": str(place)} | give("tool_call_id") for place in (1, 2)]

    _, asking, *results = call({"messages": [HI, asked, *told]}).request.messages

    ids = [one["id"] for one in asking["tool_calls"]]
    assert len(set(ids)) == 2
    assert [one["tool_call_id"] for one in results] == ids


@pytest.mark.parametrize(
    ("content", "becomes"), [({"a": 1}, '{"a": 1}'), (3, "3"), (True, "true"), (None, ""), ([], "")]
)
def test_a_result_is_text_whatever_it_was(content: Any, becomes: str) -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    tool = {"role": "tool", "tool_call_id": "1", "content": content}

    found = call({"messages": [HI, {"role": "assistant", "content": None, "tool_calls": calls}, tool]})

    assert found.request.messages[-1]["content"] == becomes


SCHEMA = {"type": "object", "properties": {}}
TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}


@pytest.mark.parametrize(
    "tool",
    [
        TOOL,
        {"function": TOOL["function"]},
        {"type": "function", "name": "f", "description": "d", "parameters": SCHEMA},
        {"name": "f", "description": "d", "parameters": SCHEMA},
        {"name": "f", "description": "d", "input_schema": SCHEMA},
        {"type": "custom", "name": "f", "description": "d", "input_schema": SCHEMA},
    ],
    ids=["wire", "no type", "flat", "flat, no type", "input_schema", "custom"],
)
def test_a_tool_is_understood_in_every_spelling(tool: Any) -> None:
    assert call({"tools": [tool]}).request.params["tools"] == [TOOL]


@pytest.mark.parametrize("choice", ["auto", "none", {"name": "f"}, None])
def test_functions_of_old_are_tools(choice: Any) -> None:
    params = call({"functions": [TOOL["function"]], "function_call": choice}).request.params

    assert params["tools"] == [TOOL]
    assert params.get("tool_choice") == (
        {"type": "function", "function": choice} if isinstance(choice, dict) else choice
    )
    assert not params.keys() & {"functions", "function_call"}
    assert call({"functions": [], "function_call": choice}).request.params == {}


@pytest.mark.parametrize(
    ("form", "becomes"),
    [
        ("json_object", {"type": "json_object"}),
        ("text", {"type": "text"}),
        (
            {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": True},
            {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA, "strict": True}},
        ),
        (
            {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
            {"type": "json_schema", "json_schema": {"schema": SCHEMA, "name": "answer"}},
        ),
    ],
    ids=["a word", "text", "flat", "without a name"],
)
def test_a_format_is_understood_in_every_spelling(form: Any, becomes: Any) -> None:
    assert call({"response_format": form}).request.params["response_format"] == becomes


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
        ({"type": "tool", "function": {"name": "add"}}, NAMED),
        ({"type": "function", "function": "add"}, NAMED),
        ({"function": {"name": "add"}}, NAMED),
        ("Auto", "auto"),
        ({"type": "AUTO"}, "auto"),
        ("add", NAMED),
        ({"type": "custom", "custom": {"name": "add"}}, NAMED),
        ({"mode": "ANY"}, "required"),
        ({"type": "any", "disable_parallel_tool_use": True}, "required"),
        ({"type": "allowed_tools", "mode": "required"}, "required"),
        ({"name": "add"}, NAMED),
        (NAMED, NAMED),
    ],
    ids=json.dumps,
)
def test_a_choice_is_understood_in_every_spelling(choice: Any, becomes: Any) -> None:
    assert call({"tools": TOOLS, "tool_choice": choice}).request.params["tool_choice"] == becomes


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("mode", ["auto", "required", None])
@pytest.mark.parametrize("tool", [NAMED, {"type": "function", "name": "add"}, "add"], ids=["nested", "flat", "a name"])
def test_only_allowed_tools_are_offered(nested: bool, mode: str | None, tool: Any) -> None:
    allowed = {"tools": [tool]} | ({"mode": mode} if mode else {})
    choice = {"type": "allowed_tools"} | ({"allowed_tools": allowed} if nested else allowed)

    params = call({"tools": TOOLS, "tool_choice": choice}).request.params

    assert (params["tools"], params["tool_choice"]) == ([TOOLS[0]], mode or "auto")


@pytest.mark.parametrize("tools", [[], [{"type": "function", "name": "subtract"}], [NAMED, {"name": "subtract"}]])
def test_what_is_allowed_and_not_there_is_refused_by_name(tools: Any) -> None:
    with pytest.raises(RequestError) as caught:
        call({"tools": TOOLS, "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": tools}})

    assert (caught.value.status, caught.value.param) == (400, "tool_choice.tools")


@pytest.mark.parametrize("choice", [{}, None, "", " ", []])
def test_a_choice_of_nothing_is_none(choice: Any) -> None:
    assert "tool_choice" not in call({"tools": TOOLS, "tool_choice": choice}).request.params


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [-1, 0])
def test_no_limit_is_no_limit_and_noted(name: str, value: int) -> None:
    found = call({name: value})

    assert name not in found.request.params
    assert codes(found) == ["max_tokens_left_out"]


def test_a_whole_number_may_have_a_point() -> None:
    params = call({"max_tokens": 100.0, "seed": 3.0}).request.params

    assert json.dumps(params) == '{"max_tokens": 100, "seed": 3}'


@pytest.mark.parametrize("stop", ["", [], [""], [None], ["", ""]])
def test_a_stop_that_says_nothing_is_left_out(stop: Any) -> None:
    assert "stop" not in call({"stop": stop}).request.params


def test_of_several_stops_those_that_say_something_stay() -> None:
    assert call({"stop": ["", "END", None]}).request.params["stop"] == ["END"]


def test_half_a_letter_is_replaced_and_noted() -> None:
    found = call(b'{"messages": [{"role": "user", "content": "a\\ud83d b \\ud83d\\ude00"}]}')

    assert found.request.messages[0]["content"] == "a\ufffd b 😀"
    assert codes(found) == ["letters_replaced"]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert call(b"\xef\xbb\xbf" + json.dumps({"messages": [HI]}).encode()).request.messages == (HI,)


def test_what_changes_no_answer_is_passed_over_and_noted() -> None:
    odd = {"metadata": ["a"], "store": "yes", "user": 5}

    found = call({"session_id": "s", "tags": ["a"], "prompt_cache_key": "k", "trace_id": None, "api_key": "sk-x"} | odd)

    assert found.request.params == {}
    assert codes(found) == ["parameter_passed_over"] * 7
    assert "sk-x" not in str(found.notes)


def test_what_says_nothing_is_not_missed() -> None:
    found = call({"plugins": [], "transforms": {}, "suffix": "", "top_k": None, "metadata": None, "tags": []})

    assert (found.request.params, found.notes) == ({}, ())


def test_functions_that_are_no_list_are_refused_by_name() -> None:
    with pytest.raises(RequestError) as caught:
        call({"functions": "add"})

    assert (caught.value.status, caught.value.param) == (400, "functions")


@pytest.mark.parametrize("name", ["top_k", "min_p", "repetition_penalty", "max_output_tokens"])
def test_what_would_change_the_answer_and_is_not_known_is_refused_by_name(name: str) -> None:
    with pytest.raises(RequestError) as caught:
        call({name: 5})

    assert (caught.value.status, caught.value.param, caught.value.code) == (400, name, "unknown_parameter")


@pytest.mark.parametrize("value", [True, False])
def test_hedging_may_be_asked_for(value: bool) -> None:
    assert call({"hedge": value}).request.hedge is value
    assert call({}).request.hedge is None
