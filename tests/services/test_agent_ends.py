"""A run ends with an answer, whatever bounds it; what its tools give reaches the model as it is."""

from __future__ import annotations

import functools
import io
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image

from groq_core.errors import ChainError, Kind, RequestError
from groq_core.events import (
    Note,
    ToolFinished,
)
from groq_core.requests import ChatRequest
from groq_core.services.agent import Agent, Trace, tool
from groq_core.services.agent.history import shorten
from groq_core.services.agent.results import to_text
from tests.services.agents import add, listen
from tests.services.scripted import Model, calls, fails, says
from tests.speakers import Clock


async def test_before_the_time_is_up_the_model_is_asked_for_an_answer() -> None:
    clock = Clock()

    @tool
    async def slow() -> str:
        clock.now += 45
        return "half of it"

    model = Model([calls(("c", "slow", "{}")), says("Half of it is known.")])
    events, trace = await listen(Agent(model, [slow], max_seconds=50, clock=clock))

    assert trace.ended is not None
    assert (trace.ended.reason, trace.ended.answer) == ("time_limit", "Half of it is known.")
    assert model.asked[1].params["tool_choice"] == "none"
    assert any(isinstance(event, Note) and event.code == "final_answer" for event in events)


def price(prompt: int, answer: int) -> float:
    return (prompt + answer) / 1_000_000


async def test_before_the_money_is_spent_the_model_is_asked_for_an_answer() -> None:
    model = Model([calls(("c", "add", '{"a":1,"b":1}'), cost_usd=0.008), says("2, I think.")])
    _, trace = await listen(Agent(model, [add], max_usd=0.01, price=price))

    assert trace.ended is not None
    assert (trace.ended.reason, trace.ended.answer) == ("money_limit", "2, I think.")
    assert price(0, model.asked[1].params["max_completion_tokens"]) <= 0.01 - 0.008


async def test_tokens_bound_a_run_too() -> None:
    model = Model(lambda _: says("much too long"))
    _, trace = await listen(Agent(model, [add], max_tokens=50))

    assert trace.ended is not None
    assert (trace.ended.reason, model.asked) == ("token_limit", [])


def test_money_without_a_price_is_refused() -> None:
    with pytest.raises(RequestError, match="no price is known"):
        Agent(Model([]), max_usd=1.0, price=lambda prompt, answer: None)


@pytest.mark.parametrize("name", ["max_steps", "max_seconds", "max_usd", "max_tokens"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, True, "9"])
def test_a_limit_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(RequestError) as wrong:
        Agent(Model([]), **{name: value})
    assert wrong.value.param == name


@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_a_model_that_calls_to_the_last_is_not_asked_past_its_steps(steps: int) -> None:
    again = calls(("c", "add", '{"a":1,"b":1}'))
    model = Model([*[again] * steps, says("2")])
    events, trace = await listen(Agent(model, [add], max_steps=steps))

    assert trace.ended is not None
    assert (len(model.asked), trace.ended.steps) == (steps, steps)
    assert (trace.ended.reason, trace.ended.answer) == ("step_limit", "")
    assert [event.code for event in events if isinstance(event, Note)] == ["no_answer"]
    assert "tools" not in model.asked[-1].params
    given = [message for message in trace.ended.messages if message["role"] == "tool"]
    assert [message["content"] for message in given] == ["2"] * (steps - 1)
    assert trace.ended.messages[-1]["role"] == ("tool" if given else "user")


async def test_a_model_that_calls_where_it_is_to_answer_is_asked_once_more_while_there_are_steps() -> None:
    again = calls(("c", "add", '{"a":1,"b":1}'))
    model = Model([*[again] * 7, says("2")])
    _, trace = await listen(Agent(model, [add], max_steps=9))

    assert trace.ended is not None
    assert (trace.ended.steps, trace.ended.answer) == (8, "2")
    assert model.asked[6].params["tool_choice"] == "none"
    assert "tools" not in model.asked[7].params


async def test_the_same_call_over_and_over_is_told_to_stop() -> None:
    again = calls(("c", "add", '{"a":1,"b":1}'))
    model = Model([*[again] * 6, says("2")])
    events, trace = await listen(Agent(model, [add], max_steps=20))

    results = [event.result for event in events if isinstance(event, ToolFinished)]
    assert results[:3] == ["2"] * 3
    assert all("same arguments" in result for result in results[3:])
    assert trace.ended is not None
    assert (trace.ended.answer, trace.ended.steps) == ("2", 7)


