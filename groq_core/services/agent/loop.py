"""Chat with tools until done: ask, run what is called, tell the results, ask again, and end with an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Final

from groq_core.errors import GroqCoreError
from groq_core.events import EndReason, Events, Note, RunEnded, StepStarted, ToolCall
from groq_core.reply import Reply
from groq_core.requests import Message
from groq_core.services.agent.calling import read_arguments
from groq_core.services.agent.course import Course
from groq_core.services.agent.hosted import events_of_hosted_tools
from groq_core.services.agent.next_step import TimeUpError, ask_in_room, look_ahead_in_room
from groq_core.services.agent.outlooks import Outlook
from groq_core.services.agent.paused_run import RequestedCall
from groq_core.services.agent.tools import ArgumentsError
from groq_core.services.agent.working import work_off

_LIMIT_WORDS: Final[Mapping[EndReason, str]] = {
    "time_limit": "the time is nearly up",
    "money_limit": "the money is nearly spent",
    "token_limit": "the tokens are nearly used up",
}

_TOO_LITTLE: Final[Mapping[EndReason, str]] = {
    "time_limit": "the time may be too short",
    "money_limit": "the money may not be enough",
    "token_limit": "the tokens may not be enough",
}

_WORDLESS: Final = "the model called a tool where it was to answer, so there is no answer; what the tools gave is kept"


class AgentLoop:
    """The steps of one run."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.answer = ""

    async def events(self) -> Events:
        try:
            async with aclosing(self._steps()) as events:
                async for event in events:
                    yield event
        except GroqCoreError:
            yield self._end("broken")
            raise

    async def _steps(self) -> Events:
        course, state = self.course, self.course.state
        reason: EndReason | None = None
        if state.calls:
            async with aclosing(work_off(course, fresh=False)) as happenings:
                async for event in happenings:
                    yield event
            reason = "paused" if state.pending else None
        while reason is None:
            ahead, note = look_ahead_in_room(course)
            if note is not None:
                yield note
            if ahead.over:
                reason = ahead.limit
                break
            if ahead.last and ahead.limit != "step_limit":
                yield Note(code="final_answer", text=_why_final(ahead.limit, begun=state.step > 0))
            state.step += 1
            yield StepStarted(step=state.step)
            reply, prompt = Reply(), course.prompt_tokens()
            try:
                async with aclosing(ask_in_room(course, reply, ahead)) as events:
                    async for event in events:
                        yield event
            except TimeUpError:
                if reply.text:
                    state.messages.append(_assistant(reply.text, ()))
                    self.answer = reply.text
                reason = "time_limit" if ahead.last else None
                continue
            finally:
                course.pay(reply, prompt)
            if (finished := reply.finished) and finished.extra:
                for event in events_of_hosted_tools(finished.extra.get("executed_tools"), state.step):
                    yield event
            calls = course.own_ids(reply.tool_calls)
            wordless = bool(calls) and not reply.text.strip()
            if ahead.last and wordless and not course.bare and state.step < course.limits.steps:
                course.bare = True
                continue
            if not calls and not ahead.last and self._answers_longer(reply, ahead):
                self.answer = reply.text
                continue
            if ahead.last and wordless:
                yield Note(code="no_answer", text=_WORDLESS)
                reason = self._ending(reply, True, ahead)
                break
            if not calls or ahead.last:
                # On the last step a call is not run, and a call without a result may not stay.
                state.messages.append(_assistant(reply.text, ()))
                self.answer = reply.text
                reason = self._ending(reply, bool(calls), ahead)
                break
            state.messages.append(_assistant(reply.text, calls))
            state.calls = [RequestedCall(id=one.id, name=one.name, arguments=one.arguments) for one in calls]
            async with aclosing(work_off(course)) as happenings:
                async for event in happenings:
                    yield event
            reason = "paused" if state.pending else None
        yield self._end(reason)

    def _answers_longer(self, reply: Reply, ahead: Outlook) -> bool:
        """A step that got little room, and was cut off in it, is asked for its answer where that may be longer."""
        course = self.course
        if ahead.max_tokens is None or reply.finished is None or reply.finished.finish_reason != "length":
            return False
        course.cut = ahead.limit
        after = course.ahead()
        room = course.most_out if after.max_tokens is None else after.max_tokens
        return not after.over and (room > ahead.max_tokens or not reply.text.strip())

    def _ending(self, reply: Reply, calls: bool, ahead: Outlook) -> EndReason:
        if reply.receipt.degraded:
            return "degraded"
        if reply.finished and reply.finished.finish_reason == "length":
            return "length"
        # Whoever answers at the last of its steps has answered; calling again there is running into the limit.
        if ahead.last and (calls or ahead.limit in ("time_limit", "money_limit", "token_limit")):
            return ahead.limit
        return "answered"

    def _end(self, reason: EndReason) -> RunEnded:
        state = self.course.state
        state.elapsed_s, state.ids = self.course.elapsed_s, sorted(self.course.ids)
        return RunEnded(
            reason=reason,
            steps=state.step,
            elapsed_s=self.course.agent.clock() - self.course.started,
            cost_usd=state.cost_usd,
            messages=tuple(state.messages),
            answer=self.answer,
            state=state if reason == "paused" else None,
        )


def _why_final(limit: EndReason, *, begun: bool) -> str:
    """Why the next step must be the answer."""
    if begun:
        return f"{_LIMIT_WORDS[limit]}, so the model answers with what it has"
    return f"{_TOO_LITTLE[limit]} for calling tools and answering, so the model answers at once"


def _assistant(text: str, calls: Sequence[ToolCall]) -> Message:
    """Write the step down as the model said it; arguments that are no JSON would be refused, so they go empty."""
    message: Message = {"role": "assistant", "content": text or (None if calls else "")}
    if calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _sendable(call)}}
            for call in calls
        ]
    return message


def _sendable(call: ToolCall) -> str:
    try:
        return json.dumps(read_arguments(call.arguments), ensure_ascii=False)
    except ArgumentsError:
        return "{}"
