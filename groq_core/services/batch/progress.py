"""How far a batch has come, how fast it goes, what it has cost and when it will be done."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

RATE_WINDOW_S: Final = 60
"""Seconds over which the rate is measured, once there have been as many."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """
    A batch at one moment.

    Attributes:
        done: Lines answered, in earlier runs too.
        failed: Lines that have failed for good, in earlier runs too.
        resumed: Lines of ``done`` and ``failed`` that earlier runs settled.
        duplicates: Lines passed over because an earlier line has the same ``custom_id``.
        elsewhere: Lines that other runs of the same input have settled, in outputs of their own.
        truncated: Answers of this run that ended because they reached their maximum length.
        total: Lines in the source; None until it is known.
        in_flight: Lines being asked now.
        again: Lines that wait to be asked again.
        tokens_in, tokens_out, usd: Of this run; None where a price is unknown.
        rate_per_min: Lines settled a minute, over the last minute.
        eta_s: Seconds until the end at this rate; None while nobody can tell.
        elapsed_s: Seconds since this run began.
        paused_s: Seconds until new lines are asked again, and ``paused_why``; 0 while they are.
        unreadable: Results that could not be read; the lines they were for have no answer.
        unknown: Results for ids nobody asked for; they are not counted.
        note: What is going on beside that, in words; may be empty.
    """

    done: int = 0
    failed: int = 0
    resumed: int = 0
    duplicates: int = 0
    elsewhere: int = 0
    truncated: int = 0
    total: int | None = None
    in_flight: int = 0
    again: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = 0.0
    rate_per_min: float = 0.0
    eta_s: float | None = None
    elapsed_s: float = 0.0
    paused_s: float = 0.0
    paused_why: str = ""
    unreadable: int = 0
    unknown: int = 0
    note: str = ""

    @property
    def done_count(self) -> int:
        """Lines nothing more will be done about."""
        return self.done + self.failed

    @property
    def rows(self) -> int:
        """Lines there are, as far as anybody has counted: ``done + failed + elsewhere + unanswered``."""
        return max(self.total or 0, self.done_count + self.duplicates + self.elsewhere)

    @property
    def open_count(self) -> int:
        """Lines that have neither an answer nor a failure, duplicates among them."""
        return self.rows - self.done_count - self.elsewhere

    @property
    def share(self) -> float | None:
        """Part of the whole that is settled, 0 to 1."""
        return None if not self.total else min(1.0, (self.done_count + self.duplicates + self.elsewhere) / self.total)


class ProgressMeter:
    """
    Lines a minute, over the last minute, in sixty counters.

    >>> now = iter([0.0, 0.5, 1.0, 2.0])
    >>> meter = ProgressMeter(clock=lambda: next(now))
    >>> meter.count(); meter.count()
    >>> meter.per_min()
    60.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._seconds: deque[list[int]] = deque()

    def count(self) -> None:
        """One more line is settled."""
        second = int(self._clock())
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([second, 1])
            self._trim(second)

    def _trim(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - RATE_WINDOW_S:
            self._seconds.popleft()

    def per_min(self) -> float:
        now = self._clock()
        self._trim(int(now))
        counted = sum(count for _, count in self._seconds)
        measured = min(float(RATE_WINDOW_S), now - self._started)
        return 60 * counted / measured if measured > 0 else 0.0
