"""Agents of tests: a tool that keeps what it ran with, and a run listened to."""

from __future__ import annotations

from typing import Any

from groq_core.events import Event, RunEnded, ToolFinished
from groq_core.services.agent import Agent, Tool, Trace, tool
from tests.services.scripted import Model, calls, says


def keeps(ran: list[Any]) -> Tool:
    """A tool that changes something, and keeps what it was given."""

    async def call(arguments: dict[str, Any]) -> str:
        ran.append(arguments)
        return "done"

    return Tool(name="send", description="Send.", parameters={"type": "object"}, call=call, dangerous=True)


async def listen(agent: Agent, task: Any = "go") -> tuple[list[Event], Trace]:
    events, trace = [], Trace()
    async for event in agent.run(task):
        events.append(event)
        trace.apply(event)
    assert isinstance(events[-1], RunEnded)
    return events, trace


@tool
async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(dangerous=True)
async def delete(name: str) -> str:
    """Delete a file."""
    return f"{name} is gone"


def results(trace: Trace, step: int = 0) -> list[str]:
    return [call.result for call in trace.steps[step].calls.values()]


async def run_with(one: Any, arguments: str = "{}", **settings: Any) -> tuple[list[Event], list[ToolFinished]]:
    made = one if hasattr(one, "wire") else tool(one)
    model = Model([calls(("c", made.name, arguments)), says("done")])
    events = [event async for event in Agent(model, [made], **settings).run("go")]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "answered"
    return events, [event for event in events if isinstance(event, ToolFinished)]
