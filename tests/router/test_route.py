"""Whom to ask, in which order, and why: the rules one by one."""

from __future__ import annotations

from itertools import combinations

import pytest

from groq_core.errors import Kind
from groq_core.models.catalogue import Catalogue, Entry, merge
from groq_core.models.registry import MODELS
from groq_core.models.tiers import specs, tiers
from groq_core.requests import Needs
from groq_core.router.route import resolve_tiers, route
from groq_core.router.target_state import TargetState
from groq_core.settings.settings import Settings
from tests.router.catalogues import (
    GROQ_ONLY,
    L8,
    L70,
    LARGE,
    LUNA,
    NEW,
    NOW,
    O20,
    O120,
    ORPHEUS,
    QWEN,
    REFERENCE,
    SCOUT,
    SELF_SERVE,
    STATIC,
    TIERS,
    TURBO,
    cost,
    healthy,
    ids,
    listing,
    of,
)

# ── which tier ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("needs", "tier"),
    [
        pytest.param(Needs(), "speed", id="plain"),
        pytest.param(Needs(images=1), "vision", id="image"),
        pytest.param(Needs(images=1, cost_sensitive=True, tools=True, json="schema"), "vision", id="image before all"),
        pytest.param(Needs(cost_sensitive=True, tools=True), "speed", id="cost before tools"),
        pytest.param(Needs(max_latency_ms=99, json="object"), "speed", id="latency before JSON"),
        pytest.param(Needs(max_latency_ms=100, json="object"), "quality", id="100 ms is not under 100 ms"),
        pytest.param(Needs(tools=True), "quality", id="tools"),
        pytest.param(Needs(json="object"), "quality", id="JSON"),
        pytest.param(Needs(json="schema"), "quality", id="schema"),
        pytest.param(Needs(model="quality"), "quality", id="asked for"),
        pytest.param(Needs(model="SPEED", tools=True), "speed", id="asked for, in any case"),
        pytest.param(Needs(model="speed", images=1), "vision", id="an image needs eyes"),
        pytest.param(Needs(model="audio"), "speed", id="ears do not chat"),
        pytest.param(Needs(operation="transcription", model="speed"), "audio", id="transcription"),
        pytest.param(Needs(operation="translation"), "audio", id="translation"),
        pytest.param(Needs(operation="speech"), "speech", id="speech"),
    ],
)
@pytest.mark.parametrize("catalogue", [REFERENCE, SELF_SERVE, STATIC], ids=["reference", "self-serve", "static"])
def test_the_rules_choose_the_tier_in_the_references_order(needs: Needs, tier: str, catalogue: Catalogue) -> None:
    assert route(needs, catalogue, TIERS, healthy).tier == tier


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        pytest.param(Needs(), [L8, LUNA], id="speed"),
        pytest.param(Needs(tools=True), [L70, LUNA], id="quality"),
        pytest.param(Needs(images=2), [SCOUT, LUNA], id="vision"),
        pytest.param(Needs(operation="transcription"), [TURBO, "whisper-1", "gpt-transcribe"], id="audio"),
    ],
)
def test_a_key_that_has_the_reference_models_gets_them(needs: Needs, order: list[str]) -> None:
    assert ids(route(needs, REFERENCE, TIERS, healthy)) == order


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        pytest.param(Needs(), [O20, LUNA, O120, QWEN], id="speed"),
        pytest.param(Needs(tools=True), [O120, O20, QWEN, LUNA], id="quality"),
        pytest.param(Needs(images=2), [QWEN, LUNA], id="vision"),
        pytest.param(Needs(operation="transcription"), [TURBO, LARGE, "whisper-1", "gpt-transcribe"], id="audio"),
        pytest.param(Needs(operation="translation"), [LARGE, "whisper-1"], id="translation"),
        pytest.param(Needs(operation="speech"), [ORPHEUS, "gpt-4o-mini-tts"], id="speech"),
    ],
)
def test_a_free_key_gets_the_successors(needs: Needs, order: list[str]) -> None:
    assert ids(route(needs, SELF_SERVE, TIERS, healthy)) == order


def test_without_a_list_the_living_come_before_the_doubtful_and_nobody_is_left_out() -> None:
    assert ids(route(Needs(), STATIC, GROQ_ONLY, healthy)) == [O20, O120, QWEN, L8]


# ── who can, who fits, who rests ─────────────────────────────────────────────────────────────────────


