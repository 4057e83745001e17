"""The registry keeps its figures, and every one of them has a source and a day."""

from __future__ import annotations

from datetime import date

import pytest

from groq_core.events import Usage
from groq_core.models.pricing import cost_usd
from groq_core.models.registry import MODELS
from groq_core.models.spec import TIER_NAMES, Capability, ModelSpec, Tier
from groq_core.models.tiers import ANY, ASSUMED, BACKUP_TIERS, GROQ_TIERS, specs, tiers
from groq_core.ratelimit.plans import LIMITS, TierLimits, limits_for
from groq_core.settings.settings import Settings


@pytest.mark.parametrize(
    ("id", "figures"),
    [
        ("llama-3.1-8b-instant", (131_072, 8_192, 560, 0.05, 0.08)),
        ("llama-3.3-70b-versatile", (131_072, 32_768, 280, 0.59, 0.79)),
        ("meta-llama/llama-4-scout-17b-16e-instruct", (131_072, 8_192, 460, 0.11, 0.34)),
    ],
)
def test_the_reference_models_keep_the_reference_figures(id: str, figures: tuple[float, ...]) -> None:
    spec = MODELS[f"groq:{id}"]

    assert figures == (spec.context_window, spec.max_output, spec.tokens_per_s, spec.usd_in, spec.usd_out)


def test_each_tier_starts_with_the_reference_model() -> None:
    assert {tier: listed[0] for tier, listed in GROQ_TIERS.items()} == {
        "speed": "llama-3.1-8b-instant",
        "quality": "llama-3.3-70b-versatile",
        "vision": "meta-llama/llama-4-scout-17b-16e-instruct",
        "audio": "whisper-large-v3-turbo",
        "speech": "canopylabs/orpheus-v1-english",
    }


@pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.name)
def test_every_model_has_a_source_a_day_and_something_it_can_do(spec: ModelSpec) -> None:
    assert spec.source.startswith("https://")
    assert spec.checked is not None
    assert spec.capabilities
    assert (spec.status == "active") == (spec.shutdown is None) or spec.status in ("enterprise", "retired")
    assert spec.can(Capability.VISION) == (spec.max_images > 0) or spec.provider == "openai" or spec.shutdown is None
    assert bool(spec.voices) == spec.can(Capability.SPEECH) or spec.status == "retired"


def test_every_replacement_of_a_dead_model_is_alive() -> None:
    gone = [spec for spec in MODELS.values() if spec.replacement]

    assert gone
    for spec in gone:
        assert MODELS[f"{spec.provider}:{spec.replacement}"].status == "active", spec.name


@pytest.mark.parametrize("tier", TIER_NAMES)
def test_every_tier_lists_known_models_that_can_do_it_and_one_that_is_active(tier: Tier) -> None:
    groq = [MODELS[f"groq:{id}"] for id in GROQ_TIERS[tier] if id != ANY]
    backup = [MODELS[f"openai:{id}"] for id in BACKUP_TIERS[tier]]
    needed: dict[Tier, Capability] = {
        "audio": Capability.TRANSCRIPTION,
        "speech": Capability.SPEECH,
        "vision": Capability.VISION,
    }

    assert all(spec.can(needed.get(tier, Capability.CHAT)) for spec in groq + backup)
    assert any(spec.status == "active" for spec in groq)
    assert len({spec.name for spec in groq}) == len(groq)


def test_only_llama_continues_an_assistant_message() -> None:
    assert {spec.id for spec in MODELS.values() if spec.can(Capability.PREFILL)} == {
        "llama-3.1-8b-instant",
        "llama-3.3-70b-versatile",
        "meta-llama/llama-4-scout-17b-16e-instruct",
        "meta-llama/llama-4-maverick-17b-128e-instruct",
    }


def test_only_the_large_whisper_translates_on_groq() -> None:
    translators = [spec.id for spec in MODELS.values() if spec.can(Capability.TRANSLATION) and spec.provider == "groq"]

    assert translators == ["whisper-large-v3"]


# ── preference lists ─────────────────────────────────────────────────────────────────────────────────


def test_without_a_backup_only_groq_is_asked() -> None:
    listed = tiers(Settings.from_env({"GROQ_API_KEY": "k"}))

    assert all(name.startswith("groq:") for names in listed.values() for name in names)


@pytest.mark.parametrize("environ", [{"OPENAI_API_KEY": "k"}, {"OPENAI_BASE_URL": "http://h/v1"}, {}])
def test_the_backup_comes_after_groq(environ: dict[str, str]) -> None:
    for names in tiers(Settings.from_env(environ)).values():
        providers = [name.partition(":")[0] for name in names]
        assert providers == sorted(providers)  # "groq" < "openai"
        assert providers[-1] == "openai"


def test_a_list_from_the_settings_replaces_the_tiers_own() -> None:
    listed = tiers(Settings.from_env({"GROQ_API_KEY": "k", "GROQ_CORE_SPEED_MODELS": "b,groq:a"}))

    assert listed["speed"] == ("groq:b", "groq:a")
    assert listed["quality"][0] == "groq:llama-3.3-70b-versatile"


