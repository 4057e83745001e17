"""Put everything together: settings in, working application out. The one place that knows every part."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cachetools import TTLCache

from groq_core.errors import SettingsError
from groq_core.events import Events
from groq_core.fallback.chain import FallbackChain
from groq_core.fallback.health import SERVER, Health, LocalHealth
from groq_core.fallback.hedge import Hedging
from groq_core.fallback.run import ChainLimits
from groq_core.middleware.allowance import Allowances
from groq_core.middleware.breaker import Breaker
from groq_core.middleware.cache import Cache, CacheEntry
from groq_core.middleware.deadline import Deadline
from groq_core.middleware.log import Log
from groq_core.middleware.observe import Observe
from groq_core.middleware.rate_guard import RateGuard
from groq_core.middleware.retry import Retry
from groq_core.middleware.spending import CachedAnswers, Spending
from groq_core.models.catalogue import Catalogue, CatalogueKeeper
from groq_core.models.pricing import cost_usd
from groq_core.models.providers import added_providers
from groq_core.models.spec import ModelSpec
from groq_core.models.tiers import Tiers, specs, tiers
from groq_core.pipeline import Attempt, Handler, Middleware, stack
from groq_core.providers import Provider
from groq_core.providers.groq import GroqProvider
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.ratelimit.estimates import Estimates
from groq_core.ratelimit.people import People
from groq_core.redaction import Secret
from groq_core.requests import Request
from groq_core.router.route import HEALTHY, Availability, Route, resolve_tiers
from groq_core.router.route_cache import Routes
from groq_core.router.target_state import TierStatus
from groq_core.services.chat import Chat
from groq_core.services.documents.attached import Shelf
from groq_core.services.extraction import Extractor
from groq_core.services.logins import MemoryLogins
from groq_core.services.own_keys import OwnKeys
from groq_core.services.speech import Speech
from groq_core.services.transcription import TranscriptionService
from groq_core.services.vision import VisionService, image_limit, least_images
from groq_core.settings.settings import Settings
from groq_core.settings.team import require_team
from groq_core.simulator import Simulator
from groq_core.status.board import Board, ChangeNotifier
from groq_core.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from groq_core.providers.groq_batch import GroqBatches
    from groq_core.store.shared.state import SharedState
    from groq_core.store.team import Team

SIMULATED_KEY = Secret("gsk_simulated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """
    The working application, without page or HTTP.

    Attributes:
        handle: Any request in, its events out: the whole pipeline.
        board: The state of everything, and when it changes.
        simulator: The built-in providers, when they answer; None otherwise.
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
    providers: Mapping[str, Provider]
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
        from groq_core.providers.groq_batch import GroqBatches

        if self.simulator is not None:
            return GroqBatches(SIMULATED_KEY, self.simulator.groq_url)
        if self.settings.groq_api_key is None:
            raise SettingsError("Groq's Batch API needs GROQ_API_KEY", hint="Set it, or ask live.")
        return GroqBatches(self.settings.groq_api_key, self.settings.groq_base_url)


@asynccontextmanager
async def assemble(settings: Settings, *, simulator: Simulator | None = None) -> AsyncIterator[Core]:
    """
    Build the application and own everything that must be closed.

    Args:
        simulator: One that runs already, to be used instead of a new one where the settings ask for one.
    """
    async with AsyncExitStack() as owned:
        if settings.is_simulated and simulator is None:
            # A developer's limits: a visitor who tries things out is not to meet the free plan's after three.
            simulator = Simulator(limits="developer")
            await simulator.start()
            owned.push_async_callback(simulator.stop)
        elif not settings.is_simulated:
            simulator = None
        providers = _providers(settings, simulator)
        visitors = _visitors_groq(settings, simulator, providers)
        for provider in {id(one): one for one in (*providers.values(), visitors) if one is not None}.values():
            owned.push_async_callback(provider.close)
        team = await owned.enter_async_context(_team(settings)) if settings.database is not None else None
        core = _wire(settings, simulator, providers, team, visitors)
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
    from groq_core.store.shared.state import SharedState

    return SharedState(settings, budgets=budgets, store=breakers, health=health, changed=changed)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _providers(settings: Settings, simulator: Simulator | None) -> dict[str, Provider]:
    """Whom there are clients of: Groq, the backup, and those registered beside them."""
    own = {spec.name: client for spec in added_providers() if (client := spec.client()) is not None}
    return _create_providers(settings, simulator) | own


