"""Strings that match a regular expression, for schemas with a ``pattern``."""

from __future__ import annotations

import random
from typing import Any

from groq_core.incoming.foreign_schemas import take_step

_CATEGORIES = {"CATEGORY_DIGIT": "7", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
_PROBES = "xayb07- _.#"


def matching(pattern: str, rng: random.Random) -> str:
    """
    A string that matches a regular expression, by walking its parse tree.

    >>> import random, re
    >>> bool(re.fullmatch(r"[A-Z]{2}-\\d{3,5}(a|b)?", matching(r"^[A-Z]{2}-\\d{3,5}(a|b)?$", random.Random(0))))
    True
    """
    from re import _parser  # type: ignore[attr-defined]  # the standard library's own; nothing else parses its syntax

    return "".join(_walk(_parser.parse(pattern), rng, {}))


def _walk(parsed: Any, rng: random.Random, groups: dict[int, str]) -> list[str]:
    made: list[str] = []
    for op, value in parsed:
        take_step()
        match str(op):
            case "LITERAL":
                made.append(chr(value))
            case "NOT_LITERAL":
                made.append("x" if value != ord("x") else "y")
            case "ANY":
                made.append("x")
            case "IN":
                made.append(_member(value, rng))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = value
                for _ in range(max(low, min(1, int(high)))):
                    made += _walk(inner, rng, groups)
            case "BRANCH":
                made += _walk(value[1][0], rng, groups)
            case "SUBPATTERN":
                inner_text = "".join(_walk(value[-1], rng, groups))
                if value[0] is not None:
                    groups[value[0]] = inner_text
                made.append(inner_text)
            case "GROUPREF":
                made.append(groups.get(value, ""))
            case "ATOMIC_GROUP":
                made += _walk(value, rng, groups)
            case _:
                continue
    return made


def _member(choices: Any, rng: random.Random) -> str:
    """One character of a set such as ``[a-z_]`` or ``[^0-9]``."""
    if str(choices[0][0]) == "NEGATE":
        return next((char for char in _PROBES if not _in_set(char, choices[1:])), "§")
    op, value = choices[0]
    match str(op):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            low, high = value
            return chr(rng.randint(low, min(high, low + 25)))
        case _:
            return _CATEGORIES.get(str(value), "-")


def _in_set(char: str, choices: Any) -> bool:
    return any(_is(char, str(op), value) for op, value in choices)


def _is(char: str, op: str, value: Any) -> bool:
    match op, str(value):
        case "LITERAL", _:
            return chr(value) == char
        case "RANGE", _:
            low, high = value
            return bool(low <= ord(char) <= high)
        case "CATEGORY", "CATEGORY_DIGIT":
            return char.isdigit()
        case "CATEGORY", "CATEGORY_SPACE":
            return char.isspace()
        case "CATEGORY", "CATEGORY_WORD":
            return char.isalnum() or char == "_"
    return False
