"""Numbers as people write them, and what they may mean."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

NUMBER: Final = re.compile(
    r"(?<![\d])(?<!\d[.,])[-+]?(?:\d{1,3}(?:,\d{2})+,\d{3}|\d{1,3}(?:[ '.,]\d{3})+|\d+)(?:[.,]\d+)?"
    r"(?:\s?[x×*·⋅∙]\s?10\s?\^?\s?(?P<power>[-+]?\d{1,3})(?!\d)|e(?P<exponent>[-+]?\d{1,3})(?![\w]))?(?!\d)"
)
"""In plain form; what stands before it is looked at by :func:`_stands_alone`."""

_SCALES: Final = {
    "hundred": 1e2,
    "thousand": 1e3,
    "tausend": 1e3,
    "tsd": 1e3,
    "mille": 1e3,
    "mil": 1e3,
    "k": 1e3,
    "тыс": 1e3,
    "lakh": 1e5,
    "lakhs": 1e5,
    "lac": 1e5,
    "million": 1e6,
    "millions": 1e6,
    "millionen": 1e6,
    "millones": 1e6,
    "milioni": 1e6,
    "milhoes": 1e6,
    "mio": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "m": 1e6,
    "млн": 1e6,
    "crore": 1e7,
    "crores": 1e7,
    "billion": 1e9,
    "billions": 1e9,
    "milliarde": 1e9,
    "milliarden": 1e9,
    "milliard": 1e9,
    "milliards": 1e9,
    "mrd": 1e9,
    "md": 1e9,
    "bn": 1e9,
    "млрд": 1e9,
    "trillion": 1e12,
    "万": 1e4,
    "萬": 1e4,
    "億": 1e8,
    "亿": 1e8,
    "千": 1e3,
    "兆": 1e12,
}
_WORDS: Final = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_SCALE: Final = re.compile(rf"\s?(?P<scale>{_WORDS})\b\.?|\s?(?P<sign>[万萬億亿千兆])")

WITHOUT_SPACES: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Letters of languages that write no space between words, so that any of them may be a word's end."""

_BEFORE: Final = re.compile(r"([^\W\d_]{1,12})\.?\Z")
_PREFIX_LETTERS: Final = 4
"""Letters that may stand right before a number: a currency (``EUR1``) or an abbreviation (``No.12``)."""


def numbers(text: str) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """Every number of a text in plain form: where it stands, and what it may mean, the likeliest first."""
    for match in NUMBER.finditer(text):
        if not _stands_alone(text, match.start()):
            continue
        found = readings(match[0])
        scale = _SCALE.match(text, match.end())
        if scale is not None:
            factor = _SCALES[scale["scale"] or scale["sign"]]
            yield match.start(), scale.end(), tuple(round_noise(value * factor) for value in found)
        yield match.start(), match.end(), found
        if " " in match[0].strip() and not (match["power"] or match["exponent"]):
            # Two columns side by side look like one number with a space in it.
            at = match.start()
            for piece in match[0].split(" "):
                if piece:
                    yield at, at + len(piece), readings(piece)
                at += len(piece) + 1


def _stands_alone(text: str, start: int) -> bool:
    before = text[max(0, start - 14) : start]
    word = None if WITHOUT_SPACES.search(before[-1:]) else _BEFORE.search(before)
    if word is None:
        return not before.endswith("_")
    return len(word[1]) <= _PREFIX_LETTERS or before.endswith(".")


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def readings(text: str) -> tuple[float, ...]:
    """
    Read a number as it may be meant: ``1.234`` is a thousand or one and a bit.

    >>> readings("1.234,50"), readings("1,234"), readings("12,34,567.00"), readings("6.02e23")
    ((1234.5,), (1234.0, 1.234), (1234567.0,), (6.02e+23,))
    """
    match = NUMBER.fullmatch(text)
    exponent = 0
    if match is not None and (power := match["power"] or match["exponent"]) is not None:
        exponent = int(power)
        text = re.split(r"\s?[x×*·⋅∙]\s?10|e", text)[0]
    return tuple(_with_exponent(value, exponent) if exponent else value for value in _plain_readings(text))


def _with_exponent(value: float, exponent: int) -> float:
    """Infinite where it is more than a float holds."""
    try:
        return round_noise(value * 10.0**exponent)
    except OverflowError:
        return math.copysign(math.inf, value)


def _plain_readings(text: str) -> tuple[float, ...]:
    bare = re.sub(r"[ '+]", "", text)
    dot, comma = bare.rfind("."), bare.rfind(",")
    if dot >= 0 and comma >= 0:
        decimal, other = (".", ",") if dot > comma else (",", ".")
        return (_float(bare.replace(other, "").replace(decimal, ".")),)
    sign = "." if dot >= 0 else "," if comma >= 0 else ""
    if not sign:
        return (_float(bare),)
    if bare.count(sign) > 1:
        return (_float(bare.replace(sign, "")),)
    decimal_reading = _float(bare.replace(sign, "."))
    grouped = len(bare) - bare.index(sign) == 4 and bare.lstrip("-")[0] != "0"
    return (_float(bare.replace(sign, "")), decimal_reading) if grouped else (decimal_reading,)


def _float(text: str) -> float:
    return round_noise(float(text))


def round_noise(value: float) -> float:
    """Twelve digits: more are noise of arithmetic, and equal numbers are to be equal."""
    return float(f"{value:.12g}")
