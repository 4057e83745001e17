"""Real repeats stay, every value has its own place, and what stands in the text is found however it is written."""

from __future__ import annotations

import asyncio
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator

from groq_core.errors import ChainError, Kind
from groq_core.requests import ChatRequest
from groq_core.services.extraction import ExtractionOptions, Extractor, Partial, extract_sync, schema_of
from groq_core.services.extraction.fitting import spell_path
from groq_core.services.extraction.json_text import read_json
from groq_core.services.extraction.missing_values import absent
from groq_core.services.extraction.spans import SourceText
from tests.services.scripted import Model, fails, says

ROWS = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "day": {"type": "string"},
                    "what": {"type": "string"},
                    "price": {"type": "number"},
                },
            },
        }
    },
}


def reads(request: ChatRequest) -> Any:
    """A model that writes down exactly the rows, and parts of rows, that stand in what it is shown."""
    text = request.messages[-1]["content"].removeprefix("<document>\n").removesuffix("\n</document>")
    rows = []
    for line in text.splitlines():
        day = re.search(r"\d{4}-\d\d-\d\d", line)
        what = re.search(r"\b(Fee|Rent|Coffee|Paper)\b", line)
        price = re.search(r"(?<![\d.-])\d+\.\d\d\b", line)
        row = {
            "day": day[0] if day else None,
            "what": what[0] if what else None,
            "price": float(price[0]) if price else None,
        }
        if any(row.values()):
            rows.append(row)
    return says({"rows": rows})


def page(rows: list[tuple[str, str, str]], gaps: list[int]) -> str:
    lines = []
    for place, row in enumerate(rows):
        lines.append("{} | {} | {} EUR".format(*row))
        if place < len(gaps) and gaps[place]:
            lines.append("nothing of note happened here " * gaps[place])
    return "Statement of account\n" + "\n".join(lines) + "\n"


row = st.tuples(
    st.sampled_from(["2026-03-01", "2026-03-02"]),
    st.sampled_from(["Fee", "Rent", "Coffee", "Paper"]),
    st.sampled_from(["10.00", "12.50", "700.00"]),
)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(row, min_size=1, max_size=60),
    gaps=st.lists(st.integers(0, 9), max_size=60),
    size=st.integers(500, 1400),
    overlap=st.integers(60, 240),
)
def test_a_document_cut_anywhere_gives_its_rows_with_their_places(
    rows: list[tuple[str, str, str]], gaps: list[int], size: int, overlap: int
) -> None:
    text = page(rows, gaps)
    options = ExtractionOptions(chunk_chars=size, overlap_chars=overlap)

    found = asyncio.run(Extractor(Model(reads), options).extract_detailed(text, ROWS))

    assert found.data["rows"] == [{"day": day, "what": what, "price": float(price)} for day, what, price in rows]
    lines = [match.start() for match in re.finditer(r"^2026", text, re.MULTILINE)]
    for place, start in enumerate(lines):
        for name in ("day", "what", "price"):
            span = found.spans["rows", place, name]
            assert span is not None
            assert start <= span.start < start + 40, (place, name, span)


async def test_three_equal_fees_are_three_rows() -> None:
    filler = "\n".join(["and so on, for many words, without anything to be found"] * 14)
    text = f"2026-03-01 | Fee | 10.00 EUR\n{filler}\n" * 3

    found = await Extractor(Model(reads), ExtractionOptions(chunk_chars=700)).extract_detailed(text, ROWS)

    assert len(found.chunks) > 2
    assert sum(one["price"] for one in found.data["rows"]) == 30.0
    spans = [found.spans["rows", place, "what"] for place in range(3)]
    assert len({span.start for span in spans if span}) == 3


