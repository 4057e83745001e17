"""How a target is doing, and which target a tier resolves to, in the words the panel uses."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

TargetState: TypeAlias = Literal["healthy", "probing", "resting", "gone", "no_key"]


class TierStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which target a tier resolves to now, and why.

    Attributes:
        target: None when nobody could answer.
        candidates: Names of all who would be asked, in their order.
    """

    tier: str
    target: str | None
    why: str
    candidates: tuple[str, ...] = ()
