"""How targets are doing for whoever asks, and what follows: the route of a request, the target of every tier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from groq_core.models.catalogue import Catalogue
from groq_core.models.spec import ModelSpec, Tier
from groq_core.models.tiers import Tiers, tiers_of_models
from groq_core.requests import Caller, Request
from groq_core.router.candidate import HEALTHY, Availability, Route
from groq_core.router.route import TYPICAL, resolve_tiers
from groq_core.router.route_cache import Routes
from groq_core.router.target_state import TierStatus
from groq_core.router.wording import first_awake

Admission: TypeAlias = Literal["closed", "probe", "resting", "gone"]


class Breakers(Protocol):
    """What is asked of the breakers."""

    @property
    def version(self) -> int: ...

    def admission(self, credential: str, provider: str, name: str) -> Admission: ...

    def cooldown_left(self, credential: str, provider: str, name: str) -> float | None: ...


class Router:
    """
    Whom to ask now.

    Args:
        tiers: Each tier's list.
        catalogue: Gives the models that there are now.
        health: Who cools down.
        has_key: Whether a provider can be asked at all; with ``visitor=True``, with a visitor's own key.
        server: The credential of the server's own key; any other is a visitor's.

    Attributes:
        tiers: As given.
    """

    def __init__(
        self,
        tiers: Tiers,
        catalogue: Callable[[], Catalogue],
        health: Breakers,
        has_key: Callable[..., bool],
        *,
        server: str = "server",
    ) -> None:
        self.tiers = tiers
        self._catalogue = catalogue
        self._health = health
        self._has_key = has_key
        self._server = server
        self._routes = Routes(
            tiers,
            lambda caller, spec: self.availability(caller.credential, spec, visitor=caller.groq_key is not None),
            version=lambda: health.version,
        )

    def route(self, request: Request) -> Route:
        """Whom to ask for a request, in which order, and why."""
        return self._routes(request.caller, request.needs, self._catalogue())

    def tier_statuses(self, credential: str) -> tuple[TierStatus, ...]:
        """Which target each tier resolves to now, and why."""
        visitor = credential != self._server
        return resolve_tiers(
            self._catalogue(), self.tiers, lambda spec: self.availability(credential, spec, visitor=visitor)
        )

    def target(self, tier: Tier) -> str | None:
        """
        Which target a tier resolves to now for the server's own key, as :meth:`tier_statuses` says; each question of a
        page may ask.
        """
        first = first_awake(self._routes(Caller(), TYPICAL[tier], self._catalogue()).candidates)
        return first.spec.name if first is not None else None

    def targets(self) -> dict[ModelSpec, tuple[str, ...]]:
        """Every model that is on a tier's list, and the tiers it is on."""
        return tiers_of_models(self.tiers, self._catalogue())

    def available(self) -> list[ModelSpec]:
        """Those of the targets that can be asked for now."""
        catalogue = self._catalogue()
        return [spec for spec in self.targets() if not catalogue.absence(spec)]

    def availability(self, credential: str, spec: ModelSpec, *, visitor: bool) -> Availability:
        """How one target is doing for a credential."""
        if not self._has_key(spec.provider, visitor=visitor):
            return Availability(state="no_key")
        match self._health.admission(credential, spec.provider, spec.name):
            case "gone":
                return Availability(state="gone")
            case "resting":
                left = self._health.cooldown_left(credential, spec.provider, spec.name) or 0.0
                return Availability(state="resting", rests_for_s=left)
            case "probe":
                return Availability(state="probing")
            case _:
                return HEALTHY
