"""
What one person has used, and whether there is something left: requests, tokens and dollars by minute, hour, day, month.

Whoever is named (signed in, or by a token) has an allowance of his own, wherever he is; where nobody is named, the
address has one, since a visitor can be somebody new with every page.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
from cachetools import TTLCache

from groq_core.access.visit import site_of
from groq_core.errors import LIMIT_REACHED, RequestError
from groq_core.requests import Caller
from groq_core.settings.limits import WINDOWS, PersonLimit, plain

KNOWN = 100_000
"""Counters kept; one more makes the longest unused forgotten."""

NEARLY = 0.8
"""The part of a limit above which every answer says so."""

PATIENCE_S = 2.5
"""How long a request waits for what others hold and may give back."""

LOOK_S = 0.1
TINY = 1e-9

IN_WORDS = {"minute": "this minute", "hour": "this hour", "day": "today", "month": "this month"}
COUNTED = {"requests": "requests", "tokens": "tokens", "usd": "USD"}


class Count(NamedTuple):
    """
    A counter after something was counted.

    Attributes:
        resets_in_s: Seconds until it starts at 0 again.
        window: Which of its windows it is.
        held: The part of it that others hold for attempts under way, and may yet give back.
    """

    used: float
    resets_in_s: float
    window: float
    held: float = 0.0


class Ledger(Protocol):
    """Counters that begin at 0 with each window; replicas can share one."""

    async def add(
        self,
        key: str,
        window_s: int,
        amount: float,
        window: float | None = None,
        *,
        limit: float = math.inf,
        held: float = 0.0,
    ) -> Count:
        """
        Count.

        Args:
            window: Where it belongs, for what was held before; once that window is over, nothing is counted.
            limit: What is allowed; far below it replicas need not ask each other.
            held: How much more is held for attempts under way, and may yet be given back; less where one is over.
        """
        ...


class PeopleLimits(Protocol):
    """Limits of single people, which win over everybody's."""

    async def of(self, caller: Caller) -> Sequence[PersonLimit] | None: ...


