"""Put everything together: settings in, working application out. The one place that knows every part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from opentelemetry.trace import Tracer

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
from groq_core.pipeline import Handler, Middleware, stack
from groq_core.providers.directory import Clients
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.ratelimit.estimates import Estimates
from groq_core.ratelimit.personal_limits import People
from groq_core.requests import Request
from groq_core.router.availability import Router
from groq_core.services.chat import Chat
from groq_core.services.documents.attached import Shelf
from groq_core.services.extraction import Extractor
from groq_core.services.logins import MemoryLogins
from groq_core.services.own_keys import OwnKeys
from groq_core.services.speech import Speech
from groq_core.services.transcription import TranscriptionService
from groq_core.services.vision import VisionService, image_limit, least_images
from groq_core.settings.settings import Settings
from groq_core.settings.team_extra import require_team
from groq_core.simulator import Simulator
from groq_core.status.board import Board, ChangeNotifier
from groq_core.telemetry.metrics import Metrics
from groq_core.telemetry.span_export import configured_tracer

if TYPE_CHECKING:
    from groq_core.providers.groq_batch import GroqBatches
    from groq_core.store.shared.shared_state import SharedState
    from groq_core.store.team import Team

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """
    The working application, without page or HTTP.

    Attributes:
        handle: Any request in, its events out: the whole pipeline.
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
    chat: Chat
    vision: VisionService
    transcription: TranscriptionService
    speech: Speech
    extraction: Extractor
    own_keys: OwnKeys | None = None
    shelf: Shelf = field(default_factory=Shelf)
    mcp_logins: MemoryLogins = field(default_factory=MemoryLogins, repr=False)

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
        if settings.is_simulated and simulator is None:
            # A developer's limits: a visitor who tries things out is not to meet the free plan's after three.
            simulator = Simulator(limits="developer")
            await simulator.start()
            owned.push_async_callback(simulator.stop)
        elif not settings.is_simulated:
            simulator = None
        clients = Clients(settings, simulator)
        owned.push_async_callback(clients.close)
        team = await owned.enter_async_context(_team(settings)) if settings.database is not None else None
        state = _make_state(settings, clients, team, tracer or configured_tracer())
        core = _make_core(state, _make_pipeline(state), simulator)
        if core.shared is not None:
            await core.shared.start()
            owned.push_async_callback(core.shared.close)
        refreshing = asyncio.create_task(core.catalogue.run())
        owned.push_async_callback(_cancel, refreshing)
        yield core


def _team(settings: Settings) -> AbstractAsyncContextManager[Team]:
    """Only who has a database waits for its libraries."""
    require_team()
    from groq_core.store.team import open_team

    return open_team(settings)


