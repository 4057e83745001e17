"""Convert between units of measurement, exactly: pint knows them, and how people spell them is added here."""

from __future__ import annotations

import asyncio
import difflib
import re
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from groq_core.services.agent.builtin.calculator import format_number
from groq_core.services.agent.tools import ArgumentsError, tool

if TYPE_CHECKING:
    from pint import Unit, UnitRegistry

_DEFINITIONS: Final = (
    "acre = 43560 * foot ** 2",  # of the foot of 1959; NIST gave up the surveyors' in 2023
    "shortton = 2000 * pound = uston",
    "metricton = 1000 * kilogram",
    "nauticalmile = 1852 * meter",
    "wk = week",
)

_MEANT: Final = {
    # A temperature, where pint would read coulomb and farad.
    **dict.fromkeys(("C", "c", "°C", "°c"), "degC"),
    **dict.fromkeys(("F", "f", "°F", "°f"), "degF"),
    # Bytes, where pint would read barn; a b behind a capital prefix is a bit.
    "b": "byte",
    "kb": "kB",
    "mb": "MB",
    "gb": "GB",
    "tb": "TB",
    "pb": "PB",
    "Kb": "kbit",
    "Mb": "Mbit",
    "Gb": "Gbit",
    "Tb": "Tbit",
    "Pb": "Pbit",
    "PS": "metric_horsepower",
    # Of the international table, as trade has it.
    **dict.fromkeys(("BTU", "Btu", "btu"), "Btu_it"),
    "pa": "pascal",
    "mbit": "megabit",
}
"""What a spelling means although pint, exact about case, reads something else in it."""

_SPELLINGS: Final = {
    "celsius": "degC",
    "centigrade": "degC",
    "fahrenheit": "degF",
    "kelvin": "kelvin",
    "k": "kelvin",
    "st": "stone",
    "kmh": "kph",
    "km/h": "kph",
    "mps": "m/s",
    "floz": "fluid_ounce",
    "fluidounce": "fluid_ounce",
    "usgallon": "gallon",
    **dict.fromkeys(("ukgal", "imperialgallon"), "imperial_gallon"),
    **dict.fromkeys(("ukpt", "imperialpint"), "imperial_pint"),
    **dict.fromkeys(("sqft", "squarefoot", "squarefeet"), "foot ** 2"),
    **dict.fromkeys(("squaremetre", "squaremeter"), "meter ** 2"),
    **dict.fromkeys(("squaremile", "sqmi"), "mile ** 2"),
    **dict.fromkeys(("cubicmetre", "cubicmeter"), "meter ** 3"),
    "mw": "megawatt",
    "mj": "megajoule",
    "mpa": "megapascal",
    "kb": "kB",
    **{
        name.casefold(): name
        for name in (
            *(
                "kg",
                "mg",
                "km",
                "cm",
                "mm",
                "nm",
                "ml",
                "cl",
                "dl",
                "lb",
                "oz",
                "ft",
                "in",
                "yd",
                "mi",
                "gal",
                "pt",
                "qt",
            ),
            *(
                "kPa",
                "hPa",
                "mmHg",
                "psi",
                "kJ",
                "cal",
                "kcal",
                "Wh",
                "kWh",
                "eV",
                "kW",
                "GW",
                "Hz",
                "kHz",
                "MHz",
                "GHz",
            ),
            *("kbit", "Gbit", "Tbit", "KiB", "MiB", "GiB", "TiB", "kn", "mph", "ha"),
        )
    },
}
"""Spellings without spaces and in lower case that pint does not know, or not in this case."""

_KINDS: Final = {
    "length": "m",
    "mass": "kg",
    "time": "s",
    "temperature": "K",
    "area": "m**2",
    "volume": "m**3",
    "speed": "m/s",
    "pressure": "Pa",
    "energy": "J",
    "power": "W",
    "data": "byte",
    "force": "N",
    "frequency": "Hz",
    "current": "A",
    "voltage": "V",
    "charge": "C",
}

_EVERYDAY: Final = (
    *(
        "metre",
        "kilometre",
        "centimetre",
        "millimetre",
        "inch",
        "foot",
        "yard",
        "mile",
        "light_year",
        "gram",
        "kilogram",
    ),
    *(
        "tonne",
        "pound",
        "ounce",
        "stone",
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "year",
        "hectare",
        "acre",
        "litre",
    ),
    *("millilitre", "gallon", "quart", "pint", "cup", "tablespoon", "teaspoon", "knot", "pascal", "bar", "atmosphere"),
    *("joule", "calorie", "watt", "horsepower", "byte", "kilobyte", "megabyte", "gigabyte", "degree", "radian"),
    *("celsius", "fahrenheit", "kelvin"),
)
"""Names that a misspelt one is compared with."""

