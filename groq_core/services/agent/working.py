"""Run the calls of a step: checked, approved where they must be, side by side, and told to the model."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from groq_core.events import ApprovalAsked, Event, ToolCall, ToolFinished, ToolStarted
from groq_core.requests import Message
from groq_core.services.agent.calling import MOST_SHOWN, BoundCall, Result, clip, read_call, refusal, run_call
from groq_core.services.agent.course import Course
from groq_core.services.agent.history import PICTURES
from groq_core.services.agent.paused_run import Pending, ReportedResult, RequestedCall
from groq_core.services.agent.tools import MAX_RESULT
from groq_core.services.fan_out import events_of, run_all

MAX_PARALLEL: Final = 8
"""Tools of one step that run at the same time."""

REPEATS: Final = 3
"""Times the same call with the same arguments is run; then the model is told to do something else."""


async def work_off(course: Course, *, fresh: bool = True) -> AsyncGenerator[Event, None]:
    """Run the calls of a step side by side; what has to wait for a word is left pending."""
    state = course.state
    state.pending = []
    ready: list[tuple[RequestedCall, BoundCall]] = []
    for asked in state.calls:
        if asked.id in state.results:
            continue
        call = ToolCall(id=asked.id, name=asked.name, arguments=asked.arguments)
        found = read_call(call, course.agent.tools, state.step)
        if isinstance(found, BoundCall):
            found = _check_call(course, found, asked, fresh)
        if isinstance(found, BoundCall) and found.tool.dangerous:
            word = course.words.pop(found.approval, None)
            if word is None:
                yield ApprovalAsked(
                    step=state.step,
                    call=asked.id,
                    name=asked.name,
                    arguments=found.arguments_text,
                    approval=found.approval,
                )
                if course.agent.pause:
                    state.pending.append(
                        Pending(approval=found.approval, call=asked.id, name=asked.name, arguments=found.arguments_text)
                    )
                    continue
                found = await _approve(course, found)
            elif not word:
                found = refusal(f"the user declined this call of {asked.name}")
            elif found.approval in course.agent.spent:
                found = refusal(f"the approval of this call of {asked.name} was used already")
            else:
                course.agent.spent.add(found.approval)
        shown = found.arguments_text if isinstance(found, BoundCall) else asked.arguments
        yield ToolStarted(step=state.step, call=asked.id, name=asked.name, arguments=clip(shown, MAX_RESULT))
        if isinstance(found, BoundCall):
            ready.append((asked, found))
        else:
            yield _finish_tool(course, asked, found)
    async with aclosing(_together(course, ready)) as results:
        async for asked, result in results:
            yield _finish_tool(course, asked, result)
    if not state.pending:
        _tell(course)


def _check_call(course: Course, call: BoundCall, asked: RequestedCall, fresh: bool) -> BoundCall | Result:
    """The call with the id it is approved by; refused where it repeats itself or nobody could read it."""
    shown = call.arguments_text
    same = json.dumps([asked.name, shown])
    course.state.repeats[same] = times = course.state.repeats.get(same, 0) + fresh
    if times > REPEATS:
        return refusal(
            f"{asked.name} was called {times} times with the same arguments; its result stands above. "
            "Do something else, or answer with what is known"
        )
    if call.tool.dangerous and len(shown) > MOST_SHOWN:
        return refusal(
            f"this call of {asked.name} has {len(shown)} characters of arguments, more than anybody can be "
            f"shown to approve ({MOST_SHOWN}); make it smaller"
        )
    return replace(call, approval=course.state.approval(asked.id, asked.name, shown))


def _tell(course: Course) -> None:
    """Write the results down as the model is told them, in the order of the calls."""
    state = course.state
    pictures: list[Message] = []
    for asked in state.calls:
        told = state.results[asked.id]
        state.messages.append({"role": "tool", "tool_call_id": asked.id, "content": told.text})
        if told.pictures and course.agent.sees:
            parts = [{"type": "image_url", "image_url": {"url": url}} for url in told.pictures]
            words = {"type": "text", "text": f"{PICTURES}{asked.name}]"}
            pictures.append({"role": "user", "content": [words, *parts]})
    state.messages += pictures
    state.calls, state.results = [], {}


async def _together(
    course: Course, ready: Sequence[tuple[RequestedCall, BoundCall]]
) -> AsyncGenerator[tuple[RequestedCall, Result], None]:
    room = asyncio.Semaphore(MAX_PARALLEL)
    results: asyncio.Queue[tuple[RequestedCall, Result] | None] = asyncio.Queue()

    async def run(asked: RequestedCall, call: BoundCall) -> None:
        async with room:
            seconds = course.remaining_s - course.limits.answer_s
            results.put_nowait((asked, await run_call(call, seconds=seconds, clock=course.agent.clock)))

    async with aclosing(events_of(lambda: run_all(run(asked, call) for asked, call in ready), results)) as events:
        async for result in events:
            yield result


async def _approve(course: Course, call: BoundCall) -> BoundCall | Result:
    if course.agent.approve is None:
        return refusal(f"{call.name} needs somebody's approval, and nobody is there to give it")
    asked = course.agent.clock()
    try:
        async with asyncio.timeout(course.agent.approval_seconds):
            word = course.agent.approve(call)
            agreed = await word if inspect.isawaitable(word) else word
    except TimeoutError:
        return refusal(f"nobody answered whether {call.name} may be called")
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # whoever asks may fail in any way, and then nobody has agreed
        own = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and own is not None and own.cancelling():
            raise
        return refusal(f"nobody could be asked whether {call.name} may be called ({type(error).__name__})")
    finally:
        course.waited_s += course.agent.clock() - asked
    return call if agreed is True else refusal(f"the user declined this call of {call.name}")


def _finish_tool(course: Course, asked: RequestedCall, result: Result) -> ToolFinished:
    course.state.results[asked.id] = ReportedResult(text=result.text, pictures=result.pictures)
    return ToolFinished(
        step=course.state.step,
        call=asked.id,
        name=asked.name,
        result=result.text,
        error=result.error,
        elapsed_s=result.elapsed_s,
    )
