"""Who may let an agent's tool run, and what the chain below tells of it."""

from __future__ import annotations

import asyncio

import pytest

from groq_core.errors import ChainError, Kind
from groq_core.events import (
    ApprovalAsked,
    Event,
    Events,
    Finished,
    Note,
    Restarted,
    TextDelta,
    ToolStarted,
)
from groq_core.requests import ChatRequest, Request
from groq_core.services.agent import Agent, BoundCall
from tests.services.agents import add, delete, listen, results
from tests.services.scripted import Model, calls, fails, says

DELETE = calls(("c", "delete", '{"name": "a.txt"}'))


async def test_a_dangerous_tool_runs_when_somebody_agrees() -> None:
    seen: list[BoundCall] = []

    async def agree(call: BoundCall) -> bool:
        seen.append(call)
        return True

    events, trace = await listen(Agent(Model([DELETE, says("done")]), [delete], approve=agree))

    assert results(trace) == ["a.txt is gone"]
    assert [(call.name, call.arguments) for call in seen] == [("delete", {"name": "a.txt"})]
    kinds = [type(event) for event in events]
    assert kinds.index(ApprovalAsked) < kinds.index(ToolStarted)


async def test_a_declined_call_is_told_and_not_run() -> None:
    async def decline(_: BoundCall) -> bool:
        return False

    _, trace = await listen(Agent(Model([DELETE, says("ok")]), [delete], approve=decline))

    assert results(trace) == ["Error: the user declined this call of delete"]


async def test_without_anybody_to_ask_a_dangerous_tool_is_declined() -> None:
    _, trace = await listen(Agent(Model([DELETE, says("ok")]), [delete]))

    assert "nobody is there" in results(trace)[0]


async def test_a_silent_approver_declines_and_his_time_is_not_the_runs() -> None:
    async def silent(_: BoundCall) -> bool:
        await asyncio.Event().wait()
        return True

    agent = Agent(Model([DELETE, says("ok")]), [delete], approve=silent, approval_seconds=0.05, max_seconds=5.0)

    _, trace = await listen(agent)

    assert "nobody answered" in results(trace)[0]
    assert trace.ended is not None
    assert trace.ended.reason == "answered"


async def test_a_call_that_could_not_run_anyway_is_not_put_to_anybody() -> None:
    async def never(_: BoundCall) -> bool:
        raise AssertionError("asked")

    _, trace = await listen(Agent(Model([calls(("c", "delete", "{}")), says("ok")]), [delete], approve=never))

    assert "Field required" in results(trace)[0]


# ── the chain below ──────────────────────────────────────────────────────────────────────────────────


async def test_a_restart_takes_back_the_text_of_its_step_alone() -> None:
    restarted: list[Event] = [
        TextDelta("Half an"),
        Restarted(provider="groq", model="b", kept="Half an"),
        TextDelta("A whole answer"),
        Finished(),
    ]
    model = Model([calls(("c", "add", '{"a":1,"b":1}'), text="Adding."), restarted])

    _, trace = await listen(Agent(model, [add]))

    assert [step.reply.text for step in trace.steps] == ["Adding.", "A whole answer"]
    assert trace.ended is not None
    assert trace.ended.messages[-1]["content"] == "A whole answer"


async def test_a_step_nobody_answers_is_an_error() -> None:
    model = Model([calls(("c", "add", '{"a":1,"b":1}')), fails(Kind.SERVER_ERROR)])

    with pytest.raises(ChainError):
        await listen(Agent(model, [add]))


async def test_a_call_in_a_failed_generation_is_saved() -> None:
    generation = '<function=add={"a": 2, "b": 2}</function>'
    model = Model([fails(Kind.GENERATION_FAILED, failed_generation=generation), says("4")])

    events, trace = await listen(Agent(model, [add]))

    assert results(trace) == ["4"]
    assert any(isinstance(event, Note) and event.code == "rescued" for event in events)
    assert model.asked[1].messages[-2]["tool_calls"][0]["function"]["name"] == "add"


async def test_an_answer_in_a_failed_generation_is_the_answer() -> None:
    model = Model([fails(Kind.GENERATION_FAILED, failed_generation="The capital is **Paris**.")])

    _, trace = await listen(Agent(model, [add]))

    assert trace.answer == "The capital is **Paris**."


async def test_what_was_shown_before_a_rescue_is_taken_back() -> None:
    async def failing(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        if len(request.messages) > 2:
            yield TextDelta("4")
            yield Finished()
            return
        yield TextDelta("<function=add")
        error = fails(Kind.GENERATION_FAILED, failed_generation='{"name": "add", "arguments": {"a": 2, "b": 2}}')
        raise error

    events, trace = await listen(Agent(failing, [add]))

    assert any(isinstance(event, Restarted) and event.kept == "<function=add" for event in events)
    assert trace.steps[0].reply.text == ""
    assert results(trace) == ["4"]