# One digit is enough for an exponent; a tower of them would be worked out for hours.
_TERM: Final = r"(?:[^\W\d]|[°′″]| (?=[^\W\d]))+(?:\^?-?\d|[²³])?"
# A blank before a letter belongs to the term, or each could be read in two ways and a name in as many as 2 ** 20.
_NAME: Final = re.compile(rf"{_TERM}(?: ?[*/·](?: (?![^\W\d]))?{_TERM})*")
_LONGEST_NAME: Final = 60


@tool(timeout=30)  # pint reads its definitions at the first use
async def convert_unit(value: float, from_unit: str, to_unit: str) -> str:
    """
    Convert between units of length, mass, time, area, volume, speed, pressure, energy, power, data, angle, temperature.

    Args:
        value: How many of the first unit.
        from_unit: Such as km, lb, °F, kWh, GiB, mph, m/s^2.
        to_unit: Of the same kind.
    """
    try:
        exact = Fraction(str(value))
    except ValueError:
        raise ArgumentsError(f"value must be a finite number, not {value}") from None
    found = await asyncio.to_thread(convert, exact, from_unit, to_unit)
    return f"{format_number(exact)} {from_unit} = {format_number(found)} {to_unit}"


def convert(value: Fraction, from_unit: str, to_unit: str) -> Fraction:
    """
    Convert exactly.

    Raises:
        ArgumentsError: A unit is not known, or the two measure different things.

    >>> convert(Fraction(212), "°F", "celsius"), convert(Fraction(1), "Mile", "feet")
    (Fraction(100, 1), Fraction(5280, 1))
    """
    from pint import PintError

    start, end = _unit(from_unit), _unit(to_unit)
    if start.dimensionality != end.dimensionality:
        raise ArgumentsError(f"{from_unit} measures {_kind(start)} and {to_unit} measures {_kind(end)}")
    try:
        return Fraction(_registry().Quantity(value, start).to(end).magnitude)
    except PintError:
        # Degrees above a zero point do not multiply: there is no °C per metre.
        raise ArgumentsError(f"{from_unit} cannot be converted to {to_unit}") from None


@cache
def _registry() -> UnitRegistry[Any]:
    """Pint's units with fractions for numbers; importing and reading them takes a good part of a second."""
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(non_int_type=Fraction, on_redefinition="ignore")
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


def _unit(name: str) -> Unit:
    """
    Raises:
        ArgumentsError: Nobody knows it.
    """
    plain = " ".join(name.replace("_", " ").split())
    if len(plain) <= _LONGEST_NAME and _NAME.fullmatch(plain):
        tight = plain.replace(" ", "")
        folded = tight.casefold().replace("\u03bc", "µ").replace("^", "")  # casefold writes the micro sign in Greek
        powers = re.sub(r"(?<=[^\W\d])(-?\d)", r"^\1", plain)
        # Words side by side are one name, if there is such a name, and a product else.
        joined = (powers.replace(" ", "_"), *_spelt(folded)) if " " in plain else ()
        for known in (_MEANT.get(tight), *joined, powers, *_spelt(folded)):
            if known and (found := _parsed(known, exactly=True)) is not None:
                return found
        if (found := _parsed(powers, exactly=False)) is not None:
            return found
    near = difflib.get_close_matches(plain.casefold(), _EVERYDAY, n=3)
    raise ArgumentsError(f"the unit {name[:40]!r} is not known{'; perhaps ' + ' or '.join(near) + '?' if near else ''}")


def _spelt(folded: str) -> tuple[str | None, ...]:
    return _SPELLINGS.get(folded), _SPELLINGS.get(folded.removesuffix("s"))


def _parsed(name: str, *, exactly: bool) -> Unit | None:
    from pint import PintError

    try:
        found: Unit = _registry().parse_units(name, case_sensitive=exactly)
    except (PintError, ValueError, TypeError, ArithmeticError, SyntaxError):
        return None
    return found


def _kind(unit: Unit) -> str:
    """What it measures, in a word where there is one."""
    for kind, example in _KINDS.items():
        if unit.dimensionality == _registry().parse_units(example).dimensionality:
            return kind
    parts = (f"{name.strip('[]')}^{power}" for name, power in unit.dimensionality.items())
    return " ".join(sorted(parts)).replace("^1", "") or "a plain number"
