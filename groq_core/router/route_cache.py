"""Routes, remembered while nothing they hang on changes: finding one anew takes a fifth of a millisecond."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import msgspec

from groq_core.models.catalogue import Catalogue
from groq_core.models.spec import ModelSpec
from groq_core.models.tiers import Tiers
from groq_core.requests import Caller, Needs
from groq_core.router.candidate import Availability, Route
from groq_core.router.route import route

KEPT = 500
"""Routes at once. A program asks for a handful; pinned ids that nobody knows could be any number."""


class Routes:
    """
    :func:`~groq_core.router.route.route` for the same needs, the same models and the same health, asked once.

    A route is remembered only while nobody on it cools down, since that ends by the clock, and while the request is
    small enough for every candidate, since then the number of its tokens changes nothing.

    Args:
        availability: How a target is doing for a caller.
        version: A number that grows whenever anybody's health changes.
    """

    def __init__(
        self, tiers: Tiers, availability: Callable[[Caller, ModelSpec], Availability], version: Callable[[], int]
    ) -> None:
        self._tiers = tiers
        self._availability = availability
        self._version = version
        self._valid_for: tuple[Catalogue | None, int] = (None, 0)
        self._known: dict[tuple[str, bool, Needs], tuple[Route, float]] = {}

    def __call__(self, caller: Caller, needs: Needs, catalogue: Catalogue) -> Route:
        version = self._version()
        if self._valid_for[0] is not catalogue or self._valid_for[1] != version or len(self._known) >= KEPT:
            self._valid_for, self._known = (catalogue, version), {}
        tokens = needs.prompt_tokens + (needs.max_tokens or 0)
        shape = msgspec.structs.replace(needs, prompt_tokens=0, max_tokens=None, audio_s=0.0, characters=0)
        key = (caller.credential, caller.groq_key is not None, shape)
        found, room = self._known.get(key, (None, 0.0))
        if found is not None and tokens <= room:
            return found
        found = route(needs, catalogue, self._tiers, lambda spec: self._availability(caller, spec))
        if _lasting(found):
            self._known[key] = found, _room(found)
        return found


def _lasting(route: Route) -> bool:
    return all(candidate.fits and candidate.state == "healthy" for candidate in route.candidates)


def _room(route: Route) -> float:
    """Tokens that fit every candidate."""
    return min((candidate.spec.context_window or inf for candidate in route.candidates), default=inf)
