"""The built-in tools compute exactly, bound everything, and reach nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.services.agent import ArgumentsError, Tool, builtin_tools, clock_tools, convert_unit, file_tools
from groq_core.services.agent.builtin.calculator import evaluate, format_number
from groq_core.services.agent.builtin.units import _FACTORS, convert
from groq_core.services.documents.reading import Document


def named(tools: list[Tool], name: str) -> Callable[..., Any]:
    found = next(one for one in tools if one.name == name)

    async def call(**arguments: Any) -> Any:
        return await found.call(found.check(arguments))

    return call


# ── calculator ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("0.1 + 0.2", "0.3"),
        ("2^3^2", "512"),
        ("-2^2", "-4"),
        ("2**-1", "0.5"),
        ("10 // 3", "3"),
        ("-7 % 3", "2"),
        ("19% * 200", "38"),
        ("200 * 19 %", "38"),
        ("7 % 4", "3"),
        ("5!", "120"),
        ("-3!", "-6"),
        ("sqrt(16)", "4"),
        ("√2", "1.4142135623731"),
        ("round(2.5)", "3"),
        ("round(-2.675, 2)", "-2.68"),
        ("max(1, 2, min(3, 4))", "3"),
        ("mean(1, 2, 4)", "2.33333333333333"),
        ("log(1000)", "3"),
        ("log(8, 2)", "3"),
        ("sin(pi / 2)", "1"),
        ("1e3 × 2 ÷ 4 − 1", "499"),
        ("2^100", "1267650600228229401496703205376"),
        ("400!", "6.40345228466238e+868"),
        ("PI", "3.14159265358979"),
        ("gcd(12, 18) + .5", "6.5"),
    ],
)
def test_arithmetic_is_right(expression: str, result: str) -> None:
    assert format_number(evaluate(expression)) == result


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "a number is missing"),
        ("1 +", "a number is missing"),
        ("1 1", "should end"),
        ("(1", "')' is missing"),
        ("1 / 0", "division by zero"),
        ("0^-1", "division by zero"),
        ("9^9^9^9", "too large"),
        ("10^400^4", "too large"),
        ("401!", "factorial"),
        ("1e999999999", "too large"),
        ("sqrt(-1)", "no real number"),
        ("(-8)^(1/3)", "no real number"),
        ("ln(0)", "not defined"),
        ("exp(10000)", "not defined"),
        ("sqrt(1, 2)", "does not take 2"),
        ("gcd(1.5, 2)", "whole numbers"),
        ("__import__('os')", "no arithmetic"),
        ("open('x')", "no arithmetic"),
        ("().__class__", "no arithmetic"),
        ("x = 1", "no arithmetic"),
        ("eval(1)", "stands where a number should be"),
        ("(" * 200 + "1" + ")" * 200, "nested too deeply"),
        ("1+" * 300 + "1", "characters"),
    ],
)
def test_what_is_no_arithmetic_or_too_large_is_refused(expression: str, said: str) -> None:
    with pytest.raises(ArgumentsError, match=re.escape(said)):
        evaluate(expression)


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        max_leaves=20,
    )
)
def test_it_agrees_with_python(expression: str) -> None:
    if len(expression) <= 500:
        assert evaluate(expression) == eval(expression)


@given(st.text(st.sampled_from("0123456789.+-*/%^!(), epi√sqrtlogmax"), max_size=40))
def test_any_expression_ends_in_a_number_or_an_error_in_words(expression: str) -> None:
    try:
        value = evaluate(expression)
    except ArgumentsError:
        return
    assert isinstance(value, Fraction)
    assert format_number(value)


# ── units ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "start", "end", "result"),
    [
        ("1", "mile", "km", 1.609344),
        ("100", "°C", "F", 212),
        ("0", "kelvin", "celsius", -273.15),
        ("1", "KiB", "bytes", 1024),
        ("1", "gallons", "litres", 3.785411784),
        ("90", "km/h", "m/s", 25),
        ("1", "kWh", "MJ", 3.6),
        ("1", "acre", "m^2", 4046.8564224),
        ("3", "feet", "inches", 36),
        ("1", "\u03bcm", "nm", 1000),
        ("2", "Cups", "tbsp", 32),
    ],
)
def test_units_are_converted(value: str, start: str, end: str, result: float) -> None:
    assert math.isclose(convert(Fraction(value), start, end), result)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [("kg", "m", "measures mass"), ("kilometr", "m", "perhaps kilometre"), ("°C", "m", "temperature")],
)
def test_what_cannot_be_converted_says_why(start: str, end: str, said: str) -> None:
    with pytest.raises(ArgumentsError, match=said):
        convert(Fraction(1), start, end)


@given(st.sampled_from(sorted(_FACTORS)), st.sampled_from(sorted(_FACTORS)), st.fractions(max_denominator=1000))
def test_there_and_back_is_the_same(start: str, end: str, value: Fraction) -> None:
    if _FACTORS[start][0] == _FACTORS[end][0]:
        assert convert(convert(value, start, end), end, start) == value


async def test_a_conversion_reads_as_a_sentence() -> None:
    assert await named([convert_unit], "convert_unit")(value=26.2, from_unit="mi", to_unit="km") == (
        "26.2 mi = 42.1648128 km"
    )


# ── date and time ────────────────────────────────────────────────────────────────────────────────────

CLOCK = clock_tools(lambda: datetime(2026, 3, 5, 23, 30, tzinfo=UTC))


async def test_the_time_is_told_anywhere() -> None:
    there = await named(CLOCK, "current_time")(timezone="Asia/Tokyo")

    assert (there["date"], there["time"], there["weekday"], there["utc_offset"]) == (
        "2026-03-06",
        "08:30:00",
        "Friday",
        "+0900",
    )


async def test_a_city_alone_will_do() -> None:
    assert (await named(CLOCK, "current_time")(timezone="new york"))["timezone"] == "America/New_York"


@pytest.mark.parametrize(
    ("name", "said"), [("Berlyn", "Europe/Berlin"), ("../../etc/passwd", "no time zone"), ("", "no time zone")]
)
async def test_an_unknown_zone_says_what_is_near(name: str, said: str) -> None:
    with pytest.raises(ArgumentsError, match=said):
        await named(CLOCK, "current_time")(timezone=name)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-01-31", 1, "months", "2026-02-28 (Saturday)"),
        ("2024-02-29", 1, "years", "2025-02-28 (Friday)"),
        ("2026-03-05", -2, "weeks", "2026-02-19 (Thursday)"),
        ("2026-12-31", 1, "days", "2027-01-01 (Friday)"),
    ],
)
async def test_dates_are_counted_on(start: str, amount: int, unit: str, end: str) -> None:
    assert await named(CLOCK, "add_to_date")(start=start, amount=amount, unit=unit) == end


@pytest.mark.parametrize(("start", "amount"), [("9999-12-31", 1), ("2026-01-01", 10**9)])
async def test_the_calendar_ends(start: str, amount: int) -> None:
    with pytest.raises(ArgumentsError):
        await named(CLOCK, "add_to_date")(start=start, amount=amount)


async def test_days_are_counted() -> None:
    found = await named(CLOCK, "days_between")(first="2026-03-05", second="2026-12-24")

    assert found == {"days": 294, "weeks_and_days": "42 weeks 0 days", "weekdays": "Thursday to Thursday"}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────

FILES = file_tools({"a.txt": "x" * 7000 + " the  END", "b.md": Document(name="b.md", kind="markdown", text="# Title")})


async def test_files_are_listed_read_on_and_searched() -> None:
    assert await named(FILES, "list_files")() == [
        {"name": "a.txt", "characters": 7009},
        {"name": "b.md", "characters": 7},
    ]
    first = await named(FILES, "read_file")(name="a.txt")
    assert first.endswith("[characters 0 to 6000 of 7009; go on with start=6000]")
    assert (await named(FILES, "read_file")(name="a.txt", start=6000)).endswith("END")
    (hit,) = await named(FILES, "search_files")(words="the end")
    assert (hit["file"], hit["start"]) == ("a.txt", 7001)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "c.txt", ""])
async def test_only_attached_files_can_be_read(name: str) -> None:
    with pytest.raises(ArgumentsError, match=r"Attached: a\.txt, b\.md"):
        await named(FILES, "read_file")(name=name)


def test_no_built_in_tool_is_dangerous_and_all_say_what_they_do() -> None:
    for one in [*builtin_tools(), *FILES]:
        assert not one.dangerous
        assert one.description
        for parameter in one.parameters["properties"].values():
            assert parameter["description"]