async def test_old_results_are_shortened_where_the_conversation_would_not_fit() -> None:
    @tool(max_result=20_000)
    async def page(number: int) -> str:
        return f"page {number}: " + "word " * 3_000

    def small(request: ChatRequest) -> Any:
        if len(json.dumps(request.messages)) > 40_000:
            return fails(Kind.TOO_LARGE)
        number = sum(message["role"] == "tool" for message in request.messages)
        return calls((f"c{number}", "page", f'{{"number": {number}}}')) if number < 5 else says("Read five pages.")

    events, trace = await listen(Agent(Model(small), [page]))

    assert trace.ended is not None
    assert trace.ended.answer == "Read five pages."
    assert any(isinstance(event, Note) and event.code == "results_shortened" for event in events)


def test_the_newest_results_are_shortened_last() -> None:
    messages = [{"role": "tool", "tool_call_id": str(n), "content": "x" * 4_000} for n in range(3)]
    found, number = shorten(messages, 2_300)

    assert number == 1
    assert [len(message["content"]) > 3_000 for message in found] == [False, True, True]


async def test_what_was_done_is_kept_when_a_run_breaks() -> None:
    model = Model([calls(("c", "add", '{"a":1,"b":1}')), fails(Kind.SERVER_ERROR)])
    trace = Trace()

    async def follow() -> None:
        async for event in Agent(model, [add]).run("go"):
            trace.apply(event)

    with pytest.raises(ChainError):
        await follow()

    assert trace.ended is not None
    assert trace.ended.reason == "broken"
    assert trace.ended.messages[-1] == {"role": "tool", "tool_call_id": "c", "content": "2"}


# ── results as they are ──────────────────────────────────────────────────────────────────────────────


@dataclass
class Point:
    x: int
    y: float


def picture() -> Image.Image:
    return Image.new("RGB", (4, 3), "red")


def file_of(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("half \ud83d pair", "half \ufffd pair"),
        ({"a": "\ud83d"}, '{"a":'),
        (b"plain", "plain"),
        (b"\xff\xfe\x00", "3 bytes that are no text"),
        (Point(1, math.inf), '{"x":1,"y":"Infinity"}'),
        ([Point(1, 2.0)], '[{"x":1,"y":2.0}]'),
        (picture(), "a picture, image/png"),
        (file_of(picture()), "a picture, image/png"),
        ({"when": {1, 2}}, '{"when":[1,2]}'),
        (object, "class"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_results_are_written_down_as_they_are(value: Any, text: str) -> None:
    found = to_text(value)

    assert text in found
    found.encode()


async def test_callables_of_every_kind_are_tools() -> None:
    class Doubling:
        """Double."""

        def __call__(self, x: int) -> int:
            """Double a number."""
            return 2 * x

    async def count(to: int) -> AsyncIterator[str]:
        """Count."""
        for number in range(to):
            yield f"{number} "

    def power(base: int, exponent: int) -> int:
        """Raise."""
        return int(base**exponent)

    made = [tool(Doubling()), tool(count), tool(functools.partial(power, exponent=3))]
    assert [one.name for one in made] == ["Doubling", "count", "power"]
    model = Model(
        [
            calls(("a", "Doubling", '{"x": 2}'), ("b", "count", '{"to": 3}'), ("c", "power", '{"base": 2}')),
            says("done"),
        ]
    )
    _, trace = await listen(Agent(model, made))

    assert [call.result for call in trace.steps[0].calls.values()] == ["4", "0 1 2 ", "8"]


async def test_pictures_reach_a_model_that_can_see() -> None:
    @tool
    async def look() -> Any:
        return picture()

    model = Model([calls(("c", "look", "{}")), says("red")])
    await listen(Agent(model, [look]))
    *_, told, shown = model.asked[1].messages

    assert told["role"] == "tool"
    assert shown["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    blind = Model([calls(("c", "look", "{}")), says("?")])
    await listen(Agent(blind, [look], model="openai/gpt-oss-20b"))
    assert blind.asked[1].messages[-1]["role"] == "tool"
