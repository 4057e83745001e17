"""A run as its caller holds it: a stream of events, or, awaited, its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar

import msgspec

from groq_core.errors import ChainError, ExtractionError, GroqCoreError
from groq_core.events import EndReason, Event, Events, Note, RunEnded
from groq_core.reply import Reply
from groq_core.requests import ChatRequest, Message
from groq_core.services.agent.course import Course, prompt_tokens
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
        problem: Why there is no ``output`` though there is an answer: it does not fit its type.
    """

    def __init__(self, events: Events, course: Course, wanted: Schema[T] | None) -> None:
        self.ended: RunEnded | None = None
        self.output: T | str | None = None
        self._course = course
        self.typed = wanted is not None
        self._wanted = wanted
        self.problem: ExtractionError | None = None
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
        if self.problem is not None:
            raise self.problem
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
                try:
                    async with aclosing(self._fit(end, self._wanted)) as tries:
                        async for one in tries:
                            if isinstance(one, RunEnded):
                                end = one
                            else:
                                yield one
                except GroqCoreError:
                    self.ended = end = self._end(end, end.answer, "broken")
                    yield end
                    raise
        self.ended = end
        yield end

    async def _fit(self, end: RunEnded, wanted: Schema[T]) -> Events:
        """Ask again, within the limits of the run, until the answer fits."""
        course, spoken, reason = self._course, end.answer, end.reason
        outcome, data, problems = assess(spoken, wanted)
        for _ in range(TYPED_TRIES):
            if outcome == "fits":
                break
            messages = _question(end, spoken, problems)
            ahead = course.once_more(messages)
            if ahead.over:
                reason = ahead.limit
                break
            yield Note(code="answer_misfit", text="the answer did not fit its type and is asked for again")
            reply = Reply()
            course.state.step += 1
            try:
                async with (
                    asyncio.timeout(course.remaining_s),
                    aclosing(course.agent.handle(self._request(messages, wanted, ahead.max_tokens))) as answer,
                ):
                    async for event in answer:
                        reply.apply(event)
            except TimeoutError:
                reason = "time_limit"
                break
            finally:
                course.pay(reply, prompt_tokens(messages))
            spoken = reply.text
            outcome, data, problems = assess(spoken, wanted)
        if outcome == "fits":
            self.output = wanted.value(data)
        else:
            self.problem = ExtractionError(
                "the answer does not fit its type: " + "; ".join(map(str, problems[:3])),
                problems=[str(one) for one in problems],
                partial=data,
                cost_usd=course.state.cost_usd,
            )
        yield self._end(end, spoken, reason)

    def _end(self, end: RunEnded, answer: str, reason: EndReason) -> RunEnded:
        course = self._course
        return msgspec.structs.replace(
            end,
            answer=answer,
            reason=reason,
            steps=course.state.step,
            cost_usd=course.state.cost_usd,
            elapsed_s=course.agent.clock() - course.started,
        )

    def _request(self, messages: tuple[Message, ...], wanted: Schema[T], most: int | None) -> ChatRequest:
        agent = self._course.agent
        return ChatRequest(
            messages=messages,
            model=agent.model,
            params={
                "response_format": response_format(wanted, "json_schema"),
                "max_completion_tokens": most or self._course.most_out,
            },
            stream=False,
            revisable=True,
            caller=agent.caller,
        )


def _question(end: RunEnded, spoken: str, problems: tuple[Problem, ...]) -> tuple[Message, ...]:
    messages: list[Message] = [*end.messages]
    if messages and messages[-1].get("role") == "assistant":
        messages.pop()
    return (*messages, *again(spoken, problems))
