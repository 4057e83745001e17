"""What is approved is what runs, and a run ends with an answer, whatever its tools, its model and its limits do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from groq_core.cli.agent import brief, in_words
from groq_core.errors import ChainError, ExtractionError, RequestError
from groq_core.events import (
    ApprovalAsked,
    Event,
    RunEnded,
    ToolFinished,
)
from groq_core.services.agent import Agent, BoundCall, RunState, Tool, for_terminal, whole_call
from groq_core.services.agent.calling import MOST_SHOWN, clip, read_arguments
from groq_core.services.agent.servers import fitting
from groq_core.services.agent.tool_names import tool_name, unique_names
from groq_core.services.agent.tools import ArgumentsError
from groq_core.ui.approvals import Approvals
from tests.services.agents import add, keeps, listen
from tests.services.scripted import Model, calls, says

# ── what is approved is what runs ────────────────────────────────────────────────────────────────────

texts = st.text(st.characters(exclude_categories=()), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, json_values, max_size=5))
def test_shown_is_executed(arguments: dict[str, Any]) -> None:
    ran: list[Any] = []
    asked: list[BoundCall] = []

    async def agree(call: BoundCall) -> bool:
        asked.append(call)
        return True

    async def story() -> list[Event]:
        model = Model([calls(("c", "send", json.dumps(arguments))), says("sent")])
        return (await listen(Agent(model, [keeps(ran)], approve=agree)))[0]

    events = asyncio.run(story())

    (shown,) = (event for event in events if isinstance(event, ApprovalAsked))
    assert shown.arguments == asked[0].arguments_text
    assert ran == [json.loads(shown.arguments)] == [arguments]
    assert all(sign.isprintable() for sign in shown.arguments), "nothing in it is hidden"


@pytest.mark.parametrize("number", ["12345678901234567890", "123456789012345678901234567890", "-0", "1e2", "0.1"])
async def test_numbers_are_run_as_they_are_written(number: str) -> None:
    ran: list[Any] = []

    async def agree(_: BoundCall) -> bool:
        return True

    model = Model([calls(("c", "send", f'{{"sum": {number}}}')), says("sent")])
    events, _ = await listen(Agent(model, [keeps(ran)], approve=agree))

    assert ran == [{"sum": json.loads(number)}]
    assert not isinstance(json.loads(number), int) or number.lstrip("-") in next(
        event.arguments for event in events if isinstance(event, ApprovalAsked)
    )


@pytest.mark.parametrize(
    ("text", "says_why"),
    [
        ('{"to": "ann", "to": "eve"}', "stands twice"),
        ('{"a": {"b": 1, "b": 2}}', "stands twice"),
        ('{"a": NaN}', "no number"),
        ('{"a": 1e999}', "too large"),
        ("[1]", "an object"),
        ("{" * 50_000, "not JSON"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text: str, says_why: str) -> None:
    with pytest.raises(ArgumentsError, match=says_why):
        read_arguments(text)


def test_hidden_signs_are_written_out() -> None:
    assert whole_call({"to": "ann\u202egro.live\u200b", "tag": "\U000e0041"}) == (
        '{"to": "ann\\u202egro.live\\u200b", "tag": "\\udb40\\udc41"}'
    )


async def test_too_long_to_show_is_refused() -> None:
    ran: list[Any] = []

    async def agree(_: BoundCall) -> bool:
        raise AssertionError("nobody is asked")

    long = json.dumps({"text": "x" * (MOST_SHOWN + 1)})
    _, trace = await listen(Agent(Model([calls(("c", "send", long)), says("ok")]), [keeps(ran)], approve=agree))

    assert not ran
    assert "more than anybody can be shown" in next(iter(trace.steps[0].calls.values())).result


async def test_an_approval_is_bound_to_run_call_and_arguments() -> None:
    found = set()
    for arguments in ('{"a": 1}', '{"a": 2}', '{"a": 1}'):
        agent = Agent(Model([calls(("c", "send", arguments), ("d", "send", arguments)), says("")]), [keeps([])])
        events, _ = await listen(agent)
        found |= {event.approval for event in events if isinstance(event, ApprovalAsked)}

    assert len(found) == 6


async def test_a_word_is_good_once() -> None:
    approvals = Approvals()
    (made,) = [
        event
        async for event in Agent(Model([calls(("c", "send", "{}")), says("")]), [keeps([])]).run("go")
        if isinstance(event, ApprovalAsked)
    ]
    call = BoundCall(id="c", tool=keeps([]), arguments={}, step=1, approval=made.approval)
    waiting = asyncio.ensure_future(approvals.asker("page")(call))
    await asyncio.sleep(0)

    assert not approvals.answer("page", "c", True), "the id of the call is no approval"
    assert approvals.answer("page", made.approval, True)
    assert not approvals.answer("page", made.approval, True)
    assert await waiting is True


@pytest.mark.parametrize("answer", [RuntimeError("no"), "yes", 1, None])
async def test_an_approval_that_fails_or_is_no_yes_runs_nothing_and_ends_nothing(answer: Any) -> None:
    ran: list[Any] = []

    async def approve(_: BoundCall) -> bool:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    _, trace = await listen(Agent(Model([calls(("c", "send", "{}")), says("ok")]), [keeps(ran)], approve=approve))

    assert not ran
    assert trace.ended is not None
    assert trace.ended.reason == "answered"


# ── output drives nothing and holds up nobody ────────────────────────────────────────────────────────


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_drives_a_terminal(text: str) -> None:
    said = for_terminal(text)

    assert not any((ord(sign) < 32 and sign not in "\n\t") or 127 <= ord(sign) < 160 for sign in said)
    assert "\u202e" not in said


def test_lines_of_the_command_line_hold_no_commands() -> None:
    event = ToolFinished(step=1, call="c", name="a\x1b]0;x\x07", result="\x1b[2J\x1b[31mred")

    said = in_words(event)

    assert said is not None
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\\x1b[2J" in brief("\x1b[2J")


def test_twenty_megabytes_are_cut_before_anything_runs_over_them() -> None:
    text = "key=" + "a" * 20_000_000
    found = clip(text, 8_000)

    assert len(found) < 8_200
    assert "of 20000004 characters" in found
    assert "gsk_" + "a" * 30 not in clip("x" * 7_990 + "gsk_" + "a" * 40 + "y" * 10_000, 8_000)


# ── names of strangers' tools ────────────────────────────────────────────────────────────────────────


def make_tool(name: str, description: str = "") -> Tool:
    async def call(_: dict[str, Any]) -> str:
        return name

    return Tool(name=name, description=description, parameters={"type": "object", "properties": {}}, call=call)


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_names_become_names_that_are_each_there_once(names: list[str]) -> None:
    found = unique_names([make_tool(tool_name("lab", name)) for name in names], ["calculate"])

    assert len({one.name for one in found}) == len(names)
    assert all(1 <= len(one.name) <= 64 for one in found)


async def test_too_many_tools_are_chosen_by_the_task_and_the_rest_can_be_called() -> None:
    tools = [
        make_tool(f"tool_{number}", "weather of Rome" if number == 150 else "something else") for number in range(200)
    ]
    found = fitting(tools, "How is the weather in Rome?", most=20)

    assert len(found) == 20
    assert "tool_150" in {one.name for one in found}
    listing, calling = found[-2:]
    assert "tool_199" in str(await listing.call({"about": "something"})) or "more" in str(await listing.call({}))
    left = next(one.name for one in tools if one.name not in {kept.name for kept in found})
    assert await calling.call({"name": left, "arguments": {}}) == left


# ── typed, awaited, paused ───────────────────────────────────────────────────────────────────────────


class Report(BaseModel):
    city: str
    degrees: float


async def test_a_run_can_be_awaited_for_its_answer() -> None:
    assert await Agent(Model([says("It is warm.")])).run("How is it?") == "It is warm."
    with pytest.raises(ChainError, match="without an answer"):
        await Agent(Model([calls(("c", "add", '{"a":1,"b":1}'), cost_usd=1.0)]), [add], max_usd=1.0).run("go")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(['{"city": "Rome", "degrees": 31}'], id="at once"),
        pytest.param(['Here:\n```json\n{"city": "Rome", "degrees": 31}\n```'], id="in a fence"),
        pytest.param(["It is 31 degrees in Rome.", '{"city": "Rome", "degrees": 31}'], id="asked again"),
        pytest.param(['{"city": "Rome"}', '{"city": "Rome", "degrees": "31"}'], id="mended"),
    ],
)
async def test_a_typed_answer(script: list[str]) -> None:
    model = Model([says(text) for text in script])
    report = await Agent(model, [add]).run("How warm is Rome?", output_type=Report)

    assert report == Report(city="Rome", degrees=31)
    assert len(model.asked) == len(script)


async def test_a_typed_answer_that_never_fits_is_an_error() -> None:
    with pytest.raises(ExtractionError, match="does not fit its type"):
        await Agent(Model(lambda _: says("warm"))).run("go", output_type=Report)


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_run_is_paused_as_data_and_goes_on_elsewhere(agreed: bool) -> None:
    ran: list[Any] = []
    both = calls(("a", "send", '{"to": "ann"}'), ("b", "add", '{"a": 1, "b": 1}'))
    events = [event async for event in Agent(Model([both]), [keeps(ran), add], pause=True).run("go")]
    end = events[-1]
    assert isinstance(end, RunEnded)
    assert (end.reason, ran) == ("paused", [])
    data = end.state.encode()
    (waiting,) = RunState.decode(data).pending
    assert (waiting.name, waiting.arguments) == ("send", '{"to": "ann"}')

    model = Model([says("sent, and 2")])
    state = RunState.decode(data)
    agent = Agent(model, [keeps(ran), add], pause=True)
    assert await agent.resume(state, {waiting.approval: agreed}) == "sent, and 2"

    assert ran == ([{"to": "ann"}] if agreed else [])
    told = [message["content"] for message in model.asked[0].messages if message["role"] == "tool"]
    assert told[1] == "2"
    assert ("done" if agreed else "declined") in told[0]
    with pytest.raises(RequestError, match="no call waits"):
        agent.resume(state, {"ap_other": True})


async def test_a_tampered_state_runs_nothing_that_was_not_shown() -> None:
    ran: list[Any] = []
    events = [
        e async for e in Agent(Model([calls(("a", "send", '{"to": "ann"}'))]), [keeps(ran)], pause=True).run("go")
    ]
    end = events[-1]
    assert isinstance(end, RunEnded)
    (waiting,) = end.state.pending
    state = RunState.decode(end.state.encode().replace(b"ann", b"eve"))
    state.pending = [waiting]

    run = Agent(Model([says("?")]), [keeps(ran)], pause=True).resume(state, {waiting.approval: True})
    last = [event async for event in run][-1]

    assert not ran
    assert isinstance(last, RunEnded)
    assert last.reason == "paused", "the call is another one now, and waits for its own word"
