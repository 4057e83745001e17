"""Tool calls: the right tool, arguments that fit its schema, an answer made of the results."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest

from tests.simulator.http import CHAT, OSS, QWEN, ask, error, text_of, tool
from tests.simulator.shapes import events

WEATHER = tool("get_weather", "Current weather of a city", city={"type": "string"})
CALCULATOR = tool("calculate", "Evaluate an arithmetic expression", expression={"type": "string"})
TIME = tool("get_time", "Current time in a city", city={"type": "string"})
ALL = [WEATHER, CALCULATOR, TIME]


async def calls(http: httpx.AsyncClient, body: Any, path: str = CHAT) -> list[tuple[str, Any]]:
    """Names and arguments of the calls of an answer."""
    answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    made = answer.json()["choices"][0]["message"].get("tool_calls") or []
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in made]


async def test_the_tool_that_was_asked_for_is_called(http: httpx.AsyncClient) -> None:
    body = ask("What's the weather in Paris?", tools=ALL)

    assert await calls(http, body) == [("get_weather", {"city": "Paris"})]


async def test_a_sum_goes_to_the_calculator_whole(http: httpx.AsyncClient) -> None:
    assert await calls(http, ask("How much is (12 + 7) * 3?", tools=ALL)) == [
        ("calculate", {"expression": "(12 + 7) * 3"})
    ]


async def test_two_dates_go_to_the_arguments_in_turn_and_are_no_sum(http: httpx.AsyncClient) -> None:
    day = {"type": "string", "format": "date"}
    between = tool("days_between", "Count the days from one date to another", first=day, second=day)

    made = await calls(http, ask("Count the days from 2026-12-24 to 2027-03-15", tools=[CALCULATOR, between]))

    assert made == [("days_between", {"first": "2026-12-24", "second": "2027-03-15"})]


async def test_no_tool_is_called_where_none_fits(http: httpx.AsyncClient) -> None:
    assert await calls(http, ask("Tell me a joke about cats", tools=ALL)) == []


async def test_models_that_can_call_several_at_once(http: httpx.AsyncClient) -> None:
    both = ask("Weather and time in Rome, please", QWEN, tools=ALL)

    assert {name for name, _ in await calls(http, both)} == {"get_weather", "get_time"}
    assert len(await calls(http, {**both, "parallel_tool_calls": False})) == 1
    assert len(await calls(http, {**both, "model": OSS})) == 1


async def test_a_model_that_calls_one_at_a_time_calls_the_next_after_the_result(http: httpx.AsyncClient) -> None:
    body = ask("Weather and time in Rome, please", OSS, tools=ALL)
    seen = []
    for _ in range(3):
        message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]
        made = message.get("tool_calls")
        if not made:
            break
        seen.append(made[0]["function"]["name"])
        result = {"role": "tool", "tool_call_id": made[0]["id"], "content": f"result of {seen[-1]}"}
        body["messages"] += [{"role": "assistant", "tool_calls": made}, result]

    assert sorted(seen) == ["get_time", "get_weather"]
    assert "result of get_weather" in message["content"]
    assert "result of get_time" in message["content"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("none", []),
        ("required", ["get_weather"]),
        ({"type": "function", "function": {"name": "get_time"}}, ["get_time"]),
    ],
)
async def test_tool_choice_is_obeyed(http: httpx.AsyncClient, choice: Any, expected: list[str]) -> None:
    body = ask("Tell me something", tools=ALL, tool_choice=choice)

    assert [name for name, _ in await calls(http, body)] == expected


async def test_answer_tells_what_the_tool_found(http: httpx.AsyncClient) -> None:
    body = ask("What's the weather in Paris?", tools=[WEATHER])
    call = {"id": "a", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    body["messages"] += [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "22 °C and sunny"},
    ]

    assert "22 °C and sunny" in await text_of(http, body)


@pytest.mark.parametrize(
    ("provider", "model", "form"),
    [("groq", OSS, "fc_"), ("groq", QWEN, ""), ("openai", "gpt-4o-mini", "call_")],
)
async def test_ids_of_calls_have_the_model_s_form(
    http: httpx.AsyncClient, provider: str, model: str, form: str
) -> None:
    path = CHAT if provider == "groq" else "/v1/chat/completions"
    body = ask("What's the weather in Paris?", model, tools=[WEATHER])

    ident = (await http.post(path, json=body)).json()["choices"][0]["message"]["tool_calls"][0]["id"]
    assert ident.startswith(form)
    assert form or len(ident) == 9


async def test_arguments_fit_a_schema_with_everything_in_it(http: httpx.AsyncClient) -> None:
    order = tool(
        "place_order",
        "Place an order for goods",
        item={"type": "string", "minLength": 3},
        amount={"type": "integer", "minimum": 2, "maximum": 50},
        size={"enum": ["small", "medium", "large"]},
        express={"type": "boolean"},
        tags={"type": "array", "items": {"type": "string"}, "minItems": 1},
        address={
            "type": "object",
            "properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
            "required": ["zip"],
        },
    )
    made = await calls(http, ask("Place an order: item: lamps, amount: 12, medium size, zip 70173", tools=[order]))

    (name, arguments), *_ = made
    jsonschema.validate(arguments, order["function"]["parameters"])
    assert name == "place_order"
    assert (arguments["item"], arguments["amount"], arguments["size"]) == ("lamps", 12, "medium")
    assert arguments["address"] == {"zip": "70173"}


async def test_a_schema_nobody_can_satisfy_fails_as_groq_does(http: httpx.AsyncClient) -> None:
    impossible = tool("get_weather", "weather", city={"type": "string", "minLength": 5, "maxLength": 2})

    status, refused = await error(http, ask("weather in Paris", tools=[impossible]))

    assert (status, refused["code"]) == (400, "tool_use_failed")
    assert refused["message"].startswith("Tool call validation failed: tool call validation failed: parameters for")
    assert json.loads(refused["failed_generation"])["name"] == "get_weather"


async def test_the_code_interpreter_really_computes(http: httpx.AsyncClient) -> None:
    body = ask("What is (12 + 7) * 3?", tools=[{"type": "code_interpreter"}])
    message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]

    (done,) = message["executed_tools"]
    assert (done["name"], json.loads(done["arguments"]), done["output"]) == (
        "python", {"code": "print((12 + 7) * 3)"}, "57\n",
    )  # fmt: skip
    assert "57" in message["content"]


async def test_the_browser_says_that_it_is_offline(http: httpx.AsyncClient) -> None:
    body = ask("What is new?", tools=[{"type": "browser_search"}], stream=True)
    streamed = events((await http.post(CHAT, json=body)).content)

    shown = [c["choices"][0]["delta"]["executed_tools"][0] for _, c in streamed if "executed_tools" in str(c)]
    assert ["output" in call for call in shown] == [False, True]
    assert "offline" in shown[1]["output"]


async def test_built_in_tools_are_those_of_gpt_oss(http: httpx.AsyncClient) -> None:
    status, refused = await error(http, ask(model=QWEN, tools=[{"type": "browser_search"}]))

    assert (status, refused["message"]) == (400, "`browser_search` is not supported with this model")


async def test_a_hosted_tool_that_has_run_is_the_call_that_was_required(http: httpx.AsyncClient) -> None:
    for kind in ("browser_search", "code_interpreter"):
        body = ask("What is 3 * 4?", tools=[{"type": kind}], tool_choice="required")
        message = (await http.post(CHAT, json=body)).json()["choices"][0]["message"]

        assert message["executed_tools"]
        assert message["content"]
