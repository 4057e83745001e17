"""A typed function becomes a tool, a model's words become a call, and whatever goes wrong becomes a result."""

from __future__ import annotations

import asyncio
import enum
import sys
import threading
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from groq_core.events import ToolCall
from groq_core.services.agent import ArgumentsError, BoundCall, Tool, tool
from groq_core.services.agent.calling import Result, cut_off, read_arguments, read_call, run_call


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


class Place(BaseModel):
    city: str
    country: str = "DE"


@tool
def weather(place: Place, day: date, unit: Unit = Unit.C, hours: list[int] | None = None) -> dict[str, Any]:
    """
    Tell the weather.

    It is always the same.

    Args:
        place: Where,
            in words.
        unit: Of the temperature.

    Returns:
        A forecast.
    """
    return {"city": place.city, "day": day, "unit": unit.value, "hours": hours}


async def call_tool(one: Tool, arguments: str, *, seconds: float = 5.0) -> Result:
    found = read_call(ToolCall(id="1", name=one.name, arguments=arguments), {one.name: one}, 1)
    return found if isinstance(found, Result) else await run_call(found, seconds=seconds)


# ── schemas ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_signature_and_its_docstring_become_a_definition() -> None:
    function = weather.wire["function"]

    assert function["name"] == "weather"
    assert function["description"] == "Tell the weather. It is always the same."
    assert function["parameters"]["required"] == ["place", "day"]
    properties = function["parameters"]["properties"]
    assert properties["place"]["description"] == "Where, in words."
    assert properties["unit"]["description"] == "Of the temperature."
    assert function["parameters"]["$defs"]["Place"]["properties"]["country"] == {"type": "string"}


def test_a_definition_holds_nothing_that_makes_groq_refuse_calls() -> None:
    @tool
    def pick(count: Annotated[int, Field(ge=1, le=9, description="how many")], kind: Literal["a", "b"] = "a") -> str:
        return kind * count

    assert pick.parameters == {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "description": "how many"},
            "kind": {"type": "string", "enum": ["a", "b"]},
        },
        "required": ["count"],
    }


def test_parameters_may_be_called_anything() -> None:
    @tool
    def odd(schema: str, json: int, model_config: bool, copy: str = "c", _hidden: int = 1) -> str:
        return f"{schema} {json} {model_config} {copy} {_hidden}"

    assert list(odd.parameters["properties"]) == ["schema", "json", "model_config", "copy", "_hidden"]
    assert odd.check({"schema": "s", "json": 2, "model_config": True})["copy"] == "c"


def test_a_parameter_called_like_a_keyword_of_schemas_keeps_its_description() -> None:
    @tool
    def find(title: str, format: str, pattern: str) -> str:
        return title + format + pattern

    assert list(find.parameters["properties"]) == ["title", "format", "pattern"]


def test_a_tool_may_be_named_and_described_where_it_is_made() -> None:
    @tool(name="do_it", description="Do it.", dangerous=True, timeout=3)
    async def function() -> None: ...

    assert (function.name, function.description, function.dangerous, function.timeout) == ("do_it", "Do it.", True, 3)
    assert function.parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize("function", [lambda x: x, lambda *xs: xs, lambda **xs: xs], ids=["untyped", "many", "named"])
def test_a_function_without_types_is_no_tool(function: Any) -> None:
    with pytest.raises(TypeError):
        tool(function)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ä"])
def test_a_name_groq_would_refuse_is_refused_here(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a tool"):
        tool(name=name)(lambda: None)


# ── arguments ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["null", "{}", "", "  ", '"null"', '""'])
async def test_no_arguments_in_any_spelling_call_a_tool_without_parameters(text: str) -> None:
    @tool
    def marker() -> str:
        return "crimson-harbor"

    assert (await call_tool(marker, text)).text == "crimson-harbor"


async def test_arguments_reach_the_function_as_its_own_types() -> None:
    result = await call_tool(weather, '{"place": {"city": "Jena"}, "day": "2026-03-05", "hours": [1, "2"]}')

    assert result == Result(
        text='{"city":"Jena","day":"2026-03-05","unit":"celsius","hours":[1,2]}', elapsed_s=result.elapsed_s
    )


async def test_an_object_within_a_text_is_unpacked() -> None:
    assert read_arguments('"{\\"a\\": 1}"') == {"a": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param('{"place": {"city": "Jena"}}', "day: Field required", id="missing"),
        pytest.param('{"place": "Jena", "day": "2026-03-05"}', "place: Input should be", id="wrong type"),
        pytest.param('{"place": {"city": "J"}, "day": "2026-03-05", "x": 1}', "x: Extra inputs", id="unknown"),
        pytest.param('{"place": ', "not JSON", id="cut off"),
        pytest.param("[1]", "an object", id="a list"),
        pytest.param("7", "an object", id="a number"),
        pytest.param("null", "place: Field required", id="nothing"),
    ],
)
async def test_wrong_arguments_are_told_to_the_model(arguments: str, said: str) -> None:
    result = await call_tool(weather, arguments)

    assert result.error is not None
    assert said in result.text
    assert "wrong arguments for weather" in result.text


