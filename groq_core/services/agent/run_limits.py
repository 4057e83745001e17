"""How long, how far and for how much a run may go on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from groq_core.errors import RequestError

Price: TypeAlias = Callable[[int, int], float | None]
"""From tokens of the prompt and of the answer to US dollars at most; None where no price is known."""

ANSWER_SHARE: Final = 0.2
"""Part of a run's seconds that is kept for its answer, but not more than :data:`ANSWER_S`."""
ANSWER_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLimits:
    """
    The bounds of a run.

    Attributes:
        steps: Times the model is asked.
        seconds: Wall clock; waiting for approval does not count.
        usd: Money. Where no price is known it cannot be kept, so it is refused.
        tokens: Prompts and answers of all steps together.

    Raises:
        RequestError: One of them is no bound (not a number, zero or less).
    """

    steps: int = 10
    seconds: float = 120.0
    usd: float | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        check_count("max_steps", self.steps)
        if self.tokens is not None:
            check_count("max_tokens", self.tokens)
        check_amount("max_seconds", self.seconds)
        if self.usd is not None:
            check_amount("max_usd", self.usd)

    @property
    def answer_s(self) -> float:
        """Seconds kept for the answer."""
        return min(ANSWER_S, ANSWER_SHARE * self.seconds)


def check_count(name: str, value: object) -> None:
    """
    Raises:
        RequestError: It is no whole number from 1 on.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _limit_error(name, value, "a whole number from 1 on")


def check_amount(name: str, value: object) -> None:
    """
    Raises:
        RequestError: It is no number above 0 that ends somewhere.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise _limit_error(name, value, "a number above 0")


def _limit_error(name: str, value: object, wanted: str) -> RequestError:
    return RequestError(
        f"{name} is {value!r}, which is no limit", param=name, code="invalid_value", hint=f"Give {wanted}."
    )
