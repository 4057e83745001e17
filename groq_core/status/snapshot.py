"""
What is going on, frozen at one moment: the router decides by it, the status panel shows it, `/v1/status` sends it.

Durations are seconds relative to ``taken_at``, so that a page needs no clock in step with ours.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from groq_core.errors import Kind
from groq_core.models.catalogue import CatalogueStatus
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.router.target_state import TargetState, TierStatus


class TargetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    One target of the chain.

    Attributes:
        name: ``provider:model``.
        tiers: Tiers whose list it is on.
        state: ``gone``: the provider no longer offers it to this key.
        rests_for_s: Seconds it still cools down; None when it does not.
        last_error, last_error_text: Its newest failure, as a word and as a sentence for people.
        ttft_p50_s, ttft_p95_s: Of its newest answers; None before the first.
        tokens_per_s: Of its newest answer, as the model counted.
        note: Its life cycle in words ("shut down 2026-08-16, enterprise contracts only"); may be empty.
    """

    name: str
    provider: str
    model: str
    tiers: tuple[str, ...]
    state: TargetState
    rests_for_s: float | None = None
    last_error: Kind | None = None
    last_error_text: str = ""
    last_error_ago_s: float | None = None
    inflight: int = 0
    attempts: int = 0
    answered: int = 0
    failed: int = 0
    ttft_p50_s: float | None = None
    ttft_p95_s: float | None = None
    tokens_per_s: float | None = None
    limits: tuple[LimitStatus, ...] = ()
    note: str = ""


class CacheStatus(msgspec.Struct, frozen=True, kw_only=True):
    entries: int
    capacity: int
    hits: int
    misses: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """
    Everything the status panel shows.

    Attributes:
        version: Grows by at least one with every change.
        mode: ``simulator`` when the providers are the built-in ones.
        taken_at: Unix time in seconds.
        shared: The state that several processes share: ``in step``, ``away: WHY``, or empty where there is none.
        replicas: Processes that share it.
        database: That of a team: ``in step``, ``away: WHY``, or empty where there is none.
        announcement: What an admin wants everybody to read; empty for nothing.
        ready: A request would have a target now; ``not_ready_why`` says why it would not.
    """

    version: int
    mode: Literal["live", "simulator"]
    taken_at: float
    ready: bool
    not_ready_why: str
    catalogue: CatalogueStatus
    tiers: tuple[TierStatus, ...]
    targets: tuple[TargetStatus, ...]
    cache: CacheStatus
    inflight: int
    requests: int
    degraded: int
    fallbacks: int
    shared: str = ""
    replicas: int = 1
    database: str = ""
    announcement: str = ""
