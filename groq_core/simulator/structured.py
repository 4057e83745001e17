"""Answers in JSON: to a schema, or with the keys the prompt names."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from groq_core.simulator import text, tokens
from groq_core.simulator import tool_choice as tools
from groq_core.simulator.schema_instances import Filler
from groq_core.simulator.wire_format import Json, bad_request

_NO_KEYS = frozenset({"and", "or", "the", "a", "an", "as", "with", "string", "number", "only", "json", "in", "is"})
_KEYS = re.compile(r"\b(?:keys?|fields?|properties)\b\s{0,9}(?:named|called|are|of)?:?\s{1,9}([^.:\n]{2,160})", re.I)
MAX_KEYS = 12
MAX_BRACES = 200
"""Of a text, at each of which an object may begin."""


def answer(body: Json, rng: random.Random) -> str | None:
    """
    The answer's text where the request wants JSON, else None.

    Raises:
        WireError: 400 ``json_validate_failed``, no instance of the schema was found.
    """
    wanted = body.get("response_format") or {}
    messages: list[Json] = body["messages"]
    said = "\n".join(tokens.text_of(m.get("content")) for m in messages if m.get("role") == "user")
    match wanted.get("type"):
        case "json_object":
            schema, said = _schema_of(messages, said)
        case "json_schema":
            schema = wanted["json_schema"]["schema"]
        case _:
            return None
    value = Filler(schema, said, rng).instance()
    generation = msgspec.json.encode(value).decode()
    if tools.mismatch(value, schema) is not None:
        raise bad_request(
            "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
            code="json_validate_failed",
            failed_generation=generation,
        )
    return generation


def _schema_of(messages: list[Json], said: str) -> tuple[Json, str]:
    """
    What a prompt asks for as a schema, and the text to fill it from.

    A schema or an example in the prompt comes first, then keys named in words; else the simulator says what it is.
    """
    instructions = "\n".join(tokens.text_of(m.get("content")) for m in messages)
    for found, source in _objects(instructions):
        rest = said.replace(source, " ")
        return (found, rest) if "properties" in found else (_kind_of(found), rest)
    listed = _KEYS.search(instructions)
    names = re.findall(r"[A-Za-z_]\w*", listed.group(1)) if listed else []
    if names := [name for name in names if name.lower() not in _NO_KEYS][:MAX_KEYS]:
        return _object({name: {"type": "string"} for name in names}), said
    question = text.gist(tokens.text_of(messages[-1].get("content")))
    return _object({"simulated": {"const": True}, "question": {"const": question}}), said


def _objects(instructions: str) -> Iterator[tuple[Json, str]]:
    """JSON objects that stand in a text, with their source."""
    decoder = json.JSONDecoder()
    at = instructions.find("{")
    for _ in range(MAX_BRACES):
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(instructions, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict) and value:
                yield value, instructions[at:end]
        at = instructions.find("{", end)


def _kind_of(example: Any) -> Json:
    """A schema that an example is an instance of."""
    match example:
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case list():
            return {"type": "array", "items": _kind_of(example[0]) if example else {"type": "string"}}
        case dict():
            return _object({key: _kind_of(value) for key, value in example.items()})
        case _:
            return {"type": "string"}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": [*properties]}
