"""The built-in tools compute exactly, bound everything, and reach nothing."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.services.agent import ArgumentsError, Tool, builtin_tools, clock_tools, convert_unit, file_tools
from groq_core.services.agent.builtin.calculator import evaluate, format_number
from groq_core.services.agent.builtin.units import convert
from groq_core.services.documents.readers import Document


def tool_named(tools: list[Tool], name: str) -> Callable[..., Any]:
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


EXACT = {
    # Exact by definition: NIST SP 811 and IEC 80000-13.
    "length": {
        "m metre meter Meters": "1",
        "km KM kilometres kilometer": "1000",
        "dm decimetre": "0.1",
        "cm centimetre": "0.01",
        "mm millimeters": "0.001",
        "µm um micrometre micron \u03bcm": "1e-6",
        "nm nanometre": "1e-9",
        "in inch inches": "0.0254",
        "ft foot feet": "0.3048",
        "yd yard": "0.9144",
        "mi mile Miles": "1609.344",
        "nmi nautical_mile nauticalmile": "1852",
        "au": "149597870700",
        "ly light_year": "9460730472580800",
    },
    "mass": {
        "kg KG kilogram": "1",
        "g gram": "0.001",
        "mg milligram": "1e-6",
        "µg ug microgram": "1e-9",
        "t tonne metric_ton metricton": "1000",
        "lb lbs pound pounds": "0.45359237",
        "oz ounce": "0.028349523125",
        "st stone": "6.35029318",
        "short_ton uston": "907.18474",
    },
    "time": {
        "s sec second": "1",
        "ms": "0.001",
        "µs us": "1e-6",
        "ns": "1e-9",
        "min minutes": "60",
        "h hr hour": "3600",
        "d day": "86400",
        "wk week weeks": "604800",
        "yr year": "31557600",
    },
    "area": {
        "m2 m² m^2 square_metre": "1",
        "km2 km²": "1000000",
        "cm2 cm²": "0.0001",
        "ha hectare": "10000",
        "acre acres": "4046.8564224",
        "ft2 ft² sqft square_foot": "0.09290304",
        "mi2 mi² square_mile": "2589988.110336",
        "in2 in²": "0.00064516",
    },
    "volume": {
        "m3 m³ cubic_metre": "1000",
        "l L litre liter": "1",
        "ml mL millilitre": "0.001",
        "cm3 cm³ cc": "0.001",
        "gal gallon us_gallon": "3.785411784",
        "qt quart": "0.946352946",
        "pt pint": "0.473176473",
        "cup Cups": "0.2365882365",
        "fl_oz floz fluid_ounce": "0.0295735295625",
        "tbsp tablespoon": "0.01478676478125",
        "tsp teaspoon": "0.00492892159375",
        "uk_gal imperial_gallon": "4.54609",
        "ft3 ft³": "28.316846592",
    },
    "speed": {
        "m/s mps": "1",
        "km/h kmh kph": "5/18",
        "mph mi/h MPH": "0.44704",
        "kn knot": "463/900",
        "ft/s": "0.3048",
    },
    "pressure": {
        "Pa pa pascal": "1",
        "hPa hpa mbar millibar": "100",
        "kPa kpa": "1000",
        "MPa mpa": "1000000",
        "atm": "101325",
    },
    "energy": {
        "J j joule": "1",
        "kJ kj": "1000",
        "MJ mj megajoule": "1000000",
        "cal calorie": "4.184",
        "Wh": "3600",
        "kWh kwh KWH": "3600000",
        "BTU btu": "1055.05585262",
        "eV ev": "1.602176634e-19",
    },
    "power": {
        "W w watt": "1",
        "kW kw": "1000",
        "MW mw megawatt": "1000000",
        "mW milliwatt": "0.001",
        "PS": "735.49875",
    },
    "data": {
        "bit": "1/8",
        "B b byte bytes": "1",
        "kB kb KB kilobyte": "1000",
        "MB mb": "1e6",
        "GB gb": "1e9",
        "TB tb": "1e12",
        "KiB kib": "1024",
        "GiB gib": "1073741824",
        "kbit Kb": "125",
        "Mbit Mb mbit": "125000",
        "Gbit Gb": "125000000",
    },
    "angle": {"deg degree °": "1", "grad": "0.9", "turn": "360", "arcmin": "1/60", "arcsec": "1/3600"},
}
SPELLINGS = [
    pytest.param(name.replace("_", " "), next(iter(units)).split()[0], Fraction(factor), id=f"{kind}-{name}")
    for kind, units in EXACT.items()
    for names, factor in units.items()
    for name in names.split()
]


@pytest.mark.parametrize(("name", "base", "factor"), SPELLINGS)
def test_every_spelling_of_a_unit_is_exact_there_and_back(name: str, base: str, factor: Fraction) -> None:
    found = convert(Fraction(7), name, base) / convert(Fraction(1), base, base)

    assert found == 7 * factor / Fraction(next(f for names, f in _units_of(base) if base in names.split()))
    assert convert(convert(Fraction(22, 7), name, base), base, name) == Fraction(22, 7)


def _units_of(base: str) -> list[tuple[str, str]]:
    return next(list(units.items()) for units in EXACT.values() if base in next(iter(units)).split())


@pytest.mark.parametrize(
    "name",
    ["m^9^9^9", "m**99999999", "9**9**9", "__import__('os')", "", "m" * 61, "m^99", "(" * 50, "1/0", "m//m", "*m"],
)
def test_no_spelling_of_a_unit_is_worked_out(name: str) -> None:
    with pytest.raises(ArgumentsError, match="is not known"):
        convert(Fraction(1), name, "m")


async def test_what_is_no_number_is_not_converted() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ArgumentsError, match="finite"):
            await tool_named([convert_unit], "convert_unit")(value=value, from_unit="m", to_unit="km")


def test_the_units_are_loaded_when_they_are_needed() -> None:
    script = "import sys, groq_core.services.agent; sys.exit('pint' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def test_a_conversion_reads_as_a_sentence() -> None:
    assert await tool_named([convert_unit], "convert_unit")(value=26.2, from_unit="mi", to_unit="km") == (
        "26.2 mi = 42.1648128 km"
    )


# ── date and time ────────────────────────────────────────────────────────────────────────────────────

CLOCK = clock_tools(lambda: datetime(2026, 3, 5, 23, 30, tzinfo=UTC))


async def test_the_time_is_told_anywhere() -> None:
    there = await tool_named(CLOCK, "current_time")(timezone="Asia/Tokyo")

    assert (there["date"], there["time"], there["weekday"], there["utc_offset"]) == (
        "2026-03-06",
        "08:30:00",
        "Friday",
        "+0900",
    )


async def test_a_city_alone_will_do() -> None:
    assert (await tool_named(CLOCK, "current_time")(timezone="new york"))["timezone"] == "America/New_York"


@pytest.mark.parametrize(
    ("name", "said"), [("Berlyn", "Europe/Berlin"), ("../../etc/passwd", "no time zone"), ("", "no time zone")]
)
async def test_an_unknown_zone_says_what_is_near(name: str, said: str) -> None:
    with pytest.raises(ArgumentsError, match=said):
        await tool_named(CLOCK, "current_time")(timezone=name)


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
    assert await tool_named(CLOCK, "add_to_date")(start=start, amount=amount, unit=unit) == end


@pytest.mark.parametrize(("start", "amount"), [("9999-12-31", 1), ("2026-01-01", 10**9)])
async def test_the_calendar_ends(start: str, amount: int) -> None:
    with pytest.raises(ArgumentsError):
        await tool_named(CLOCK, "add_to_date")(start=start, amount=amount)


async def test_days_are_counted() -> None:
    found = await tool_named(CLOCK, "days_between")(first="2026-03-05", second="2026-12-24")

    assert found == {"days": 294, "weeks_and_days": "42 weeks 0 days", "weekdays": "Thursday to Thursday"}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────

FILES = file_tools({"a.txt": "x" * 7000 + " the  END", "b.md": Document(name="b.md", kind="markdown", text="# Title")})


async def test_files_are_listed_read_on_and_searched() -> None:
    assert await tool_named(FILES, "list_files")() == [
        {"name": "a.txt", "characters": 7009},
        {"name": "b.md", "characters": 7},
    ]
    first = await tool_named(FILES, "read_file")(name="a.txt")
    assert first.endswith("[characters 0 to 6000 of 7009; go on with start=6000]")
    assert (await tool_named(FILES, "read_file")(name="a.txt", start=6000)).endswith("END")
    (hit,) = await tool_named(FILES, "search_files")(words="the end")
    assert (hit["file"], hit["start"]) == ("a.txt", 7001)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "c.txt", ""])
async def test_only_attached_files_can_be_read(name: str) -> None:
    with pytest.raises(ArgumentsError, match=r"Attached: a\.txt, b\.md"):
        await tool_named(FILES, "read_file")(name=name)


def test_no_built_in_tool_is_dangerous_and_all_say_what_they_do() -> None:
    for one in [*builtin_tools(), *FILES]:
        assert not one.dangerous
        assert one.description
        for parameter in one.parameters["properties"].values():
            assert parameter["description"]
