"""A month later is the same day, or the month's last."""

from __future__ import annotations

from datetime import date

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from groq_core.services.agent.builtin.clock import add_to_date


async def months_later(start: date, months: int) -> str:
    given = {"start": start.isoformat(), "amount": months, "unit": "months"}
    return str(await add_to_date.call(add_to_date.check(given)))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 30), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 1, 29), 2, date(2026, 3, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
    ],
)
async def test_the_end_of_a_month_is_kept_where_the_next_has_it(start: date, months: int, end: date) -> None:
    found = await months_later(start, months)

    assert found.startswith(end.isoformat())


@given(start=st.dates(date(1900, 1, 1), date(2100, 12, 31)), months=st.integers(-500, 500))
async def test_months_are_added_as_a_calendar_does(start: date, months: int) -> None:
    found = await months_later(start, months)

    assert found.startswith((start + relativedelta(months=months)).isoformat())
