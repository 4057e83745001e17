"""What one person may use, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import SettingsError
from groq_core.settings.limits import WINDOWS, PersonLimit, limits
from groq_core.settings.settings import Settings


def test_the_documented_example_is_read() -> None:
    assert limits("20/minute, 500/day, 2 usd/day, 30 usd/month") == (
        PersonLimit("requests", 20, "minute"),
        PersonLimit("requests", 500, "day"),
        PersonLimit("usd", 2, "day"),
        PersonLimit("usd", 30, "month"),
    )


@pytest.mark.parametrize(
    "text",
    ["20", "20/fortnight", "-1/day", "0/day", "20/day, 30/day", "usd/day", "1.5/day", "many/day", ",", "2 eur/day"],
)
def test_anything_else_stops_the_start_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(SettingsError, match="20/minute, 500/day"):
        Settings.from_env({"GROQ_CORE_LIMITS": text})


@given(
    st.lists(
        st.builds(
            PersonLimit,
            st.sampled_from(["requests", "tokens", "usd"]),
            st.integers(1, 999_999).map(float),
            st.sampled_from(list(WINDOWS)),
        ),
        min_size=1,
        unique_by=lambda limit: (limit.kind, limit.window),
    )
)
def test_what_is_written_is_read_back(wanted: list[PersonLimit]) -> None:
    assert limits(", ".join(map(str, wanted))) == tuple(wanted)
