"""The parts that schemas are put together from; each reader of a body says with them what it takes."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
WHOLE: Final[Schema] = {"type": "integer"}
SWITCH: Final[Schema] = {"type": "boolean"}
OBJECT: Final[Schema] = {"type": "object"}
NULL: Final[Schema] = {"type": "null"}


def object_of(properties: dict[str, Schema], *required: str, note: str = "") -> Schema:
    """An object with these fields, and whatever else it may have."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if note:
        schema["description"] = note
    return schema


def list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def with_description(schema: Schema, note: str) -> Schema:
    return {**schema, "description": note}


def or_null(schema: Schema) -> Schema:
    """The schema or null; one that takes anything takes null already."""
    if not schema.keys() - {"description"}:
        return schema
    told: Schema = {name: schema[name] for name in ("description", "default") if name in schema}
    return {"anyOf": [{name: it for name, it in schema.items() if name not in told}, NULL], **told}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str) -> Schema:
    """A list as OpenAI's API gives it, page by page."""
    return object_of(
        {
            "object": {"const": "list"},
            "data": list_of(ref(name)),
            "first_id": or_null(TEXT),
            "last_id": or_null(TEXT),
            "has_more": SWITCH,
        }
    )


def deletion_of(kind: str) -> Schema:
    return object_of({"id": TEXT, "object": {"const": kind}, "deleted": with_description(SWITCH, "Always true.")})


def request_of(fields: dict[str, Schema], *required: str, note: str = "", **others: Any) -> Schema:
    """The body of a request: null is as good as leaving a field out, where it may be left out."""
    named = {name: schema if name in required else or_null(schema) for name, schema in fields.items()}
    return object_of(named, *required, note=note) | others


WORDS: Final[Schema] = {"type": "string", "pattern": r"\S"}
"""A text that is not empty."""

MODEL: Final = with_description(
    {**WORDS, "maxLength": 200},
    "`auto`, a tier (`speed`, `quality`, `vision`, `audio`, `speech`), an id, or `provider:id`.",
)
STREAM: Final = with_description(SWITCH, "Send the answer as server-sent events.")
METADATA: Final = {"type": "object", "additionalProperties": TEXT}
