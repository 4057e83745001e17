"""The Responses API beyond its golden path: every parameter has an effect, a note or a refusal."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from groq_core.api.openapi import PATHS
from groq_core.api.schemas import SCHEMAS
from groq_core.errors import BrokenAnswerError
from groq_core.events import Finished, TextDelta, ToolCallDelta
from tests.api.responses_stage import client_of
from tests.api.stage import Stage, begun, plays, says

ADD: Any = {"type": "function", "name": "add", "parameters": {"type": "object"}}
SUB: Any = {"type": "function", "name": "sub", "parameters": {"type": "object"}}


def test_every_parameter_of_openais_client_is_described() -> None:
    known = SCHEMAS["ResponseRequest"]["properties"].keys()
    missing = ResponseCreateParamsBase.__annotations__.keys() - known

    assert missing <= {"access_programs", "image"}, "a new parameter is known, noted or refused by name"


MEANINGLESS: dict[str, tuple[str, Any]] = {
    "messages": ("input", [{"role": "user", "content": "x"}]),
    "response_format": ("text.format", {"type": "json_object"}),
    "max_tokens": ("max_output_tokens", 5),
    "max_completion_tokens": ("max_output_tokens", 5),
    "reasoning_effort": ("reasoning.effort", "low"),
    "functions": ("tools", [{"name": "f"}]),
    "verbosity": ("text.verbosity", "low"),
    "tempreature": ("", 0.5),
    "logit_bias": ("", {"1": 1}),
}
"""Fields that would have no effect, what is to be sent instead, and a value."""


async def test_what_would_have_no_effect_is_refused_and_the_right_name_told() -> None:
    stage = Stage(says("x"))
    async with stage.served() as http:
        for name, (right, value) in MEANINGLESS.items():
            answer = await http.post("/v1/responses", json={"input": "x", name: value})
            error = answer.json()["error"]

            assert (answer.status_code, error["param"]) == (400, name)
            assert right in error["hint"]

    assert not stage.asked


async def test_what_changes_no_answer_is_noted() -> None:
    passed_over: dict[str, Any] = {
        "prompt_cache_key": "k",
        "safety_identifier": "someone",
        "max_tool_calls": 3,
        "top_logprobs": 2,
        "include": ["reasoning.encrypted_content", "code_interpreter_call.outputs"],
    }
    stage = Stage(says("x"))
    async with stage.served() as http:
        whole = await http.post("/v1/responses", json={"input": "x", **passed_over})
        streamed = await http.post("/v1/responses", json={"input": "x", "stream": True, **passed_over})

    last = json.loads(streamed.text.strip().splitlines()[-1].removeprefix("data: "))
    for response in (whole.json(), last["response"]):
        notes = " ".join(note["text"] for note in response["notes"])
        assert all(f"`{name}`" in notes for name in passed_over)
        assert "reasoning.encrypted_content" in notes
        assert "outputs" not in notes
    assert whole.headers["x-groq-core-notes"] == "parameter_passed_over"
    assert whole.json()["prompt_cache_key"] == "k"
    assert not {"top_logprobs", "logprobs"} & stage.chat.params.keys()


async def test_verbosity_goes_on_and_is_repeated() -> None:
    stage = Stage(says("x"))
    async with client_of(stage) as client:
        answer = await client.responses.create(model="auto", input="x", text={"verbosity": "low"})

    assert stage.chat.params["verbosity"] == "low"
    assert answer.text is not None
    assert answer.text.verbosity == "low"


WRONG: dict[str, dict[str, Any]] = {
    "include": {"include": "reasoning.encrypted_content"},
    "max_tool_calls": {"max_tool_calls": 0},
    "top_logprobs": {"top_logprobs": 50},
    "stream_options": {"stream_options": 3},
    "stream_options.include_obfuscation": {"stream_options": {"include_obfuscation": "no"}},
    "tool_choice.tools": {"tools": [ADD], "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [SUB]}},
    "tool_choice.type": {"tools": [ADD], "tool_choice": {"type": "file_search"}},
}


async def test_a_wrong_value_is_refused_by_its_path() -> None:
    stage = Stage()
    async with stage.served() as http:
        told = {
            param: (await http.post("/v1/responses", json={"input": "x", **body})).json()["error"]["param"]
            for param, body in WRONG.items()
        }

    assert told == {param: param for param in WRONG}
    assert not stage.asked


SEARCH: Any = {"type": "web_search"}


@pytest.mark.parametrize(
    ("choice", "offered", "sent"),
    [
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "sub"}]}, ["sub"], "auto"),
        ({"type": "allowed_tools", "mode": "required", "tools": [SEARCH]}, ["browser_search"], "required"),
        ({"type": "web_search"}, ["browser_search"], "required"),
        ("required", ["add", "sub", "browser_search"], "required"),
    ],
    ids=["allowed-function", "allowed-hosted", "hosted", "word"],
)
async def test_only_the_tools_that_may_be_chosen_are_offered(choice: Any, offered: list[str], sent: str) -> None:
    stage = Stage(says("x"))
    async with client_of(stage) as client:
        answer = await client.responses.create(model="auto", input="x", tools=[ADD, SUB, SEARCH], tool_choice=choice)

    params = stage.chat.params
    assert [tool.get("function", tool).get("name", tool["type"]) for tool in params["tools"]] == offered
    assert params["tool_choice"] == sent
    assert len(answer.tools) == 3, "what was asked is repeated as it was"


CRM: Any = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [ADD, SUB]}


async def test_functions_of_a_namespace_are_called_by_their_names_there() -> None:
    script = plays(
        begun(),
        ToolCallDelta(index=0, id="call_1", name="crm__add", arguments="{}"),
        ToolCallDelta(index=1, id="call_2", name="add", arguments="{}"),
        Finished(provider="groq", model="quick", number=1, finish_reason="tool_calls"),
    )
    stage = Stage(script)
    async with client_of(stage) as client:
        whole = await client.responses.create(model="auto", input="x", tools=[ADD, CRM])
        async with client.responses.stream(model="auto", input="x", tools=[ADD, CRM]) as stream:
            ends = [event async for event in stream if event.type == "response.function_call_arguments.done"]
            streamed = await stream.get_final_response()
        given_back: list[Any] = [
            {"role": "user", "content": "x"},
            *[item.model_dump(exclude_none=True) for item in whole.output],
            *[{"type": "function_call_output", "call_id": f"call_{n}", "output": "1"} for n in (1, 2)],
        ]
        await client.responses.create(model="auto", input=given_back, tools=[ADD, CRM])

    offered = [tool["function"]["name"] for tool in stage.chat.params["tools"]]
    assert offered == ["add", "crm__add", "crm__sub"]
    for response in (whole, streamed):
        calls = [item for item in response.output if item.type == "function_call"]
        assert [(call.namespace, call.name) for call in calls] == [("crm", "add"), (None, "add")]
    assert [event.model_dump()["name"] for event in ends] == ["add", "add"]
    assert [call["function"]["name"] for call in stage.chat.messages[1]["tool_calls"]] == ["crm__add", "add"]


PATCH: Any = {
    "type": "custom",
    "name": "patch",
    "description": "Change a file.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: LINE+"},
}


async def test_a_custom_tool_is_a_function_of_one_text_and_called_as_what_it_is() -> None:
    script = plays(
        begun(),
        ToolCallDelta(index=0, id="call_1", name="patch", arguments='{"input":"*** a\\n'),
        ToolCallDelta(index=0, arguments='+\\"b\\""}'),
        ToolCallDelta(index=1, id="call_2", name="add", arguments="{}"),
        Finished(provider="groq", model="quick", number=1, finish_reason="tool_calls"),
    )
    stage, given = Stage(script), '*** a\n+"b"'
    async with client_of(stage) as client:
        whole = await client.responses.create(model="auto", input="x", tools=[PATCH, ADD], tool_choice=PATCH)
        choice = stage.chat.params["tool_choice"]
        async with client.responses.stream(model="auto", input="x", tools=[PATCH, ADD]) as stream:
            events = [event async for event in stream]
            streamed = await stream.get_final_response()
        offered = stage.chat.params["tools"]
        given_back: list[Any] = [
            {"role": "user", "content": "x"},
            *[item.model_dump(exclude_none=True) for item in whole.output],
            {"type": "custom_tool_call_output", "call_id": "call_1", "output": "done"},
            {"type": "function_call_output", "call_id": "call_2", "output": "1"},
        ]
        await client.responses.create(model="auto", input=given_back, tools=[PATCH, ADD])
        calls, results = stage.chat.messages[1]["tool_calls"], stage.chat.messages[2:]

    function = offered[0]["function"]
    assert (function["name"], list(function["parameters"]["properties"])) == ("patch", ["input"])
    assert "Change a file." in function["description"]
    assert "start: LINE+" in function["description"]
    assert choice == {"type": "function", "function": {"name": "patch"}}
    for response in (whole, streamed):
        custom, called = response.output
        assert custom.type == "custom_tool_call"
        assert (custom.name, custom.call_id, custom.input) == ("patch", "call_1", given)
        assert called.type == "function_call"
    ended = [event for event in events if event.type == "response.custom_tool_call_input.done"]
    pieces = [event.delta for event in events if event.type == "response.custom_tool_call_input.delta"]
    assert ([event.input for event in ended], "".join(pieces)) == ([given], given)
    assert len(pieces) > 1
    assert json.loads(calls[0]["function"]["arguments"]) == {"input": given}
    assert [(one["tool_call_id"], one["content"]) for one in results] == [("call_1", "done"), ("call_2", "1")]


async def test_what_is_wrong_with_a_custom_tool_is_refused_by_its_place() -> None:
    tools: list[tuple[Any, str]] = [
        ({"type": "custom"}, "tools[0].name"),
        ({**PATCH, "format": 5}, "tools[0].format"),
        ({**PATCH, "format": {"type": "json"}}, "tools[0].format.type"),
        ({**PATCH, "format": {"type": "grammar", "syntax": "bnf", "definition": "x"}}, "tools[0].format.syntax"),
        ({**PATCH, "format": {"type": "grammar", "syntax": "regex"}}, "tools[0].format.definition"),
    ]
    call = {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": 5}
    stage = Stage()
    async with stage.served() as http:
        for body, param in (
            *(({"input": "x", "tools": [tool]}, param) for tool, param in tools),
            ({"input": [{"role": "user", "content": "x"}, call]}, "input[1].input"),
        ):
            answer = await http.post("/v1/responses", json=body)

            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_what_is_no_function_in_a_namespace_is_refused_by_its_place() -> None:
    stage = Stage()
    async with stage.served() as http:
        for inner, param in (
            ({"type": "custom", "name": "x"}, "tools[0].tools[0].type"),
            ({"type": "function"}, "tools[0].tools[0].name"),
            (5, "tools[0].tools[0]"),
        ):
            answer = await http.post("/v1/responses", json={"input": "x", "tools": [{**CRM, "tools": [inner]}]})

            assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_a_response_that_failed_is_kept_as_one_and_nothing_goes_on_from_it() -> None:
    async with client_of(Stage(plays(begun(), TextDelta("Hel"), BrokenAnswerError("it broke")))) as client:
        last = [event async for event in await client.responses.create(model="auto", input="Hi", stream=True)][-1]
        assert last.type == "response.failed"
        read = await client.responses.retrieve(last.response.id)
        with pytest.raises(openai.BadRequestError, match="failed"):
            await client.responses.create(model="auto", input="Go on", previous_response_id=read.id)

    assert (read.status, read.output_text) == ("failed", "Hel")


async def test_input_items_come_page_by_page() -> None:
    said: list[Any] = [
        {"role": role, "content": f"{number}"} for number in range(6) for role in ("user", "assistant")
    ] + [{"role": "user", "content": "last"}]
    async with client_of(Stage(says("x"))) as client:
        kept = await client.responses.create(model="auto", input=said)
        page = await client.responses.input_items.list(kept.id, limit=4, order="asc")
        every: list[Any] = [item async for item in client.responses.input_items.list(kept.id, limit=4, order="asc")]
        newest = await client.responses.input_items.list(kept.id, limit=1)
        for wrong in ({"limit": "0"}, {"order": "up"}):
            with pytest.raises(openai.BadRequestError):
                await client.responses.input_items.list(kept.id, extra_query=wrong)

    assert len(page.data) == 4
    assert [item.content[0].text for item in every] == [message["content"] for message in said]
    assert [item.content[0].type for item in every[:2]] == ["input_text", "output_text"]
    assert newest.data[0].id == every[-1].id


async def test_what_a_response_cannot_do_is_said_in_words() -> None:
    async with client_of(Stage(says("x"))) as client:
        kept = await client.responses.create(model="auto", input="x")
        with pytest.raises(openai.BadRequestError, match="streamed again"):
            await client.responses.retrieve(kept.id, stream=True)
        with pytest.raises(openai.NotFoundError, match="background"):
            await client.responses.cancel(kept.id)
        with pytest.raises(openai.NotFoundError, match="counted"):
            await client.responses.input_tokens.count(model="auto", input="x")
        with pytest.raises(openai.NotFoundError, match="compacted"):
            await client.responses.compact(model="auto", input="x")


def test_the_pages_of_items_are_described() -> None:
    operation = PATHS["/v1/responses/{response_id}/input_items"]["get"]

    assert {one["name"] for one in operation["parameters"]} == {"response_id", "limit", "after", "order"}
