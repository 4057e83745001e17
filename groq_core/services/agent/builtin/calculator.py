"""
A calculator that computes exactly and evaluates nothing but arithmetic.

A Pratt parser over numbers, signs and a table of functions; there is no ``eval`` and nothing to reach from it.
Values are fractions, so that 0.1 + 0.2 is 0.3; every step is bounded in size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from groq_core.services.agent.tools import ArgumentsError, tool

MAX_CHARACTERS: Final = 500
MAX_DEPTH: Final = 60
MAX_BITS: Final = 4_096
"""Of a numerator or denominator: about 1200 decimal digits."""

SHOWN_DIGITS: Final = 15
LONGEST_WHOLE: Final = 60
"""Digits of a whole number that is shown in full."""

_TOKEN = re.compile(
    r"\s*+(?:(\d++(?:\.\d*+)?(?:[eE][+-]?\d++)?|\.\d++(?:[eE][+-]?\d++)?)"
    r"|([A-Za-z]++|π|√)|(\*\*|//|[-+*/%^!(),×·÷−]))"
)
_ALIKE: Final = {"**": "^", "×": "*", "·": "*", "÷": "/", "−": "-"}

_BINDING: Final = {"+": 10, "-": 10, "*": 20, "/": 20, "//": 20, "%": 20, "^": 40}
_SIGN_BINDING: Final = 30
"""Of a sign before a number: above times, below power, so that -2^2 is -4."""

_CONSTANTS: Final = {"pi": Fraction(math.pi), "π": Fraction(math.pi), "e": Fraction(math.e), "tau": Fraction(math.tau)}


@tool(timeout=5)
def calculate(expression: str) -> str:
    """
    Work out an arithmetic expression exactly.

    Args:
        expression: Numbers, + - * / // % ^ !, parentheses, pi, e, and functions such as sqrt, log(x, base), ln, exp,
            sin (radians), abs, round(x, digits), floor, ceil, min, max, mean, sum, gcd.
            Example: round(19/100 * 1234.5, 2)
    """
    return format_number(evaluate(expression))


def evaluate(expression: str) -> Fraction:
    """
    Compute an expression.

    Raises:
        ArgumentsError: It is no arithmetic, is undefined, or grows too large.

    >>> evaluate("0.1 + 0.2"), evaluate("-2^2"), evaluate("5!/(3*2)")
    (Fraction(3, 10), Fraction(-4, 1), Fraction(20, 1))
    """
    if len(expression) > MAX_CHARACTERS:
        raise ArgumentsError(f"the expression has {len(expression)} characters; {MAX_CHARACTERS} is the most")
    parser = _Parser(_tokens(expression))
    value = parser.expression(0)
    if parser.here:
        raise ArgumentsError(f"{parser.here!r} stands where the expression should end")
    return value


def format_number(value: Fraction) -> str:
    """
    Write a number for people.

    >>> format_number(Fraction(1, 3)), format_number(Fraction(10) ** 20), format_number(Fraction(5, 2))
    ('0.333333333333333', '100000000000000000000', '2.5')
    """
    if value.denominator == 1 and abs(value.numerator) < 10**LONGEST_WHOLE:
        return str(value.numerator)
    try:
        text = f"{float(value):.{SHOWN_DIGITS}g}"
    except OverflowError:
        digits = str(abs(value.numerator // value.denominator))
        return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:SHOWN_DIGITS]}e+{len(digits) - 1}"
    return text


def _tokens(expression: str) -> list[str]:
    tokens, place = [], 0
    text = expression.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ArgumentsError(f"{text[place:].strip()[:20]!r} is no arithmetic")
        token = match[1] or match[2] or match[3]
        tokens.append(_ALIKE.get(token, token))
        place = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    @property
    def here(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self.here
        self._place += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise ArgumentsError(f"a {token!r} is missing")

    def expression(self, binding: int) -> Fraction:
        """Read everything that holds together more tightly than ``binding``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ArgumentsError("it is nested too deeply")
        left = self._prefix()
        while True:
            if self.here == "!":
                self._next()
                left = _factorial(left)
            elif self.here == "%" and self._is_per_cent():
                self._next()
                left /= 100
            elif (strength := _BINDING.get(self.here, 0)) > binding:
                sign = self._next()
                # A power holds from the right: 2^3^2 is 2^9.
                left = _check_size(_OPERATIONS[sign](left, self.expression(strength - (sign == "^"))))
            else:
                self._depth -= 1
                return left

    def _is_per_cent(self) -> bool:
        """Tell 19 % from 19 % 4: a rest needs a number after it."""
        after = self._tokens[self._place + 1] if self._place + 1 < len(self._tokens) else ""
        return not (after and (after[0].isalnum() or after[0] in "(.√π"))

    def _prefix(self) -> Fraction:
        token = self._next()
        if token == "-":
            return -self.expression(_SIGN_BINDING)
        if token == "+":
            return self.expression(_SIGN_BINDING)
        if token == "√":
            return _root(self.expression(_SIGN_BINDING))
        if token == "(":
            value = self.expression(0)
            self._expect(")")
            return value
        if token[:1].isdigit() or token[:1] == ".":
            return _number(token)
        if (name := token.lower()) in _CONSTANTS:
            return _CONSTANTS[name]
        if name in _FUNCTIONS and self.here == "(":
            return self._function(name)
        raise ArgumentsError(
            f"{token!r} stands where a number should be" if token else "a number is missing at the end"
        )

    def _function(self, name: str) -> Fraction:
        self._expect("(")
        values = [self.expression(0)]
        while self.here == ",":
            self._next()
            values.append(self.expression(0))
        self._expect(")")
        try:
            return _check_size(_FUNCTIONS[name](*values))
        except ArgumentsError:
            raise
        except TypeError:
            raise ArgumentsError(f"{name} does not take {len(values)} values") from None
        except (ValueError, OverflowError):
            raise ArgumentsError(f"{name} is not defined there") from None


