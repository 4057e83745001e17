"""A run as its caller holds it: a stream of events, or, awaited, its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar

import msgspec

from groq_core.errors import ChainError, ExtractionError
from groq_core.events import Event, Events, Note, RunEnded
from groq_core.pipeline import Handler
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Message, Request
from groq_core.services.extraction.ask import again, assess, response_format
from groq_core.services.extraction.fitting import Problem
from groq_core.services.extraction.schema import Schema

T = TypeVar("T")

TYPED_TRIES: Final = 3
"""Times an answer is asked for again that does not fit its type."""

UNFINISHED: Final = frozenset({"paused", "broken", "degraded"})


class AgentRun(AsyncGenerator[Event, None], Generic[T]):
    """
    One run of an agent.

    Attributes:
        ended: None while it goes on.
        output: The answer as it was asked for; None until the run has ended with one.
        typed: An ``output_type`` was asked for.
    """

    def __init__(
        self, events: Events, handle: Handler[Request], model: str, caller: Caller, wanted: Schema[T] | None
    ) -> None:
        self.ended: RunEnded | None = None
        self.output: T | str | None = None
        self._handle, self._model, self._caller = handle, model, caller
        self.typed = wanted is not None
        self._wanted = wanted
        self._problem: ExtractionError | None = None
        self._events = self._parse_output(events)

    async def asend(self, value: None) -> Event:
        return await self._events.asend(value)

    async def athrow(self, *error: Any) -> Event:
        return await self._events.athrow(*error)

    async def aclose(self) -> None:
        await self._events.aclose()

    def __await__(self) -> Generator[Any, None, T]:
        return self._answer().__await__()

    async def _answer(self) -> Any:
        """
        Run to the end.

        Raises:
            ExtractionError: The answer does not fit the type that was asked for.
            ChainError: The run ended without an answer.
        """
        async with aclosing(self._events) as events:
            async for _ in events:
                pass
        if self._problem is not None:
            raise self._problem
        if self.output is None:
            reason = self.ended.reason if self.ended is not None else "broken"
            raise ChainError(
                f"the run ended without an answer: {reason.replace('_', ' ')}",
                hint="Give it more steps, time or money, or iterate over the run to see how far it came.",
            )
        return self.output

    async def _parse_output(self, events: Events) -> Events:
        async with aclosing(events):
            async for event in events:
                if not isinstance(event, RunEnded):
                    yield event
                    continue
                async with aclosing(self._conclude(event)) as last:
                    async for one in last:
                        yield one

    async def _conclude(self, end: RunEnded) -> Events:
        """Make the answer what was asked for, asking again where it is not."""
        if end.reason not in UNFINISHED and end.answer:
            if self._wanted is None:
                self.output = end.answer
            else:
                async with aclosing(self._fitting(end, self._wanted)) as tries:
                    async for one in tries:
                        if isinstance(one, RunEnded):
                            end = one
                        else:
                            yield one
        self.ended = end
        yield end

    async def _fitting(self, end: RunEnded, wanted: Schema[T]) -> Events:
        reply, spoken = None, end.answer
        outcome, data, problems = assess(spoken, wanted)
        cost = end.cost_usd
        for _ in range(TYPED_TRIES):
            if outcome == "fits":
                break
            yield Note(code="answer_misfit", text="the answer did not fit its type and is asked for again")
            reply = Reply()
            async with aclosing(self._handle(self._question(end, wanted, spoken, problems))) as answer:
                async for event in answer:
                    reply.apply(event)
            if (paid := reply.receipt.cost_usd) is not None:
                cost = (cost or 0.0) + paid
            spoken = reply.text
            outcome, data, problems = assess(spoken, wanted)
        if outcome == "fits":
            self.output = wanted.value(data)
        else:
            self._problem = ExtractionError(
                "the answer does not fit its type: " + "; ".join(map(str, problems[:3])),
                problems=[str(one) for one in problems],
                partial=data,
                cost_usd=cost,
            )
        yield msgspec.structs.replace(end, answer=spoken, cost_usd=cost)

    def _question(self, end: RunEnded, wanted: Schema[T], spoken: str, problems: tuple[Problem, ...]) -> ChatRequest:
        messages: list[Message] = [*end.messages]
        if messages and messages[-1].get("role") == "assistant":
            messages.pop()
        return ChatRequest(
            messages=(*messages, *again(spoken, problems)),
            model=self._model,
            params={
                "response_format": response_format(wanted, "json_schema"),
                "max_completion_tokens": 4096,
            },
            stream=False,
            revisable=True,
            caller=self._caller,
        )
