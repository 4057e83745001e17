"""Between the beat and this process's own buckets and breakers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from math import inf

import msgspec

from groq_core.encoding import json_bytes
from groq_core.errors import Kind
from groq_core.fallback.health import BreakerState, Health, LocalHealth
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.requests import SERVER
from groq_core.store.shared.beat import Rest


class ProcessState:
    """
    Shares and rests of this process, for the server's own key alone: visitors' keys are no other replica's business.
    """

    def __init__(
        self,
        budgets: LocalBudgets,
        store: LocalHealth,
        health: Health,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budgets = budgets
        self._store = store
        self._health = health
        self._clock = clock
        self._told: dict[str, float] = {}
        self._heard: dict[str, float] = {}

    # ── shares ───────────────────────────────────────────────────────────────────────────────────────

    def demands(self) -> Mapping[str, tuple[float, float, float]]:
        return {name: buckets.demand() for name, buckets in self._budgets.under(SERVER)}

    def share(self, target: str, share: float) -> None:
        self._budgets.of(SERVER, target).set_share(share)

    def everywhere(self, share: float) -> None:
        self._budgets.share = share

    # ── rests ────────────────────────────────────────────────────────────────────────────────────────

    def news(self) -> list[Rest]:
        found = []
        now = self._clock()
        for name, breaker in self._store.under(SERVER):
            ends = breaker.cooling_until
            if ends > now and ends not in (self._told.get(name), self._heard.get(name)):
                self._told[name] = ends
                found.append(Rest(name, ends - now, _note(breaker)))
            elif breaker.is_closed and (name in self._told or name in self._heard):
                self._told.pop(name, None)
                self._heard.pop(name, None)
                found.append(Rest(name, 0.0, ""))
        return found

    def tell_anew(self) -> None:
        self._told.clear()

    def resting(self, rests: Iterable[Rest]) -> None:
        now = self._clock()
        names = set()
        for rest in rests:
            names.add(rest.name)
            breaker = self._store.of(SERVER, rest.name)
            ends = now + rest.seconds
            kind, failures, told, text, gone = msgspec.json.decode(rest.note)
            if told and not gone:
                # Whoever guessed at a longer rest here is not to ask before that either.
                breaker.told_until = max(breaker.told_until, ends - (0.0 if told is True else told))
            known = self._heard.get(rest.name)
            # A rest is told again with every beat; clocks make a difference of milliseconds.
            if breaker.cooling_until >= ends - 0.5 or (known is not None and abs(known - ends) < 0.5):
                continue
            breaker.failures = max(breaker.failures, failures)
            breaker.last_error, breaker.last_error_text = Kind(kind) if kind else None, text
            breaker.last_error_at = now
            breaker.cooling_until = self._heard[rest.name] = inf if gone else ends
            self._health.announce()
        for name in [name for name in self._heard if name not in names]:
            ends = self._heard.pop(name)
            breaker = self._store.of(SERVER, name)
            if breaker.cooling_until == ends:
                breaker.close()
                self._health.announce()


def _note(breaker: BreakerState) -> str:
    kind = str(breaker.last_error) if breaker.last_error else ""
    gone = breaker.cooling_until == inf
    # How much of the rest is a guess, beyond what the provider asked for: seconds, or that all of it was asked for.
    guessed = breaker.cooling_until - breaker.told_until
    told = bool(breaker.told_until) and not gone and (round(guessed, 3) or True)
    return json_bytes([kind, breaker.failures, told, breaker.last_error_text[:200], gone]).decode()
