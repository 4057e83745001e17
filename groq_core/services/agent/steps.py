"""Fold a run's events into its steps: what was said, what was called, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from groq_core.events import ApprovalAsked, Event, RunEnded, StepStarted, ToolFinished, ToolStarted
from groq_core.reply import Reply


@dataclass(slots=True)
class Called:
    """One tool call, as far as it has got."""

    id: str
    name: str
    arguments: str
    state: Literal["asks", "runs", "done", "failed"] = "runs"
    hosted: bool = False
    result: str = ""
    error: str | None = None
    elapsed_s: float | None = None


@dataclass(slots=True)
class Step:
    """One answer of the model, and the calls it made."""

    number: int
    reply: Reply = field(default_factory=Reply)
    calls: dict[str, Called] = field(default_factory=dict)


class Trace:
    """
    A run so far.

    Attributes:
        ended: None while it goes on.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.ended: RunEnded | None = None

    @property
    def answer(self) -> str:
        """Text of the newest step."""
        return self.steps[-1].reply.text if self.steps else ""

    @property
    def cost_usd(self) -> float | None:
        """Of all steps so far; None where no price is known."""
        known = [cost for step in self.steps if (cost := step.reply.receipt.cost_usd) is not None]
        return sum(known) if known else None

    def apply(self, event: Event, elapsed_s: float = 0.0) -> None:
        """Take the next event into account; ``elapsed_s`` counts from the start of the run."""
        match event:
            case StepStarted():
                self.steps.append(Step(event.step))
            case ApprovalAsked():
                self._call(event.step, event.call, event.name, event.arguments).state = "asks"
            case ToolStarted():
                called = self._call(event.step, event.call, event.name, event.arguments)
                called.state, called.hosted = "runs", event.hosted
            case ToolFinished():
                called = self._call(event.step, event.call, event.name, "")
                called.state = "failed" if event.error is not None else "done"
                called.result, called.error, called.elapsed_s = event.result, event.error, event.elapsed_s
            case RunEnded():
                self.ended = event
            case _:
                if self.steps:
                    self.steps[-1].reply.apply(event, elapsed_s)

    def _call(self, step: int, id: str, name: str, arguments: str) -> Called:
        if not self.steps:
            self.steps.append(Step(step))  # a run that was paused goes on in the middle of one
        return self.steps[-1].calls.setdefault(id, Called(id, name, arguments))
