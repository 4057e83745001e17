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


def read_json(text: str, *, lists: bool = False) -> Any:
    """
    Read the JSON object of an answer: as it stands, in a fence, after thoughts, among prose, or with the small faults
    that models make (a comma too many, quotes of another kind, a comment).

    What was cut off in the middle is not read: half a list looks like a whole one.

    Args:
        lists: A list is an answer too. Else of a list of one object that object is taken, and of several none.

    Raises:
        ValueError: There is none.

    >>> read_json('```json\\n{"a": 1}\\n```'), read_json('<think>{</think>Here: {"a": [1, 2,],} Done.')
    ({'a': 1}, {'a': [1, 2]})
    """
    try:
        found = _answer(msgspec.json.decode(text.strip() or "null"), lists)
        if found is not None:
            return found
        problem = "it is not a JSON object"
    except (msgspec.DecodeError, RecursionError) as error:
        problem = f"it is not JSON: {error}"
    best: Any = {}
    end = -1
    for start, candidate in _candidates(text[:LONGEST]):
        if 0 <= start < end:
            continue  # a piece of what was read already
        value = _decode(candidate)
        if start >= 0 and value is not None:
            end = start + len(candidate)
        # Prose may hold small objects of its own; the answer is the one that says most.
        answer = _answer(value, lists)
        if answer is not None and len(answer) > len(best):
            best = answer
    if best:
        return best
    raise ValueError(problem)


def _answer(value: object, lists: bool) -> Any:
    """What of a value is an answer; None where nothing is."""
    if isinstance(value, str):
        # JSON within JSON.
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    if isinstance(value, list) and not lists:
        value = value[0] if len(value) == 1 else None
    return value if isinstance(value, dict | list) else None


def _candidates(text: str) -> Iterator[tuple[int, str]]:
    """The stretches that may be the object, likeliest first, each with where it begins; -1 within a fence."""
    plain = _THOUGHT.sub("", text)
    for fenced in _FENCE.findall(plain):
        if "{" in fenced:
            yield -1, fenced.strip()
    for number, match in enumerate(_BRACE.finditer(plain)):
        if number == MOST_STARTS:
            return
        if stretch := _balance(plain, match.start()):
            yield match.start(), stretch


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
