"""Everything that replicas share, in one place, and the tasks that keep it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from groq_core.connections.event_loop import end_task
from groq_core.store.shared.adapters import ProcessState
from groq_core.store.shared.beat import ALONE, Beat
from groq_core.store.shared.counters import SharedRevoked, SharedThrottle
from groq_core.store.shared.ledger import SharedLedger
from groq_core.store.shared.line_shares import LineShares
from groq_core.store.shared.link import Link
from groq_core.store.shared.running import SharedRuns
from groq_core.store.shared.same_secret import SameSecret
from groq_core.store.shared.shared_answers import SharedAnswers
from groq_core.store.shared.shared_shelf import SharedShelf

if TYPE_CHECKING:
    from groq_core.fallback.health import Health, LocalHealth
    from groq_core.ratelimit.budgets import LocalBudgets
    from groq_core.settings.settings import Settings


class SharedState:
    """
    Attributes:
        answers: The layer below the process's cache.
        ledger: Counters of people's limits, where no database has them.
        throttle, revoked: Of signing in.
        runs: Answers that pages can come back to.
        shelf: Responses that can be read again, where no database has them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        budgets: LocalBudgets,
        store: LocalHealth,
        health: Health,
        changed: Callable[[], None],
    ) -> None:
        assert settings.redis_url is not None
        self._link = Link(settings.redis_url, changed)
        me = secrets.token_hex(8)
        self.ledger = SharedLedger(self._link, self._share_alone, me=me)
        self._alone = min(ALONE, 1 / settings.workers)
        self._beat = Beat(self._link, ProcessState(budgets, store, health), me=me, renew=self._renew, changed=changed)
        self.answers = SharedAnswers(self._link, ttl_s=settings.cache_ttl, scope=settings.cache_scope)
        self.throttle = SharedThrottle(self._link)
        self.revoked = SharedRevoked(self._link)
        self.runs = SharedRuns(self._link, me)
        self.shelf = SharedShelf(self._link)
        self._secret = SameSecret(self._link, settings.secret)
        self._task: asyncio.Task[None] | None = None

    def _share_alone(self) -> float:
        """The part of what is left that is this process's while Redis is away."""
        return 1 / self._beat.replicas if self._beat.replicas else self._alone

    async def _renew(self, emptied: bool) -> None:
        await self.ledger.tell_again(everything=emptied)
        await self.revoked.tell_again(everything=emptied)
        await self._secret.look()

    def line_shares(self, job: str) -> LineShares:
        """What a batch run has of an input that others run too."""
        return LineShares(self._link, job)

    def status(self) -> str:
        """``in step``, or why it is not, for the panel and `/ready`."""
        return f"away: {self._link.away}" if self._link.away else "in step"

    @property
    def replicas(self) -> int:
        """Processes that share it, as of the last beat; 0 before the first."""
        return self._beat.replicas

    async def start(self) -> None:
        """Begin to beat; a Redis that is not there stops nothing."""
        self._task = asyncio.create_task(self._beat.run())

    async def close(self) -> None:
        if self._task is not None:
            await end_task(self._task)
            await self.ledger.close()
            await self._beat.leave()
        await self._link.close()