def test_the_second_anna_points_to_the_second_anna() -> None:
    text = "Anna, Berlin\nBob, Paris\nAnna, Rome\nAnna, Berlin\n"
    people = [
        {"name": "Anna", "city": "Berlin"},
        {"name": "Bob", "city": "Paris"},
        {"name": "Anna", "city": "Rome"},
        {"name": "Anna", "city": "Berlin"},
    ]
    spans = SourceText(text).spans({"people": people, "names": ["Anna", "Bob", "Anna"]})

    lines = [0, 13, 24, 35]
    for place, start in enumerate(lines):
        span = spans["people", place, "name"]
        assert span is not None
        assert span.start == start
    named = [span.start for place in range(3) if (span := spans["names", place]) is not None]
    assert named == [0, 13, 24]


def test_a_value_that_all_rows_share_stands_in_the_heading() -> None:
    text = "All prices in EUR\nTea 3.00\nCake 4.00\nTea 3.00\n"
    rows = [{"what": what, "price": price, "currency": "EUR"} for what, price in (("Tea", 3), ("Cake", 4), ("Tea", 3))]
    spans = SourceText(text).spans(rows)

    assert [span.start for place in range(3) if (span := spans[place, "price"]) is not None] == [22, 32, 41]


FORMS: list[tuple[str, object]] = [
    ("Rechnungs\u00ad\nnummer 7", "Rechnungsnummer"),
    ("Rechnungs‐\nnummer 7", "Rechnungsnummer"),
    ("6,02 · 10²³", 6.02e23),
    ("1½ l", 1.5),
    ("1 ½ l", 1.5),
    ("½ l", 0.5),
    ("2¾", 2.75),
    ("1٫5", 1.5),
    ("١٬٢٣٤٫٥", 1234.5),
    ("4-го марта 2026 г.", "2026-03-04"),
    ("令和8年3月4日", "2026-03-04"),
    ("平成元年1月8日", "1989-01-08"),
    ("Invoice No.12345 of today", "12345"),
    ("Invoice No.12345 of today", 12345),
    ("Invoice № 12345", 12345),
    ("EUR1,234.50 due", 1234.5),
    ("€1,234.50 due", 1234.5),
    ("CHF 1'234.50", 1234.5),
    ("1.234,50 €", 1234.5),
    ("1 234,50 €", 1234.5),
    ("1\u202f234,50 €", 1234.5),
    ("Rs 12,34,567.00", 1234567),
    ("1.5 million people", 1500000),
    ("1,5 Millionen Euro", 1500000),
    ("2 Mrd. Euro", 2000000000),
    ("3 lakh rupees", 300000),
    ("25k followers", 25000),
    ("120万円", 1200000),
    ("6.02e23 particles", 6.02e23),
    ("6.02 × 10^23 particles", 6.02e23),
    ("-17 degrees", -17),
    ("−17 degrees", -17),
    ("a share of 12.5 %", 0.125),
    ("total: 10.00", "10.00"),
    ("total: 1,000.00", "1000.00"),
    ("２０２６", 2026),
    ("№ １２３４５", "12345"),
    ("Rechnungs-\nnummer 7", "Rechnungsnummer"),
    ("Rechnungs-\n  nummer 7", "Rechnungs-nummer"),
    ("an eﬃcient oﬀer", "efficient offer"),
    ("It’s “good”", 'It\'s "good"'),
    ("a long – dash", "a long - dash"),
    ("soft\u00adhyphen", "softhyphen"),
    ("zero\u200bwidth", "zerowidth"),
    ("Straße 7", "STRASSE 7"),
    ("Café", "cafe\u0301"),
    ("one\n  two", "one two"),
    ("| Ada | Lovelace |", "Ada Lovelace"),
    ("2026年3月4日", "2026-03-04"),
    ("4 марта 2026 г.", "2026-03-04"),
    ("4. März 2026", "2026-03-04"),
    ("le 4 mars 2026", "2026-03-04"),
    ("4 de marzo de 2026", "2026-03-04"),
    ("4 marca 2026", "2026-03-04"),
    ("4 maart 2026", "2026-03-04"),
    ("March 4th, 2026", "2026-03-04"),
    ("Mar. 4, 2026", "2026-03-04"),
    ("4-Mar-2026", "2026-03-04"),
    ("04/03/2026", "2026-03-04"),
    ("03/04/26", "2026-03-04"),
    ("4.3.2026", "2026-03-04"),
    ("20260304", "2026-03-04"),
    ("2026/03/04", "2026-03-04"),
    ("2026-03-04 at noon", "2026-03-04T12:00:00"),
    ("1er janvier 2026", "2026-01-01"),
    ("1 мая 2026", "2026-05-01"),
    ("3. Jänner 2026", "2026-01-03"),
    ("3 lut 2026", "2026-02-03"),
    ("3 września 2026", "2026-09-03"),
    ("3 листопада 2026", "2026-11-03"),
    ("3 червень 2026", "2026-06-03"),
    ("3. únor 2026", "2026-02-03"),
    ("3 Şub 2026", "2026-02-03"),
    ("3. maj 2026", "2026-05-03"),
    ("3. toukokuuta 2026", "2026-05-03"),
    ("3 iunie 2026", "2026-06-03"),
    ("3 Ιανουαρίου 2026", "2026-01-03"),
    ("3 Agustus 2026", "2026-08-03"),
    ("3 listopad 2026", "2026-10-03"),
    ("3 listopad 2026", "2026-11-03"),
]

