"""Documents too long for one question."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from groq_core.errors import ChainError, ExtractionError, Kind
from groq_core.events import Events
from groq_core.models.catalogue import CatalogueStatus
from groq_core.ratelimit.limit_status import LimitStatus
from groq_core.requests import ChatRequest, Request
from groq_core.router.target_state import TierStatus
from groq_core.services.extraction import (
    Extraction,
    ExtractionOptions,
    Extractor,
    Partial,
    TableField,
    Try,
    spell_path,
)
from groq_core.services.extraction.json_text import read_json
from groq_core.status.snapshot import CacheStatus, Snapshot, TargetStatus
from tests.services.invoices import RIGHT, TEXT, Invoice
from tests.services.scripted import Model, fails, says


class Statement(BaseModel):
    owner: str
    rows: list[str] = []
    total: float


def long_text(rows: int = 60) -> str:
    lines = [f"booking {number:03}: " + "x" * 40 for number in range(rows)]
    return "Owner: Ada\n\n" + "\n\n".join(lines) + "\n\nTotal: 77"


def reading(request: ChatRequest) -> Any:
    """Answer as a perfect reader of one part would."""
    text = request.messages[1]["content"]
    rows = [line.split(":")[0] for line in text.splitlines() if line.startswith("booking")]
    owner = "Ada" if "Owner: Ada" in text else None
    return says({"owner": owner, "rows": rows, "total": 77 if "Total: 77" in text else None})


async def test_a_long_document_is_read_in_parts_and_put_together() -> None:
    model = Model(reading)
    options = ExtractionOptions(chunk_chars=800, overlap_chars=200, parallel=3)

    found = await Extractor(model, options).extract_detailed(long_text(), Statement)

    assert len(found.chunks) > 4
    assert found.value.owner == "Ada"
    assert found.value.total == 77
    assert found.value.rows == [f"booking {number:03}" for number in range(60)]
    assert found.conflicts == ()
    assert found.without_place == ()
    assert model.most_at_once <= 3


async def test_parts_are_asked_at_once_but_no_more_than_allowed() -> None:
    most = 0
    at_once = 0

    async def slow(request: Request) -> Events:
        nonlocal at_once, most
        assert isinstance(request, ChatRequest)
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        for event in reading(request):
            yield event

    await Extractor(slow, ExtractionOptions(chunk_chars=600, overlap_chars=100, parallel=2)).extract(
        long_text(), Statement
    )

    assert most == 2


async def test_parts_that_contradict_each_other_are_shown() -> None:
    def disagreeing(request: ChatRequest) -> Any:
        number = request.messages[0]["content"].split("This is part ")[1].split(" ")[0]
        return says({"owner": "Ada" if number == "1" else "Bob", "rows": [], "total": 77})

    options = ExtractionOptions(chunk_chars=800, overlap_chars=100)
    found = await Extractor(Model(disagreeing), options).extract_detailed(long_text(40), Statement)

    (conflict,) = found.conflicts
    assert spell_path(conflict.path) == "owner"
    assert conflict.chosen == "Bob"
    assert [said.value for said in conflict.said][:2] == ["Ada", "Bob"]

    first = ExtractionOptions(chunk_chars=800, overlap_chars=100, prefer="first")
    assert (await Extractor(Model(disagreeing), first).extract(long_text(40), Statement)).owner == "Ada"


async def test_a_part_that_breaks_a_rule_of_the_whole_is_asked_again() -> None:
    class Account(BaseModel):
        owner: str
        total: float

        @field_validator("total")
        @classmethod
        def plausible(cls, value: float) -> float:
            if value > 100:
                raise ValueError("no total is above 100")
            return value

    asked_again = []

    def mistaken(request: ChatRequest) -> Any:
        text = request.messages[1]["content"]
        owner = "Ada" if "Owner: Ada" in text else None
        if "Total: 77" not in text:
            return says({"owner": owner, "total": None})
        if len(request.messages) == 2:
            return says({"owner": owner, "total": 770})
        asked_again.append(request.messages[-1]["content"])
        return says({"owner": owner, "total": 77})

    found = await Extractor(Model(mistaken), ExtractionOptions(chunk_chars=800)).extract_detailed(
        long_text(40), Account
    )

    assert found.value.total == 77
    assert len(asked_again) == 1
    assert "no total is above 100" in asked_again[0]


async def test_a_value_no_part_states_is_an_error_that_names_it() -> None:
    def silent(_: ChatRequest) -> Any:
        return says({"owner": None, "rows": [], "total": 1})

    with pytest.raises(ExtractionError, match="owner: Field required") as caught:
        await Extractor(Model(silent), ExtractionOptions(chunk_chars=800)).extract(long_text(40), Statement)

    assert caught.value.partial is not None


async def test_parts_too_large_for_every_model_are_halved() -> None:
    def small(request: ChatRequest) -> Any:
        return fails(Kind.TOO_LARGE) if len(request.messages[1]["content"]) > 1500 else reading(request)

    found = await Extractor(Model(small)).extract_detailed(long_text(), Statement)

    assert len(found.value.rows) == 60
    assert max(end - start for start, end in found.chunks) <= 1500


async def test_one_part_without_an_answer_costs_its_part_alone() -> None:
    def failing(request: ChatRequest) -> Any:
        return fails(Kind.SERVER_ERROR) if "Total: 77" in request.messages[1]["content"] else reading(request)

    extractor = Extractor(Model(failing), ExtractionOptions(chunk_chars=800))
    with pytest.raises(ChainError):
        await extractor.extract(long_text(40), Statement)
    found = await extractor.extract_detailed(long_text(40), Statement)

    (lost,) = found.missing
    assert "Total: 77" in long_text(40)[lost.start : lost.end]
    assert isinstance(lost.error, ChainError)
    assert 0 < len(found.data["rows"]) < 40

    model = Model(reading)
    whole = await Extractor(model, ExtractionOptions(chunk_chars=800)).extract_detailed(
        long_text(40), Statement, resume=found
    )
    assert len(model.asked) == 1, "only what was missing is asked"
    assert (len(whole.value.rows), whole.missing) == (40, ())


async def test_walking_away_hangs_up_on_every_part() -> None:
    hung_up = asyncio.Event()

    async def endless(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        try:
            if "Owner: Ada" in request.messages[1]["content"]:
                for event in reading(request):
                    yield event
            else:
                await asyncio.Event().wait()
        finally:
            hung_up.set()

    happenings = Extractor(endless, ExtractionOptions(chunk_chars=800)).stream(long_text(), Statement)
    first = await anext(happenings)
    hung_up.clear()
    await happenings.aclose()

    assert isinstance(first, Try)
    assert hung_up.is_set()


async def test_the_stream_ends_in_the_extraction() -> None:
    happenings = [one async for one in Extractor(Model([says(RIGHT)])).stream(TEXT, Invoice)]

    match happenings:
        case [Partial(), Try(outcome="fits"), Extraction(value=Invoice(number="A-7"))]:
            pass
        case _:
            pytest.fail(str(happenings))


@pytest.mark.parametrize("text", ["", "[1]", '{"a": NaN}', "{", "nothing here", "{" * 100_000])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="JSON"):
        read_json(text)


def state(tokens: float | None) -> Snapshot:
    """The state of a house whose quality tier has one target with this limit a minute."""
    limits = () if tokens is None else (limit("tokens", 60, tokens), limit("requests", 60, 30))
    target = TargetStatus(
        name="groq:q", provider="groq", model="q", tiers=("quality",), state="healthy", limits=(*limits, DAY)
    )
    return Snapshot(
        version=1,
        mode="live",
        taken_at=0.0,
        ready=True,
        not_ready_why="",
        catalogue=CatalogueStatus(source="live", age_s=0.0, note=""),
        tiers=(TierStatus(tier="quality", target="groq:q", why=""),),
        targets=(target,),
        cache=CacheStatus(entries=0, capacity=0, hits=0, misses=0),
        inflight=0,
        requests=0,
        degraded=0,
        fallbacks=0,
    )


def limit(kind: str, window_s: int, most: float) -> LimitStatus:
    return LimitStatus(kind=kind, window_s=window_s, limit=most, remaining=most, full_in_s=0.0)


DAY = limit("tokens", 86_400, 1.0)


@pytest.mark.parametrize(
    ("tokens", "longest"),
    [
        pytest.param(None, 12_000, id="no limit known"),
        pytest.param(8_000, 14_400, id="free plan"),
        pytest.param(4_000, 3_800, id="tight"),
        pytest.param(250_000, 24_000, id="ample"),
    ],
)
async def test_parts_are_as_large_as_the_limits_of_who_is_asked_allow(tokens: float | None, longest: int) -> None:
    def nothing(_: ChatRequest) -> Any:
        return says({"note": None})

    text = "word " * 20_000
    extractor = Extractor(Model(nothing), snapshot=lambda: state(tokens))

    found = await extractor.extract_detailed(text, [TableField("note")])

    assert max(end - start for start, end in found.chunks) == pytest.approx(longest, rel=0.02)
