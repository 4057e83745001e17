"""Give up on a model that has gone quiet."""

from __future__ import annotations

import asyncio

from groq_core.errors import Kind, ProviderError
from groq_core.events import CONTENT_KINDS, Events
from groq_core.pipeline import Attempt, Bypass, Handler
from groq_core.requests import ChatRequest, SpeechRequest, TranscriptionRequest

USUAL_ANSWER_TOKENS = 2048
"""Allowed for in an answer that comes in one piece and sets no maximum."""

USUAL_TOKENS_PER_S = 500.0
"""Of a model whose speed nobody stated."""


PROMPT_TOKENS_PER_S = 5_000.0
"""Tokens of a long prompt a model reads in a second, at least, before it says its first word."""

LEFT_OVER_S = 2.0
"""Seconds in which a model that is well says its first word."""

SHORT_PROMPT = 10_000
"""Tokens of a prompt that are read within the time everybody gets."""


class Deadline:
    """
    Allow so long for the first content, so long between two events, and no longer than the request has left.

    Args:
        first: Seconds to the first content of a streamed chat. A long prompt, and what answers in one piece, get an
            allowance on top, from the length of what is asked.
        idle: Seconds between two events after that.
    """

    def __init__(self, *, first: float, idle: float) -> None:
        self.first = first
        self.idle = idle

    def allowance(self, attempt: Attempt) -> float:
        """
        Seconds to the first content; a recording or a whole answer takes longer than a first word.

        While others could still be asked, no attempt gets more than half of the time that is left, or the time that
        every first word gets; where that is nearly all, something of it is left to the others.
        """
        allowed, left = self.first + self._extra(attempt), attempt.budget.remaining_s
        return allowed if attempt.last else min(allowed, max(min(self.first, left - LEFT_OVER_S), left / 2))

    def _extra(self, attempt: Attempt) -> float:
        match attempt.request:
            case ChatRequest() as request:
                needs = request.needs
                reading = max(0, needs.prompt_tokens - SHORT_PROMPT) / PROMPT_TOKENS_PER_S
                if request.stream:
                    return reading
                wanted = needs.max_tokens or USUAL_ANSWER_TOKENS
                return reading + wanted / (attempt.spec.tokens_per_s or USUAL_TOKENS_PER_S)
            case TranscriptionRequest(duration_s=seconds):
                # Groq transcribes at about 200 times real time; a backup on somebody's own machine may do 10.
                return seconds / 10
            case SpeechRequest():
                return self.idle

    async def __call__(self, handle: Handler[Attempt], attempt: Attempt) -> Events:
        watch = _Watch(attempt.bypass, self.idle, attempt.budget.remaining_s)
        allowed, kind = self.allowance(attempt), Kind.TIMEOUT_FIRST_TOKEN
        events = handle(attempt)
        try:
            watch.begin(allowed)
            async for event in events:
                # Outside the timeout on purpose: a slow reader is not a slow model.
                watch.pause()
                yield event
                if allowed is not self.idle and type(event) in CONTENT_KINDS:
                    allowed, kind = self.idle, Kind.TIMEOUT_IDLE
                watch.begin(allowed)
        except asyncio.CancelledError as error:
            if not watch.has_interrupted():
                raise
            if watch.all_is_spent:
                raise ProviderError(Kind.DEADLINE, "the time for this request is used up") from error
            raise ProviderError(kind, f"silent for {allowed:g} s") from error
        finally:
            watch.stop()
            await events.aclose()


class _Watch:
    """
    A timeout around one wait for an event after another, with one timer for all of them.

    `asyncio.timeout` sets and cancels a timer each time, 3 µs that a fast stream pays per event. Here the
    timer is left running and looks, when it fires, whether the wait it guards has really lasted that long.

    Args:
        bypass: By which something may come during a wait; it then lasts ``idle`` seconds from that on.
        left: Seconds that the request has from now on.
    """

    __slots__ = (
        "_bypass", "_cancelling", "_expired", "_fires_at", "_idle", "_latest", "_loop", "_now", "_silent_until",
        "_task", "_timer",
    )  # fmt: skip

    def __init__(self, bypass: Bypass | None, idle: float, left: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._bypass = bypass
        self._idle = idle
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = 0.0
        self._silent_until = 0.0
        self._latest = self._now() + left
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False

    def begin(self, seconds: float) -> None:
        """The running task waits for the next event, for so long, and for no longer than the request has left."""
        task = self._task = asyncio.current_task(self._loop)
        assert task is not None, "events are read inside a task"
        self._cancelling = task.cancelling()
        self._silent_until = self._now() + seconds
        # It never fires later than the request's own end.
        if self._timer is None or self._fires_at > self._silent_until:
            self._arm()

    def pause(self) -> None:
        """It has come; until the next wait begins nobody is interrupted."""
        self._task = None

    def has_interrupted(self) -> bool:
        """Whether the wait ended because it took too long, and not because somebody else cancelled the task."""
        if not self._expired or self._task is None:
            return False
        self._expired = False
        return self._task.uncancel() <= self._cancelling

    @property
    def all_is_spent(self) -> bool:
        """The last wait could not be as long as it should have been, since the request's own time ends before."""
        return self._latest < self._silent_until

    def _ends(self) -> float:
        """When the wait that is under way is over, by what has come past it so far."""
        if self._bypass is not None and self._bypass.last_at:
            self._silent_until = max(self._silent_until, self._bypass.last_at + self._idle)
        return min(self._silent_until, self._latest)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = self._ends()
        self._timer = self._loop.call_at(self._fires_at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._task is None:
            return  # the reader is busy; the next wait arms it again
        if self._now() < self._ends():
            self._arm()
            return
        self._expired = True
        self._task.cancel()

    def stop(self) -> None:
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
