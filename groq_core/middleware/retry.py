"""Ask the same model again after a hiccup, as long as nobody has read anything yet."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import msgspec

from groq_core.errors import ProviderError
from groq_core.events import CONTENT, AttemptFailed, Events, Waiting
from groq_core.failures import policy
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
                async with aclosing(handle(attempt)) as events:
                    async for event in events:
                        committed = committed or isinstance(event, CONTENT)
                        yield event
            except ProviderError as error:
                wait = None if committed else self._wait(error, attempt, tried)
                if wait is None:
                    raise
                failure = error
            else:
                return
            if isinstance(failure.story, AttemptFailed):
                yield failure.story
            tried += 1
            attempt = told(attempt, failure)
            if wait > 0:
                yield Waiting(seconds=wait, reason=policy.judge(failure).says, target=attempt.spec.name)
                await self._sleep(wait)

    def _wait(self, error: ProviderError, attempt: Attempt, tried: int) -> float | None:
        # The last of the attempts is not for the one that just failed, as long as there is somebody else.
        left = attempt.budget.attempts - attempt.budget.taken
        if attempt.hedge or error.story is None or left < (1 if attempt.last else 2):
            return None
        return policy.retry_wait(
            policy.judge(error),
            error,
            tried=tried,
            last=attempt.last,
            left_s=attempt.budget.left_s,
            uniform=self._uniform,
        )


def told(attempt: Attempt, failure: ProviderError) -> Attempt:
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
