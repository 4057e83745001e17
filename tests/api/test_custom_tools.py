"""Custom tools of a chat: offered as functions of one text, called as what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from groq_core.api.responses.flat_tools import chat_tools
from groq_core.api.schemas import SCHEMAS
from groq_core.errors import RequestError
from groq_core.events import Finished, FinishReason, ToolCallDelta
from groq_core.incoming.chat_body import read_chat
from groq_core.requests import Caller
from groq_core.services.chat import Chat
from tests.api.stage import Script, Stage, ask, begun, events_of, plays
from tests.api.test_openai_sdk import HI, client_of

URL = "/v1/chat/completions"

GRAMMAR = {"syntax": "lark", "definition": "start: LINE+"}
PATCH: Any = {
    "type": "custom",
    "custom": {"name": "patch", "description": "Change a file.", "format": {"type": "grammar", "grammar": GRAMMAR}},
}
ADD: Any = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
GIVEN = '*** a\n+"b" \u00e9\U0001f600'
ARGUMENTS = json.dumps({"input": GIVEN})


def calls(*made: tuple[str, str], finish: FinishReason = "tool_calls") -> Script:
    """A model that makes calls, each in three pieces."""
    pieces = [
        ToolCallDelta(index, f"call_{index}" if start == 0 else "", name if start == 0 else "", arguments[start:end])
        for index, (name, arguments) in enumerate(made)
        for start, end in ((0, 7), (7, 17), (17, len(arguments)))
    ]
    return plays(begun(), *pieces, Finished(provider="groq", model="quick", number=1, finish_reason=finish))


CALLS = calls(("patch", ARGUMENTS), ("add", '{"a": 1, "b": 2}'), ("patch", '{"input": ""}'))
MADE: list[dict[str, Any]] = [
    {"id": "call_0", "type": "custom", "custom": {"name": "patch", "input": GIVEN}},
    {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1, "b": 2}'}},
    {"id": "call_2", "type": "custom", "custom": {"name": "patch", "input": ""}},
]


def read(body: dict[str, Any]) -> Any:
    return read_chat(json.dumps(ask() | body).encode(), caller=Caller(), request_id="gc_1")


async def test_openais_client_is_called_back_as_it_asked_and_goes_on_from_there() -> None:
    stage = Stage(CALLS)
    async with client_of(stage) as client:
        answer = await client.chat.completions.create(model="auto", messages=HI, tools=[PATCH, ADD])
        offered = stage.chat.params["tools"]
        async with client.chat.completions.stream(model="auto", messages=HI, tools=[PATCH, ADD]) as stream:
            events = [event async for event in stream]
            streamed = stream.current_completion_snapshot  # of the final one it leaves custom calls out
        message: Any = answer.choices[0].message.model_dump(exclude_none=True)
        other: Any = streamed.choices[0].message.to_dict()
        results: list[Any] = [
            {"role": "tool", "tool_call_id": call["id"], "content": f"{place}"} for place, call in enumerate(MADE)
        ]
        # With what their models add to it, such as `"function": null`.
        whole: Any = answer.choices[0].message.model_dump()
        for said in (message, whole):
            await client.chat.completions.create(model="auto", messages=[*HI, said, *results], tools=[PATCH, ADD])
            _, given_back, *answers = stage.chat.messages

            assert [call["type"] for call in given_back["tool_calls"]] == ["function"] * 3
            assert [call["function"]["name"] for call in given_back["tool_calls"]] == ["patch", "add", "patch"]
            given = [json.loads(call["function"]["arguments"]) for call in given_back["tool_calls"]]
            assert given == [{"input": GIVEN}, {"a": 1, "b": 2}, {"input": ""}]
            assert all(call.keys() == {"id", "type", "function"} for call in given_back["tool_calls"])
            assert [(one["tool_call_id"], one["content"]) for one in answers] == [
                ("call_0", "0"), ("call_1", "1"), ("call_2", "2"),
            ]  # fmt: skip

    assert message["tool_calls"] == MADE
    assert answer.choices[0].finish_reason == streamed.choices[0].finish_reason == "tool_calls"
    for call, made in zip(other["tool_calls"], MADE, strict=True):
        assert (call["id"], call["type"]) == (made["id"], made["type"])
        assert call[made["type"]].items() >= made[made["type"]].items()
    assert events
    function, second = (tool["function"] for tool in offered)
    assert second == ADD["function"]
    assert function["parameters"]["required"] == [*function["parameters"]["properties"]] == ["input"]
    assert "Change a file." in function["description"]
    assert "lark" in function["description"]
    assert "start: LINE+" in function["description"]


async def test_a_stream_gives_the_text_as_it_comes() -> None:
    async with Stage(CALLS).served() as http:
        events: list[Any] = events_of((await http.post(URL, json=ask(stream=True, tools=[PATCH, ADD]))).text)
    deltas: list[Any] = [
        call for chunk in events if chunk != "[DONE]" for call in chunk["choices"][0]["delta"].get("tool_calls", ())
    ]

    assert deltas[0] == {"index": 0, "id": "call_0", "type": "custom", "custom": {"name": "patch", "input": ""}}
    texts = [call["custom"]["input"] for call in deltas if call["index"] == 0]
    assert "".join(texts) == GIVEN
    assert len(texts) > 2
    assert [call["function"]["arguments"] for call in deltas if call["index"] == 1] == ['{"a": 1', ', "b": 2}', ""]
    assert {"custom"} == {name for call in deltas if call["index"] != 1 for name in call} - {"index", "id", "type"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("arguments", "given"),
    [("just words", "just words"), ('{"cmd":"ls"}', '{"cmd":"ls"}'), ("{}", ""), ('{"input":"cut', "cut")],
)
async def test_what_a_model_gives_instead_is_not_lost(arguments: str, given: str, stream: bool) -> None:
    async with Stage(calls(("patch", arguments), finish="length")).served() as http:
        answer = await http.post(URL, json=ask(stream=stream, tools=[PATCH]))
    if not stream:
        [call] = answer.json()["choices"][0]["message"]["tool_calls"]
        assert call["custom"] == {"name": "patch", "input": given}
        return
    events: list[Any] = events_of(answer.text)
    chunks = [one["choices"][0] for one in events if one != "[DONE]"]
    made: list[Any] = [call for chunk in chunks for call in chunk["delta"].get("tool_calls", ())]
    assert "".join(call["custom"]["input"] for call in made) == given
    assert chunks[-1]["finish_reason"] == "length"


@pytest.mark.parametrize(
    ("choice", "becomes"),
    [
        ({"type": "custom", "custom": {"name": "patch"}}, {"type": "function", "function": {"name": "patch"}}),
        ({"type": "custom", "name": "patch"}, {"type": "function", "function": {"name": "patch"}}),
        ("patch", {"type": "function", "function": {"name": "patch"}}),
        ("required", "required"),
        ("none", "none"),
    ],
)
def test_a_custom_tool_is_chosen_as_a_function_is(choice: Any, becomes: Any) -> None:
    asked = read({"tools": [PATCH, ADD], "tool_choice": choice})

    assert asked.request.params["tool_choice"] == becomes
    assert asked.custom == {"patch"}


@pytest.mark.parametrize("mode", ["auto", "required"])
@pytest.mark.parametrize("nested", [True, False])
def test_allowed_tools_name_custom_ones(nested: bool, mode: str) -> None:
    allowed = {"mode": mode, "tools": [{"type": "custom", "custom": {"name": "patch"}}]}
    choice = {"type": "allowed_tools"} | ({"allowed_tools": allowed} if nested else allowed)
    params = read({"tools": [ADD, PATCH], "tool_choice": choice}).request.params

    assert [tool["function"]["name"] for tool in params["tools"]] == ["patch"]
    assert params["tool_choice"] == mode


TEXT: Any = {"type": "custom", "custom": {"name": "patch", "format": {"type": "text"}}}


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "custom", "custom": {"name": "patch"}},
        {"type": "custom", "custom": {"name": "patch", "description": None, "format": None}},
        {"custom": {"name": "patch"}},
        {"type": "custom", "name": "patch"},
        {"type": "custom", "custom": None, "name": "patch"},
        {"type": "custom", "custom": {"name": "patch"}, "function": None},
        TEXT,
    ],
)
def test_a_custom_tool_is_understood_in_every_spelling(tool: Any) -> None:
    asked = read({"tools": [tool]})

    assert asked.custom == {"patch"}
    assert asked.request.params["tools"] == read({"tools": [TEXT]}).request.params["tools"]
    assert "description" not in asked.request.params["tools"][0]["function"]


CUSTOM = "tools[0].custom"
CALL = "messages[1].tool_calls[0].custom"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"tools": [{"type": "custom"}]}, CUSTOM),
        ({"tools": [{"type": "custom", "custom": []}]}, CUSTOM),
        ({"tools": [{"type": "custom", "custom": {}}]}, f"{CUSTOM}.name"),
        ({"tools": [{"type": "custom", "custom": {"name": "x" * 65}}]}, f"{CUSTOM}.name"),
        ({"tools": [{"type": "custom", "custom": {"name": 1}}]}, f"{CUSTOM}.name"),
        ({"tools": [{"type": "custom", "name": ""}]}, "tools[0].name"),
        ({"tools": [{"type": "custom", "custom": {"name": "x", "description": 1}}]}, f"{CUSTOM}.description"),
        ({"tools": [{"type": "custom", "custom": {"name": "x", "format": 1}}]}, f"{CUSTOM}.format"),
        ({"tools": [{"type": "custom", "custom": {"name": "x", "format": {"type": "g"}}}]}, f"{CUSTOM}.format.type"),
        (
            {"tools": [{"type": "custom", "custom": {"name": "x", "format": {"type": "grammar", "grammar": {}}}}]},
            f"{CUSTOM}.format.grammar.syntax",
        ),
        ({"tools": [PATCH, {"type": "function", "function": {"name": "patch"}}]}, "tools"),
        ({"tools": [{"type": "function", "function": {"name": "patch"}}, ADD, PATCH]}, "tools"),
        ({"tools": [PATCH, PATCH]}, "tools"),
        (
            {"tools": [ADD], "tool_choice": {"type": "custom", "custom": {"name": "patch"}}},
            "tool_choice.custom.name",
        ),
        ({"tool_choice": {"type": "custom", "custom": {"name": "patch"}}}, "tool_choice.custom.name"),
        (
            {
                "tools": [PATCH],
                "tool_choice": {"type": "allowed_tools", "tools": [{"type": "custom", "custom": {"name": "x"}}]},
            },
            "tool_choice.tools",
        ),
        ({"history": {"custom": {"name": "patch", "input": 5}}}, f"{CALL}.input"),
        ({"history": {"custom": {"input": "x"}}}, f"{CALL}.name"),
        ({"history": {"custom": 5}}, CALL),
        ({"history": {}}, "messages[1].tool_calls[0].function"),
    ],
)
def test_what_is_wrong_is_refused_by_its_place(body: dict[str, Any], param: str) -> None:
    if (call := body.pop("history", None)) is not None:
        said = {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "custom"} | call]}
        body = {"messages": [*HI, said, {"role": "tool", "tool_call_id": "c", "content": ""}]}
    with pytest.raises(RequestError) as refused:
        read(body)

    assert refused.value.param == param
    assert param.partition(".")[0] in refused.value.message


def test_a_custom_tool_of_a_response_is_none_beside_a_function_of_its_name() -> None:
    with pytest.raises(RequestError):
        chat_tools([{"type": "custom", "name": "add"}, {"type": "function", "name": "add"}])


FORMATS: list[Any] = [
    None, {}, 5, {"type": "text"}, {"type": "other"}, {"type": "grammar"}, {"type": "grammar", **GRAMMAR},
    {"type": "grammar", "grammar": GRAMMAR}, {"type": "grammar", "grammar": {"syntax": "bnf", "definition": ""}},
]  # fmt: skip
DESCRIBED: list[Any] = [
    *({"type": "custom", "custom": {"name": "x", "format": one}} for one in FORMATS),
    *({"type": "custom", "name": "x", "format": one} for one in FORMATS),
    *({"type": "custom", "custom": one} for one in (5, {}, {"name": 5}, {"name": "x", "description": 5})),
    {"type": "custom"},
    {"type": "custom", "function": {"name": "x"}},
    {"type": "custom", "input_schema": {}},
    {"type": "custom", "name": "x", "input_schema": {}},
]


@pytest.mark.parametrize("tool", DESCRIBED, ids=json.dumps)
def test_the_description_and_the_reader_agree_on_a_custom_tool(tool: Any) -> None:
    body = ask(tools=[tool])
    try:
        read(body)
        taken = True
    except RequestError:
        taken = False

    assert Draft202012Validator(SCHEMAS["ChatRequest"]).is_valid(body) == taken


@pytest.mark.parametrize("path", [URL, "/v1/responses"])
async def test_a_grammar_that_nothing_holds_a_model_to_is_told(path: str) -> None:
    asked = {"messages": HI} if path == URL else {"input": "Hi"}
    async with Stage(CALLS).served() as http:
        told, silent = [
            (await http.post(path, json=asked | {"tools": [tool, ADD]})).json().get("notes") for tool in (PATCH, TEXT)
        ]

    assert [note["code"] for note in told] == ["grammar_told"]
    assert "`patch`" in told[0]["text"]
    assert silent is None


async def test_the_answer_is_described() -> None:
    async with Stage(CALLS).served() as http:
        answer = (await http.post(URL, json=ask(tools=[PATCH, ADD]))).json()
    choices = SCHEMAS["ChatCompletion"]["properties"]["choices"]

    Draft202012Validator(choices).validate(answer["choices"])
    del answer["choices"][0]["message"]["tool_calls"][0]["custom"]
    assert not Draft202012Validator(choices).is_valid(answer["choices"])


async def test_python_is_given_the_text() -> None:
    stage = Stage(CALLS)
    reply = await Chat(stage.handle).ask("Hi", tools=[PATCH, ADD])

    assert [(call.name, call.arguments, call.custom) for call in reply.tool_calls] == [
        ("patch", GIVEN, True), ("add", '{"a": 1, "b": 2}', False), ("patch", "", True),
    ]  # fmt: skip
