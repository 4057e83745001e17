"""What one person may use, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import SettingsError
from groq_core.ratelimit.personal_limits import allowance, headers_of, limit_error
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
    [
        "20",
        "20/fortnight",
        "-1/day",
        "0/day",
        "20/day, 30/day",
        "usd/day",
        "1.5/day",
        "many/day",
        ",",
        "2 eur/day",
        "1e99/day",
    ],
)
def test_anything_else_stops_the_start_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(SettingsError, match="20/minute, 500/day"):
        Settings.from_env({"GROQ_CORE_LIMITS": text})


@given(
    st.lists(
        st.one_of(
            st.builds(
                PersonLimit,
                st.sampled_from(["requests", "tokens"]),
                st.integers(1, 10**12 - 1).map(float),
                st.sampled_from(list(WINDOWS)),
            ),
            st.builds(
                PersonLimit,
                st.just("usd"),
                st.decimals("0.000001", "1000000", places=6).map(float),
                st.sampled_from(list(WINDOWS)),
            ),
        ),
        min_size=1,
        unique_by=lambda limit: (limit.kind, limit.window),
    )
)
def test_what_is_written_is_read_back(wanted: list[PersonLimit]) -> None:
    assert limits(", ".join(map(str, wanted))) == tuple(wanted)


def test_no_client_and_no_person_is_shown_an_exponent() -> None:
    limit = PersonLimit("tokens", 2_500_000.0, "day")
    shown = allowance(limit, 1.0, 60.0)
    assert shown.text == "1 of 2500000 tokens today"
    assert dict(headers_of([shown]))[b"x-ratelimit-limit-tokens"] == b"2500000"
    assert "2500000 tokens" in limit_error(limit, 60.0).message
