"""Whatever describes what is wanted becomes a schema Groq can decode by, and answers are checked by the original."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from groq_core.errors import RequestError
from groq_core.services.extraction import TableField as Column
from groq_core.services.extraction import schema_of
from groq_core.services.extraction.schema import MisfitError
from groq_core.services.extraction.strict import subschemas


class Line(BaseModel):
    what: str
    quantity: int = Field(ge=1)
    price: Decimal | None = None


class Address(BaseModel):
    street: str
    city: str | None


class Invoice(BaseModel):
    number: str = Field(pattern=r"^[A-Z0-9-]+$", description="as printed")
    issued: date
    payer: Address = Field(description="who pays")
    shipped_to: Address | None = None
    lines: list[Line] = []
    kind: Literal["invoice", "credit"] = "invoice"


class Tree(BaseModel):
    name: str
    children: list[Tree] = []


def assert_strict(schema: dict[str, Any]) -> None:
    """Groq's rules, as its documents state them."""
    known = {"type", "enum", "anyOf", "$ref", "$defs", "properties", "required", "items", "additionalProperties"}
    assert schema["type"] == "object"
    for path, node in subschemas(schema):
        assert set(node) <= known | {"description"}, path
        if "$ref" in node:
            assert set(node) == {"$ref"}, path
        if node.get("type") == "object":
            assert node["additionalProperties"] is False, path
            assert node["required"] == list(node["properties"]), path


@pytest.mark.parametrize("wanted", [Invoice, Tree, list[Invoice], Line, Address])
def test_a_type_becomes_a_schema_that_keeps_groqs_rules(wanted: type[Any]) -> None:
    schema = schema_of(wanted)

    assert schema.strict.exact
    assert_strict(schema.strict.schema)


def test_what_the_decoder_cannot_keep_is_told_to_the_model() -> None:
    strict = schema_of(Invoice).strict.schema

    assert strict["properties"]["number"]["description"] == "as printed (matches ^[A-Z0-9-]+$)."
    assert strict["properties"]["issued"]["description"] == "a date, YYYY-MM-DD"
    assert strict["$defs"]["Line"]["properties"]["quantity"]["description"] == "at least 1"


def test_what_may_be_missing_may_be_null_and_a_list_empty() -> None:
    properties = schema_of(Invoice).strict.schema["properties"]

    assert {"type": "null"} in properties["shipped_to"]["anyOf"]
    assert properties["kind"]["enum"] == ["invoice", "credit", None]
    assert properties["lines"]["type"] == "array"


def test_a_null_that_only_says_not_there_gives_way_to_the_default() -> None:
    schema = schema_of(Invoice)
    payer = {"street": "Main St 1", "city": None}
    answer: dict[str, Any] = {
        "number": "A-1",
        "issued": "2026-03-05",
        "payer": payer,
        "shipped_to": None,
        "lines": [],
        "kind": None,
    }

    data = schema.read(answer)

    assert "kind" not in data
    assert data["payer"] == payer
    assert schema.value(data) == Invoice(number="A-1", issued=date(2026, 3, 5), payer=Address.model_validate(payer))


def test_a_type_that_is_no_object_is_asked_for_inside_one() -> None:
    schema = schema_of(list[Line])

    data = schema.read({"value": [{"what": "nails", "quantity": 3, "price": None}]})

    assert schema.value(data) == [Line(what="nails", quantity=3)]


def test_dataclasses_and_models_in_strict_mode_are_types_too() -> None:
    @dataclass
    class Point:
        x: float
        y: float = 0.0

    class Day(BaseModel):
        model_config = ConfigDict(strict=True)
        day: date

    assert schema_of(Point).value(schema_of(Point).read({"x": 1.5, "y": None})) == Point(1.5)
    assert schema_of(Day).value({"day": "2026-03-05"}) == Day(day=date(2026, 3, 5))


def test_rules_of_the_model_itself_name_the_place() -> None:
    with pytest.raises(MisfitError) as caught:
        schema_of(list[Line]).value({"value": [{"what": "nails", "quantity": 0}]})

    assert str(caught.value) == "[0].quantity: Input should be greater than or equal to 1"


@pytest.mark.parametrize(
    ("rule", "wrong", "said"),
    [
        pytest.param({"type": "integer", "minimum": 1}, 0, "minimum of 1", id="minimum"),
        pytest.param({"type": "string", "pattern": "^[A-Z]{2}$"}, "de", "does not match", id="pattern"),
        pytest.param({"type": "string", "format": "date"}, "5 March", "is not a 'date'", id="date"),
        pytest.param({"type": "string", "format": "date-time"}, "2026-03-05", "is not a 'date-time'", id="date-time"),
        pytest.param({"type": "string", "format": "email"}, "nobody", "is not a 'email'", id="e-mail"),
        pytest.param({"type": "string", "format": "uri"}, "nowhere", "is not a 'uri'", id="uri"),
        pytest.param({"type": "array", "items": {"type": "string"}, "minItems": 1}, [], "non-empty", id="items"),
        pytest.param({"enum": ["a", "b"]}, "c", "is not one of", id="choice"),
        pytest.param({"anyOf": [{"type": "number"}, {"type": "null"}]}, "x", "none of the choices", id="branches"),
    ],
)
def test_every_rule_of_a_json_schema_is_checked_here(rule: dict[str, Any], wrong: Any, said: str) -> None:
    schema = schema_of({"type": "object", "properties": {"v": rule}, "required": ["v"]})

    with pytest.raises(MisfitError, match="v: .*" + said):
        schema.read({"v": wrong})


