"""The state of everything, read by the router and shown on the status panel; whoever waits is woken when it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal, Protocol

from groq_core.failures import policy
from groq_core.fallback.health import Health
from groq_core.middleware.cache import Cache
from groq_core.middleware.log import Log
from groq_core.models.catalogue import CatalogueKeeper, life
from groq_core.models.spec import ModelSpec, Tier
from groq_core.ratelimit.budgets import LocalBudgets, limit_status
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.requests import SERVER
from groq_core.router.availability import Router
from groq_core.router.target_state import TargetState
from groq_core.status.snapshot import CacheStatus, Snapshot, TargetStatus
from groq_core.telemetry.metrics import Metrics


class ChangeNotifier:
    """Counts changes and wakes who waits for the next one. Notifying costs an addition when nobody listens."""

    def __init__(self) -> None:
        self.version = 1
        self._event: asyncio.Event | None = None

    def notify(self) -> None:
        self.version += 1
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait_for_change(self, version: int) -> int:
        """Wait until the version is above ``version``; returns it."""
        while self.version <= version:
            if self._event is None:
                self._event = asyncio.Event()
            await self._event.wait()
        return self.version


class Shared(Protocol):
    """What several processes share."""

    def status(self) -> str: ...

    @property
    def replicas(self) -> int: ...


class Board:
    """
    Everything there is to show, put together on request.

    Args:
        router: Knows which models are on which list, and which target each tier resolves to now.
        has_key: Whether a provider can be asked at all.
    """

    def __init__(
        self,
        changes: ChangeNotifier,
        *,
        mode: Literal["live", "simulator"],
        catalogue: CatalogueKeeper,
        router: Router,
        has_key: Callable[..., bool],
        health: Health,
        budgets: LocalBudgets,
        metrics: Metrics,
        cache: Cache,
        log: Log,
        shared: Shared | None = None,
        database: Callable[[], str] = lambda: "",
        announcement: Callable[[], str] = lambda: "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._changes = changes
        self._mode = mode
        self._catalogue = catalogue
        self._router = router
        self._has_key = has_key
        self._health = health
        self._budgets = budgets
        self._metrics = metrics
        self._cache = cache
        self._log = log
        self._shared = shared
        self._database = database
        self._announcement = announcement
        self._clock = clock
        self._wall = wall
        self._recent: dict[str, tuple[float, Snapshot]] = {}

    @property
    def version(self) -> int:
        return self._changes.version

    async def wait_for_change(self, version: int) -> int:
        """Wait until something has changed since ``version``; returns the new one."""
        return await self._changes.wait_for_change(version)

    def snapshot(self, credential: str = "server", *, within_s: float = 0.0) -> Snapshot:
        """
        Everything as it is now, as far as it concerns requests under this credential.

        Args:
            within_s: One that somebody else has had taken so many seconds ago will do. Every open page follows the
                state, and taking it costs as much as a question.
        """
        now = self._clock()
        taken_at, recent = self._recent.get(credential, (0.0, None))
        if recent is not None and now - taken_at < within_s:
            return recent
        found = self._take(credential)
        if within_s:
            self._recent = {name: one for name, one in self._recent.items() if now - one[0] < within_s}
            self._recent[credential] = now, found
        return found

    def _take(self, credential: str) -> Snapshot:
        targets = tuple(self._target(credential, spec, tiers) for spec, tiers in self._router.targets().items())
        tiers = self._router.tier_statuses(credential)
        ready = any(target.state in ("healthy", "probing") for target in targets if "speed" in target.tiers)
        store = self._cache.store
        return Snapshot(
            version=self._changes.version,
            mode=self._mode,
            taken_at=self._wall(),
            ready=ready,
            not_ready_why="" if ready else self._why_not(targets),
            catalogue=self._catalogue.current.status(self._wall()),
            tiers=tiers,
            targets=targets,
            cache=CacheStatus(
                entries=len(store) if store is not None else 0,
                capacity=int(getattr(store, "maxsize", 0)) if store is not None else 0,
                hits=self._metrics.cache_hits,
                misses=self._metrics.cache_misses,
            ),
            inflight=self._log.under_way,
            requests=self._metrics.requests,
            degraded=self._metrics.degraded,
            fallbacks=self._metrics.fallbacks,
            shared=self._shared.status() if self._shared is not None else "",
            replicas=self._shared.replicas if self._shared is not None else 1,
            database=self._database(),
            announcement=self._announcement(),
        )

    def target(self, tier: Tier) -> str | None:
        """Who would be asked now in a tier (``provider:model``), without looking at anything else."""
        return self._router.target(tier)

    def limits(self, name: str, credential: str = "server") -> tuple[LimitStatus, ...]:
        """What is left of one target's limits, without looking at anything else: every answer may tell it."""
        buckets = self._budgets.find(credential, name)
        return limit_status(buckets, self._clock()) if buckets is not None else ()

    def _target(self, credential: str, spec: ModelSpec, tiers: tuple[str, ...]) -> TargetStatus:
        now = self._clock()
        stats = self._metrics.of(spec.name)
        breakers = [self._health.of(credential, spec.name), self._health.of(credential, spec.provider)]
        latest = max(
            (breaker for breaker in breakers if breaker and breaker.last_error_at is not None),
            key=lambda breaker: breaker.last_error_at or 0.0,
            default=None,
        )
        left = self._health.cooldown_left(credential, spec.provider, spec.name)
        state = self._state(credential, spec)
        return TargetStatus(
            name=spec.name,
            provider=spec.provider,
            model=spec.id,
            tiers=tiers,
            state=state,
            rests_for_s=round(left, 2) if state == "resting" and left is not None else None,
            last_error=latest.last_error if latest else None,
            last_error_text=policy.POLICY[latest.last_error].says if latest and latest.last_error else "",
            last_error_ago_s=round(now - latest.last_error_at, 1) if latest and latest.last_error_at else None,
            inflight=stats.inflight,
            attempts=stats.attempts,
            answered=stats.answered,
            failed=stats.failed,
            ttft_p50_s=stats.ttft_quantile(0.5),
            ttft_p95_s=stats.ttft_quantile(0.95),
            tokens_per_s=stats.tokens_per_s,
            limits=self.limits(spec.name, credential),
            note=life(spec),
        )

    def _state(self, credential: str, spec: ModelSpec) -> TargetState:
        if not (self._has_key(spec.provider) if credential == SERVER else self._has_key(spec.provider, visitor=True)):
            return "no_key"
        admission = self._health.admission(credential, spec.provider, spec.name)
        if admission == "gone" or self._catalogue.current.absence(spec):
            return "gone"
        if admission == "closed":
            return "healthy"
        left = self._health.cooldown_left(credential, spec.provider, spec.name)
        return "resting" if left else "probing"

    @staticmethod
    def _why_not(targets: tuple[TargetStatus, ...]) -> str:
        if all(target.state == "no_key" for target in targets):
            return "no provider has a key: set GROQ_API_KEY or OPENAI_API_KEY"
        resting = [target for target in targets if target.rests_for_s is not None]
        if resting:
            first = min(resting, key=lambda target: target.rests_for_s or 0.0)
            return f"every target rests; {first.name} is back in {first.rests_for_s:.0f} s"
        return "no target can answer a chat"
