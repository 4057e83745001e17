"""The registry is corrected by the provider's own list, and does without it when it must."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from groq_core.models.catalogue import Entry, life, merge, static_catalogue
from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability, ModelSpec
from tests.models.lists import NOW, RECORDED, SELF_SERVE


def read(entry: Entry) -> ModelSpec:
    """The model that one listed object describes."""
    return merge({}, [entry], now=NOW).specs[f"groq:{entry['id']}"]


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_recorded_list_is_understood_whole() -> None:
    catalogue = merge(MODELS, RECORDED, now=NOW)

    assert set(catalogue.listed or ()) == {f"groq:{entry['id']}" for entry in RECORDED}
    assert catalogue.source == "live"
    assert catalogue.discovered == (
        "groq:allam-2-7b",
        "groq:groq/compound",
        "groq:groq/compound-mini",
        "groq:qwen/qwen3.6-27b",
    )
    for entry in RECORDED:
        spec = catalogue.specs[f"groq:{entry['id']}"]
        assert (spec.context_window, spec.max_output) == (entry["context_window"], entry["max_completion_tokens"])


def test_a_recorded_list_and_the_registry_agree_on_what_models_can_do() -> None:
    """Classified by the list alone, each model can do the operation the registry says it is for."""
    operations = {Capability.CHAT, Capability.TRANSCRIPTION, Capability.SPEECH, Capability.CLASSIFY}
    for entry in RECORDED:
        if known := MODELS.get(f"groq:{entry['id']}"):
            assert read(entry).capabilities & operations == known.capabilities & operations, entry["id"]


def test_a_listed_model_is_offered_whatever_the_registry_says_of_its_life() -> None:
    scout = "groq:meta-llama/llama-4-scout-17b-16e-instruct"

    catalogue = merge(MODELS, [{"id": scout.removeprefix("groq:")}], now=NOW)

    assert MODELS[scout].status == "enterprise"
    assert catalogue.specs[scout].status == "active"
    assert catalogue.absence(catalogue.specs[scout]) == ""
    assert catalogue.specs[scout].can(Capability.VISION)


def test_what_is_not_listed_is_not_offered() -> None:
    catalogue = merge(MODELS, SELF_SERVE, now=NOW)

    assert catalogue.absence(MODELS["groq:llama-3.1-8b-instant"]) == "is not offered to this key"
    assert catalogue.absence(MODELS["groq:openai/gpt-oss-20b"]) == ""
    assert catalogue.absence(MODELS["openai:gpt-6-luna"]) == ""


def test_the_lists_figures_win_over_the_registrys() -> None:
    catalogue = merge(
        MODELS,
        [
            {
                "id": "openai/gpt-oss-20b",
                "context_window": 9_000,
                "max_completion_tokens": 900,
                "pricing": {"prompt": "0.000001", "completion": "0.000002", "input_cache_read": "0.0000005"},
            }
        ],
        now=NOW,
    )

    spec = catalogue.specs["groq:openai/gpt-oss-20b"]
    assert (spec.context_window, spec.max_output) == (9_000, 900)
    assert (spec.usd_in, spec.usd_out, spec.usd_cached) == (1.0, 2.0, 0.5)
    assert spec.capabilities == MODELS[spec.name].capabilities


def test_missing_features_take_nothing_away() -> None:
    entry = {"id": "qwen/qwen3.8-27b", "supported_features": ["tools"], "pricing": None, "context_window": None}

    catalogue = merge(MODELS, [entry], now=NOW)

    assert catalogue.specs["groq:qwen/qwen3.8-27b"] == MODELS["groq:qwen/qwen3.8-27b"]


def test_the_list_says_who_sees() -> None:
    blind = {"id": "qwen/qwen3.8-27b", "input_modalities": ["text"]}
    seeing = {"id": "openai/gpt-oss-20b", "input_modalities": ["text", "image"]}

    catalogue = merge(MODELS, [blind, seeing], now=NOW)

    assert not catalogue.specs["groq:qwen/qwen3.8-27b"].can(Capability.VISION)
    assert catalogue.specs["groq:openai/gpt-oss-20b"].can(Capability.VISION)


@pytest.mark.parametrize(
    "entry",
    [None, "model", 7, [], {}, {"id": None}, {"id": 3}, {"id": "x", "active": False}],
    ids=["none", "text", "number", "list", "empty", "no id", "id not text", "inactive"],
)
def test_what_is_no_offered_model_is_skipped(entry: object) -> None:
    catalogue = merge(MODELS, [entry, {"id": "openai/gpt-oss-20b"}], now=NOW)

    assert set(catalogue.listed or ()) == {"groq:openai/gpt-oss-20b"}


@pytest.mark.parametrize(
    "entry",
    [
        {"context_window": "many", "max_completion_tokens": -1},
        {"pricing": "cheap"},
        {"pricing": {"prompt": "free", "completion": None, "input_cache_read": {}}},
        {"pricing": {"prompt": "0", "completion": "inf", "input_cache_read": "nan"}},
        {"supported_features": "tools", "input_modalities": {"image": True}, "output_modalities": [None, 3]},
        {"name": 5},
    ],
)
def test_nonsense_in_a_field_leaves_the_field_unknown(entry: dict[str, Any]) -> None:
    spec = read({"id": "new/model"} | entry)

    assert spec.can(Capability.CHAT)
    assert (spec.context_window, spec.max_output, spec.usd_in, spec.usd_out, spec.title) == (0, 0, None, None, "")


@pytest.mark.parametrize(
    ("entry", "can"),
    [
        pytest.param({"id": "n/m"}, {"chat", "tools", "json_object"}, id="nothing said"),
        pytest.param(
            {"id": "n/m", "supported_features": ["structured_outputs", "reasoning", "telepathy"]},
            {"chat", "json_object", "json_schema", "reasoning"},
            id="features",
        ),
        pytest.param(
            {"id": "n/m", "input_modalities": ["text", "image"], "output_modalities": ["text"]},
            {"chat", "tools", "json_object", "vision"},
            id="eyes",
        ),
        pytest.param({"id": "meta/llama-9"}, {"chat", "tools", "json_object", "prefill"}, id="llama continues"),
        pytest.param({"id": "n/m", "output_modalities": ["transcription"]}, {"transcription", "timestamps"}, id="ears"),
        pytest.param({"id": "n/m", "input_modalities": ["audio"]}, {"transcription", "timestamps"}, id="audio in"),
        pytest.param({"id": "whisper-9"}, {"transcription", "timestamps"}, id="by name"),
        pytest.param({"id": "n/m", "output_modalities": ["speech"]}, {"speech"}, id="voice"),
        pytest.param({"id": "n/m-tts"}, {"speech"}, id="voice by name"),
        pytest.param({"id": "n/llama-prompt-guard-3"}, {"classify"}, id="classifier"),
        pytest.param({"id": "n/m", "output_modalities": ["embedding"]}, set(), id="embedding"),
        pytest.param({"id": "n/m", "output_modalities": ["image"]}, set(), id="painter"),
    ],
)
def test_an_unknown_model_is_classified_by_what_the_list_tells(entry: Entry, can: set[str]) -> None:
    assert read(entry).capabilities == can


def test_speech_is_priced_by_the_character() -> None:
    spec = read({"id": "n/m", "output_modalities": ["speech"], "pricing": {"prompt": "0.000022"}})

    assert (spec.usd_characters, spec.usd_in) == (22.0, None)


def test_an_announced_shutdown_takes_place_on_its_day() -> None:
    day_before = datetime(2027, 1, 13, 23, 59, tzinfo=UTC).timestamp()
    name = "openai:gpt-4o-mini"

    assert static_catalogue(now=day_before).specs[name].status == "announced"
    assert static_catalogue(now=day_before + 60).specs[name].status == "retired"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("groq:openai/gpt-oss-20b", ""),
        ("groq:minimaxai/minimax-m2.7", "enterprise contracts only"),
        ("groq:groq/compound", "shut down 2026-09-21"),
        ("openai:gpt-4o-mini", "will be shut down 2027-01-14; its successor is gpt-6-luna"),
    ],
)
def test_a_models_life_is_told_in_words(name: str, told: str) -> None:
    assert life(MODELS[name]) == told


# ── looking up ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("openai/gpt-oss-20b", "groq:openai/gpt-oss-20b"),
        ("groq:openai/gpt-oss-20b", "groq:openai/gpt-oss-20b"),
        (" OpenAI/GPT-OSS-20B ", "groq:openai/gpt-oss-20b"),
        ("GROQ:whisper-large-v3", "groq:whisper-large-v3"),
        ("gpt-6-luna", "openai:gpt-6-luna"),
        ("openai:gpt-6-luna", "openai:gpt-6-luna"),
    ],
)
def test_a_model_is_found_by_id_and_by_name_in_any_case(text: str, name: str) -> None:
    spec = static_catalogue(now=NOW).lookup(text)

    assert spec is not None
    assert spec.name == name


@pytest.mark.parametrize("text", ["", "gpt-oss", "openai:openai/gpt-oss-20b", "groq:"])
def test_what_is_no_model_is_not_found(text: str) -> None:
    assert static_catalogue(now=NOW).lookup(text) is None


def test_an_id_of_both_providers_is_groqs() -> None:
    both = {
        f"{provider}:same": ModelSpec(id="same", provider=provider, capabilities=frozenset())
        for provider in ("openai", "groq")
    }

    found = [static_catalogue(both, now=NOW).lookup(text) for text in ("same", "SAME", "openai:SAME")]

    assert [spec and spec.provider for spec in found] == ["groq", "groq", "openai"]


@pytest.mark.parametrize("text", ["gpt-oss20b", "openai/gpt_oss_20b", "GPT-OSS-20"])
def test_a_misspelt_id_brings_its_neighbour_to_mind(text: str) -> None:
    assert static_catalogue(now=NOW).suggestions(text)[0] == "openai/gpt-oss-20b"


def test_what_is_not_offered_is_not_suggested() -> None:
    assert "llama-3.1-8b-instant" in static_catalogue(now=NOW).suggestions("llama-3.1-8b")
    assert "llama-3.1-8b-instant" not in merge(MODELS, SELF_SERVE, now=NOW).suggestions("llama-3.1-8b")
