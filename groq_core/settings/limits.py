"""What one person may use: ``20/minute, 500/day, 2 usd/day, 30 usd/month``."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["requests", "tokens", "usd"]

WINDOWS: Final = {"minute": 60, "hour": 3600, "day": 86_400, "month": 30 * 86_400}
"""Seconds; a month is thirty days that move along, not the calendar's."""

LEAST: Final = 1e-6
MOST: Final = 1e12 - 1

ALLOWED: Final = (
    "AMOUNT/WINDOW separated by commas, each pair once: 20/minute, 500/day, 100000 tokens/day, 2 usd/day, 30 usd/month;"
    f" windows are {', '.join(WINDOWS)}"
)


class PersonLimit(msgspec.Struct, frozen=True, order=True):
    """
    One bound.

    Attributes:
        kind: What is counted: requests, tokens in and out, or dollars.
        amount: How much of it.
        window: A word of :data:`WINDOWS`.
    """

    kind: Kind
    amount: float
    window: str

    @property
    def window_s(self) -> int:
        return WINDOWS[self.window]

    def __str__(self) -> str:
        unit = "" if self.kind == "requests" else f" {self.kind}"
        return f"{plain(self.amount)}{unit}/{self.window}"


def plain(amount: float) -> str:
    """
    An amount as it can be read again, by people, by clients in a header and by :func:`limits`: without an exponent.

    >>> plain(1e6), plain(1234567.0), plain(0.00009), plain(2.5)
    ('1000000', '1234567', '0.00009', '2.5')
    """
    return f"{amount:.6f}".rstrip("0").rstrip(".")


def limits(text: str) -> tuple[PersonLimit, ...]:
    """
    Read what one person may use.

    >>> [str(limit) for limit in limits("20/minute, 500 requests/day, 2usd/day, 1e5 tokens/hour")]
    ['20/minute', '500/day', '2 usd/day', '100000 tokens/hour']
    >>> [str(limit) for limit in limits("1234567 tokens/day, 0.00009 usd/day, 1e+06/day")]
    ['1234567 tokens/day', '0.00009 usd/day', '1000000/day']

    Raises:
        ValueError: It says what is allowed.
    """
    found: dict[tuple[str, str], PersonLimit] = {}
    for part in filter(None, (word.strip().lower() for word in text.split(","))):
        matched = re.fullmatch(
            r"(?:\$\s*)?(\d{1,12}(?:\.\d{1,6})?(?:e[+-]?\d{1,2})?)\s*+(requests?|tokens?|usd|\$)?\s*+(?:/|per\s)\s*([a-z]+)",
            part,
        )
        if matched is None:
            raise ValueError(ALLOWED)
        window = matched[3].removesuffix("s")
        unit = "usd" if part.startswith("$") or matched[2] in ("usd", "$") else (matched[2] or "requests")
        kind: Kind = "usd" if unit == "usd" else "tokens" if unit.startswith("token") else "requests"
        amount = float(matched[1])
        if window not in WINDOWS or not LEAST <= amount <= MOST or (kind, window) in found:
            raise ValueError(ALLOWED)
        if kind != "usd" and amount != int(amount):
            raise ValueError(ALLOWED)
        found[kind, window] = PersonLimit(kind, amount, window)
    if not found:
        raise ValueError(ALLOWED)
    return tuple(found.values())
