"""Ask the same model again after a transient failure, as long as nobody has read anything yet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import msgspec

from groq_core.errors import ProviderError
from groq_core.events import CONTENT_KINDS, Events, Waiting
from groq_core.failures import policy
from groq_core.fallback.decide import Move, State, decide
from groq_core.pipeline import Attempt, Handler
from groq_core.requests import ChatRequest, Message


class Retry:
    """
    Repeat an attempt as the policy says; the one owner of retries.

    What has been shown is never asked for again here: from the first content on, a failure is the chain's.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._sleep = sleep
        self._uniform = uniform

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        tried = 0
        while True:
            committed = False
            try:
                events = handle(attempt)
                try:
                    async for event in events:
                        committed = committed or type(event) in CONTENT_KINDS
                        yield event
                finally:
                    await events.aclose()
            except ProviderError as error:
                move = None if committed or attempt.hedge or error.attempt is None else _decide(error, attempt, tried)
                if move is None or move.to != "retry":
                    raise
                failure = error.with_traceback(None)  # which leads back to this frame, and would keep the request
            else:
                return
            if failure.attempt is not None:
                yield failure.attempt
            tried += 1
            attempt = with_lesson(attempt, failure)
            wait = move.wait_s + (self._uniform(0.0, move.jitter_s) if move.jitter_s else 0.0)
            if wait > 0:
                yield Waiting(seconds=wait, reason=policy.judge(failure).says, target=attempt.spec.name)
                await self._sleep(wait)


def _decide(error: ProviderError, attempt: Attempt, tried: int) -> Move:
    budget = attempt.budget
    return decide(
        State(
            repeatable=True,
            tried=tried,
            left=budget.remaining,
            peers=attempt.peers,
            others=attempt.others,
            last=attempt.last,
            left_s=budget.remaining_s,
        ),
        error,
    )


def with_lesson(attempt: Attempt, failure: ProviderError) -> Attempt:
    """
    Let the model know what was wrong with its last try, where the policy says so.

    What it wrote is handed back as its own turn, so that it can mend it; nothing of it goes anywhere else.
    """
    request = attempt.request
    if policy.judge(failure).mend != "tell" or not isinstance(request, ChatRequest) or attempt.prefill:
        return attempt  # a lesson behind the beginning of an answer would no longer be its beginning
    lesson: list[Message] = []
    if failure.failed_generation:
        lesson.append({"role": "assistant", "content": failure.failed_generation[:4000]})
    what = "tool call" if request.params.get("tools") else "JSON"
    lesson.append(
        {
            "role": "user",
            "content": f"That was not a valid {what}: {failure.message[:500]} "
            f"Answer the request above again, with a valid {what}.",
        }
    )
    mended = msgspec.structs.replace(request, messages=(*request.messages, *lesson))
    return msgspec.structs.replace(attempt, request=mended)
