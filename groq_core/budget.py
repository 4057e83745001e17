"""One budget for one user request: attempts, wall clock and money, whatever the chain does with them."""

from __future__ import annotations

import time
from collections.abc import Callable

from groq_core.errors import Kind, ProviderError


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
        return f"<Budget {self.taken}/{self.attempts} attempts, {self.left_s:.1f} s left>"

    @property
    def left_s(self) -> float:
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
        if self.left_s <= 0:
            raise ProviderError(Kind.DEADLINE, f"the request's {self.ends - self.started:g} s are used up")
        if self.taken >= self.attempts:
            raise ProviderError(Kind.BUDGET, f"all {self.attempts} attempts of this request are used up")
        if self.usd is not None and self.spent_usd >= self.usd:
            raise ProviderError(Kind.BUDGET, f"the request's {self.usd:g} USD are spent")
        self.taken += 1
        return self.taken
