"""Dig the JSON object out of what a model wrote around it, before another try is paid for."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import jiter
import json_repair
import msgspec

LONGEST: Final = 400_000
"""Characters of an answer that are looked through."""

LONGEST_REPAIRED: Final = 100_000
"""Characters of what is mended sign by sign."""

_THOUGHT: Final = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE: Final = re.compile(r"```[A-Za-z0-9_-]*+[ \t]*+\r?+\n?+(.*?)```", re.DOTALL)
_BRACE: Final = re.compile(r"[{\[]")

MOST_STARTS: Final = 50

_NO_NUMBER: Final = re.compile(r"[:\[,]\s*-?(?:NaN|Infinity)\b")


def read_json(text: str) -> dict[str, Any]:
    """
    Read the JSON object of an answer: as it stands, in a fence, after thoughts, among prose, or with the small faults
    that models make (a comma too many, quotes of another kind, a comment).

    What was cut off in the middle is not read: half a list looks like a whole one.

    Raises:
        ValueError: There is none.

    >>> read_json('```json\\n{"a": 1}\\n```'), read_json('<think>{</think>Here: {"a": [1, 2,],} Done.')
    ({'a': 1}, {'a': [1, 2]})
    """
    try:
        found = msgspec.json.decode(text.strip() or "null")
        if isinstance(found, dict):
            return found
        problem = "it is not a JSON object"
    except (msgspec.DecodeError, RecursionError) as error:
        problem = f"it is not JSON: {error}"
    best: dict[str, Any] = {}
    for candidate in _candidates(text[:LONGEST]):
        value = _decode(candidate)
        # Prose may hold small objects of its own; the answer is the one that says most.
        if isinstance(value, dict) and len(value) > len(best):
            best = value
    if best:
        return best
    raise ValueError(problem)


def _candidates(text: str) -> Iterator[str]:
    """The stretches that may be the object, likeliest first."""
    plain = _THOUGHT.sub("", text)
    for fenced in _FENCE.findall(plain):
        if "{" in fenced:
            yield fenced.strip()
    end = 0
    for number, match in enumerate(_BRACE.finditer(plain)):
        if number == MOST_STARTS:
            return
        if match[0] == "{" and match.start() >= end and (stretch := _balance(plain, match.start())):
            end = match.start() + len(stretch)
            yield stretch


def _balance(text: str, start: int) -> str:
    """From a brace to the one that closes it, braces in texts not counted; empty where none does."""
    depth, quoted = 0, False
    for match in _SIGNS.finditer(text, start):
        sign = match[0]
        if quoted:
            quoted = sign != '"'
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return text[start : match.end()]
    return ""


_SIGNS: Final = re.compile(r'\\.|["{}\[\]]', re.DOTALL)


def _decode(text: str) -> Any:
    try:
        return jiter.from_json(text.encode("utf-8", "replace"), allow_inf_nan=False)
    except ValueError:
        pass
    if len(text) > LONGEST_REPAIRED or not text.rstrip().endswith(("}", "]")) or _NO_NUMBER.search(text):
        return None
    try:
        # As Python writes it.
        return msgspec.json.decode(json.dumps(ast.literal_eval(text), allow_nan=False))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        pass
    try:
        found = json_repair.loads(text, skip_json_loads=True)
        return msgspec.json.decode(json.dumps(found, allow_nan=False))
    except (ValueError, RecursionError, IndexError, TypeError):
        return None
