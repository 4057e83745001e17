"""
A saved story as an upstream: what each provider said in it, and where it broke, said and broken once more.

So a report of what went wrong is a test: the same words come at the same pace, and the same failures end them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from groq_core.simulator.faults import Fault
from groq_core.simulator.wire_format import Json

PRESETS: Final = {
    "rate_limited": "429_rpm",
    "over_capacity": "503_over_capacity",
    "server_error": "500",
    "auth": "401",
    "model_gone": "404_model",
    "not_permitted": "403_blocked",
    "terms_required": "400_terms",
    "quota_exhausted": "400_spend",
    "too_large": "413_tpm",
    "context_length": "context_length",
    "content_filter": "content_filter",
    "generation_failed": "output_parse_failed",
    "invalid_request": "400_invalid",
    "unsupported": "400_invalid",
}
"""The refusal that is told as a kind of failure."""

BREAKS: Final = {
    "connection": "reset",
    "timeout_first_token": "never",
    "timeout_idle": "stall",
    "deadline": "stall",
    "stream_cut": "cut",
    "stream_error": "error_event",
    "empty_answer": "empty",
    "malformed": "malformed",
}
"""The fault that is told as a kind of failure, where it is no refusal."""


@dataclass(slots=True, kw_only=True)
class StoryPart:
    """
    What one provider contributed to an answer.

    Attributes:
        begun: Seconds from the question to its being asked.
        kept: What the reader had of the answer before, which this part goes on from.
        times: Seconds from its being asked to each piece, thinking first, as they came.
        fault: What ended it; None where it finished.
    """

    provider: str
    model: str
    begun: float
    kept: str = ""
    reasoning: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    fault: Fault | None = None
    finish_reason: str = "stop"


class SavedStory(msgspec.Struct):
    """A story as the page saves it; ``format`` and the rest of it are checked by whoever reads one from a file."""

    events: list[tuple[float, dict[str, Any]]]


class Stories:
    """What is still to be told, by target and in order."""

    def __init__(self) -> None:
        self._parts: deque[StoryPart] = deque()

    def add(self, events: Iterable[tuple[float, Json]]) -> int:
        """
        Tell this story to whom it was told; the number of its parts.

        Raises:
            ValueError: An event lacks what it tells.
        """
        try:
            parts = parts_of(events)
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"this is no saved story: an event lacks {error}") from error
        self._parts.extend(parts)
        return len(parts)

    def take(self, provider: str, model: str) -> StoryPart | None:
        """The next part of a target; None where nothing is to be told by it."""
        for part in self._parts:
            if (part.provider, part.model) == (provider, model):
                self._parts.remove(part)
                return part
        return None

    def clear(self) -> None:
        self._parts.clear()

    def __len__(self) -> int:
        return len(self._parts)


def parts_of(events: Iterable[tuple[float, Json]]) -> list[StoryPart]:
    """
    Who said what in a story.

    Words have no name on them: they are of whoever was asked and has not been hung up on.
    """
    parts: dict[int, StoryPart] = {}
    lost = set()
    events = list(events)
    for _, event in events:
        if event.get("e") == "attempt_failed" and event.get("cancelled"):
            lost.add(event.get("number"))
    speaking: StoryPart | None = None
    said = ""
    for at, event in events:
        match event.get("e"):
            case "attempt_started":
                part = StoryPart(provider=event["provider"], model=event["model"], begun=at, kept=said)
                parts[event["number"]] = part
                if event["number"] in lost:
                    part.fault = Fault(kind="never")
                else:
                    speaking = part
            case "attempt_failed" if event["number"] in parts and event["number"] not in lost:
                parts[event["number"]].fault = _fault(event, parts[event["number"]])
            case "restarted":
                said = ""
                if speaking is not None:
                    speaking.kept = ""
            case "finished" if speaking is not None:
                speaking.finish_reason = event.get("finish_reason") or "stop"
            case None if speaking is not None:
                said += event.get("t", "")
                _hear(speaking, at, event)
    return list(parts.values())


def _hear(part: StoryPart, at: float, event: Json) -> None:
    if thought := event.get("r"):
        part.reasoning.append(thought)
    elif text := event.get("t"):
        part.content.append(text)
    else:
        return
    part.times.append(max(0.0, at - part.begun))


def _fault(event: Json, part: StoryPart) -> Fault:
    """How to fail so that it is told as the same kind."""
    kind = str(event.get("kind"))
    heard = len(part.times)
    preset = PRESETS.get(kind)
    if preset is not None and not heard:
        return Fault(kind="status", preset=preset, retry_after=event.get("retry_after_s"))
    if preset is not None:
        return Fault(kind="error_event", preset=preset, retry_after=event.get("retry_after_s"), after=heard)
    fault = BREAKS.get(kind, "cut")
    if not heard and fault in ("stall", "error_event"):
        fault = "never" if fault == "stall" else fault
    return msgspec.convert({"kind": fault, "after": heard}, Fault)
