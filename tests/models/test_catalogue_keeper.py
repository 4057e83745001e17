"""The list of models is read again and again, and believed as far as it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.models.catalogue import Catalogue, CatalogueKeeper, Entry
from groq_core.models.registry import MODELS
from tests.models.lists import NOW, SELF_SERVE

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
