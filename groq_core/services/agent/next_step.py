"""Ask a model for the next step of a run: in the room there is, in the time there is, and with what can be saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Final

from groq_core.errors import ChainError, Kind
from groq_core.events import Event, Note, Restarted, TextDelta, ToolCallDelta
from groq_core.reply import Reply
from groq_core.requests import ChatRequest, estimate_tokens
from groq_core.services.agent.course import Course
from groq_core.services.agent.history import shorten
from groq_core.services.agent.outlooks import Outlook
from groq_core.services.agent.rescue import Rescued, rescue

LAST_STEP: Final = "No more tools can be called. Answer now with what is known, and say what is missing."

SIZE_KINDS: Final = frozenset({Kind.TOO_LARGE, Kind.CONTEXT_LENGTH})


class TimeUpError(Exception):
    """The seconds of a step are over in the middle of it."""


async def ask_in_room(course: Course, reply: Reply, ahead: Outlook) -> AsyncGenerator[Event, None]:
    """Ask for the next step; where the conversation has grown too long, old results are shortened."""
    if (room := course.agent.room()) is not None and (note := _shorten(course, room)) is not None:
        yield note
    while True:
        try:
            async with aclosing(_ask(course, reply, ahead)) as events:
                async for event in events:
                    yield event
        except ChainError as error:
            if reply.text or not any(failed.kind in SIZE_KINDS for failed in error.failures):
                raise
            if (note := _shorten(course, estimate_tokens(course.state.messages) * 2 // 3)) is None:
                raise
            yield note
        else:
            return


def look_ahead_in_room(course: Course) -> tuple[Outlook, Note | None]:
    """What the next step may do; where its answer could not be paid, old results are shortened first."""
    ahead, messages = course.ahead(), course.state.messages
    if (most := course.shortage(ahead)) is None or (note := _shorten(course, most)) is None:
        return ahead, None
    # What is shortened is not worth being called for again.
    course.cut = ahead.limit
    shorter = course.ahead()
    if shorter.over:
        course.state.messages = messages
        return ahead, None
    return shorter, note


def _shorten(course: Course, most_tokens: int) -> Note | None:
    """Shorten old results of tools until the prompt has as few tokens; None where there is none to shorten."""
    offered = estimate_tokens(course.offer())
    course.state.messages, number = shorten(course.state.messages, max(0, most_tokens - offered))
    if not number:
        return None
    return Note(code="results_shortened", text=f"{number} old results of tools were shortened to make room")


async def _ask(course: Course, reply: Reply, ahead: Outlook) -> AsyncGenerator[Event, None]:
    """Ask for the next step; a call that Groq took for none is saved from the wreck."""
    kept = 0.0 if ahead.last else course.limits.answer_s
    try:
        async with aclosing(course.agent.handle(_request(course, ahead))) as events:
            while True:
                try:
                    async with asyncio.timeout(max(0.0, course.remaining_s - kept)) as time_left:
                        event = await anext(events)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    if time_left.expired():
                        raise TimeUpError from None
                    raise
                reply.apply(event)
                yield event
    except ChainError as error:
        found = rescue(error, course.agent.tools)
        if not found:
            raise
        for event in _as_events(found, reply):
            reply.apply(event)
            yield event


def _request(course: Course, ahead: Outlook) -> ChatRequest:
    agent = course.agent
    messages = list(course.state.messages)
    params = dict(agent.params)
    if offered := course.offer():
        params["tools"] = offered
        params["tool_choice"] = "auto"
    if ahead.last and offered:
        # What is not offered is not called; some servers take no notice of "none", and nobody asks after this.
        if agent.tools and not course.bare and course.state.step < course.limits.steps:
            params["tool_choice"] = "none"
        else:
            del params["tools"], params["tool_choice"]
        messages.append({"role": "system", "content": LAST_STEP})
    if ahead.max_tokens is not None:
        params["max_completion_tokens"] = max(1, min(course.most_out, ahead.max_tokens))
    return ChatRequest(
        messages=tuple(messages),
        model=agent.model,
        params=params,
        revisable=True,
        # Asked twice, a step would take more than it was looked ahead for.
        hedge=False if course.bounded else None,
        caller=agent.caller,
    )


def _as_events(found: Rescued, reply: Reply) -> Iterable[Event]:
    """Tell of what was saved as if it had come over the wire, and take back what was said before."""
    if reply.text or reply.tool_calls:
        yield Restarted(provider="", model="", kept=reply.text)
    what = "a tool call" if found.calls else "an answer"
    yield Note(code="rescued", text=f"{what} was found in what the model wrote when its tool call failed")
    for place, call in enumerate(found.calls):
        yield ToolCallDelta(place, call.id, call.name, call.arguments)
    if found.text:
        yield TextDelta(found.text)
