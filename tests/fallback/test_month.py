"""A day of the month: `python -m benchmarks.month` lives through thirty of them."""

from __future__ import annotations

import pytest

from benchmarks import month
from benchmarks.virtual import run


@pytest.mark.timeout(300)
def test_a_day_of_the_month_loses_nothing_and_asks_for_no_more_than_it_may() -> None:
    trace = run(month.live(month.REQUESTS // month.DAYS, seed=1))

    assert trace.wrong == []
    assert trace.counts["failed though somebody was well"] == 0
    assert trace.counts["answered"] > month.REQUESTS // month.DAYS * 0.98


def test_the_same_seed_gives_the_same_trace() -> None:
    first, again, other = (run(month.live(700, seed)).digest for seed in (7, 7, 8))

    assert first == again != other