def test_an_unknown_tool_is_told_with_those_there_are() -> None:
    found = read_call(ToolCall(id="1", name="wether", arguments="{}"), {"weather": weather}, 1)

    assert isinstance(found, Result)
    assert found.text == "Error: there is no tool called 'wether'. Did you mean weather? Tools: weather"


@given(st.text(max_size=200))
def test_any_text_as_arguments_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read_arguments(text), dict)
    except ArgumentsError:
        pass


# ── running ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tool_that_fails_is_told_in_short_and_without_keys() -> None:
    @tool
    def leaky() -> str:
        raise RuntimeError("no luck with gsk_abcdefgh12345678 " + "x" * 1000)

    result = await call_tool(leaky, "{}")

    assert result.error is not None
    assert result.text.startswith("Error: leaky failed: RuntimeError: no luck with gsk_…")
    assert len(result.text) < 600


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, StopIteration, asyncio.CancelledError])
async def test_no_exception_of_a_tool_ends_the_run(error: type[BaseException]) -> None:
    @tool
    def rude() -> None:
        raise error

    assert (await call_tool(rude, "{}")).error is not None


async def test_a_tool_that_cancels_itself_is_told() -> None:
    @tool
    async def cancel() -> None:
        raise asyncio.CancelledError

    assert (await call_tool(cancel, "{}")).text == "Error: cancel was cancelled"


async def test_a_slow_tool_is_cancelled_and_told() -> None:
    cancelled = asyncio.Event()

    @tool(timeout=0.02)
    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    result = await call_tool(slow, "{}")
    await asyncio.wait_for(cancelled.wait(), 5)

    assert result.text == "Error: slow took longer than 0.02 s and was given up"


async def test_a_slow_thread_is_abandoned_with_a_note() -> None:
    release = threading.Event()

    @tool(timeout=0.02)
    def block() -> None:
        release.wait(10)

    result = await call_tool(block, "{}")
    release.set()

    assert "given up; it may still be at work" in result.text


async def test_the_time_that_is_left_of_the_run_bounds_a_tool() -> None:
    @tool
    async def slow() -> None:
        await asyncio.sleep(60)

    assert "longer than 0.01 s" in (await call_tool(slow, "{}", seconds=0.01)).text


async def test_cancelling_the_run_cancels_the_tool() -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    @tool
    async def endless() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    call = BoundCall(id="1", tool=endless, arguments={}, step=1)
    run = asyncio.create_task(run_call(call, seconds=60))
    await started.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await asyncio.wait_for(stopped.wait(), 5)


async def test_a_long_result_is_cut_off_and_says_so() -> None:
    @tool(max_result=10)
    def long() -> str:
        return "x" * 50

    assert (await call_tool(long, "{}")).text == "xxxxxxxxxx\n[cut off: the first 10 of 50 characters]"
    assert cut_off("abc", 3) == "abc"


async def test_a_key_in_a_result_is_hidden() -> None:
    @tool
    def settings() -> dict[str, str]:
        return {"api_key": "gsk_abcdefgh12345678"}

    assert "abcdefgh" not in (await call_tool(settings, "{}")).text


async def test_results_of_any_type_are_written_down() -> None:
    @dataclass
    class Point:
        x: float

    @tool
    def anything(kind: str) -> object:
        return {"none": None, "point": Point(1.5), "model": Place(city="Jena"), "nan": float("nan"), "odd": sys}[kind]

    texts = [(await call_tool(anything, f'{{"kind": "{kind}"}}')).text for kind in ("none", "point", "model", "nan")]

    assert texts == ["done", '{"x":1.5}', '{"city":"Jena","country":"DE"}', '"NaN"']
    assert "sys" in (await call_tool(anything, '{"kind": "odd"}')).text
