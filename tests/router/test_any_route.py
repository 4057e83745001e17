"""What holds of every route: for any request, any list and any health."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.models.catalogue import Catalogue, merge
from groq_core.models.registry import MODELS
from groq_core.models.spec import TIER_NAMES, Capability, ModelSpec
from groq_core.models.tiers import Tiers
from groq_core.requests import Needs
from groq_core.router.candidate import Availabilities
from groq_core.router.route import ALIASES, TYPICAL, capabilities_for, resolve_tiers, route
from groq_core.router.target_state import TargetState
from tests.router.catalogues import (
    GROQ_ONLY,
    NEW,
    NOW,
    STATIC,
    TIERS,
    cost,
    of,
)

# ── for any request, any list, any health ────────────────────────────────────────────────────────────

_groq_ids = st.sampled_from([spec.id for spec in MODELS.values() if spec.provider == "groq"] + ["n/new", "n/eye"])
_catalogues = st.one_of(
    st.just(STATIC),
    st.sets(_groq_ids, min_size=1).map(
        lambda found: merge(MODELS, [*({"id": id} for id in sorted(found)), NEW[3]], now=NOW)
    ),
)
_models = st.one_of(
    st.sampled_from(ALIASES), _groq_ids, st.sampled_from([spec.name for spec in MODELS.values()]), st.text(max_size=8)
)
_needs = st.builds(
    Needs,
    operation=st.sampled_from(["chat", "chat", "chat", "transcription", "translation", "speech"]),
    model=_models,
    images=st.integers(0, 6),
    tools=st.booleans(),
    json=st.sampled_from(["", "object", "schema"]),
    prompt_tokens=st.integers(0, 2_000_000),
    max_tokens=st.none() | st.integers(1, 200_000),
    cost_sensitive=st.booleans(),
    max_latency_ms=st.none() | st.floats(0, 500),
)
_states: st.SearchStrategy[TargetState] = st.sampled_from(
    ["healthy", "healthy", "probing", "resting", "gone", "no_key"]
)
_health = st.dictionaries(st.sampled_from([spec.id for spec in MODELS.values()]), _states).map(of)
_tiers: st.SearchStrategy[Tiers] = st.sampled_from([TIERS, GROQ_ONLY])

everything = given(needs=_needs, catalogue=_catalogues, tiers=_tiers, health=_health)


def could(spec: ModelSpec, needs: Needs, catalogue: Catalogue, health: Availabilities) -> bool:
    """Written apart from the router: might this model be asked?"""
    if needs.json and not spec.capabilities & {Capability.JSON_OBJECT, Capability.JSON_SCHEMA}:
        return False
    offered = not catalogue.absence(spec) and health(spec).state not in ("gone", "no_key")
    return offered and spec.can(*capabilities_for(needs))


@everything
@settings(max_examples=200, deadline=None)
def test_there_is_somebody_to_ask_whenever_somebody_of_the_tier_can(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    found = route(needs, catalogue, tiers, health)
    able = {
        name
        for name in tiers[found.tier]
        if name in catalogue.specs and could(catalogue.specs[name], needs, catalogue, health)
    }

    assert able <= {candidate.spec.name for candidate in found.candidates}


@everything
@settings(max_examples=120, deadline=None)
def test_nobody_is_asked_twice_or_both_asked_and_left_out(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    found = route(needs, catalogue, tiers, health)
    names = [candidate.spec.name for candidate in found.candidates] + [item.spec.name for item in found.excluded]

    assert len(names) == len(set(names))


@everything
@settings(max_examples=120, deadline=None)
def test_nobody_is_asked_for_what_it_cannot_do(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    for candidate in route(needs, catalogue, tiers, health).candidates:
        assert candidate.spec.can(*capabilities_for(needs))
        assert candidate.state in ("healthy", "probing", "resting")
        if needs.operation == "chat" and needs.images:
            assert candidate.spec.can(Capability.VISION)


@everything
@settings(max_examples=120, deadline=None)
def test_a_pinned_model_that_can_comes_first(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    pinned = catalogue.lookup(needs.model)
    found = route(needs, catalogue, tiers, health)

    if pinned is not None and needs.model not in ALIASES and could(pinned, needs, catalogue, health):
        assert found.candidates[0].spec.name == pinned.name


@everything
@settings(max_examples=120, deadline=None)
def test_after_the_pinned_one_the_order_is_fitting_then_provider_then_awake(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    found = route(needs, catalogue, tiers, health)
    pinned = None if needs.model.strip().casefold() in ("", *ALIASES) else catalogue.lookup(needs.model)
    rest = [
        candidate
        for candidate in found.candidates
        if candidate.spec.name in catalogue.specs and (pinned is None or candidate.spec.name != pinned.name)
    ]
    if found.tier == "speed":
        keys = [(not c.fits, not c.awake, False) for c in rest]
    else:
        keys = [(not c.fits, c.spec.provider == "openai", not c.awake) for c in rest]

    assert keys == sorted(keys)


@everything
@settings(max_examples=120, deadline=None)
def test_equals_keep_the_order_of_their_list(
    needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    found = route(needs, catalogue, tiers, health)
    places = {name: place for place, name in enumerate(tiers[found.tier])}
    groups: dict[object, list[int]] = {}
    for candidate in found.candidates[1:]:
        if candidate.spec.name in places:
            strict = candidate.spec.can(Capability.STRICT_SCHEMA) if needs.json == "schema" else True
            key = (
                candidate.fits,
                cost(candidate.spec) if found.tier == "speed" else None,
                candidate.spec.provider,
                candidate.awake,
                catalogue.doubtful(candidate.spec),
                strict,
            )
            groups.setdefault(key, []).append(places[candidate.spec.name])

    assert all(group == sorted(group) for group in groups.values())


@everything
@settings(max_examples=120, deadline=None)
def test_there_is_always_a_reason(needs: Needs, catalogue: Catalogue, tiers: Tiers, health: Availabilities) -> None:
    found = route(needs, catalogue, tiers, health)

    assert found.reason.startswith(f"{found.tier}: ")
    assert len(found.reason) > len(found.tier) + 2
    assert all(item.why for item in found.excluded)
    assert all(candidate.why for candidate in found.candidates if not candidate.fits or not candidate.awake)
    assert route(needs, catalogue, tiers, health) == found


@given(catalogue=_catalogues, tiers=_tiers, health=_health)
@settings(max_examples=200, deadline=None)
def test_every_tier_has_a_status_and_every_status_a_reason(
    catalogue: Catalogue, tiers: Tiers, health: Availabilities
) -> None:
    resolved = resolve_tiers(catalogue, tiers, health)

    assert tuple(status.tier for status in resolved) == TIER_NAMES
    assert all(status.why for status in resolved)
    assert all(status.target is None or status.target in catalogue.specs for status in resolved)
    for status in resolved:
        asked = route(TYPICAL[status.tier], catalogue, tiers, health).candidates  # type: ignore[index]  # a tier's name
        assert status.candidates == tuple(candidate.spec.name for candidate in asked)
