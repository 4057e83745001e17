"""Thirty documents with known answers: read, asked about whole and in parts, and put together without loss."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from groq_core.compose import assemble
from groq_core.requests import ChatRequest
from groq_core.services.documents.readers import Document, read
from groq_core.services.extraction import ExtractionOptions, Extractor, spell_path
from groq_core.services.extraction.fitting import problems
from groq_core.services.extraction.schema import schema_of
from groq_core.services.extraction.spans import SourceText
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.services.scripted import Answer, Model, says

FOLDER = Path(__file__).parent.parent / "data" / "documents"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
UNWRITTEN = {"product_sheet.html": ["currency"]}
"""Values that are meant but do not stand in the document."""


class Line(BaseModel):
    description: str
    quantity: float
    unit_price: float
    amount: float


class Invoice(BaseModel):
    number: str
    issued: date
    due: date | None = None
    seller: str
    buyer: str
    currency: str
    lines: list[Line]
    tax_rate: float | None = None
    total: float


class Bought(BaseModel):
    name: str
    price: float


class Receipt(BaseModel):
    shop: str
    day: date
    items: list[Bought]
    total: float
    paid_with: str | None = None


class Job(BaseModel):
    title: str
    employer: str
    start: int
    end: int | None = None


class Degree(BaseModel):
    school: str
    degree: str
    year: int


class CV(BaseModel):
    name: str
    email: str
    phone: str | None = None
    skills: list[str]
    jobs: list[Job]
    degrees: list[Degree]


class Letter(BaseModel):
    sender: str
    recipient: str
    written: date
    subject: str
    reference: str | None = None
    deadline: date | None = None
    amount: float | None = None


class Contract(BaseModel):
    parties: list[str]
    signed: date
    starts: date
    term_months: int
    fee: float
    currency: str
    notice_days: int
    governing_law: str


class Ingredient(BaseModel):
    amount: str
    name: str


class Recipe(BaseModel):
    title: str
    servings: int
    minutes: int
    ingredients: list[Ingredient]
    steps: list[str]


class Action(BaseModel):
    who: str
    what: str
    due: date


class Minutes(BaseModel):
    meeting: str
    held: date
    present: list[str]
    decisions: list[str]
    actions: list[Action]


class Booking(BaseModel):
    day: date
    text: str
    amount: float


class Statement(BaseModel):
    account: str
    owner: str
    period_start: date
    period_end: date
    opening: float
    closing: float
    bookings: list[Booking]


class Measured(BaseModel):
    test: str
    value: float
    unit: str


class LabReport(BaseModel):
    patient: str
    taken: date
    results: list[Measured]


class Flight(BaseModel):
    number: str
    origin: str
    destination: str
    day: date


class Itinerary(BaseModel):
    passenger: str
    code: str
    flights: list[Flight]
    total: float
    currency: str


class JobAd(BaseModel):
    title: str
    company: str
    city: str
    salary_min: float
    salary_max: float
    currency: str
    remote: bool
    skills: list[str]
    apply_by: date


class Event(BaseModel):
    title: str
    venue: str
    city: str
    day: date
    price: float
    currency: str
    speakers: list[str]


class Product(BaseModel):
    name: str
    brand: str
    article: str
    weight_kg: float
    price: float
    currency: str
    colours: list[str]


class Delivered(BaseModel):
    article: str
    name: str
    quantity: int


class Delivery(BaseModel):
    number: str
    sender: str
    recipient: str
    shipped: date
    items: list[Delivered]
    weight_kg: float


class Ticket(BaseModel):
    customer: str
    email: str
    sent: date
    order: str
    product: str
    amount: float
    phone: str | None = None


KINDS: dict[str, type[BaseModel]] = {
    "invoice": Invoice,
    "receipt": Receipt,
    "cv": CV,
    "letter": Letter,
    "contract": Contract,
    "recipe": Recipe,
    "minutes": Minutes,
    "statement": Statement,
    "lab_report": LabReport,
    "itinerary": Itinerary,
    "job_ad": JobAd,
    "event": Event,
    "product": Product,
    "delivery": Delivery,
    "ticket": Ticket,
}


def read_document(name: str) -> tuple[Document, type[BaseModel], BaseModel]:
    """A document, its model and its answer."""
    kind = KINDS[EXPECTED[name]["kind"]]
    return read((FOLDER / name).read_bytes(), name), kind, kind.model_validate(EXPECTED[name]["data"])


every_document = pytest.mark.parametrize("name", EXPECTED)


@every_document
async def test_a_document_is_read_and_every_value_found_in_it(name: str) -> None:
    document, kind, answer = read_document(name)

    found = await Extractor(Model([says(EXPECTED[name]["data"])])).extract_detailed(document, kind)

    assert found.value == answer
    assert [spell_path(path) for path in found.without_place] == UNWRITTEN.get(name, [])
    assert all(span is None or (span.page is not None) == name.endswith(".pdf") for span in found.spans.values())


def in_sight(value: Any, source: SourceText) -> Any:
    """What a careful reader of one part finds: values that stand in it, and rows that stand in it whole."""
    if isinstance(value, dict):
        return {key: in_sight(child, source) for key, child in value.items()}
    if isinstance(value, list):
        return [item for item in value if stands(item, source)]
    return value if stands(value, source) else None


def stands(value: Any, source: SourceText) -> bool:
    if isinstance(value, dict):
        return all(stands(child, source) for child in value.values())
    return value is None or isinstance(value, bool) or bool(source.places(value))


def reader(answer: dict[str, Any]) -> Any:
    def read_part(request: ChatRequest) -> Answer:
        part = request.messages[1]["content"].removeprefix("<document>\n").removesuffix("\n</document>")
        return says(in_sight(answer, SourceText(part)))

    return read_part


@every_document
async def test_a_document_read_in_parts_gives_the_same_as_read_whole(name: str) -> None:
    document, kind, answer = read_document(name)
    expected = answer.model_dump(mode="json")
    options = ExtractionOptions(chunk_chars=500, overlap_chars=125, instructions="GBP" if name in UNWRITTEN else "")

    found = await Extractor(Model(reader(expected)), options).extract_detailed(document, dict_of(kind, name))

    assert len(found.chunks) == 1 or max(end - start for start, end in found.chunks) <= 500
    assert {key: value for key, value in expected.items() if key not in UNWRITTEN.get(name, ())} == without_currency(
        found.data
    )
    assert found.conflicts == ()


def dict_of(kind: type[BaseModel], name: str) -> dict[str, Any]:
    """The kind's JSON Schema, without demanding what is not written in the document."""
    schema = kind.model_json_schema()
    required = [key for key in schema["required"] if key not in UNWRITTEN.get(name, ())]
    return {**schema, "required": required}