def _create_providers(settings: Settings, simulator: Simulator | None) -> dict[str, Provider]:
    if simulator is not None:
        return {
            "groq": GroqProvider(SIMULATED_KEY, simulator.groq_url),
            "openai": OpenAICompatibleProvider(SIMULATED_KEY, simulator.openai_url),
        }
    found: dict[str, Provider] = {}
    if settings.groq_api_key or settings.visitor_keys:
        found["groq"] = GroqProvider(settings.groq_api_key, settings.groq_base_url)
    if settings.has_backup:
        # Servers of one's own want no key, but the SDK wants one to be there.
        key = settings.openai_api_key or Secret("none")
        found["openai"] = OpenAICompatibleProvider(key, settings.openai_base_url)
    return found


def _visitors_groq(
    settings: Settings, simulator: Simulator | None, providers: Mapping[str, Provider]
) -> Provider | None:
    """
    Whom a visitor's own key is shown to; None where own keys are not welcome.

    A key is for Groq: on a server without one of its own, which runs on the simulator, it goes to Groq all the same,
    unless the simulator was asked for.
    """
    if not settings.visitor_keys:
        return None
    if simulator is not None and not settings.offline:
        return GroqProvider(None, settings.groq_base_url)
    return providers.get("groq")


def _wire(
    settings: Settings,
    simulator: Simulator | None,
    providers: Mapping[str, Provider],
    team: Team | None,
    visitors: Provider | None,
) -> Core:
    clock = time.monotonic
    changes = ChangeNotifier()
    listed = tiers(settings)
    has_server_key = simulator is not None or settings.groq_api_key is not None
    fetch = providers["groq"].models if "groq" in providers and has_server_key else None
    backup = providers["openai"].models if "openai" in providers else None
    catalogue = CatalogueKeeper(fetch, backup=backup, static=specs(settings), forgiving=simulator is not None)
    metrics = Metrics(known=lambda model: catalogue.current.lookup(model) is not None)
    breakers = LocalHealth()
    health = Health(breakers, cooldown=settings.cooldown, clock=clock, changed=changes.notify)
    budgets = LocalBudgets(rpm=settings.rpm, tpm=settings.tpm, clock=clock)
    budgets.share = 1 / settings.workers
    shared = (
        _open_shared_state(settings, budgets, breakers, health, changes.notify)
        if settings.redis_url is not None
        else None
    )

    def take_listing(current: Catalogue) -> None:
        if current.source == "live":
            for name in current.specs.keys() - current.gone.keys():
                health.forgive_gone(SERVER, name)
        changes.notify()

    catalogue.subscribe(take_listing)

    def has_key(provider: str, *, visitor: bool = False) -> bool:
        if visitor and visitors is not None and visitors is not providers.get("groq"):
            return provider == "groq"  # real answers for a real key: the simulator is no backup of Groq
        return provider in providers and (provider != "groq" or has_server_key or visitor)

    def availability(credential: str, spec: ModelSpec, *, visitor: bool) -> Availability:
        if not has_key(spec.provider, visitor=visitor):
            return Availability(state="no_key")
        match health.admission(credential, spec.provider, spec.name):
            case "gone":
                return Availability(state="gone")
            case "resting":
                rests = health.rests_for(credential, spec.provider, spec.name) or 0.0
                return Availability(state="resting", rests_for_s=rests)
            case "probe":
                return Availability(state="probing")
            case _:
                return HEALTHY

    routes = Routes(
        listed,
        lambda caller, spec: availability(caller.credential, spec, visitor=caller.groq_key is not None),
        version=lambda: health.version,
    )

    def route_for(request: Request) -> Route:
        return routes(request.caller, request.needs, catalogue.current)

    def targets() -> dict[ModelSpec, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for tier, names in listed.items():
            for name in names:
                if name in catalogue.current.specs:
                    found.setdefault(name, []).append(tier)
        return {catalogue.current.specs[name]: tuple(tiers_of) for name, tiers_of in found.items()}

    def tiers_for(credential: str) -> tuple[TierStatus, ...]:
        return resolve_tiers(
            catalogue.current, listed, lambda spec: availability(credential, spec, visitor=credential != SERVER)
        )

    def send(attempt: Attempt) -> Events:
        own = attempt.spec.provider == "groq" and attempt.request.caller.groq_key is not None
        return (visitors if own and visitors else providers[attempt.spec.provider])(attempt)

    people = team.limits if team is not None else People(settings.limits, shared.ledger if shared else None)
    estimates = Estimates()
    attempt = stack(
        Breaker(health, gone=catalogue.mark_gone),
        Retry(),
        RateGuard(budgets, estimates, clock=clock, changed=changes.notify),
        *([Spending(people)] if people.has_limits else []),
        Observe(metrics, price=cost_usd, clock=clock, changed=changes.notify),
        Deadline(first=settings.first_token_timeout, idle=settings.idle_timeout),
        around=send,
    )
    chain = FallbackChain(
        route=route_for,
        attempt=attempt,
        health=health,
        metrics=metrics,
        limits=ChainLimits(attempts=settings.max_attempts, deadline_s=settings.deadline),
        degrade=settings.degrade,
        hedging=Hedging(metrics, price=cost_usd, enabled=settings.hedge, clock=clock),
        clock=clock,
    )
    store: TTLCache[str, CacheEntry] | None = (
        TTLCache(settings.cache_size, settings.cache_ttl, timer=clock) if settings.cache_size else None
    )
    cache = Cache(store, metrics, scope=settings.cache_scope, clock=clock, changed=changes.notify)
    log = Log(metrics, clock=clock, changed=changes.notify)
    booked: list[Middleware[Request]] = [CachedAnswers(team.limits)] if team is not None else []
    handle = stack(log, Allowances(people), *booked, cache, *([shared.answers] if shared else []), around=chain)
    board = Board(
        changes,
        mode="simulator" if simulator is not None else "live",
        catalogue=catalogue,
        targets=targets,
        tiers=tiers_for,
        has_key=has_key,
        health=health,
        budgets=budgets,
        metrics=metrics,
        cache=cache,
        log=log,
        shared=shared,
        announcement=(lambda: team.announcement) if team is not None else str,
        clock=clock,
    )
    if team is not None:
        team.changed = changes.notify
    metrics.watch(lambda: board.snapshot().targets)
    return Core(
        settings=settings,
        handle=handle,
        board=board,
        catalogue=catalogue,
        metrics=metrics,
        simulator=simulator,
        providers=providers,
        tiers=listed,
        health=health,
        budgets=budgets,
        log=log,
        people=people,
        team=team,
        shared=shared,
        chat=Chat(handle),
        vision=VisionService(
            handle,
            limit=lambda: image_limit(spec for spec in targets() if not catalogue.current.absence(spec)),
            pieces=lambda: least_images(spec for spec in targets() if not catalogue.current.absence(spec)),
        ),
        transcription=TranscriptionService(handle),
        speech=Speech(handle),
        extraction=Extractor(handle, snapshot=board.snapshot, simulated=simulator is not None),
        own_keys=OwnKeys(visitors.models, clock=clock) if visitors is not None else None,
    )
