"""What is to be found: a Pydantic model, a JSON Schema or a small table of fields, ready to be asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, get_args, get_origin, overload

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from typing_extensions import TypeAliasType

from groq_core.errors import RequestError
from groq_core.incoming.field_errors import insist
from groq_core.services.extraction.fitting import (
    MAX_PROBLEMS,
    MAX_SCHEMA_BYTES,
    Problem,
    check_schema,
    problems,
    restore_absent,
)
from groq_core.services.extraction.strict import Node, StrictSchema, relax, resolve_ref

T = TypeVar("T")

FieldType: TypeAlias = Literal["text", "number", "integer", "yes/no", "date"]
FIELD_TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)

_TYPES: Final[Mapping[str, Node]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "integer": {"type": "integer"},
    "yes/no": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
}

WRAPPED: Final = "value"
"""Name under which an answer that is no object is asked for, since a strict schema wants an object at its root."""

MAX_FIELDS = 200

_SAYS_WHAT: Final = ("properties", "type", "anyOf", "oneOf", "allOf", "enum", "const")
"""Words of a schema that say what is to be found."""


@dataclass(frozen=True, slots=True)
class TableField:
    """
    One line of a table of fields.

    Attributes:
        name: Any text without line breaks, at most 64 characters.
        list: There may be several.
    """

    name: str
    type: FieldType = "text"
    required: bool = False
    description: str = ""
    list: bool = False


class MisfitError(ValueError):
    """Data that does not fit a schema; ``problems`` says where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema(Generic[T]):
    """
    What is to be found, in the three forms an extraction needs.

    Attributes:
        name: Letters, digits, ``_`` and ``-``, at most 64.
        json: The JSON Schema of the data; always an object at the root.
        strict: The same for the decoder, see :mod:`strict`.
        wrapped: The data proper is the one value ``value`` of that object.
        checked: Data is held against ``json``; else ``parse`` alone decides, as Pydantic takes ``"3"`` for 3.
    """

    name: str
    json: Node
    wrapped: bool
    strict: StrictSchema
    parse: Callable[[Any], T] = field(repr=False)
    checked: bool = True

    def part(self) -> Schema[Any]:
        """The same schema for one part of a long document, in which any value may be missing."""
        loose = relax(self.json)
        return Schema(
            name=self.name,
            json=loose,
            wrapped=self.wrapped,
            strict=StrictSchema(loose),
            parse=lambda data: data,
        )

    def read(self, answer: Any) -> Any:
        """
        Take an answer of the decoder back into the schema's own form.

        Raises:
            MisfitError: It does not fit.
        """
        if self.wrapped and not (isinstance(answer, dict) and set(answer) == {WRAPPED}):
            # The object around the data proper is ours, and models leave it out.
            answer = {WRAPPED: answer}
        data = restore_absent(answer, self.json, self.json)
        if self.checked and (found := problems(data, self.json)):
            raise MisfitError(found)
        return data

    def value(self, data: Any) -> T:
        """
        Make the typed value of data that has been read.

        Raises:
            MisfitError: A rule of the model's own refuses it.
        """
        return self.parse(data[WRAPPED] if self.wrapped else data)


@overload
def schema_of(wanted: type[T] | Schema[T]) -> Schema[T]: ...
@overload
def schema_of(wanted: Mapping[str, Any] | Iterable[TableField]) -> Schema[Any]: ...
def schema_of(wanted: Any) -> Schema[Any]:
    """
    Make a schema of whatever describes what is wanted.

    Args:
        wanted: A Pydantic model or any type Pydantic knows (``list[Invoice]``, a dataclass, a TypedDict), a
            JSON Schema, or fields.

    Raises:
        RequestError: It describes nothing that could be asked for.
    """
    if isinstance(wanted, Schema):
        return wanted
    if isinstance(wanted, Mapping):
        return from_json_schema(wanted)
    if isinstance(wanted, type | UnionType | TypeAliasType) or get_origin(wanted) is not None:
        return from_type(wanted)
    insist(wanted, Iterable, "schema", "a type, a JSON Schema, or a list of fields")
    fields = list(wanted)
    for one in fields:
        insist(one, TableField, "schema", "a list of TableFields")
    return from_fields(fields)


def from_type(wanted: type[T]) -> Schema[T]:
    """Describe a type by its Pydantic schema; values are made and checked by Pydantic itself."""
    try:
        adapter = TypeAdapter(wanted)
        described = adapter.json_schema(mode="validation")
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise RequestError(f"no JSON Schema describes {wanted!r}: {error}", param="schema") from None

    def parse(data: Any) -> T:
        try:
            # By way of JSON text, so that a model in strict mode still takes a date written as a string.
            return adapter.validate_json(json.dumps(data))
        except ValidationError as error:
            raise MisfitError(
                [Problem(tuple(line["loc"]), line["msg"]) for line in error.errors(include_url=False)[:MAX_PROBLEMS]]
            ) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a model's own validators may raise anything, and nothing was awaited
            raise MisfitError([Problem((), _words(error))]) from None

    return _schema(described, getattr(wanted, "__name__", "") or "Extraction", parse, trusted=True)


def _words(error: BaseException) -> str:
    name = type(error).__name__
    try:
        return f"{name}: {error}"[:300]
    except Exception:  # its own words may fail as well
        return name


