"""A model that answers as it is told, for services that ask through one handler."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Event, Events, Finished, TextDelta, ToolCallDelta, Usage
from groq_core.requests import ChatRequest, Request

Answer = list[Event] | Exception
Script = Callable[[ChatRequest], Answer]


def says(value: object, **finished: Any) -> Answer:
    """A whole answer: a text, or data as JSON. Each costs a cent."""
    text = value if isinstance(value, str) else json.dumps(value)
    fields: dict[str, Any] = {
        "provider": "groq",
        "model": "m",
        "cost_usd": 0.01,
        "usage": Usage(prompt_tokens=100, completion_tokens=10, total_tokens=110),
    }
    return [TextDelta(text), Finished(**{**fields, **finished})]


def calls(*wanted: tuple[str, str, str], text: str = "", cost_usd: float | None = 0.01) -> Answer:
    """An answer that calls tools: id, name and arguments of each."""
    spoken: list[Event] = [TextDelta(text)] if text else []
    pieces = [ToolCallDelta(place, id, name, arguments) for place, (id, name, arguments) in enumerate(wanted)]
    end = Finished(provider="groq", model="m", finish_reason="tool_calls", cost_usd=cost_usd)
    return [*spoken, *pieces, end]


def fails(kind: Kind, *, failed_generation: str | None = None) -> ChainError:
    """A chain none of whose targets answered."""
    failure = ProviderError(kind, str(kind), provider="groq", model="m", failed_generation=failed_generation)
    return ChainError("nothing answered", failures=[failure])


class Model:
    """
    Answers with one entry of the script after the other, or as a function of the request.

    Attributes:
        asked: The requests, in order.
    """

    def __init__(self, script: Script | Iterable[Answer]) -> None:
        self.script = script if callable(script) else None
        self.answers = iter(()) if callable(script) else iter(script)
        self.asked: list[ChatRequest] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        self.asked.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.script(request) if self.script else next(self.answers)
            if isinstance(answer, Exception):
                for event in getattr(answer, "events", ()):
                    yield event
                raise answer
            for event in answer:
                yield event
        finally:
            self.at_once -= 1