def without_currency(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "currency" or value is not None}


async def test_the_simulator_accepts_every_schema_and_its_answers_fit(simulator: Simulator) -> None:
    async with assemble(Settings.from_env({"GROQ_CORE_OFFLINE": "1"}), simulator=simulator) as core:
        extractor = Extractor(core.handle)
        for name in EXPECTED:
            document, kind, _ = read_document(name)

            found = await extractor.extract_detailed(document, kind)

            assert isinstance(found.value, kind)
            assert problems(json.loads(found.value.model_dump_json()), schema_of(kind).json) == []
            assert {one.mode for one in found.tries} == {"json_schema"}, name
            assert found.cost_usd is not None
            assert found.tries[0].usage is not None


async def test_the_simulator_reads_a_long_document_in_parts(simulator: Simulator) -> None:
    document, kind, _ = read_document("bank_statement.pdf")
    optional = {**kind.model_json_schema(), "required": []}
    async with assemble(Settings.from_env({"GROQ_CORE_OFFLINE": "1"}), simulator=simulator) as core:
        options = ExtractionOptions(chunk_chars=1000, overlap_chars=100)

        found = await Extractor(core.handle, options).extract_detailed(document, optional)

    assert len(found.chunks) > 3
    assert len(found.tries) >= len(found.chunks)
    assert problems(found.data, schema_of(optional).json) == []