def test_a_model_without_eyes_is_never_shown_an_image() -> None:
    found = route(Needs(model=O120, images=1), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [QWEN, LUNA]
    assert [(item.spec.id, item.kind, item.why) for item in found.excluded[:1]] == [
        (O120, Kind.UNSUPPORTED, "sees no images")
    ]


def test_too_many_images_for_one_model_are_first_offered_to_another() -> None:
    found = route(Needs(images=4), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [LUNA, QWEN]
    assert not found.candidates[1].fits
    assert "takes 3 images at once" in found.reason


def test_a_window_too_small_comes_last_with_the_reason() -> None:
    found = route(Needs(prompt_tokens=131_000, max_tokens=5_000), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [LUNA, O20, O120, QWEN]
    assert found.candidates[2].why == "has a window of 131072 tokens for about 136000"


@pytest.mark.parametrize("bound", [65_536, 131_072, 200_000, 10**7])
def test_a_bound_beyond_what_a_model_writes_takes_nobody_out_of_turn(bound: int) -> None:
    """It is lowered when it is sent; clients set it to the whole window, or to a number that means "no bound"."""
    short = route(Needs(prompt_tokens=10, max_tokens=bound), SELF_SERVE, TIERS, healthy)
    long = route(Needs(prompt_tokens=70_000, max_tokens=bound), SELF_SERVE, TIERS, healthy)

    assert ids(short) == ids(route(Needs(prompt_tokens=10), SELF_SERVE, TIERS, healthy))
    assert short.candidates[0].fits
    assert not next(one for one in long.candidates if one.spec.id == O20).fits


def test_a_schema_goes_to_those_who_keep_it_strictly() -> None:
    both = merge(MODELS, [{"id": SCOUT}, {"id": QWEN}, {"id": L70}, {"id": O120}], now=NOW)

    assert ids(route(Needs(images=1, json="schema"), both, GROQ_ONLY, healthy)) == [QWEN, SCOUT]
    assert ids(route(Needs(json="schema"), both, GROQ_ONLY, healthy)) == [O120, QWEN, L70]
    assert ids(route(Needs(json="object"), both, GROQ_ONLY, healthy)) == [L70, O120, QWEN]


def test_a_tool_that_groq_runs_goes_to_those_who_have_it() -> None:
    found = route(Needs(tools=True, hosted=("browser_search",)), SELF_SERVE, TIERS, healthy)

    assert set(ids(found)) == {O120, O20}
    assert {excluded.why for excluded in found.excluded} >= {"has no browser search"}


def test_tools_go_to_those_who_call_them() -> None:
    catalogue = merge(MODELS, [{"id": "new/plain", "supported_features": ["json_mode"]}, {"id": O20}], now=NOW)

    found = route(Needs(tools=True), catalogue, GROQ_ONLY, healthy)

    assert ids(found) == [O20]
    assert "calls no tools" in {item.why for item in found.excluded}


def test_a_resting_model_waits_behind_its_providers_others_but_before_the_backup() -> None:
    found = route(Needs(tools=True), SELF_SERVE, TIERS, of({O120: "resting"}))

    assert ids(found) == [O20, QWEN, O120, LUNA]
    assert found.candidates[2].rests_for_s == 12.0
    assert found.reason == (
        "quality: tools were offered; Llama 3.3 70B is not offered to this key and "
        "GPT-OSS 120B rests for 12 s more, so " + O20
    )


# ── by price ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("offered", [c for n in range(1, 6) for c in combinations((L8, O20, O120, QWEN, "n/new"), n)])
@pytest.mark.parametrize("price", [None, "0", "0.00000009", "0.00000055", "0.000002", "0.00001"])
def test_speed_goes_on_with_the_cheapest_who_is_able_whatever_is_offered(
    offered: tuple[str, ...], price: str | None
) -> None:
    entries: list[Entry] = [{"id": id} for id in offered]
    if price is not None:
        entries = [entry | ({"pricing": {"completion": price}} if entry["id"] == "n/new" else {}) for entry in entries]
    catalogue = merge(MODELS, entries, now=NOW)

    for down in (frozenset[str](), *map(frozenset, combinations((*offered, LUNA), 1)), frozenset((O20, LUNA))):
        found = route(Needs(), catalogue, TIERS, of(dict.fromkeys(down, "resting")))

        assert set(ids(found)) == {*offered, LUNA}
        awake = [candidate.spec for candidate in found.candidates if candidate.spec.id not in down]
        assert awake == sorted(awake, key=cost)
        assert not any(candidate.awake for candidate in found.candidates[len(awake) :])


def test_the_price_decides_in_no_other_tier_and_not_against_a_list_of_ones_own() -> None:
    own = tiers(
        Settings.from_env({"GROQ_API_KEY": "k", "OPENAI_API_KEY": "k", "GROQ_CORE_SPEED_MODELS": f"{QWEN},{O20}"})
    )

    assert ids(route(Needs(), SELF_SERVE, own, healthy)) == [QWEN, O20, LUNA]
    assert ids(route(Needs(json="object"), SELF_SERVE, TIERS, healthy)) == [O120, O20, QWEN, LUNA]


def test_a_backup_of_unknown_price_comes_after_those_whose_price_is_known() -> None:
    env = {"GROQ_API_KEY": "k", "OPENAI_API_KEY": "k", "GROQ_CORE_OPENAI_MODEL": "my-own"}
    own = tiers(settings_of := Settings.from_env(env))
    catalogue = merge(specs(settings_of), [{"id": id} for id in (O20, O120, QWEN)], now=NOW)

    assert ids(route(Needs(), catalogue, own, healthy)) == [O20, O120, QWEN, "my-own"]


def test_what_does_not_fit_comes_last_however_cheap_it_is() -> None:
    found = route(Needs(prompt_tokens=131_000, max_tokens=5_000), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [LUNA, O20, O120, QWEN]


def test_a_probing_model_keeps_its_place() -> None:
    assert ids(route(Needs(), SELF_SERVE, TIERS, of({O20: "probing"})))[0] == O20


@pytest.mark.parametrize(
    ("state", "kind", "why"),
    [("no_key", Kind.AUTH, "has no key"), ("gone", Kind.MODEL_GONE, "is no longer offered")],
)
def test_who_cannot_be_asked_is_left_out_with_the_reason(state: TargetState, kind: Kind, why: str) -> None:
    found = route(Needs(), SELF_SERVE, TIERS, of({O20: state}))

    assert O20 not in ids(found)
    assert (kind, why) in [(item.kind, item.why) for item in found.excluded if item.spec.id == O20]


def test_when_everybody_rests_the_reason_names_who_is_asked_and_why_it_is_hard() -> None:
    found = route(Needs(), listing(O20), GROQ_ONLY, of({O20: "resting"}))

    assert ids(found) == [O20]
    assert found.reason.endswith(f"so {O20}, which rests for 12 s more")


def test_when_nobody_can_the_reason_says_why_nobody_can() -> None:
    found = route(Needs(operation="speech"), SELF_SERVE, TIERS, of({ORPHEUS: "gone", "gpt-4o-mini-tts": "no_key"}))

    assert found.candidates == ()
    assert found.reason == (
        "speech: a text is to be spoken; nobody can answer: "
        "Orpheus English is no longer offered and GPT-4o mini TTS has no key"
    )


# ── pinned ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("model", [QWEN, f"groq:{QWEN}", QWEN.upper(), f"  {QWEN} "])
def test_a_model_asked_for_by_name_comes_first_and_the_chain_goes_on(model: str) -> None:
    found = route(Needs(model=model), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [QWEN, O20, LUNA, O120]
    assert found.reason == "speed: Qwen 3.8 27B was asked for"


def test_the_chain_goes_on_in_the_tier_where_the_model_stands_highest() -> None:
    assert route(Needs(model=O120), SELF_SERVE, TIERS, healthy).tier == "quality"
    assert route(Needs(model=O20), SELF_SERVE, TIERS, healthy).tier == "speed"
    assert route(Needs(model="openai/gpt-oss-safeguard-20b", tools=True), SELF_SERVE, TIERS, healthy).tier == "quality"


def test_a_pinned_model_comes_first_even_while_it_rests() -> None:
    found = route(Needs(model=O120), SELF_SERVE, TIERS, of({O120: "resting"}))

    assert ids(found) == [O120, O20, QWEN, LUNA]
    assert found.candidates[0].state == "resting"
    assert found.reason.startswith("quality: GPT-OSS 120B was asked for; it rests for 12 s more")


def test_a_pinned_model_that_is_shut_down_is_not_asked_and_that_is_said() -> None:
    found = route(Needs(model=L70), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [O120, O20, QWEN, LUNA]
    assert found.reason == f"quality: Llama 3.3 70B was asked for; it is not offered to this key, so {O120}"


def test_a_request_that_stays_has_one_candidate_and_a_tier_all_of_its_own() -> None:
    assert ids(route(Needs(model=O120, stay=True), SELF_SERVE, TIERS, of({O120: "resting"}))) == [O120]
    assert ids(route(Needs(model=L70, stay=True), SELF_SERVE, TIERS, healthy)) == []
    assert ids(route(Needs(model="quality", stay=True), SELF_SERVE, TIERS, healthy)) == [O120, O20, QWEN, LUNA]


def test_an_id_nobody_knows_is_sent_to_groq_first() -> None:
    found = route(Needs(model="openai/gpt-oss-21b", images=1), SELF_SERVE, TIERS, healthy)

    assert ids(found) == ["openai/gpt-oss-21b", QWEN, LUNA]
    assert found.candidates[0].spec.name == "groq:openai/gpt-oss-21b"
    assert f"it is not known here; {O20} or" in found.reason


def test_a_provider_before_an_unknown_id_says_where_to_send_it() -> None:
    found = route(Needs(model="openai:gpt-99"), SELF_SERVE, TIERS, healthy)

    assert found.candidates[0].spec.name == "openai:gpt-99"
    assert ids(found)[1:] == [O20, LUNA, O120, QWEN]


def test_a_colon_in_an_id_is_not_a_provider() -> None:
    assert route(Needs(model="llama3.2:1b"), SELF_SERVE, TIERS, healthy).candidates[0].spec.name == "groq:llama3.2:1b"


def test_a_pinned_backup_model_comes_before_groq() -> None:
    assert ids(route(Needs(model=LUNA), SELF_SERVE, TIERS, healthy)) == [LUNA, O20, O120, QWEN]


def test_a_pinned_model_of_another_trade_is_passed_over() -> None:
    found = route(Needs(model=LARGE), SELF_SERVE, TIERS, healthy)

    assert ids(found) == [O20, LUNA, O120, QWEN]
    assert "it does not chat" in found.reason


# ── models of next month ─────────────────────────────────────────────────────────────────────────────


def test_when_the_whole_list_is_new_the_new_models_serve() -> None:
    catalogue = merge(MODELS, NEW, now=NOW)

    assert ids(route(Needs(model="speed"), catalogue, GROQ_ONLY, healthy)) == [
        "n/cheap",
        "n/eye",
        "n/dear",
        "n/unpriced",
    ]
    assert ids(route(Needs(model="quality"), catalogue, GROQ_ONLY, healthy)) == [
        "n/dear",
        "n/eye",
        "n/cheap",
        "n/unpriced",
    ]
    assert ids(route(Needs(images=1), catalogue, GROQ_ONLY, healthy)) == ["n/eye"]


def test_a_list_of_ones_own_stays_closed_to_new_models() -> None:
    own = tiers(Settings.from_env({"GROQ_API_KEY": "k", "GROQ_CORE_SPEED_MODELS": O20}))

    assert ids(route(Needs(), merge(MODELS, [*NEW, {"id": O20}], now=NOW), own, healthy)) == [O20]


@pytest.mark.parametrize("dead", [L8, "llama3-70b-8192", "mixtral-8x7b-32768"])
def test_a_list_of_ones_own_that_has_outlived_its_models_goes_on_with_their_successors(dead: str) -> None:
    """Every question of the tier, and the dead id itself, was refused with 400 as the caller's fault."""
    own = tiers(Settings.from_env({"GROQ_API_KEY": "k", "GROQ_CORE_SPEED_MODELS": dead}))
    heir = MODELS[f"groq:{dead}"].replacement

    for needs in (Needs(), Needs(model="speed"), Needs(model=dead)):
        found = route(needs, SELF_SERVE, own, healthy)
        assert ids(found) == [heir]
        assert found.reason.endswith(f"is not offered to this key, so {heir}")
    assert ids(route(Needs(), listing(dead, O20, O120), own, healthy)) == [dead], "an enterprise key has it"
    assert ids(route(Needs(), STATIC, own, healthy)) == [dead], "without a list of Groq's it is only a doubt"


# ── what each tier resolves to ───────────────────────────────────────────────────────────────────────


def test_with_the_list_of_november_2026_every_tier_resolves_and_says_why() -> None:
    resolved = {status.tier: status for status in resolve_tiers(SELF_SERVE, GROQ_ONLY, healthy)}

    assert {tier: status.target for tier, status in resolved.items()} == {
        "speed": f"groq:{O20}",
        "quality": f"groq:{O120}",
        "vision": f"groq:{QWEN}",
        "audio": f"groq:{TURBO}",
        "speech": f"groq:{ORPHEUS}",
    }
    assert resolved["vision"].why == (
        f"Llama 4 Scout is not offered to this key, so {QWEN} "
        "(Llama 4 Scout: shut down 2026-07-17, enterprise contracts only)"
    )
    assert resolved["audio"].why == "the first choice of its list"


def test_a_tier_without_anybody_says_so() -> None:
    resolved = resolve_tiers(REFERENCE, GROQ_ONLY, healthy)[-1]

    assert (resolved.tier, resolved.target) == ("speech", None)
    assert resolved.why == "Orpheus English is not offered to this key"


def test_a_resting_target_lets_the_tier_resolve_to_the_next() -> None:
    resolved = resolve_tiers(SELF_SERVE, TIERS, of({QWEN: "resting"}))[2]

    assert resolved.target == f"openai:{LUNA}"
    assert "Qwen 3.8 27B rests for 12 s more" in resolved.why