def test_an_unknown_id_is_trusted_with_what_it_is_named_for() -> None:
    settings = Settings.from_env(
        {"GROQ_CORE_VISION_MODELS": "eye", "GROQ_CORE_SPEED_MODELS": "eye", "GROQ_CORE_OPENAI_AUDIO_MODEL": "ear"}
    )

    known = specs(settings)

    assert known["groq:eye"].capabilities == ASSUMED["vision"]
    assert known["openai:ear"].capabilities == ASSUMED["audio"]
    assert known["groq:whisper-large-v3"] is MODELS["groq:whisper-large-v3"]


@pytest.mark.parametrize(
    ("environ", "vision"),
    [
        pytest.param({}, ("openai:gpt-6-luna",), id="registry"),
        pytest.param({"GROQ_CORE_OPENAI_MODEL": "gpt-4o-mini"}, ("openai:gpt-4o-mini",), id="known to see"),
        pytest.param({"GROQ_CORE_OPENAI_MODEL": "llama3.2"}, (), id="not known to see"),
        pytest.param(
            {"GROQ_CORE_OPENAI_MODEL": "llama3.2", "GROQ_CORE_OPENAI_VISION_MODEL": "llava"},
            ("openai:llava",),
            id="named",
        ),
    ],
)
def test_the_backup_gets_pictures_only_if_it_sees(environ: dict[str, str], vision: tuple[str, ...]) -> None:
    listed = tiers(Settings.from_env({"OPENAI_BASE_URL": "http://h/v1"} | environ))

    assert tuple(name for name in listed["vision"] if name.startswith("openai:")) == vision


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("id", "rpd", "tpm", "rpm"),
    [
        pytest.param("openai/gpt-oss-120b", 1_000, 8_000, 30, id="free"),
        pytest.param("openai/gpt-oss-120b", 500_000, 250_000, 1_000, id="developer"),
        pytest.param("whisper-large-v3-turbo", 2_000, None, 20, id="audio has no tokens"),
        pytest.param("openai/gpt-oss-120b", None, 8_000, 30, id="one header is enough"),
        pytest.param("openai/gpt-oss-120b", 1_000, 250_000, None, id="no plan fits"),
        pytest.param("of-next-month", 1_000, 8_000, None, id="unknown model"),
        pytest.param("openai/gpt-oss-120b", None, None, None, id="no headers"),
    ],
)
def test_headers_tell_the_plan_and_the_plan_tells_what_they_hide(
    id: str, rpd: int | None, tpm: int | None, rpm: int | None
) -> None:
    assert limits_for(id, rpd, tpm).rpm == rpm


def test_where_no_plan_fits_the_headers_stand() -> None:
    assert limits_for("openai/gpt-oss-120b", 7, 9) == TierLimits(rpd=7, tpm=9)


def test_the_free_plan_splits_qwens_minute() -> None:
    limits = limits_for("qwen/qwen3.8-27b", 1_000, 8_000)

    assert (limits.plan, limits.itpm, limits.otpm) == ("free", 7_000, 1_000)


def test_limits_are_of_models_we_know_and_plans_can_be_told_apart() -> None:
    for id, plans in LIMITS.items():
        assert f"groq:{id}" in MODELS
        assert len({(limits.rpd, limits.tpm) for limits in plans}) == len(plans)


# ── prices ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "usage", "usd"),
    [
        pytest.param(
            "groq:llama-3.1-8b-instant", Usage(prompt_tokens=1_000_000, completion_tokens=500_000), 0.09, id="tokens"
        ),
        pytest.param(
            "groq:openai/gpt-oss-120b",
            Usage(prompt_tokens=1_000_000, cached_tokens=1_000_000, completion_tokens=1_000_000),
            0.675,
            id="cached",
        ),
        pytest.param(
            "groq:qwen/qwen3.8-27b", Usage(prompt_tokens=1_000_000, cached_tokens=1_000_000), 0.8, id="no cached price"
        ),
        pytest.param("groq:whisper-large-v3-turbo", Usage(audio_s=3600.0), 0.04, id="an hour"),
        pytest.param("groq:whisper-large-v3-turbo", Usage(audio_s=3.0), 0.04 / 360, id="billed as ten seconds"),
        pytest.param("groq:canopylabs/orpheus-v1-english", Usage(characters=1_000), 0.022, id="characters"),
    ],
)
def test_prices(name: str, usage: Usage, usd: float) -> None:
    assert cost_usd(MODELS[name], usage) == pytest.approx(usd)


def test_what_has_no_known_price_costs_none_not_nothing() -> None:
    assert cost_usd(MODELS["groq:minimaxai/minimax-m2.7"], Usage(prompt_tokens=1)) is None
    assert cost_usd(MODELS["groq:whisper-large-v3"], Usage()) is None
    assert cost_usd(MODELS["groq:canopylabs/orpheus-v1-english"], Usage()) is None


def test_a_names_provider_comes_first() -> None:
    spec = ModelSpec(id="a/b", capabilities=frozenset(), checked=date(2026, 1, 1))

    assert (spec.name, spec.label) == ("groq:a/b", "a/b")