class LocalLedger:
    """
    The counters of this process.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[int, TTLCache[str, tuple[float, float]]] = {
            seconds: TTLCache(KNOWN, seconds, timer=clock) for seconds in WINDOWS.values()
        }

    async def add(
        self,
        key: str,
        window_s: int,
        amount: float,
        window: float | None = None,
        *,
        limit: float = math.inf,
        held: float = 0.0,
    ) -> Count:
        counters, now = self._kept[window_s], self._clock()
        began, used = counters.get(key, (now, 0.0))
        if now - began >= window_s:
            began, used = now, 0.0
        if window is None or window == began:
            used = max(0.0, used + amount)
            if amount:
                counters[key] = began, used
        return Count(used, began + window_s - now, began)


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """
    One limit and what is used of it, as the page shows it.

    Attributes:
        resets_in_s: Seconds until nothing of it is used.
        text: In words, ``38 of 50 requests today``.
    """

    kind: str
    window: str
    limit: float
    used: float
    remaining: float
    resets_in_s: float
    text: str


def allowance(limit: PersonLimit, used: float, resets_in_s: float) -> Allowance:
    """
    >>> allowance(PersonLimit("requests", 50, "day"), 38, 60).text
    '38 of 50 requests today'
    """
    shown = f"{used:.2f}" if limit.kind == "usd" else f"{used:.0f}"
    return Allowance(
        kind=limit.kind,
        window=limit.window,
        limit=limit.amount,
        used=used,
        remaining=max(0.0, limit.amount - used),
        resets_in_s=round(resets_in_s, 1),
        text=f"{shown} of {plain(limit.amount)} {COUNTED[limit.kind]} {IN_WORDS[limit.window]}",
    )


class PersonReservation(msgspec.Struct, frozen=True):
    """So much of a limit is held for an attempt that is under way."""

    limit: PersonLimit
    key: str
    amount: float
    window: float


class Taken(msgspec.Struct):
    """What an attempt took."""

    requests: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    audio_s: float = 0.0
    usd: float = 0.0


class People:
    """
    Requests are counted when they come. Of tokens and dollars as much is held as an attempt can take at most, before
    it is sent, and what it did not take is given back: however many ask at once, they spend no more than there is.

    Args:
        limits: Everybody's.
        ledger: Where it is counted.
        own: Limits of single people.
    """

    def __init__(
        self, limits: Sequence[PersonLimit], ledger: Ledger | None = None, own: PeopleLimits | None = None
    ) -> None:
        self._limits = tuple(limits)
        self._ledger: Ledger = ledger or LocalLedger()
        self._own = own
        self._held: dict[str, float] = {}

    @property
    def has_limits(self) -> bool:
        """Whether anybody can have limits at all."""
        return bool(self._limits) or self._own is not None

    async def limits_of(self, caller: Caller) -> Sequence[PersonLimit]:
        own = await self._own.of(caller) if self._own is not None else None
        return self._limits if own is None else own

    async def enter(self, caller: Caller) -> None:
        """
        Count a request.

        Raises:
            RequestError: 429 with ``retry_after`` where one of the limits is used up; it is then not counted.
        """
        key = key_of(caller)
        if key is None:
            return
        counted: list[tuple[PersonLimit, float]] = []
        for limit in await self.limits_of(caller):
            one = 1.0 if limit.kind == "requests" else 0.0
            used, resets_in_s, window, others = await self._add(limit, key, one)
            if one:
                counted.append((limit, window))
            else:
                used -= self._held.get(_pot(limit, key), 0.0) + others
            if used > limit.amount or (not one and used >= limit.amount - TINY):
                for earlier, began in counted:
                    await self._add(earlier, key, -1.0, began)
                raise limit_error(limit, resets_in_s)

    async def reserve(self, caller: Caller, tokens: float, usd: float) -> list[Any]:
        """
        Hold what an attempt can take at most, before it is sent.

        Of tokens no more than are left: nobody knows how long an answer will be, and the last one may be too long.

        Raises:
            RequestError: 429 where there is not so much left and nobody gives anything back within 2.5 s.
        """
        key = key_of(caller)
        held: list[PersonReservation] = []
        if key is None:
            return held
        try:
            for limit in await self.limits_of(caller):
                amount = {"tokens": tokens, "usd": usd}.get(limit.kind, 0.0)
                if amount > 0:
                    held.append(await self._take(limit, key, amount))
        except BaseException:
            await self._give_back(held, {})
            raise
        return held

    async def _take(self, limit: PersonLimit, key: str, amount: float) -> PersonReservation:
        pot = _pot(limit, key)
        ends = time.monotonic() + PATIENCE_S
        while True:
            used, resets_in_s, window, others = await self._add(limit, key, amount, held=amount)
            if used <= limit.amount + TINY:
                self._held[pot] = self._held.get(pot, 0.0) + amount
                return PersonReservation(limit, key, amount, window)
            await self._add(limit, key, -amount, window, held=-amount)
            left, others = limit.amount - (used - amount), others + self._held.get(pot, 0.0)
            nobody_else = not others or time.monotonic() >= ends
            if limit.kind == "tokens" and left > TINY and nobody_else:
                amount = min(amount, left)
            elif nobody_else or (limit.kind == "usd" and left + others < amount):
                raise too_little(limit, resets_in_s, amount)
            else:
                await asyncio.sleep(LOOK_S * random.uniform(0.5, 1.5))  # two who look at once would look again at once

    async def settle(self, caller: Caller, held: Sequence[Any], model: str, line: Any) -> None:
        """An attempt is over: count what it took, and give back the rest of what was held for it."""
        await self._give_back(held, {"tokens": float(line.tokens_in + line.tokens_out), "usd": line.usd})

    async def _give_back(self, held: Sequence[PersonReservation], took: Mapping[str, float]) -> None:
        for one in held:
            pot = _pot(one.limit, one.key)
            self._held[pot] -= one.amount
            if self._held[pot] <= TINY:
                del self._held[pot]
        for one in held:
            rest = took.get(one.limit.kind, 0.0) - one.amount
            await self._add(one.limit, one.key, rest, one.window, held=-one.amount)

    async def _add(
        self, limit: PersonLimit, key: str, amount: float, window: float | None = None, *, held: float = 0.0
    ) -> Count:
        return await self._ledger.add(_name(limit, key), limit.window_s, amount, window, limit=limit.amount, held=held)

    def line(self, caller: Caller, model: str) -> Any:
        """An empty line."""
        return Taken()

    async def allowances(self, caller: Caller) -> list[Allowance]:
        """Every limit of a caller and what is used of it."""
        key = key_of(caller)
        if key is None:
            return []
        found = []
        for limit in await self.limits_of(caller):
            used, resets_in_s, _, others = await self._add(limit, key, 0.0)
            used = max(0.0, used - others - self._held.get(_pot(limit, key), 0.0))
            found.append(allowance(limit, used, resets_in_s))
        return found


def key_of(caller: Caller) -> str | None:
    """
    Whose counters a caller's are; None for this machine's own commands, which come by no connection.

    >>> key_of(Caller(user="page:x", address="2001:db8::1")), key_of(Caller(user="token:0", address="10.0.0.1"))
    ('address:2001:db8::/64', 'token:0')
    """
    if caller.person:
        return f"person:{caller.person}"
    if caller.user.startswith(("token:", "key:")):
        return caller.user
    return f"address:{site_of(caller.address)}" if caller.address else None


def limit_error(limit: PersonLimit, resets_in_s: float) -> RequestError:
    """What somebody is told who has used up a limit."""
    one = limit.amount == 1
    what = COUNTED[limit.kind].removesuffix("s") if one else COUNTED[limit.kind]
    used_up = f"your {plain(limit.amount)} {what} {IN_WORDS[limit.window]} {'is' if one else 'are'} used up"
    return _refusal(used_up, "Try again in {} s.", resets_in_s)


def too_little(limit: PersonLimit, resets_in_s: float, amount: float) -> RequestError:
    """What somebody is told who asks for more than is left of a limit."""
    if limit.kind != "usd" or amount <= 0:
        return limit_error(limit, resets_in_s)
    more = f"this could cost up to {amount:.4f} USD, more than is left of your {limit}"
    return _refusal(more, "Ask for fewer tokens (max_completion_tokens), or try again in {} s.", resets_in_s)


def _refusal(message: str, hint: str, resets_in_s: float) -> RequestError:
    wait = max(1, math.ceil(resets_in_s))
    return RequestError(message, status=429, code=LIMIT_REACHED, hint=hint.format(wait), retry_after=float(wait))


def headers_of(allowances: Sequence[Allowance]) -> list[tuple[bytes, bytes]]:
    """
    ``x-ratelimit-*`` as OpenAI's and Groq's clients read them; of several windows the one with the least left.

    >>> headers_of([allowance(PersonLimit("requests", 50, "day"), 38, 60)])[1]
    (b'x-ratelimit-remaining-requests', b'12')
    >>> headers_of([allowance(PersonLimit("requests", 50, "day"), 40, 60)])[-1]
    (b'x-groq-core-warning', b'40 of 50 requests today')
    """
    found: list[tuple[bytes, bytes]] = []
    for kind in COUNTED:
        of_kind = [one for one in allowances if one.kind == kind]
        if not of_kind:
            continue
        least = min(of_kind, key=lambda one: one.remaining / one.limit)
        digits = 4 if kind == "usd" else 0
        name = kind.encode()
        found += [
            (b"x-ratelimit-limit-" + name, plain(least.limit).encode()),
            (b"x-ratelimit-remaining-" + name, f"{least.remaining:.{digits}f}".encode()),
            (b"x-ratelimit-reset-" + name, f"{math.ceil(least.resets_in_s)}s".encode()),
        ]
    nearly = [one.text for one in allowances if one.limit * NEARLY <= one.used]
    return [*found, (b"x-groq-core-warning", "; ".join(nearly).encode())] if nearly else found


def _name(limit: PersonLimit, key: str) -> str:
    return f"{limit.kind} {key}"


def _pot(limit: PersonLimit, key: str) -> str:
    return f"{limit.window} {_name(limit, key)}"
