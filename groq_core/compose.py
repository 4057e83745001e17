"""Put everything together: settings in, working application out. The one place that knows every part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.trace import Tracer

from groq_core.connections.event_loop import end_task
from groq_core.fallback.chain import FallbackChain
from groq_core.fallback.health import Health, LocalHealth
from groq_core.fallback.hedge import Hedging
from groq_core.fallback.run import ChainLimits
from groq_core.middleware.allowance import Allowances
from groq_core.middleware.breaker import Breaker
from groq_core.middleware.cache import Cache, open_store
from groq_core.middleware.deadline import Deadline
from groq_core.middleware.log import Log
from groq_core.middleware.observe import Observe
from groq_core.middleware.rate_guard import RateGuard
from groq_core.middleware.retry import Retry
from groq_core.middleware.spending import CachedAnswers, Spending
from groq_core.middleware.tracing import Tracing
from groq_core.models.catalogue import CatalogueKeeper
from groq_core.models.pricing import cost_usd
from groq_core.models.tiers import Tiers, specs, tiers
from groq_core.pipeline import Handler, stack
from groq_core.providers.directory import Clients
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.ratelimit.estimates import Estimates
from groq_core.ratelimit.personal_limits import People
from groq_core.requests import Request
from groq_core.router.availability import Router
from groq_core.services.documents.attached import Shelf
from groq_core.services.logins import MemoryLogins
from groq_core.services.own_keys import OwnKeys
from groq_core.settings.settings import Settings
from groq_core.status.board import Board, ChangeNotifier
from groq_core.store.opening import shared_state_of, team_of
from groq_core.telemetry.metrics import Metrics
from groq_core.telemetry.span_export import configured_tracer

if TYPE_CHECKING:
    from groq_core.models.spec import ModelSpec
    from groq_core.providers.groq_batch import GroqBatches
    from groq_core.services.chat import Chat
    from groq_core.services.extraction import Extractor
    from groq_core.services.speech import Speech
    from groq_core.services.transcription import TranscriptionService
    from groq_core.services.vision import VisionService
    from groq_core.simulator import Simulator
    from groq_core.store.shared.shared_state import SharedState
    from groq_core.store.team import Team


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """
    The working application, without page or HTTP.

    Its services (``chat``, ``vision``, …) are loaded when they are first asked for: a question in a terminal needs none
    of what reads pictures and documents, which takes half a second.

    Attributes:
        handle: Any request in, its events out: the whole pipeline.
        available: The models that may be asked now.
        board: The state of everything, and when it changes.
        simulator: The built-in providers, when they answer; None otherwise.
        clients: Those of the providers that there are keys for.
        team: The database behind people, keys, spend and conversations; None where there is none.
        shared: What several processes share in Redis; None where there is none.
        own_keys: Keys that visitors bring along; None where they are not welcome.
        shelf: Indexes of the long documents that were asked about last.
        mcp_logins: Tokens that MCP servers gave for the operator's credentials.
    """

    settings: Settings
    handle: Handler[Request]
    board: Board
    catalogue: CatalogueKeeper
    metrics: Metrics
    simulator: Simulator | None
    clients: Clients
    tiers: Tiers
    health: Health
    budgets: LocalBudgets
    log: Log
    people: People
    team: Team | None
    shared: SharedState | None
    available: Callable[[], list[ModelSpec]]
    own_keys: OwnKeys | None = None
    shelf: Shelf = field(default_factory=Shelf)
    mcp_logins: MemoryLogins = field(default_factory=MemoryLogins, repr=False)

    @property
    def chat(self) -> Chat:
        """Questions in text."""
        from groq_core.services.chat import Chat

        return Chat(self.handle)

    @property
    def vision(self) -> VisionService:
        """Questions about pictures."""
        from groq_core.services.vision import VisionService, image_limit, least_images

        return VisionService(
            self.handle,
            limit=lambda: image_limit(self.available()),
            pieces=lambda: least_images(self.available()),
        )

    @property
    def transcription(self) -> TranscriptionService:
        """Recordings into text."""
        from groq_core.services.transcription import TranscriptionService

        return TranscriptionService(self.handle)

    @property
    def speech(self) -> Speech:
        """Text into recordings."""
        from groq_core.services.speech import Speech

        return Speech(self.handle)

    @property
    def extraction(self) -> Extractor:
        """Documents and pictures into data."""
        from groq_core.services.extraction import Extractor

        return Extractor(self.handle, snapshot=self.board.snapshot, simulated=self.simulator is not None)

    def batches(self) -> GroqBatches:
        """
        Groq's Batch API with the application's own key; ``async with`` closes it.

        Raises:
            SettingsError: There is no key.
        """
        return self.clients.batches()


@asynccontextmanager
async def assemble(
    settings: Settings, *, simulator: Simulator | None = None, tracer: Tracer | None = None
) -> AsyncIterator[Core]:
    """
    Build the application and own everything that must be closed.

    Args:
        simulator: One that runs already, to be used instead of a new one where the settings ask for one.
        tracer: Makes OpenTelemetry's spans; None takes that of whoever has configured its SDK.
    """
    async with AsyncExitStack() as owned:
        if not settings.is_simulated:
            simulator = None
        elif simulator is None:
            from groq_core.simulator import Simulator

            # A developer's limits: a visitor who tries things out is not to meet the free plan's after three.
            simulator = await owned.enter_async_context(Simulator(limits="developer"))
        clients = Clients(settings, simulator)
        owned.push_async_callback(clients.close)
        team = await owned.enter_async_context(team_of(settings))
        parts = _Parts(settings, clients, team, tracer or configured_tracer())
        core = parts.make_core(parts.make_pipeline(), simulator)
        if core.shared is not None:
            await core.shared.start()
            owned.push_async_callback(core.shared.close)
        refreshing = asyncio.create_task(core.catalogue.run())
        owned.push_async_callback(end_task, refreshing)
        yield core


class _Parts:
    """What requests of all kinds share: who is asked, how everybody is doing, what there is left."""

    def __init__(self, settings: Settings, clients: Clients, team: Team | None, tracer: Tracer | None) -> None:
        self.settings, self.clients, self.team = settings, clients, team
        self.changes = ChangeNotifier()
        self.changed = changed = self.changes.notify
        lists = clients.model_lists()
        self.catalogue = CatalogueKeeper(
            lists.get("groq"),
            backup=lists.get("openai"),
            static=specs(settings),
            forgiving=clients.are_simulated,
        )
        self.metrics = Metrics(known=self.catalogue.knows)
        breakers = LocalHealth()
        self.health = Health(breakers, cooldown=settings.cooldown, changed=changed)
        self.catalogue.subscribe(self.health.forgive_listed)
        self.budgets = LocalBudgets(rpm=settings.rpm, tpm=settings.tpm, share=1 / settings.workers)
        self.shared = shared_state_of(settings, self.budgets, breakers, self.health, changed)
        ledger = self.shared.ledger if self.shared else None
        self.people: People = team.limits if team else People(settings.limits, ledger)
        self.router = Router(tiers(settings), lambda: self.catalogue.current, self.health, clients.has_key)
        self.log = Log(self.metrics, changed=changed)
        self.tracing = Tracing(tracer) if tracer is not None else None
        store = open_store(settings.cache_size, settings.cache_ttl)
        self.cache = Cache(
            store,
            self.metrics,
            scope=settings.cache_scope,
            ttl_s=settings.cache_ttl,
            deadline_s=settings.deadline,
            changed=changed,
        )
        if team is not None:
            team.changed, team.asking.running = changed, self.log.asking

    def make_pipeline(self) -> Handler[Request]:
        """The way of a request and, within the chain, of each attempt."""
        settings, changed, tracing = self.settings, self.changed, self.tracing
        retry_after_left = self.health.retry_after_left
        attempt = stack(
            Breaker(self.health, gone=self.catalogue.mark_gone),
            Retry(),
            RateGuard(self.budgets, Estimates(), retry_after_left=retry_after_left, changed=changed),
            Spending(self.people, retry_after_left=retry_after_left) if self.people.has_limits else None,
            tracing.attempt if tracing else None,
            Observe(self.metrics, price=cost_usd, changed=changed),
            Deadline(first=settings.first_token_timeout, idle=settings.idle_timeout),
            around=self.clients,
        )
        chain = FallbackChain(
            route=self.router.route,
            attempt=attempt,
            health=self.health,
            metrics=self.metrics,
            limits=ChainLimits(attempts=settings.max_attempts, deadline_s=settings.deadline),
            degrade=settings.degrade,
            hedging=Hedging(self.metrics, price=cost_usd, enabled=settings.hedge),
        )
        return stack(
            tracing.request if tracing else None,
            self.log,
            Allowances(self.people),
            CachedAnswers(self.team.limits) if self.team else None,
            self.cache,
            self.shared.answers if self.shared and settings.cache_size else None,
            around=chain,
        )

    def make_core(self, handle: Handler[Request], simulator: Simulator | None) -> Core:
        team, visitors = self.team, self.clients.visitors
        board = Board(
            self.changes,
            mode="simulator" if simulator is not None else "live",
            catalogue=self.catalogue,
            router=self.router,
            has_key=self.clients.has_key,
            health=self.health,
            budgets=self.budgets,
            metrics=self.metrics,
            cache=self.cache,
            log=self.log,
            shared=self.shared,
            database=team.status if team else str,
            announcement=(lambda: team.announcement) if team else str,
        )
        self.metrics.watch(lambda: board.snapshot().targets)
        return Core(
            settings=self.settings,
            handle=handle,
            board=board,
            catalogue=self.catalogue,
            metrics=self.metrics,
            simulator=simulator,
            clients=self.clients,
            tiers=self.router.tiers,
            health=self.health,
            budgets=self.budgets,
            log=self.log,
            people=self.people,
            team=team,
            shared=self.shared,
            available=self.router.available,
            own_keys=OwnKeys(visitors.models) if visitors is not None else None,
        )
