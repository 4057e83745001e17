"""Schemas that strangers send: bounded in time and memory, and no address in them is fetched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry

from groq_core.incoming.foreign_schemas import UnfoldingError, bounded_steps, validator_class

MOST_CPU_S = 3.0
"""Of this whole process for one question; each of these took a minute, or all memory, or never ended."""


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/schema.json", asked
        server.shutdown()


def closed_object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    } | more


def fold(levels: int, keyword: str) -> dict[str, Any]:
    """Definitions that each name the next one twice."""

    def twice(number: int) -> dict[str, Any]:
        inner = {"$ref": f"#/$defs/d{number}"}
        return closed_object({"x": inner, "y": inner}) if keyword == "properties" else {keyword: [inner, inner]}

    parts = {f"d{number}": twice(number + 1) for number in range(levels)}
    return closed_object({"a": {"$ref": "#/$defs/d0"}}, **{"$defs": {**parts, f"d{levels}": {"type": "string"}}})


HOSTILE: dict[str, dict[str, Any]] = {
    **{f"{keyword} unfolded": fold(30, keyword) for keyword in ("allOf", "anyOf", "oneOf", "properties")},
    "a pattern that backtracks": closed_object({"a": {"type": "string", "pattern": r"^(\w+\s?)*$"}}),
    "patterns for names": {"type": "object", "patternProperties": {"^(a+)+$": {"type": "string"}}}
    | {"required": ["a" * 40 + "!"]},
    "a pattern that repeats": closed_object({"a": {"type": "string", "pattern": "((a{1000}){1000}){1000}"}}),
    "a deep pattern": closed_object({"a": {"type": "string", "pattern": "(" * 20_000 + ")" * 20_000}}),
    "many values": closed_object({"a": {"type": "array", "minItems": 10**9, "items": {"type": "string"}}}),
    "many unlike values": closed_object(
        {"a": {"type": "array", "minItems": 10**9, "maxItems": 10**9, "uniqueItems": True, "items": {"type": "string"}}}
    ),
    "a long value": closed_object({"a": {"type": "string", "minLength": 10**12}}),
    "itself": {"allOf": [{"$ref": "#"}], "type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
}

TEXT = f"a: {'a' * 40}! {'word ' * 12}! and {'x' * 40}!"


def questions(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way by which a schema comes."""
    said = [{"role": "user", "content": TEXT}]
    yield "v1/extract", {"text": TEXT, "schema": schema}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": False}}
    yield "v1/chat/completions", {"messages": said, "response_format": form}
    call = {"type": "function", "function": {"name": "x", "parameters": schema}}
    yield "v1/chat/completions", {"messages": said, "tools": [call], "tool_choice": "required"}
    yield (
        "v1/responses",
        {"input": TEXT, "text": {"format": {"type": "json_schema", "name": "x", "schema": schema}}, "store": False},
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", HOSTILE)
async def test_no_schema_takes_the_process(client: httpx.AsyncClient, name: str) -> None:
    for path, body in questions(HOSTILE[name]):
        began = time.process_time()
        response = await client.post(path, json=body, timeout=120)

        assert time.process_time() - began < MOST_CPU_S, path
        # 503 where no answer of the simulated model could fit; none of these is a fault of the server's own.
        unanswerable = 503 if name in ("many values", "many unlike values", "a long value") else 0
        assert response.status_code < 500 or response.status_code == unanswerable, (path, response.text[:300])


@pytest.mark.timeout(60)
async def test_no_address_in_a_schema_is_fetched(client: httpx.AsyncClient, listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    pointing = [
        closed_object({"a": {"$ref": address}}),
        closed_object({"a": {"$ref": "there"}}, **{"$id": address}),
    ]
    for schema in pointing:
        for path, body in questions(schema):
            response = await client.post(path, json=body)
            assert response.status_code < 500 or response.status_code == 503, (path, response.text[:300])

    assert asked == []


SAMPLES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "string", "pattern": "^a+$"}, ["aa", "ab", 1]),
    (
        {"patternProperties": {"^x": {"type": "number"}}, "properties": {"b": True}, "additionalProperties": False},
        [{"x1": 1, "b": 2}, {"x1": "no"}, {"c": 1}, {}, []],
    ),
    (
        {"patternProperties": {"^x": {}}, "additionalProperties": {"type": "number"}},
        [{"x": "any", "y": 1}, {"y": "no"}],
    ),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}], "not": {"const": 9}}, [1, 3, 1.5, 9.5, 9]),
    ({"propertyNames": {"pattern": "^[a-z]+$"}, "dependentSchemas": {"a": {"required": ["b"]}}}, [{"a": 1}, {"A": 1}]),
    ({"contains": {"const": 1}, "prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, [[1, "a"], [2]]),
]


@pytest.mark.parametrize("draft", [Draft202012Validator, Draft7Validator])
def test_what_is_bounded_decides_as_before(draft: Any) -> None:
    for schema, values in SAMPLES:
        named = {"$schema": draft.META_SCHEMA["$schema"], **schema}
        ours = validator_class(named)(named, registry=Registry())
        for value in values:
            plain = [(error.validator, error.json_path) for error in draft(named).iter_errors(value)]
            found = [(error.validator, error.json_path) for error in ours.iter_errors(value)]
            assert found == plain, (schema, value)


def test_a_large_answer_has_its_steps() -> None:
    row = closed_object({name: {"anyOf": [{"type": "string"}, {"type": "null"}]} for name in "abcdefgh"})
    schema = {"type": "array", "items": {"$ref": "#/$defs/row"}, "$defs": {"row": row}}
    rows = [dict.fromkeys("abcdefgh") for _ in range(2_000)]
    with bounded_steps(rows):
        assert validator_class(schema)(schema, registry=Registry()).is_valid(rows)
    with pytest.raises(UnfoldingError), bounded_steps("a"):
        validator_class(schema)(schema, registry=Registry()).is_valid(rows)