def test_all_of_one_of_const_and_definitions_are_put_in_words_the_decoder_knows() -> None:
    schema = schema_of(
        {
            "title": "An order, with spaces!",
            "definitions": {"base": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}},
            "allOf": [{"$ref": "#/definitions/base"}, {"properties": {"note": {"type": "string"}}}],
            "type": "object",
            "properties": {
                "kind": {"const": "order"},
                "who": {"oneOf": [{"type": "string"}, {"$ref": "#/definitions/base"}]},
            },
        }
    )

    assert schema.name == "An_order_with_spaces"
    assert_strict(schema.strict.schema)
    assert list(schema.strict.schema["properties"]) == ["id", "note", "kind", "who"]


def test_names_that_are_not_known_beforehand_are_asked_for_without_strictness() -> None:
    schema = schema_of({"type": "object", "properties": {"prices": {"additionalProperties": {"type": "number"}}}})

    assert not schema.strict.exact
    assert schema.read({"prices": {"nails": 2.5}}) == {"prices": {"nails": 2.5}}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        pytest.param({}, "does not say what to find", id="empty"),
        pytest.param({"type": "objekt"}, "objekt", id="no type"),
        pytest.param(
            {"type": "object", "properties": {"a": {"$ref": "https://x.example/s"}}}, "does not lead", id="web"
        ),
        pytest.param(
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/no"}}}, "points to nothing", id="nothing"
        ),
        pytest.param({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "does not lead", id="circle"),
        pytest.param({"type": "object", "patternProperties": {"(a+)+$": {}}}, "patternProperties", id="names"),
        pytest.param({"type": "string", "pattern": "(?=a)b"}, "bounded time", id="look-ahead"),
        pytest.param({"type": "object", "properties": {"a": {"description": "x" * 200_000}}}, "characters", id="large"),
        pytest.param({"type": float("nan")}, "not plain JSON", id="nan"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_with_the_reason(schema: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        schema_of(schema)

    assert caught.value.param == "schema"


def test_a_pattern_that_would_run_for_ever_in_python_is_checked_at_once() -> None:
    schema = schema_of({"type": "object", "properties": {"v": {"type": "string", "pattern": "^(a+)+$"}}})

    with pytest.raises(MisfitError):
        schema.read({"v": "a" * 40 + "!"})


def test_a_deep_schema_is_refused_and_a_recursive_one_is_not() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        deep = {"type": "object", "properties": {"a": deep}}

    with pytest.raises(RequestError, match="too deeply"):
        schema_of(deep)
    assert schema_of(Tree).read({"name": "a", "children": [{"name": "b", "children": []}]})["children"]


def test_fields_become_a_schema() -> None:
    schema = schema_of(
        [
            Column("Total", "number", required=True, description="with tax"),
            Column("Names", list=True),
            Column("Paid", "yes/no"),
        ]
    )

    assert_strict(schema.strict.schema)
    assert schema.strict.schema["properties"]["Total"] == {"type": "number", "description": "with tax"}
    assert schema.read({"Total": 3, "Names": ["Ada"], "Paid": None}) == {"Total": 3, "Names": ["Ada"]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param([], "at least one field", id="none"),
        pytest.param([Column("a"), Column("a ")], "two fields are called 'a'", id="twice"),
        pytest.param([Column(" ")], "is no name for a field", id="no name"),
        pytest.param([Column("a", "colour")], "has the type 'colour'", id="no type"),  # type: ignore[arg-type]
    ],
)
def test_wrong_fields_are_named(fields: list[Column], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        schema_of(fields)


def test_a_part_may_miss_anything_but_its_rows_are_whole() -> None:
    part = schema_of(
        {
            "type": "object",
            "properties": {
                "total": {"type": "number"},
                "rows": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                },
            },
            "required": ["total", "rows"],
        }
    ).part()

    assert part.read({"total": None, "rows": []}) == {"rows": []}
    with pytest.raises(MisfitError):
        part.read({"rows": [{}]})


_types = st.sampled_from([{"type": kind} for kind in ("string", "number", "integer", "boolean")])
_schemas = st.recursive(
    _types | st.just({"enum": ["a", "b"]}),
    lambda inner: st.one_of(
        inner.map(lambda node: {"type": "array", "items": node}),
        st.lists(inner, min_size=1, max_size=2).map(lambda nodes: {"anyOf": nodes}),
        st.dictionaries(st.sampled_from("abcd"), inner, min_size=1).flatmap(
            lambda named: st.sets(st.sampled_from(sorted(named))).map(
                lambda required: {"type": "object", "properties": named, "required": sorted(required)}
            )
        ),
    ),
    max_leaves=8,
)


@given(_schemas)
def test_any_schema_of_known_names_becomes_a_strict_one(node: dict[str, Any]) -> None:
    schema = schema_of({"type": "object", "properties": {"v": node}})

    assert schema.strict.exact
    assert_strict(schema.strict.schema)


def test_annotated_types_keep_their_descriptions() -> None:
    class Note(BaseModel):
        body: Annotated[str, Field(description="without the greeting")]

    assert schema_of(Note).strict.schema["properties"]["body"]["description"] == "without the greeting"
