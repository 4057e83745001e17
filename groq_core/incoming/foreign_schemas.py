"""
Values held against a JSON Schema that a stranger sent, in bounded time, whatever the schema says.

Patterns run in Rust's regex engine, which takes linear time whatever the pattern is: one bad pattern in Python's
engine would stop the whole process. And every step into a part of the schema is counted: thirty definitions that each
name the next one twice are a thousand million checks of one word.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend, validator_for
from pydantic_core import SchemaError, SchemaValidator, core_schema

from groq_core.errors import RequestError

FEWEST_STEPS: Final = 5_000
STEPS_A_VALUE: Final = 50
"""Into parts of a schema, for each value in an answer; a real schema needs about five."""

_STEPPING: Final = (
    *("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"),
    *("properties", "items", "prefixItems", "contains", "propertyNames"),
)
"""Keywords that lead into another part."""

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]

_left: ContextVar[list[int] | None] = ContextVar("steps", default=None)


class UnfoldingError(RequestError):
    """400: a schema unfolds to more than anybody means."""

    def __init__(self) -> None:
        super().__init__(
            "the schema cannot be used: it unfolds to too many parts",
            param="schema",
            code="invalid_schema",
            hint="Let its definitions name each other less often.",
        )


@contextmanager
def bounded_steps(value: object = None) -> Iterator[None]:
    """
    Count the steps taken in the block.

    Args:
        value: What is held against the schema; the larger it is, the more steps there may be.

    Raises:
        UnfoldingError: There are more, or they lead round in a circle.
    """
    token = _left.set([FEWEST_STEPS + STEPS_A_VALUE * _size(value)])
    try:
        yield
    except RecursionError:
        raise UnfoldingError from None
    finally:
        _left.reset(token)


def _size(value: object) -> int:
    """How many values are in a value."""
    waiting, size = [value], 0
    while waiting:
        size += 1
        inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += inner.values()
        elif isinstance(inner, list):
            waiting += inner
    return size


def take_step() -> None:
    """Count one, where steps are counted."""
    if (left := _left.get()) is not None:
        left[0] -= 1
        if left[0] < 0:
            raise UnfoldingError


def is_checkable(pattern: str) -> bool:
    r"""
    Whether a pattern can be checked in linear time; look-around and back-references cannot.

    >>> is_checkable("^(a+)+$"), is_checkable(r"(a)\1")
    (True, False)
    """
    try:
        _matcher(pattern)
    except SchemaError:
        return False
    return True


def matches(pattern: str, text: str) -> bool:
    """
    Whether a pattern is found in a text; one that cannot be checked in linear time refuses nothing.

    >>> matches("^(a+)+$", "a" * 60), matches("^(a+)+$", "a" * 60 + "!")
    (True, False)
    """
    try:
        return bool(_matcher(pattern).isinstance_python(text))
    except SchemaError:
        return True


@functools.lru_cache(maxsize=256)
def _matcher(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def validator_class(schema: Any) -> Any:
    """The validator of the draft that a schema names, 2020-12 where it names none, with the bounds of this module."""
    return _bounded(validator_for(schema, default=Draft202012Validator))


@functools.lru_cache(maxsize=16)
def _bounded(base: Any) -> Any:
    own: dict[str, Keyword] = {name: _counting(base.VALIDATORS[name]) for name in _STEPPING if name in base.VALIDATORS}
    own["pattern"] = _check_pattern
    own["patternProperties"] = _check_pattern_properties
    own["additionalProperties"] = _additional_properties(base.VALIDATORS["additionalProperties"])
    # It looks for patterns in a way of its own.
    own["unevaluatedProperties"] = lambda *_: None
    return extend(base, own)  # type: ignore[no-untyped-call]


def _counting(keyword: Keyword) -> Keyword:
    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        take_step()
        yield from keyword(validator, value, instance, schema) or ()

    return check


def _check_pattern(_: Any, pattern: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(str(pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _check_pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for name, value in instance.items():
                take_step()
                if matches(pattern, name):
                    yield from validator.descend(value, part, path=name, schema_path=pattern)


def _additional_properties(plain: Keyword) -> Keyword:
    def check(validator: Any, part: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        take_step()
        if (patterns := schema.get("patternProperties")) and isinstance(instance, dict):
            # Those that a pattern speaks for are named, so that nothing is left to look for by patterns.
            named = {name: True for name in instance if any(matches(pattern, name) for pattern in patterns)}
            schema = {"properties": named | schema.get("properties", {})}
        yield from plain(validator, part, instance, schema) or ()

    return check
