"""A day of the month: `python -m benchmarks.month` lives through thirty of them."""

from __future__ import annotations

import gc

import pytest

from benchmarks import month
from groq_core.fallback.health import BreakerState
from groq_core.ratelimit.personal_limits import limit_error


def _always_cooling(breaker: BreakerState, now: float) -> str:
    """A breaker that failed once and is never tried again."""
    return "closed" if breaker.is_closed else "resting"


async def _let_nobody_in(*_: object) -> None:
    raise limit_error(month.BY_PERSON[0], 60.0)


@pytest.mark.timeout(300)
def test_a_day_of_the_month_loses_nothing_and_asks_for_no_more_than_it_may() -> None:
    gc.collect()
    gc.freeze()  # what other tests hold need not be looked through at each tenth of the day
    trace = month.live(month.REQUESTS // month.DAYS, seed=1)

    assert trace.wrong == []
    # Of everything there was something: limits that bound, people who had asked too much, answers from memory.
    for kind in ("answered", "from the cache", "waited or went on for a limit", "refused by a person's own limit"):
        assert trace.counts[kind] > 100, kind
    assert trace.sizes[-1] < month.GROWTH * trace.sizes[len(trace.sizes) // 3]


def test_the_same_seed_gives_the_same_trace() -> None:
    first, again, other = (month.live(700, seed).digest for seed in (7, 7, 8))

    assert first == again != other


BROKEN: dict[str, dict[str, object]] = {
    "refusals of our own making": {
        "groq_core.ratelimit.waiting.TargetBuckets.wait": lambda *_: 0.0,
        "groq_core.ratelimit.waiting.TargetBuckets._fits": lambda *_: True,
    },
    "another's words": {"benchmarks.month.Month._text": lambda *_: "The answer to 000000000000 is as it was."},
    "were well": {"groq_core.fallback.turns.Turns.next": lambda *_: None},
    "does not recover": {"groq_core.fallback.health.BreakerState.admission": _always_cooling},
    "refused with something left": {"groq_core.ratelimit.personal_limits.People.enter": _let_nobody_in},
}


@pytest.mark.parametrize("seen", BROKEN)
def test_each_thing_that_must_hold_is_seen_where_it_does_not(seen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge is judged, by a house that was broken on purpose."""
    for name, instead in BROKEN[seen].items():
        monkeypatch.setattr(name, instead, raising=False)

    trace = month.live(2_500, seed=1)

    assert any(seen in why for why in trace.wrong)