# ── arithmetic, bounded ──────────────────────────────────────────────────────────────────────────────


def _number(text: str) -> Fraction:
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_BITS // 4:
        raise ArgumentsError(f"{text} is too large")
    return Fraction(text)


def _check_size(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise ArgumentsError("the result is too large")
    return value


def _divide(left: Fraction, right: Fraction) -> Fraction:
    if not right:
        raise ArgumentsError("division by zero")
    return left / right


def _whole_quotient(left: Fraction, right: Fraction) -> Fraction:
    return Fraction(math.floor(_divide(left, right)))


def _rest(left: Fraction, right: Fraction) -> Fraction:
    return left - right * _whole_quotient(left, right)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 1:
        if base == 0 and exponent < 0:
            raise ArgumentsError("division by zero")
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent) * size > 2 * MAX_BITS and abs(base) != 1 and base:
            raise ArgumentsError("the result is too large")
        return base**exponent.numerator
    if base < 0:
        raise ArgumentsError("a root of a negative number is no real number")
    try:
        return _near(float(base) ** float(exponent))
    except (OverflowError, ZeroDivisionError):
        raise ArgumentsError("the result is too large") from None


def _near(value: float) -> Fraction:
    if not math.isfinite(value):
        raise ArgumentsError("the result is too large")
    return Fraction(value)


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise ArgumentsError("a root of a negative number is no real number")
    exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    return exact if exact * exact == value else _near(math.sqrt(value))


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= 400:
        raise ArgumentsError("a factorial is taken of a whole number from 0 to 400")
    return _check_size(Fraction(math.factorial(value.numerator)))


def _round(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """Round half away from zero, as people do."""
    if digits.denominator != 1 or abs(digits) > 50:
        raise ArgumentsError("digits are a whole number up to 50")
    scale = Fraction(10) ** digits.numerator
    size = Fraction(math.floor(abs(value) * scale + Fraction(1, 2))) / scale
    return -size if value < 0 else size


def _log(value: Fraction, base: Fraction = Fraction(10)) -> Fraction:
    if base == 10:
        return _near(math.log10(value))
    return _near(math.log2(value)) if base == 2 else _near(math.log(value) / math.log(base))


def _of_float(function: Callable[[float], float]) -> Callable[..., Fraction]:
    return lambda value: _near(function(float(value)))


def _of_whole(function: Callable[..., int]) -> Callable[..., Fraction]:
    def apply(*values: Fraction) -> Fraction:
        if any(value.denominator != 1 for value in values):
            raise ArgumentsError("whole numbers are needed")
        return Fraction(function(*(value.numerator for value in values)))

    return apply


_OPERATIONS: Final[dict[str, Callable[[Fraction, Fraction], Fraction]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "//": _whole_quotient,
    "%": _rest,
    "^": _power,
}

_FUNCTIONS: Final[dict[str, Callable[..., Fraction]]] = {
    "sqrt": _root,
    "abs": abs,
    "round": _round,
    "floor": lambda value: Fraction(math.floor(value)),
    "ceil": lambda value: Fraction(math.ceil(value)),
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "sum": lambda *values: sum(values, Fraction(0)),
    "mean": lambda *values: sum(values, Fraction(0)) / len(values),
    "pow": _power,
    "mod": _rest,
    "gcd": _of_whole(math.gcd),
    "lcm": _of_whole(math.lcm),
    "factorial": _factorial,
    "log": _log,
    "ln": _of_float(math.log),
    "exp": _of_float(math.exp),
    "sin": _of_float(math.sin),
    "cos": _of_float(math.cos),
    "tan": _of_float(math.tan),
    "asin": _of_float(math.asin),
    "acos": _of_float(math.acos),
    "atan": _of_float(math.atan),
    "degrees": _of_float(math.degrees),
    "radians": _of_float(math.radians),
}