NOWHERE: list[tuple[str, object]] = [
    ("1½ l", 11),
    ("1½ l", 0.5),
    ("令和8年3月4日", "2008-03-04"),
    ("Invoice 12345", 1234),
    ("Invoice 12345", "1234"),
    ("1,234.50", 234.5),
    ("ABCDEF123", 123),
    ("Anna", "Ann"),
    ("2026-03-04", "2026-03-05"),
    ("1.5 million", 15),
    ("version 1.2.3", 12),
]


@pytest.mark.parametrize(("text", "value"), FORMS, ids=[f"{text!r} {value!r}" for text, value in FORMS])
def test_what_stands_there_is_found(text: str, value: object) -> None:
    span = SourceText(f"before {text} after").spans({"v": value})[("v",)]

    assert span is not None
    assert f"before {text} after"[span.start : span.end] == span.quote
    assert "before" not in span.quote


@pytest.mark.parametrize(("text", "value"), NOWHERE, ids=[f"{text!r} {value!r}" for text, value in NOWHERE])
def test_what_stands_nowhere_is_marked(text: str, value: object) -> None:
    assert SourceText(text).spans({"v": value}) == {("v",): None}


async def test_what_is_made_up_is_marked_and_a_constant_needs_no_place() -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {"const": "invoice"},
            "total": {"type": "number"},
            "who": {"type": ["string", "null"]},
            "due": {"type": "string"},
        },
    }
    answer = {"kind": "invoice", "total": 42, "who": None, "due": "tomorrow"}
    found = await Extractor(Model([says(answer)])).extract_detailed("Total 42", schema)

    assert found.data == answer
    assert found.without_place == (("due",),)
    assert ("kind",) not in found.spans
    assert found.absent == (("who",), ("due",))


SHOP: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}, "city": {"type": "string"}}}
PERSON: dict[str, Any] = {"type": "object", "properties": {"first": {"type": "string"}, "last": {"type": "string"}}}
REFERRED = {"$ref": "#/$defs/Shop"}


@pytest.mark.parametrize(
    ("seller", "data", "lacks"),
    [
        (SHOP, {"name": "Acme"}, ["seller.city"]),
        (REFERRED, {"name": "Acme"}, ["seller.city"]),
        ({"anyOf": [REFERRED, {"type": "null"}]}, {"name": "Acme"}, ["seller.city"]),  # as Pydantic writes `| None`
        ({"anyOf": [REFERRED, {"type": "null"}]}, None, ["seller"]),
        ({"allOf": [REFERRED], "description": "who sells"}, {"name": "Acme"}, ["seller.city"]),
        ({"oneOf": [SHOP, PERSON]}, {"first": "Ann"}, ["seller.last"]),
        ({"type": "array", "items": {"anyOf": [SHOP, {"type": "string"}]}}, [{"city": "B"}, "C"], ["seller[0].name"]),
        ({"type": "array", "prefixItems": [SHOP, PERSON]}, [{"name": "A"}, {}], ["seller[0].city", "seller[1].first"]),
        ({"type": "object", "additionalProperties": SHOP}, {"a": {"name": "A"}}, ["seller.a.city"]),
    ],
)
def test_what_is_missing_is_named_however_the_schema_says_what_is_wanted(
    seller: Any, data: Any, lacks: list[str]
) -> None:
    schema = {"type": "object", "properties": {"seller": seller}, "$defs": {"Shop": SHOP}}

    assert [spell_path(path) for path in absent({"seller": data}, schema, schema)][: len(lacks)] == lacks