def _open_shared_state(
    settings: Settings, budgets: LocalBudgets, breakers: LocalHealth, health: Health, changed: Callable[[], None]
) -> SharedState:
    """Only who has Redis waits for its client."""
    require_team(redis=True)
    from groq_core.store.shared.shared_state import SharedState

    return SharedState(settings, budgets=budgets, store=breakers, health=health, changed=changed)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What requests of all kinds share: who is asked, how everybody is doing, what there is left."""

    settings: Settings
    clients: Clients
    team: Team | None
    shared: SharedState | None
    changes: ChangeNotifier
    catalogue: CatalogueKeeper
    metrics: Metrics
    health: Health
    budgets: LocalBudgets
    people: People
    router: Router
    log: Log
    tracing: Tracing | None
    cache: Cache


def _make_state(settings: Settings, clients: Clients, team: Team | None, tracer: Tracer | None) -> _State:
    changes = ChangeNotifier()
    fetchers = {name: client.models for name, client in clients.listers().items()}
    catalogue = CatalogueKeeper(
        fetchers.get("groq"), backup=fetchers.get("openai"), static=specs(settings), forgiving=clients.are_simulated
    )
    metrics = Metrics(known=lambda model: catalogue.current.lookup(model) is not None)
    breakers = LocalHealth()
    health = Health(breakers, cooldown=settings.cooldown, changed=changes.notify)
    catalogue.subscribe(health.forgive_listed)
    budgets = LocalBudgets(rpm=settings.rpm, tpm=settings.tpm, share=1 / settings.workers)
    shared = _open_shared_state(settings, budgets, breakers, health, changes.notify) if settings.redis_url else None
    log = Log(metrics, changed=changes.notify)
    if team is not None:
        team.changed = changes.notify
        team.asking.running = log.asking
    store = open_store(settings.cache_size, settings.cache_ttl)
    return _State(
        settings=settings,
        clients=clients,
        team=team,
        shared=shared,
        changes=changes,
        catalogue=catalogue,
        metrics=metrics,
        health=health,
        budgets=budgets,
        people=team.limits if team is not None else People(settings.limits, shared.ledger if shared else None),
        router=Router(tiers(settings), lambda: catalogue.current, health, clients.has_key),
        log=log,
        tracing=Tracing(tracer) if tracer is not None else None,
        cache=Cache(store, metrics, scope=settings.cache_scope, changed=changes.notify),
    )


def _make_pipeline(state: _State) -> Handler[Request]:
    """The way of a request and, within the chain, of each attempt."""
    settings, changed = state.settings, state.changes.notify
    attempt = stack(
        Breaker(state.health, gone=state.catalogue.mark_gone),
        Retry(),
        RateGuard(state.budgets, Estimates(), changed=changed),
        *([Spending(state.people)] if state.people.has_limits else []),
        *([state.tracing.attempt] if state.tracing else []),
        Observe(state.metrics, price=cost_usd, changed=changed),
        Deadline(first=settings.first_token_timeout, idle=settings.idle_timeout),
        around=state.clients,
    )
    chain = FallbackChain(
        route=state.router.route,
        attempt=attempt,
        health=state.health,
        metrics=state.metrics,
        limits=ChainLimits(attempts=settings.max_attempts, deadline_s=settings.deadline),
        degrade=settings.degrade,
        hedging=Hedging(state.metrics, price=cost_usd, enabled=settings.hedge),
    )
    booked: list[Middleware[Request]] = [CachedAnswers(state.team.limits)] if state.team is not None else []
    alike = [state.shared.answers] if state.shared else []
    traced = [state.tracing.request] if state.tracing else []
    return stack(*traced, state.log, Allowances(state.people), *booked, state.cache, *alike, around=chain)


def _make_core(state: _State, handle: Handler[Request], simulator: Simulator | None) -> Core:
    team, router, visitors = state.team, state.router, state.clients.visitors
    board = Board(
        state.changes,
        mode="simulator" if simulator is not None else "live",
        catalogue=state.catalogue,
        router=router,
        has_key=state.clients.has_key,
        health=state.health,
        budgets=state.budgets,
        metrics=state.metrics,
        cache=state.cache,
        log=state.log,
        shared=state.shared,
        database=team.status if team is not None else str,
        announcement=(lambda: team.announcement) if team is not None else str,
    )
    state.metrics.watch(lambda: board.snapshot().targets)
    return Core(
        settings=state.settings,
        handle=handle,
        board=board,
        catalogue=state.catalogue,
        metrics=state.metrics,
        simulator=simulator,
        clients=state.clients,
        tiers=router.tiers,
        health=state.health,
        budgets=state.budgets,
        log=state.log,
        people=state.people,
        team=team,
        shared=state.shared,
        chat=Chat(handle),
        vision=VisionService(
            handle,
            limit=lambda: image_limit(router.available()),
            pieces=lambda: least_images(router.available()),
        ),
        transcription=TranscriptionService(handle),
        speech=Speech(handle),
        extraction=Extractor(handle, snapshot=board.snapshot, simulated=simulator is not None),
        own_keys=OwnKeys(visitors.models) if visitors is not None else None,
    )


class PerLoop(Generic[T]):
    """
    What belongs to an event loop, such as a core with its connections: made when it is first wanted there.

    A program may have several loops, one after the other (`asyncio.run` twice) or side by side.

    Args:
        make: Makes one; what it enters on the stack is left by :meth:`close`.
    """

    def __init__(self, make: Callable[[AsyncExitStack], Awaitable[T]]) -> None:
        self._make = make
        self._made: dict[asyncio.AbstractEventLoop, tuple[asyncio.Task[T], AsyncExitStack]] = {}

    async def get(self) -> T:
        """The one of the running loop; who stops waiting for it leaves it to those who wait still."""
        loop = asyncio.get_running_loop()
        for ended in [one for one in self._made if one.is_closed()]:
            del self._made[ended]
        making = self._made[loop][0] if loop in self._made else None
        # One that could not be made is made anew: what was missing may be there by now.
        if making is None or (making.done() and (making.cancelled() or making.exception() is not None)):
            stack = AsyncExitStack()
            making = loop.create_task(self._make_on(stack))
            self._made[loop] = making, stack
        return await asyncio.shield(making)

    async def _make_on(self, stack: AsyncExitStack) -> T:
        try:
            return await self._make(stack)
        except BaseException:
            await stack.aclose()
            raise

    async def close(self) -> None:
        """Leave what was made on the running loop, once it is."""
        making, stack = self._made.pop(asyncio.get_running_loop(), (None, None))
        if making is not None and stack is not None:
            await asyncio.gather(making, return_exceptions=True)
            await stack.aclose()
