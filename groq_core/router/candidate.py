"""A route and what it is made of: candidates in their order, and who was passed over."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final, TypeAlias

import msgspec

from groq_core.errors import Kind
from groq_core.models.spec import ModelSpec, Tier
from groq_core.router.target_state import TargetState


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """
    How a target is doing, for the credential that asks.

    Attributes:
        rests_for_s: Seconds it still cools down; 0 unless it does.
        why: A predicate for people ("rests after a rate limit"); may be empty.
    """

    state: TargetState = "healthy"
    rests_for_s: float = 0.0
    why: str = ""


Availabilities: TypeAlias = Callable[[ModelSpec], Availability]

HEALTHY: Final = Availability()


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """
    A model that can do what is asked.

    Attributes:
        state: ``healthy``, ``probing`` or ``resting``; whether a resting one is asked is the chain's decision.
        rests_for_s: Seconds it still cools down.
        fits: False where the request is too large for it as it stands, so it comes last.
        why: What speaks against it, a predicate for people; empty when nothing does.
    """

    spec: ModelSpec
    state: TargetState = "healthy"
    rests_for_s: float = 0.0
    fits: bool = True
    why: str = ""

    @property
    def awake(self) -> bool:
        return self.state != "resting"


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A model of the list that is not asked: ``unsupported``, ``model_gone`` or ``auth``; ``why`` is a predicate."""

    spec: ModelSpec
    kind: Kind
    why: str


class Route(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """
    Attributes:
        tier: ``speed``, ``quality``, ``vision``, ``audio`` or ``speech``.
        reason: One sentence for the person who asked; never empty.
        candidates: In the order to be asked; nobody twice; empty when nobody can.
        excluded: Those of the list that were passed over.
    """

    tier: Tier
    reason: str
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The candidates' names; a route is kept and serves many requests."""
        return tuple(candidate.spec.name for candidate in self.candidates)

    @cached_property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The candidates' models."""
        return tuple(candidate.spec for candidate in self.candidates)


Candidates: TypeAlias = tuple[Candidate, ...]
Exclusions: TypeAlias = tuple[Excluded, ...]
Names: TypeAlias = tuple[str, ...]
