"""An agent on the whole house: the chain holds inside a run, and leaving it leaves nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from groq_core.compose import Core, assemble
from groq_core.events import AttemptFailed, Event, RunEnded, StepStarted, ToolFinished
from groq_core.services.agent import Agent, Trace, builtin_tools, tool
from groq_core.services.candidates import agent_price
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator

SETTINGS = {"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_FIRST_TOKEN_TIMEOUT": "2", "GROQ_CORE_COOLDOWN": "1"}


@asynccontextmanager
async def house(simulator: Simulator) -> AsyncIterator[Core]:
    async with assemble(Settings.from_env(SETTINGS), simulator=simulator) as core:
        yield core


async def run(agent: Agent, task: str) -> tuple[list[Event], Trace]:
    events, trace = [], Trace()
    async for event in agent.run(task):
        events.append(event)
        trace.apply(event)
    return events, trace


def bodies(simulator: Simulator) -> list[dict[str, Any]]:
    """What was asked upstream, in order."""
    return [seen.body for seen in simulator.requests if seen.path.endswith("chat/completions") and seen.body]


async def test_a_task_is_worked_on_with_a_tool(simulator: Simulator) -> None:
    async with house(simulator) as core:
        events, trace = await run(Agent(core.handle, builtin_tools()), "Work out 187.40 * 1.12 / 7")

    (call,) = trace.steps[0].calls.values()
    assert (call.name, call.result) == ("calculate", "29.984")
    assert "29.984" in trace.answer
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "answered"
    assert events[-1].cost_usd is not None
    assert trace.cost_usd == events[-1].cost_usd


@pytest.mark.parametrize("model", ["openai/gpt-oss-20b", "llama-3.1-8b-instant", "auto"])
@pytest.mark.parametrize("bound", [{"max_usd": 0.01}, {"max_tokens": 12_000}], ids=["a-cent", "tokens"])
async def test_a_cent_is_enough_for_a_tool(simulator: Simulator, model: str, bound: dict[str, Any]) -> None:
    async with house(simulator) as core:
        agent = Agent(core.handle, builtin_tools(), model=model, price=agent_price(core, model), **bound)
        _, trace = await run(agent, "Work out 187.40 * 1.12 / 7")

    assert [call.result for step in trace.steps for call in step.calls.values()] == ["29.984"]
    assert trace.ended is not None
    assert (trace.ended.reason, trace.ended.steps) == ("answered", 2)
    assert trace.ended.cost_usd is not None
    assert trace.ended.cost_usd <= 0.01


async def test_a_step_that_fails_goes_on_with_the_next_model_and_the_same_messages(simulator: Simulator) -> None:
    async with house(simulator) as core:
        agent = Agent(core.handle, builtin_tools())
        seen: list[Event] = []
        async for event in agent.run("Work out 6 * 7"):
            if isinstance(event, ToolFinished):
                # The model that called the tool breaks before it hears the result.
                simulator.faults.add(Fault(kind="status", preset="429_tpd", model="openai/gpt-oss-120b"))
            seen.append(event)

    ended = seen[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.reason, ended.steps) == ("answered", 2)
    assert any(isinstance(event, AttemptFailed) for event in seen)
    second_step = [event for event in seen[seen.index(StepStarted(step=2)) :] if isinstance(event, AttemptFailed)]
    assert {event.model for event in second_step} == {"openai/gpt-oss-120b"}
    asked = bodies(simulator)
    assert asked[-1]["model"] != "openai/gpt-oss-120b"
    assert asked[-1]["messages"] == asked[-2]["messages"]
    assert asked[-1]["messages"][-1]["role"] == "tool"


async def test_an_answer_cut_in_the_middle_is_written_anew_in_its_step(simulator: Simulator) -> None:
    @tool
    async def secret() -> str:
        """Tell the secret word."""
        simulator.faults.add(Fault(kind="cut", model="openai/gpt-oss-120b", after=5))
        return "heron"

    async with house(simulator) as core:
        _, trace = await run(Agent(core.handle, [secret]), "Tell me the secret word")

    assert trace.ended is not None
    assert trace.ended.reason == "answered"
    assert "heron" in trace.answer
    assert trace.ended.messages[-1] == {"role": "assistant", "content": trace.answer}


async def test_leaving_a_run_hangs_up_upstream(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="stall", after=3))
    async with house(simulator) as core:
        events = Agent(core.handle, builtin_tools()).run("Tell me a long story")
        async for event in events:
            if type(event).__name__ in ("TextDelta", "ReasoningDelta"):
                break
        await events.aclose()
        for _ in range(100):
            if core.log.under_way == 0:
                break
            await asyncio.sleep(0.02)

        assert core.log.under_way == 0


async def test_a_call_every_model_fails_at_is_saved_from_their_words(simulator: Simulator) -> None:
    """`tool_use_failed` from all: the chain gives up, the agent finds the call in what they wrote."""
    async with house(simulator) as core:
        simulator.faults.add(Fault(kind="status", preset="tool_not_in_request"))
        agent = Agent(core.handle, builtin_tools(), max_steps=2)
        trace = Trace()
        async for event in agent.run("Work out 6 * 7"):
            trace.apply(event)
            if isinstance(event, ToolFinished):
                simulator.faults.clear()

    (call,) = trace.steps[0].calls.values()
    assert call.name == "listFiles"
    assert "there is no tool called" in call.result
    assert trace.ended is not None
    assert trace.ended.reason == "answered"
