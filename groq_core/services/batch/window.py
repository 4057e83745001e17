"""
How many lines may be under way: enough that the rate guard always has one to let in, and no more.

The guard in the chain spends the buckets to the last token as long as somebody waits before it. More waiting
than that gains nothing: a line would wait past its deadline, or be handed on to another model. So the window
follows Little's law: lines under way = lines a second × (seconds an answer takes + seconds it should wait).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Final

import msgspec

WAIT_S: Final = 1.0
"""Seconds a line should wait at the guard, so that the next one is there when the bucket has refilled."""

START: Final = 8
"""Lines under way before anything is known: as many as the guard lets through to an unknown model."""

WEIGHT: Final = 0.1
"""Of the newest line in the average answer, and of what is wanted in the window's size."""

MEASURED: Final = 32
"""Lines over whose ends the rate is measured."""


class WindowTurn(msgspec.Struct):
    """One line's way through the window, told as it goes."""

    started: float
    waited_s: float = 0.0

    def wait(self, seconds: float) -> None:
        """The rate guard holds it back for so long."""
        self.waited_s += seconds


class Window:
    """
    Let lines start, as many as the chain can use.

    Args:
        most: Lines under way at most, whatever is learnt.
    """

    def __init__(
        self,
        most: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.most = most
        self.size = float(min(START, most))
        self.in_flight = 0
        self.paused_until = 0.0
        self.paused_why = ""
        self._clock = clock
        self._sleep = sleep
        self._free = asyncio.Event()
        self._ends: deque[float] = deque(maxlen=MEASURED)
        self._answer_s: float | None = None

    def __repr__(self) -> str:
        return f"<Window {self.in_flight} of {self.size:.1f} under way, {self.pause_s:.0f} s paused>"

    @property
    def pause_s(self) -> float:
        """Seconds until lines may start again; 0 when they may."""
        return max(0.0, self.paused_until - self._clock())

    async def enter(self) -> WindowTurn:
        """Wait until one more line may start."""
        while True:
            if (pause := self.pause_s) > 0:
                await self._sleep(pause)
            elif self.in_flight < round(self.size):
                self.in_flight += 1
                return WindowTurn(started=self._clock())
            else:
                self._free.clear()
                await self._free.wait()

    def leave(self, turn: WindowTurn, *, answered: bool) -> None:
        """The line is over. One that was answered tells how wide the window should be."""
        full = self.in_flight >= round(self.size)
        self.in_flight -= 1
        now = self._clock()
        if answered:
            self._learn(turn, now, full)
        self._free.set()

    def _learn(self, turn: WindowTurn, now: float, full: bool) -> None:
        self._ends.append(now)
        answer_s = max(0.0, now - turn.started - turn.waited_s)
        self._answer_s = answer_s if self._answer_s is None else self._answer_s + (answer_s - self._answer_s) * WEIGHT
        measured_s = now - self._ends[0]
        if turn.waited_s <= 0:
            if full:
                self.size = min(float(self.most), self.size + 1)
        elif measured_s > 0:
            per_s = (len(self._ends) - 1) / measured_s
            wanted = ceil(per_s * (self._answer_s + WAIT_S))
            self.size += (min(self.most, max(1, wanted)) - self.size) * WEIGHT

    def pause(self, seconds: float, why: str) -> None:
        """Start nothing for a while: every model's limit is spent, or all of them rest."""
        if self.pause_s <= 0:
            # What comes after a pause feels its way again.
            self.size = max(1.0, self.size / 2)
            self._ends.clear()
        until = self._clock() + seconds
        if until > self.paused_until:
            self.paused_until, self.paused_why = until, why