@given(st.text(max_size=60), st.text("abcäöß ﬁ12-\n\u00ad\u200b３é’", min_size=1, max_size=12), st.text(max_size=60))
def test_any_place_reads_back_as_the_value(before: str, value: str, after: str) -> None:
    text = f"{before} {value.strip()} {after}"
    for start, end in SourceText(text).places(value):
        assert 0 <= start < end <= len(text)


# ── one bad part, partial data, several pictures ─────────────────────────────────────────────────────


async def test_partial_data_grows() -> None:
    text = page([("2026-03-01", "Fee", "10.00")] * 60, [])
    happenings: Any = Extractor(Model(reads), ExtractionOptions(chunk_chars=700, parallel=1)).stream(text, ROWS)
    grown = [one async for one in happenings if isinstance(one, Partial)]

    assert [one.parts for one in grown] == list(range(1, len(grown) + 1))
    sizes = [len(one.data["rows"]) for one in grown]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 60


async def test_all_parts_failing_is_an_error() -> None:
    text = page([("2026-03-01", "Fee", "10.00")] * 60, [])

    with pytest.raises(ChainError):
        await Extractor(Model(lambda _: fails(Kind.SERVER_ERROR)), ExtractionOptions(chunk_chars=700)).extract_detailed(
            text, ROWS
        )


@pytest.mark.parametrize(
    "spoken",
    [
        'Here it is:\n```json\n{"a": [1, 2]}\n```\nAnything else?',
        '<think>Perhaps {"a": 7}?</think>\n{"a": [1, 2]}',
        'The object {} is empty, so: {"a": [1, 2,],}',
        "{'a': [1, 2]}",
        '{"a": [1, 2] // two of them\n}',
        '```\n{"a": [1, 2]}\n```',
    ],
)
async def test_json_is_dug_out_before_another_try_is_paid(spoken: str) -> None:
    model = Model([says(spoken)])
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}

    assert await Extractor(model).extract("1 2", schema) == {"a": [1, 2]}
    assert len(model.asked) == 1


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=5))
def test_json_that_is_whole_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps({"a": value})) == {"a": value}


def test_a_schema_may_say_nullable() -> None:
    schema = schema_of({"type": "object", "properties": {"a": {"type": "string", "nullable": True}}, "required": ["a"]})

    assert schema.read({"a": None}) == {"a": None}


async def test_types_as_programs_have_them() -> None:
    class Bill(BaseModel):
        total: Decimal

        @field_validator("total")
        @classmethod
        def known(cls, total: Decimal) -> Decimal:
            return {Decimal("12.50"): total}[total]

    class Letter(BaseModel):
        sender: str

    wanted: Any = Bill | Letter
    assert await Extractor(Model([says({"value": {"total": "12.50"}})])).extract("12.50", wanted) == Bill(
        total=Decimal("12.50")
    )
    assert "number" not in json.dumps(schema_of(Bill).json), "digits are asked for as text"
    model = Model([says({"total": "13"}), says({"total": "12.50"})])
    assert (await Extractor(model).extract("12.50", Bill)).total == Decimal("12.50")
    assert "KeyError" in model.asked[1].messages[-1]["content"]


def test_a_program_without_a_loop_can_extract() -> None:
    assert extract_sync(Extractor(Model([says({"a": 1})])), "1", {"properties": {"a": {"type": "integer"}}}) == {"a": 1}
