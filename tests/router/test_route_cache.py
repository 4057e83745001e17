"""Remembered routes: always the one that would be found anew."""

from __future__ import annotations

from functools import partial
from typing import get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.models.catalogue import Catalogue, merge, static_catalogue
from groq_core.models.registry import MODELS
from groq_core.models.spec import TIER_NAMES, ModelSpec
from groq_core.models.tiers import tiers
from groq_core.requests import Caller, Needs
from groq_core.router.availability import Admission, Router
from groq_core.router.candidate import HEALTHY, Availability
from groq_core.router.route import route
from groq_core.router.route_cache import KEPT, Routes
from groq_core.router.target_state import TargetState
from groq_core.settings.settings import Settings

TIERS = tiers(Settings())
LIVE = merge(MODELS, [{"id": "openai/gpt-oss-20b"}, {"id": "qwen/qwen3.8-27b"}, {"id": "n/new"}], now=0.0)
CALLERS = (Caller(), Caller(credential="visitor-1"))


class World:
    """Health that changes under the routes, and counts its changes."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], TargetState] = {}
        self.version = 0
        self.asked = 0

    def set(self, caller: Caller, name: str, state: TargetState) -> None:
        self.states[caller.credential, name] = state
        self.version += 1

    def availability(self, caller: Caller, spec: ModelSpec) -> Availability:
        self.asked += 1
        state = self.states.get((caller.credential, spec.name), "healthy")
        return HEALTHY if state == "healthy" else Availability(state=state, rests_for_s=3.0)

    def routes(self) -> Routes:
        return Routes(TIERS, self.availability, lambda: self.version)


def test_the_same_question_is_answered_without_asking_anybody_again() -> None:
    world = World()
    routes, catalogue = world.routes(), static_catalogue()

    first = routes(Caller(), Needs(prompt_tokens=10), catalogue)
    asked = world.asked
    second = routes(Caller(), Needs(prompt_tokens=99), catalogue)

    assert second is first
    assert world.asked == asked > 0


class Rests:
    """Breakers of which some are open."""

    version = 0

    def __init__(self, states: dict[str, Admission]) -> None:
        self.states = states

    def admission(self, credential: str, provider: str, name: str) -> Admission:
        return self.states.get(name, "closed")

    def cooldown_left(self, credential: str, provider: str, name: str) -> float | None:
        return 3.0


@given(st.dictionaries(st.sampled_from(sorted(MODELS)), st.sampled_from(get_args(Admission))), st.booleans())
def test_the_target_of_a_tier_is_the_one_that_its_status_names(states: dict[str, Admission], keyless: bool) -> None:
    health = Rests(states)

    def has_key(provider: str, *, visitor: bool = False) -> bool:
        return provider == "groq" and not keyless

    router = Router(TIERS, lambda: LIVE, health, has_key)
    for _ in range(2):
        told = {status.tier: status.target for status in router.tier_statuses("server")}
        assert {tier: router.target(tier) for tier in TIER_NAMES} == told
        health.states, health.version = {}, 1


def test_a_rest_is_looked_at_every_time() -> None:
    world = World()
    routes, catalogue = world.routes(), static_catalogue()
    world.set(Caller(), "groq:openai/gpt-oss-20b", "resting")
    routes(Caller(), Needs(), catalogue)
    asked = world.asked

    routes(Caller(), Needs(), catalogue)

    assert world.asked == 2 * asked


def test_no_more_than_so_many_are_kept() -> None:
    world = World()
    routes, catalogue = world.routes(), static_catalogue()
    for number in range(KEPT):
        routes(Caller(), Needs(model=f"somebody/{number}"), catalogue)
    asked = world.asked

    routes(Caller(), Needs(model="somebody/0"), catalogue)

    assert world.asked > asked


_names = st.sampled_from(sorted(MODELS))
_steps = st.one_of(
    st.tuples(
        st.sampled_from(CALLERS),
        st.builds(
            Needs,
            operation=st.sampled_from(["chat", "chat", "transcription"]),
            model=st.sampled_from(["auto", "quality", "vision", "openai/gpt-oss-20b", "nobody/knows"]),
            images=st.integers(0, 6),
            tools=st.booleans(),
            json=st.sampled_from(["", "object", "schema"]),
            prompt_tokens=st.sampled_from([0, 5, 8000, 140_000, 2_000_000]),
            max_tokens=st.sampled_from([None, 100, 200_000]),
        ),
    ),
    st.tuples(
        st.sampled_from(CALLERS),
        st.tuples(_names, st.sampled_from(["healthy", "probing", "resting", "gone"])),
    ),
    st.tuples(st.sampled_from(CALLERS), st.sampled_from([static_catalogue(), LIVE])),
)


@given(steps=st.lists(_steps, max_size=30))
@settings(max_examples=150, deadline=None)
def test_a_remembered_route_is_the_one_that_would_be_found_now(steps: list[tuple[Caller, object]]) -> None:
    world = World()
    routes, catalogue = world.routes(), static_catalogue()
    for caller, value in steps:
        if isinstance(value, Catalogue):
            catalogue = value
        elif isinstance(value, Needs):
            anew = route(value, catalogue, TIERS, partial(world.availability, caller))
            assert msgspec.to_builtins(routes(caller, value, catalogue)) == msgspec.to_builtins(anew)
        elif isinstance(value, tuple):
            world.set(caller, *value)
