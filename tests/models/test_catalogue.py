"""The registry is corrected by the provider's own list, and does without it when it must."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.models.catalogue import Catalogue, CatalogueKeeper, Entry, life, merge, static_catalogue
from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability, ModelSpec

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
RECORDED: list[Entry] = json.loads((Path(__file__).parents[1] / "data/models/groq-2026-08.json").read_text())["data"]
SELF_SERVE: list[Entry] = [
    {"id": spec.id, "active": True} for spec in MODELS.values() if spec.provider == "groq" and spec.status == "active"
]


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


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────────

Answer = list[Entry] | Exception


def keeper(*answers: Answer, **more: Any) -> CatalogueKeeper:
    """A keeper whose provider gives these answers in turn, the last one for ever."""
    left = list(answers)

    async def fetch() -> list[Entry]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return CatalogueKeeper(fetch, wall=lambda: NOW, **more)


DOWN = ProviderError(Kind.CONNECTION, "connection refused for Bearer gsk_0123456789")


async def test_before_the_first_list_the_registry_counts() -> None:
    kept = keeper(SELF_SERVE)

    assert (kept.current.source, kept.current.listed, kept.version) == ("static", None, 0)
    assert "not been read yet" in kept.current.note


async def test_a_list_that_was_read_counts() -> None:
    kept = keeper(SELF_SERVE)

    assert await kept.refresh()

    assert kept.current.source == "live"
    assert kept.current.status(NOW + 5).age_s == 5
    assert kept.version == 1


async def test_unreachable_from_the_start_the_registry_counts_and_the_note_says_so() -> None:
    kept = keeper(DOWN)

    assert not await kept.refresh()

    assert (kept.current.source, kept.current.listed) == ("static", None)
    assert "could not be read" in kept.current.note
    assert "gsk_0123456789" not in kept.current.note


async def test_unreachable_later_the_last_list_counts_and_the_note_says_so() -> None:
    kept = keeper(SELF_SERVE, DOWN)
    await kept.refresh()
    live = kept.current

    await kept.refresh()

    assert (kept.current.source, kept.current.listed, kept.current.checked_at) == ("stale", live.listed, NOW)
    assert "the last one" in kept.current.note


async def test_an_empty_list_is_not_believed() -> None:
    kept = keeper(SELF_SERVE, [])
    await kept.refresh()

    assert not await kept.refresh()

    assert kept.current.source == "stale"
    assert kept.current.listed


async def test_a_provider_that_does_not_answer_is_given_up() -> None:
    async def never() -> list[Entry]:
        await asyncio.Event().wait()
        return []

    kept = CatalogueKeeper(never, timeout=0.01)

    assert not await kept.refresh()
    assert "no answer within 0.01 s" in kept.current.note


async def test_without_a_provider_there_is_the_registry() -> None:
    kept = CatalogueKeeper(None)

    assert not await kept.refresh()
    assert "no Groq key" in kept.current.note


SMALL = "groq:openai/gpt-oss-20b"
WITHOUT_SMALL = [entry for entry in SELF_SERVE if entry["id"] != "openai/gpt-oss-20b"]
SMALL_ANEW = [*WITHOUT_SMALL, {"id": "openai/gpt-oss-20b", "created": 1_800_000_000}]


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        pytest.param([SELF_SERVE], [SELF_SERVE] * 5, True, id="listed all along, which is no news"),
        pytest.param([], [SELF_SERVE] * 5, True, id="asked before there was a list"),
        pytest.param([DOWN], [SELF_SERVE] * 5, True, id="asked while the list could not be read"),
        pytest.param([SELF_SERVE], [DOWN, SELF_SERVE], True, id="the list could not be read in between"),
        pytest.param([SELF_SERVE], [WITHOUT_SMALL, SELF_SERVE], False, id="left out and listed again"),
        pytest.param([WITHOUT_SMALL], [SELF_SERVE], False, id="not listed when it was asked"),
        pytest.param([SELF_SERVE], [SMALL_ANEW], True, id="listed on with other figures"),
    ],
)
async def test_a_gone_model_stays_gone_until_a_list_names_it_anew(
    before: list[Any], after: list[Any], gone: bool
) -> None:
    kept = keeper(*before, *after)
    for _ in before:
        await kept.refresh()

    kept.mark_gone(SMALL)
    for _ in after:
        assert kept.current.absence(MODELS[SMALL])
        await kept.refresh()

    assert bool(kept.current.absence(MODELS[SMALL])) is gone
    assert ("openai/gpt-oss-20b" in kept.current.suggestions("gpt-oss-20b")) is not gone


async def test_a_backups_gone_model_comes_back_when_its_list_names_it() -> None:
    lists = iter([[], [], [{"id": "gpt-6-luna"}]])

    async def groq() -> list[Entry]:
        return SELF_SERVE

    async def openai() -> list[Entry]:
        return next(lists)

    kept = CatalogueKeeper(groq, backup=openai)
    seen = []
    for _ in range(3):
        await kept.refresh()
        seen.append(bool(kept.current.absence(MODELS["openai:gpt-6-luna"])))
        kept.mark_gone("openai:gpt-6-luna")

    assert seen == [False, True, False]


async def test_on_the_simulator_what_was_switched_off_may_be_switched_on() -> None:
    async def groq() -> list[Entry]:
        return SELF_SERVE

    kept = CatalogueKeeper(groq, forgiving=True)
    await kept.refresh()
    kept.mark_gone(SMALL)
    await kept.refresh()

    assert kept.current.absence(MODELS[SMALL]) == ""


async def test_a_gone_model_stays_gone_while_the_list_cannot_be_read() -> None:
    kept = keeper(DOWN)
    kept.mark_gone("groq:openai/gpt-oss-20b")

    await kept.refresh()

    assert kept.current.absence(MODELS["groq:openai/gpt-oss-20b"])


async def test_every_change_is_told_once() -> None:
    heard: list[Catalogue] = []
    kept = keeper(SELF_SERVE, DOWN)
    stop = kept.subscribe(heard.append)

    await kept.refresh()
    await kept.refresh()
    await kept.refresh()  # fails as before: nothing new
    kept.mark_gone("groq:openai/gpt-oss-20b")
    kept.mark_gone("groq:openai/gpt-oss-20b")
    stop()
    kept.mark_gone("groq:openai/gpt-oss-120b")

    assert [catalogue.source for catalogue in heard] == ["live", "stale", "stale"]
    assert kept.version == 4


class TiredError(Exception):
    """Ends a loop that has no end."""


def sleeper(naps: list[float], most: int) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == most:
            raise TiredError

    return sleep


async def test_the_list_is_read_every_ten_minutes_out_of_step() -> None:
    naps: list[float] = []
    jitters = iter([0.0, 0.5, 1.0])
    kept = keeper(SELF_SERVE, sleep=sleeper(naps, 3), jitter=lambda: next(jitters))

    with pytest.raises(TiredError):
        await kept.run()

    assert naps == pytest.approx([540, 600, 660])


async def test_after_a_failure_it_is_read_sooner() -> None:
    naps: list[float] = []
    kept = keeper(DOWN, DOWN, SELF_SERVE, DOWN, sleep=sleeper(naps, 12), jitter=lambda: 0.5)

    with pytest.raises(TiredError):
        await kept.run()

    assert naps == pytest.approx([5, 10, 600, 5, 10, 20, 40, 80, 160, 320, 600, 600])


async def test_a_gone_model_makes_the_list_be_read_at_once_and_stays_gone_though_it_is_still_listed() -> None:
    readings = 0
    asleep = asyncio.Event()

    async def fetch() -> list[Entry]:
        nonlocal readings
        readings += 1
        return SELF_SERVE

    async def sleep(seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    kept = CatalogueKeeper(fetch, wall=lambda: NOW, sleep=sleep)
    running = asyncio.create_task(kept.run())
    for _ in range(2):  # said twice, read again once
        await asleep.wait()
        asleep.clear()
        kept.mark_gone("groq:openai/gpt-oss-20b")
    await asyncio.sleep(0)
    running.cancel()

    assert readings == 2
    assert kept.current.absence(MODELS["groq:openai/gpt-oss-20b"])
    with pytest.raises(asyncio.CancelledError):
        await running


# ── days on which models are shut down ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("told", ["2027-03-01", "2027-03-01T00:00:00Z", 1803859200])
async def test_the_backups_list_tells_when_a_model_is_shut_down(told: object) -> None:
    async def groq() -> list[dict[str, object]]:
        return [{"id": "openai/gpt-oss-20b"}]

    async def openai() -> list[dict[str, object]]:
        return [{"id": "gpt-6-luna", "shutdown_date": told}, {"id": "gpt-4o-mini", "shutdown_date": "soon"}]

    keeper = CatalogueKeeper(groq, backup=openai, wall=lambda: 1_790_000_000.0)
    assert await keeper.refresh()
    spec = keeper.current.specs["openai:gpt-6-luna"]

    assert (spec.status, str(spec.shutdown)) == ("announced", "2027-03-01")
    assert keeper.current.specs["openai:gpt-4o-mini"].shutdown is not None
    assert keeper.current.listed == frozenset({"groq:openai/gpt-oss-20b"})


async def test_a_backup_without_a_list_costs_nothing() -> None:
    async def groq() -> list[dict[str, object]]:
        return [{"id": "openai/gpt-oss-20b"}]

    async def openai() -> list[dict[str, object]]:
        raise ProviderError(Kind.MODEL_GONE, "no such thing")

    assert await CatalogueKeeper(groq, backup=openai).refresh()
