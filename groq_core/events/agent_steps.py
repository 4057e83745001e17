"""An agent's run: each step is an answer with its own story and its own ``Finished``."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from groq_core.events.content import Event

EndReason: TypeAlias = Literal[
    "answered", "length", "step_limit", "time_limit", "money_limit", "token_limit", "degraded", "paused", "broken"
]


class StepStarted(Event, frozen=True, kw_only=True):
    """The model is asked once more; ``step`` counts from 1. Text that follows belongs to this step."""

    step: int


class ApprovalAsked(Event, frozen=True, kw_only=True):
    """
    A tool marked dangerous waits for somebody's word.

    Attributes:
        arguments: JSON text, whole and as it would run; what cannot be seen in it is written as its escape.
        approval: Names this one call of this run with these arguments; it is good for once.
    """

    step: int
    call: str
    name: str
    arguments: str
    approval: str = ""


class ToolStarted(Event, frozen=True, kw_only=True):
    """
    A tool is about to run.

    Attributes:
        call: Id of the call, unique within the run.
        arguments: JSON text as the model wrote it, without keys.
        hosted: The provider ran it while the model wrote.
    """

    step: int
    call: str
    name: str
    arguments: str
    hosted: bool = False


class ToolFinished(Event, frozen=True, kw_only=True):
    """
    A tool is done, or was not let run.

    Attributes:
        result: What the model is told, bounded, without keys.
        error: What went wrong, the result then says it too; None when nothing did.
        elapsed_s: None where the provider ran it and does not tell.
    """

    step: int
    call: str
    name: str
    result: str
    error: str | None = None
    elapsed_s: float | None = None


class RunEnded(Event, frozen=True, kw_only=True):
    """
    The last event of a run.

    Attributes:
        reason: ``answered``, or what ended it; ``paused``: calls wait for approval, see ``state``; ``broken``: the
            error follows, and what was done so far stands in ``messages``.
        answer: The text it ended with; at a limit what could be said with what was known, empty where nothing.
        state: Of a paused run, to go on from: ``groq_core.services.agent.RunState``.
        messages: The conversation with everything the run added to it, in wire form, to go on from.
        cost_usd: Of all steps; None where no price is known.
    """

    reason: EndReason
    steps: int
    elapsed_s: float
    cost_usd: float | None = None
    messages: tuple[dict[str, Any], ...] = ()
    answer: str = ""
    state: Any = None
