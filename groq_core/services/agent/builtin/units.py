"""Convert between units of measurement. Factors are the exact definitions (NIST SP 811, IEC 80000-13)."""

from __future__ import annotations

import difflib
from fractions import Fraction
from typing import Final

from groq_core.services.agent.builtin.calculator import format_number
from groq_core.services.agent.tools import ArgumentsError, tool

_UNITS: Final[dict[str, dict[str, str]]] = {
    "length": {
        "m metre meter": "1",
        "km kilometre kilometer": "1000",
        "dm decimetre decimeter": "0.1",
        "cm centimetre centimeter": "0.01",
        "mm millimetre millimeter": "0.001",
        "µm um micrometre micrometer micron": "1e-6",
        "nm nanometre nanometer": "1e-9",
        "in inch inches": "0.0254",
        "ft foot feet": "0.3048",
        "yd yard": "0.9144",
        "mi mile": "1609.344",
        "nmi nauticalmile": "1852",
        "au": "149597870700",
        "ly lightyear": "9460730472580800",
    },
    "mass": {
        "kg kilogram": "1",
        "g gram": "0.001",
        "mg milligram": "1e-6",
        "µg ug microgram": "1e-9",
        "t tonne metricton": "1000",
        "lb lbs pound": "0.45359237",
        "oz ounce": "0.028349523125",
        "st stone": "6.35029318",
        "shortton uston": "907.18474",
    },
    "time": {
        "s sec second": "1",
        "ms millisecond": "0.001",
        "µs us microsecond": "1e-6",
        "ns nanosecond": "1e-9",
        "min minute": "60",
        "h hr hour": "3600",
        "d day": "86400",
        "wk week": "604800",
        "yr year": "31557600",
    },
    "area": {
        "m2 m² squaremetre squaremeter": "1",
        "km2 km²": "1000000",
        "cm2 cm²": "0.0001",
        "mm2 mm²": "1e-6",
        "ha hectare": "10000",
        "acre": "4046.8564224",
        "ft2 ft² sqft squarefoot": "0.09290304",
        "mi2 mi² squaremile": "2589988.110336",
        "in2 in²": "0.00064516",
    },
    "volume": {
        "l litre liter": "1",
        "ml millilitre milliliter": "0.001",
        "cl centilitre centiliter": "0.01",
        "dl decilitre deciliter": "0.1",
        "m3 m³ cubicmetre cubicmeter": "1000",
        "cm3 cm³ cc": "0.001",
        "gal gallon usgallon": "3.785411784",
        "qt quart": "0.946352946",
        "pt pint": "0.473176473",
        "cup": "0.2365882365",
        "floz fluidounce": "0.0295735295625",
        "tbsp tablespoon": "0.01478676478125",
        "tsp teaspoon": "0.00492892159375",
        "ukgal imperialgallon": "4.54609",
        "ukpt imperialpint": "0.56826125",
        "ft3 ft³": "28.316846592",
    },
    "speed": {
        "m/s mps": "1",
        "km/h kmh kph": "5/18",
        "mph mi/h": "0.44704",
        "kn knot": "463/900",
        "ft/s": "0.3048",
    },
    "pressure": {
        "pa pascal": "1",
        "hpa mbar millibar": "100",
        "kpa": "1000",
        "mpa": "1000000",
        "bar": "100000",
        "atm": "101325",
        "psi": "6894.757293168",
        "mmhg": "133.322387415",
    },
    "energy": {
        "j joule": "1",
        "kj": "1000",
        "mj megajoule": "1000000",
        "cal calorie": "4.184",
        "kcal": "4184",
        "wh": "3600",
        "kwh": "3600000",
        "btu": "1055.05585262",
        "ev": "1.602176634e-19",
    },
    "power": {
        "w watt": "1",
        "kw kilowatt": "1000",
        "mw megawatt": "1000000",
        "hp horsepower": "745.6998715822702",
        "ps": "735.49875",
    },
    "data": {
        "bit": "1/8",
        "b byte": "1",
        "kb kilobyte": "1000",
        "mb megabyte": "1e6",
        "gb gigabyte": "1e9",
        "tb terabyte": "1e12",
        "pb petabyte": "1e15",
        "kib": "1024",
        "mib": "1048576",
        "gib": "1073741824",
        "tib": "1099511627776",
        "kbit": "125",
        "mbit": "125000",
        "gbit": "125000000",
    },
    "angle": {
        "deg degree °": "1",
        "rad radian": "57.29577951308232",
        "grad gon": "0.9",
        "turn": "360",
        "arcmin": "1/60",
        "arcsec": "1/3600",
    },
}

_FACTORS: Final = {
    name: (kind, Fraction(factor))
    for kind, units in _UNITS.items()
    for names, factor in units.items()
    for name in names.split()
}

_TEMPERATURES: Final = {
    "k": ("1", "0"),
    "kelvin": ("1", "0"),
    "c": ("1", "273.15"),
    "°c": ("1", "273.15"),
    "celsius": ("1", "273.15"),
    "f": ("5/9", "459.67"),
    "°f": ("5/9", "459.67"),
    "fahrenheit": ("5/9", "459.67"),
}
"""Factor and zero point: kelvin is ``factor * (value + zero)``, Celsius with a factor of 1."""


@tool(timeout=5)
async def convert_unit(value: float, from_unit: str, to_unit: str) -> str:
    """
    Convert between units of length, mass, time, area, volume, speed, pressure, energy, power, data, angle, temperature.

    Args:
        value: How many of the first unit.
        from_unit: Such as km, lb, °F, kWh, GiB, mph.
        to_unit: Of the same kind.
    """
    found = convert(Fraction(str(value)), from_unit, to_unit)
    return f"{format_number(Fraction(str(value)))} {from_unit} = {format_number(found)} {to_unit}"


def convert(value: Fraction, from_unit: str, to_unit: str) -> Fraction:
    """
    Convert exactly.

    Raises:
        ArgumentsError: A unit is not known, or the two measure different things.

    >>> convert(Fraction(212), "°F", "celsius"), convert(Fraction(1), "Mile", "feet")
    (Fraction(100, 1), Fraction(5280, 1))
    """
    start, end = _plain(from_unit), _plain(to_unit)
    if start in _TEMPERATURES and end in _TEMPERATURES:
        factor, zero = map(Fraction, _TEMPERATURES[start])
        to_factor, to_zero = map(Fraction, _TEMPERATURES[end])
        return factor * (value + zero) / to_factor - to_zero
    kind, factor = _unit(start, from_unit)
    to_kind, to_factor = _unit(end, to_unit)
    if kind != to_kind:
        raise ArgumentsError(f"{from_unit} measures {kind} and {to_unit} measures {to_kind}")
    return value * factor / to_factor


def _plain(name: str) -> str:
    found = "".join(name.split()).replace("_", "").replace("^", "").casefold()
    # casefold writes the micro sign as the Greek letter
    found = found.replace("\u03bc", "µ")
    if found in _FACTORS or found in _TEMPERATURES:
        return found
    return found.removesuffix("s")


def _unit(plain: str, name: str) -> tuple[str, Fraction]:
    if plain in _TEMPERATURES:
        return "temperature", Fraction(1)
    if plain not in _FACTORS:
        near = difflib.get_close_matches(plain, _FACTORS, n=3)
        raise ArgumentsError(f"the unit {name!r} is not known{'; perhaps ' + ' or '.join(near) + '?' if near else ''}")
    return _FACTORS[plain]
