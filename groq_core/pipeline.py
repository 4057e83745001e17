"""
The shape of everything that answers: a handler takes a request and yields events.

A middleware takes the next handler and a request, and yields events: most of them the ones it is given. It
closes what it forwards, since Python closes an abandoned generator only when it is collected (``aclose`` in a
``finally``: `aclosing` says the same and takes three calls for it, nine times a request), and no ``yield`` ever stands
inside a timeout or a task group (PEP 789).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import Events, Outlet
from groq_core.models.spec import ModelSpec
from groq_core.requests import Request

In = TypeVar("In")

Handler: TypeAlias = Callable[[In], Events]
Middleware: TypeAlias = Callable[[Handler[In], In], Events]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    One request to one model, retries included.

    Attributes:
        request: What is asked, as it is sent to this model: it may be trimmed, or carry a prefill.
        spec: The model.
        budget: Attempts, time and money left for the user request this belongs to.
        last: No candidate comes after this one, so waiting is better than going on.
        patient: Whoever could come before or instead is full as well, so a spent rate limit is waited for.
        peers, others: Targets of the same provider, and of other providers, that have their turn yet: so many of
            the upstream requests left are kept for them.
        hedge: It races another attempt.
        prefill: The last message is the beginning of the answer, to be continued.
        forced: The target cools down, but there is nobody else; it is asked as a probe.
        insistent: It is asked although our own count says that the request could never fit its limits.
        bypass: Takes words past the events, once the first have gone through them; a layer that has to know of
            them looks there when it has to.
        on_headers: Called by the provider with the answer's headers (names in lower case), as soon as they
            are here, whatever the status.
    """

    request: Request
    spec: ModelSpec
    budget: Budget
    last: bool = False
    patient: bool = False
    peers: int = 0
    others: int = 0
    hedge: bool = False
    prefill: bool = False
    forced: bool = False
    insistent: bool = False
    bypass: Bypass | None = None
    on_headers: Callable[[Mapping[str, str]], None] | None = None


class Bypass:
    """
    The way past the layers of one attempt, and what has gone by it.

    Words are many, and telling each layer of every one is most of what they cost; so nobody is told. What a layer has
    to know (how long nothing has come, how much there was) it finds here at the moment when it matters.

    Args:
        take: The reader's.

    Attributes:
        words: Text that went past, in pieces.
        thought: Bytes of thinking that did.
        last_at: Loop time at which something last did; 0 before that.
    """

    __slots__ = ("_now", "_take", "last_at", "thought", "words")

    def __init__(self, take: Outlet) -> None:
        self._take = take
        self._now = asyncio.get_running_loop().time
        self.words: list[str] = []
        self.thought = 0
        self.last_at = 0.0

    def __call__(self, words: str, thought: bool) -> bool:
        """Let words, or thoughts, go past; false when their reader can take none now."""
        if not self._take(words, thought):
            return False
        self.last_at = self._now()
        if thought:
            self.thought += len(words.encode())
        else:
            self.words.append(words)
        return True


def stack(*middlewares: Middleware[In] | None, around: Handler[In]) -> Handler[In]:
    """Wrap a handler; the first middleware is the outermost, as it reads. None is a layer that is not wanted."""
    handler = around
    for middleware in reversed([one for one in middlewares if one is not None]):
        handler = partial(middleware, handler)
    return handler


class Budget:
    """
    What is left for a user request.

    Args:
        attempts: Upstream requests allowed, retries included.
        seconds: Wall clock from now to the end of the answer.
        usd: Money allowed, or None for no bound. Checked before each attempt against what is spent.
    """

    __slots__ = ("_clock", "attempts", "ends", "spent_usd", "started", "taken", "usd")

    def __init__(
        self, *, attempts: int, seconds: float, usd: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self.attempts = attempts
        self.taken = 0
        self.started = clock()
        self.ends = self.started + seconds
        self.usd = usd
        self.spent_usd = 0.0

    def __repr__(self) -> str:
        return f"<Budget {self.taken}/{self.attempts} attempts, {self.remaining_s:.1f} s left>"

    @property
    def remaining(self) -> int:
        """Upstream requests that may still be sent."""
        return self.attempts - self.taken

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.ends - self._clock()

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self.started

    def take(self) -> int:
        """
        Spend one attempt.

        Returns:
            Its number, counted from 1.

        Raises:
            ProviderError: Of kind ``deadline`` or ``budget`` when nothing is left.
        """
        if self.remaining_s <= 0:
            raise ProviderError(Kind.DEADLINE, f"the request's {self.ends - self.started:g} s are used up")
        if self.taken >= self.attempts:
            raise ProviderError(Kind.BUDGET, f"all {self.attempts} attempts of this request are used up")
        if self.usd is not None and self.spent_usd >= self.usd:
            raise ProviderError(Kind.BUDGET, f"the request's {self.usd:g} USD are spent")
        self.taken += 1
        return self.taken
