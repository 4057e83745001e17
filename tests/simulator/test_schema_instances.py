"""Structured output: always an instance of the schema, with what the text says."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.simulator.patterns import matching
from groq_core.simulator.schema_instances import Filler
from tests.simulator.http import ask, text_of

INVOICE = """Invoice number: INV-2041
Date: 2026-03-14
Customer: Ada Lovelace
Email: ada@example.org

Lamp  |  2  |  19.50
Chair  |  1  |  80.00

Total: 119.00 EUR
"""

scalars: st.SearchStrategy[Any] = st.one_of(
    st.just({"type": "string"}),
    st.builds(
        lambda a, b: {"type": "string", "minLength": min(a, b), "maxLength": max(a, b)}, *[st.integers(0, 30)] * 2
    ),
    st.builds(
        lambda a, b: {"type": "integer", "minimum": min(a, b), "maximum": max(a, b)}, *[st.integers(-99, 99)] * 2
    ),
    st.just({"type": "number", "exclusiveMinimum": 0}),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(lambda values: {"enum": values}, st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4)),
    st.builds(lambda value: {"const": value}, st.integers()),
    st.sampled_from([{"type": "string", "format": name} for name in ("email", "date", "uri", "uuid")]),
    st.sampled_from([{"type": "string", "pattern": p} for p in (r"^[A-Z]{3}-\d{2,4}$", r"^(a|b)+c?$", r"^[^0-9]\w$")]),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["name", "total", "city", "date", "items", "unit_price", "isActive"])
    return st.one_of(
        st.builds(lambda items, low: {"type": "array", "items": items, "minItems": low}, inner, st.integers(0, 3)),
        st.builds(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": [*properties],
                "additionalProperties": False,
            },
            st.dictionaries(names, inner, max_size=4),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    )


@settings(max_examples=60)
@given(st.recursive(scalars, containers, max_leaves=12), st.sampled_from(["", INVOICE]), st.integers(0, 99))
def test_instance_always_satisfies_its_schema(schema: Any, text: str, seed: int) -> None:
    jsonschema.Draft202012Validator(schema).validate(Filler(schema, text, random.Random(seed)).instance())


@given(st.sampled_from([r"[a-z]{2,5}\d+", r"(?:ab|cd)x?", r"\d{3}-\d{4}", r"[A-F0-9]{8}", r".+@.+\.com", r"\w+\s\w+"]))
def test_matching_matches(pattern: str) -> None:
    assert re.fullmatch(pattern, matching(pattern, random.Random(0)))


async def test_strict_schema_is_filled_from_the_text(http: httpx.AsyncClient) -> None:
    row = {
        "type": "object",
        "properties": {"description": {"type": "string"}, "quantity": {"type": "integer"}, "price": {"type": "number"}},
        "required": ["description", "quantity", "price"],
        "additionalProperties": False,
    }
    properties = {
        "invoice_number": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        "customer": {"type": "string"},
        "email": {"type": "string"},
        "total": {"type": "number"},
        "currency": {"type": "string", "enum": ["USD", "EUR"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/row"}},
        "discount": {"type": ["number", "null"]},
    }
    schema = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
        "$defs": {"row": row},
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "invoice", "strict": True, "schema": schema}}

    found = json.loads(await text_of(http, ask(INVOICE, response_format=wanted)))

    jsonschema.validate(found, schema)
    assert found == {
        "invoice_number": "INV-2041",
        "date": "2026-03-14",
        "customer": "Ada Lovelace",
        "email": "ada@example.org",
        "total": 119.0,
        "currency": "EUR",
        "lines": [
            {"description": "Lamp", "quantity": 2, "price": 19.5},
            {"description": "Chair", "quantity": 1, "price": 80.0},
        ],
        "discount": None,
    }


@pytest.mark.parametrize(
    ("prompt", "keys"),
    [
        ("Answer in JSON with the keys city and country: Paris is in France.", {"city", "country"}),
        ('Reply as json like {"name": "x", "age": 1}. Name: Ada, age: 36', {"name", "age"}),
        ("Give me some JSON", {"simulated", "question"}),
    ],
)
async def test_json_mode_has_the_keys_that_were_asked_for(http: httpx.AsyncClient, prompt: str, keys: set[str]) -> None:
    found = json.loads(await text_of(http, ask(prompt, response_format={"type": "json_object"})))

    assert {*found} == keys


def test_recursive_schema_ends() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}}, "required": ["n"]}

    jsonschema.validate(Filler(tree, "next: 3, n: 2", random.Random(0)).instance(), tree)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("Convert a marathon of 26.2 mi to km, then tell me how many laps of 400 m that is", ("mi", "km")),
        ("What is 451 °F to °C?", ("°F", "°C")),
        ("How much is 5km/h into m/s?", ("km/h", "m/s")),
    ],
)
def test_both_sides_of_a_conversion_are_told_apart(text: str, units: tuple[str, str]) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in ("from_unit", "to_unit")}}

    made = Filler(schema | {"required": ["from_unit", "to_unit"]}, text, random.Random(1)).instance()

    assert (made["from_unit"], made["to_unit"]) == units