def from_json_schema(schema: Mapping[str, Any]) -> Schema[Any]:
    """
    Take a stranger's JSON Schema.

    Raises:
        RequestError: It is not one, is too large, points elsewhere, or could not be checked in bounded time.
    """
    try:
        text = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise RequestError("the schema is not plain JSON", param="schema") from None
    if len(text) > MAX_SCHEMA_BYTES:
        raise RequestError(
            f"the schema has {len(text)} characters; {MAX_SCHEMA_BYTES} is the most", status=413, param="schema"
        )
    plain = json.loads(text)
    if not isinstance(plain, dict) or not any(key in _root(plain) for key in _SAYS_WHAT):
        raise RequestError(
            "the schema does not say what to find",
            param="schema",
            hint='Give it a type and properties, e.g. {"type": "object", "properties": {"total": {"type": "number"}}}.',
        )
    plain = _with_null(plain)
    check_schema(plain)
    return _schema(plain, str(plain.get("title") or ""), lambda data: data)


def from_fields(fields: Iterable[TableField], *, name: str = "Fields") -> Schema[Any]:
    """Make a schema of a table of fields; each one not required may be missing from the data."""
    listed = list(fields)
    if not listed:
        raise RequestError("name at least one field to find", param="schema")
    if len(listed) > MAX_FIELDS:
        raise RequestError(f"{len(listed)} fields are asked for; {MAX_FIELDS} is the most", param="schema")
    properties: dict[str, Node] = {}
    for one in listed:
        title = one.name.strip()
        if not title or len(title) > 64 or "\n" in title:
            raise RequestError(f"{one.name!r} is no name for a field: 1 to 64 characters on one line", param="schema")
        if title in properties:
            raise RequestError(f"two fields are called {title!r}", param="schema")
        if one.type not in _TYPES:
            raise RequestError(
                f"field {title!r} has the type {one.type!r}; one of {', '.join(FIELD_TYPES)}", param="schema"
            )
        described: Node = {"type": "array", "items": _TYPES[one.type]} if one.list else dict(_TYPES[one.type])
        if told := one.description.strip():
            described["description"] = told
        properties[title] = described
    required = [one.name.strip() for one in listed if one.required]
    whole = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return _schema(whole, name, lambda data: data)


def _schema(described: Node, name: str, parse: Callable[[Any], T], *, trusted: bool = False) -> Schema[T]:
    defs: Node = {key: described[key] for key in ("$defs", "definitions") if key in described}
    plain: Node = {key: value for key, value in described.items() if key not in ("$schema", "$id", *defs)}
    wrapped = not _is_object(_root(described))
    if wrapped:
        plain = {"type": "object", "properties": {WRAPPED: plain}, "required": [WRAPPED], "additionalProperties": False}
    whole = {**plain, **defs}
    if trusted:
        whole = _without_patterns(whole)
    return Schema(
        name=re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64] or "Extraction",
        json=whole,
        wrapped=wrapped,
        strict=StrictSchema(whole),
        parse=parse,
        checked=not trusted,
    )


def _root(schema: Node) -> Node:
    return resolve_ref(schema, schema) if "$ref" in schema else schema


def _is_object(node: Node) -> bool:
    return node.get("type") == "object" or ("type" not in node and "properties" in node)


def _with_null(node: Any, *, named: bool = False) -> Any:
    """Say in JSON Schema's own words what OpenAPI 3.0 calls ``nullable: true``."""
    if isinstance(node, list):
        return [_with_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    if named:
        return {name: _with_null(child) for name, child in node.items()}
    found = {
        key: value if key in ("const", "enum", "default", "examples") else _with_null(value, named=key in _NAMED)
        for key, value in node.items()
    }
    if found.pop("nullable", None) is not True:
        return found
    kinds = found.get("type")
    if isinstance(kinds, str) and "$ref" not in found:
        enum = {"enum": [*found["enum"], None]} if isinstance(found.get("enum"), list) else {}
        return {**found, "type": [kinds, "null"], **enum}
    if isinstance(kinds, list):
        return {**found, "type": [*kinds, *(["null"] if "null" not in kinds else [])]}
    return {"anyOf": [found, {"type": "null"}]}


_NAMED: Final = frozenset({"properties", "$defs", "definitions"})


def _without_patterns(node: Any) -> Any:
    """
    Leave patterns to Pydantic, which made them for its own engine (look-around in those of Decimal).

    A decimal is asked for as text, whose digits nobody rounds.
    """
    if isinstance(node, dict):
        kinds = [branch.get("type") for branch in node.get("anyOf", ()) if isinstance(branch, dict)]
        if kinds[:2] == ["number", "string"] and "pattern" in node["anyOf"][1]:
            rest = node["anyOf"][2:]
            beside = {key: value for key, value in node.items() if key != "anyOf"}
            if not rest:
                return {**beside, "type": "string"}
            return {**beside, "anyOf": [{"type": "string"}, *map(_without_patterns, rest)]}
        return {
            key: _without_patterns(value)
            for key, value in node.items()
            if not (key == "pattern" and isinstance(value, str) and len(value) > 40)
        }
    return [_without_patterns(item) for item in node] if isinstance(node, list) else node
