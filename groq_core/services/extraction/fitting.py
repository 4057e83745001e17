"""
Does what the model wrote fit the schema, and what does not: the check that holds whoever answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry

from groq_core.errors import RequestError
from groq_core.incoming.foreign_schemas import bounded_steps, is_checkable, take_step, validator_class
from groq_core.services.extraction.strict import Node, allows_null, resolve_ref, subschemas

MAX_SCHEMA_BYTES: Final = 100_000
MAX_PROBLEMS: Final = 20
MAX_DEPTH: Final = 40

_LONGEST_MESSAGE = 300
_REFUSED: Final = ("patternProperties", "$dynamicRef", "$recursiveRef", "unevaluatedProperties")


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that does not fit.

    Attributes:
        path: Keys and places from the root, e.g. ``("lines", 0, "total")``.
        message: What is wrong, in words for the model and for people.
    """

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{spell_path(self.path)}: {self.message}" if self.path else self.message


def spell_path(path: tuple[str | int, ...]) -> str:
    """
    Write a path as people do.

    >>> spell_path(("lines", 0, "total"))
    'lines[0].total'
    """
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


# ── schemas that may be used ─────────────────────────────────────────────────────────────────────────


def check_schema(schema: Node) -> None:
    """
    Refuse a schema that is none, or that could not be checked safely.

    Raises:
        RequestError: Naming the place in the schema and the mend.
    """
    for path, node in subschemas(schema):
        if path.count("/") > 2 * MAX_DEPTH:
            raise _schema_error("it is nested too deeply")
        for keyword in _REFUSED:
            if keyword in node:
                raise _schema_error(f"{path} uses {keyword}", "Name the properties one by one instead.")
        if "$ref" in node:
            resolve_ref(node, schema)
        if isinstance(pattern := node.get("pattern"), str):
            _pattern_check(pattern, path)
    try:
        validator_class(schema).check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise _schema_error(f"{'#/' + place if place else '#'}: {_short(error.message)}") from None


def _schema_error(
    why: str, hint: str = "See https://json-schema.org/understanding-json-schema for what may stand there."
) -> RequestError:
    return RequestError(f"the schema cannot be used: {why}", param="schema", code="invalid_schema", hint=hint)


def _pattern_check(pattern: str, path: str) -> None:
    if not is_checkable(pattern):
        raise _schema_error(
            f"{path} has a pattern that cannot be checked in bounded time: {_short(pattern)}",
            "Look-around and back-references do not work; leave them out.",
        )


# ── formats ──────────────────────────────────────────────────────────────────────────────────────────

_FORMATS: Final = FormatChecker(formats=("date", "email", "ipv4", "ipv6", "uuid"))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or ("T" in value.upper() and datetime.fromisoformat(value) is not None)


@_FORMATS.checks("time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or time.fromisoformat(value) is not None


@_FORMATS.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


# ── data against a schema ────────────────────────────────────────────────────────────────────────────


def problems(data: object, schema: Node) -> list[Problem]:
    """
    List what does not fit, at most :data:`MAX_PROBLEMS`; empty when everything does.

    Raises:
        RequestError: 400; the schema unfolds to too many parts.
    """
    found = []
    with bounded_steps(data):
        for error in _validator(schema).iter_errors(data):
            found.append(Problem(tuple(error.absolute_path), _short(_deepest(error))))
            if len(found) == MAX_PROBLEMS:
                break
    return found


def _validator(schema: Node) -> Any:
    # An empty registry: nothing is ever fetched for a reference.
    return validator_class(schema)(schema, registry=Registry(), format_checker=_FORMATS)


def _deepest(error: ValidationError) -> str:
    """Where no branch of a choice fits, say what the nearest one lacks."""
    if error.context:
        nearest = max(error.context, key=lambda inner: len(inner.absolute_path))
        place = spell_path(tuple(nearest.absolute_path)[len(error.absolute_path) :])
        return f"fits none of the choices; the nearest: {place + ': ' if place else ''}{nearest.message}"
    return error.message


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def fitting_branch(data: object, branches: Sequence[object], root: Node) -> object:
    """
    The one of several schemas that data fits; None where it fits none.

    One that requires nothing is fit by everything, so of several it is the one that names most of the data.
    """
    validator = _validator(root)
    fits = [branch for branch in branches if validator.evolve(schema=branch).is_valid(data)]
    return max(fits, key=lambda branch: _named_by(branch, data, root), default=None)


def _named_by(branch: object, data: object, root: Node) -> int:
    named = resolve_ref(branch, root).get("properties") if isinstance(branch, dict) else None
    return len(named.keys() & data.keys()) if isinstance(named, dict) and isinstance(data, dict) else 0


def restore_absent(data: Any, node: object, root: Node) -> Any:
    """
    Undo what strictness did to an answer: a null that only said "not there" is left out again.

    A required value that may be null and was left out is set to null.

    Raises:
        RequestError: 400; the schema unfolds to too many parts.
    """
    with bounded_steps(data):
        return _restored(data, node, root)


def _restored(data: Any, node: object, root: Node) -> Any:
    take_step()
    if not isinstance(node, dict):
        return data
    node = resolve_ref(node, root)
    for part in node.get("allOf", ()):
        data = _restored(data, part, root)
    if branches := node.get("anyOf") or node.get("oneOf"):
        return _restore_choice(data, branches, root)
    if isinstance(data, list):
        return [_restored(item, node.get("items"), root) for item in data]
    if not isinstance(data, dict):
        return data
    properties = node.get("properties") or {}
    extra = node.get("additionalProperties")
    kept = {}
    for name, value in data.items():
        child = properties.get(name, extra)
        if value is None and name in properties and not allows_null(child, root):
            continue
        kept[name] = _restored(value, child, root)
    for name in node.get("required", ()):
        if name not in kept and name in properties and allows_null(properties[name], root):
            kept[name] = None
    return kept


def _restore_choice(data: Any, branches: list[Any], root: Node) -> Any:
    if not isinstance(data, dict | list):
        return data
    validator = _validator(root)
    tried = []
    for branch in branches:
        candidate = _restored(data, branch, root)
        if validator.evolve(schema=branch).is_valid(candidate):
            return candidate
        tried.append(candidate)
    return min(tried, key=len, default=data)
