"""What a benchmark gives: rows, each a ratio to a named peer and the mark it should reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any


class WrongTextError(Exception):
    """What arrived is not what was sent, so there is nothing to be fast at."""


class BusyMachineError(Exception):
    """Other work on the machine would be measured as well."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.

    Attributes:
        value: What was measured; None when it could not be, and ``detail`` says why.
        reach: The mark; None for a row that only informs.
        at_most: Whether the mark is an upper or a lower bound.
        unit: Behind the number, for example ``×`` or ``ms``.
    """

    what: str
    value: float | None
    unit: str
    against: str
    reach: float | None = None
    at_most: bool = True
    detail: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the mark is reached; None without a mark or a value."""
        if self.value is None or self.reach is None:
            return None
        return self.value <= self.reach if self.at_most else self.value >= self.reach

    @property
    def mark(self) -> str:
        if self.reach is None:
            return "–"
        return f"{'≤' if self.at_most else '≥'} {figure(self.reach)} {self.unit}"

    @property
    def measured(self) -> str:
        return "–" if self.value is None else f"{figure(self.value)} {self.unit}"

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "**no**", None: ""}[self.met] if self.value is not None else "not measured"


@dataclass(slots=True)
class Bench:
    """What every benchmark is given."""

    quick: bool = False
    notes: list[str] = field(default_factory=list)

    def times(self, many: int, few: int) -> int:
        return few if self.quick else many


Benchmark = Callable[[Bench], Coroutine[Any, Any, list[Row]]]


def figure(value: float) -> str:
    """
    Three significant digits, without a zero too many.

    >>> figure(0.04567), figure(1.0213), figure(284.4), figure(20), figure(12345)
    ('0.0457', '1.02', '284', '20', '12345')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percentile(values: Sequence[float], share: float) -> float:
    """
    The value that this share of all does not exceed.

    >>> percentile([3, 1, 2], 0.5), percentile(range(1, 101), 0.95)
    (2, 95)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def check(got: str, sent: str, who: str) -> None:
    """
    Raises:
        WrongTextError: They differ.
    """
    if got == sent:
        return
    at = next((i for i, (a, b) in enumerate(zip(got, sent, strict=False)) if a != b), min(len(got), len(sent)))
    raise WrongTextError(f"{who}: {len(got)} characters of {len(sent)}, the first difference at {at}")
