"""An answer is told of while it is being written: whole values only, and nothing is lost where nobody streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import Kind, RequestError
from groq_core.events import Finished, TextDelta
from groq_core.requests import ChatRequest
from groq_core.services.extraction import Extraction, Extractor, Partial, Try
from groq_core.services.extraction.growing import Growth, whole_values
from tests.services.scripted import Answer, Model, fails, says

ROWS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "items": {"type": "object", "properties": {"what": {"type": "string"}, "price": {"type": "number"}}},
        }
    },
}
DATA = {"rows": [{"what": f"Fee {number}", "price": 1000.25 + number} for number in range(30)]}
TEXT = "\n".join(f"Fee {row['price']}" for row in DATA["rows"])


async def collect(model: Model, schema: Any = ROWS) -> tuple[list[Partial], list[Try], Extraction[Any]]:
    partials: list[Partial] = []
    tries: list[Try] = []
    async for one in Extractor(model).stream(TEXT, schema):
        match one:
            case Partial():
                partials.append(one)
            case Try():
                tries.append(one)
            case _:
                return partials, tries, one
    raise AssertionError("a stream ends in the extraction")


def in_pieces(text: str, size: int = 7) -> Answer:
    pieces = [TextDelta(text[at : at + size]) for at in range(0, len(text), size)]
    return [*pieces, Finished(provider="groq", model="m")]


async def test_rows_are_told_of_while_they_are_written() -> None:
    model = Model([in_pieces("<think>{}</think>```json\n" + json.dumps(DATA) + "\n```")])

    partials, tries, found = await collect(model)

    assert model.asked[0].stream
    counts = [len(one.data["rows"]) for one in partials]
    assert counts == sorted(counts)
    assert len(set(counts)) > 10
    for one in partials:
        for row, whole in zip(one.data["rows"], DATA["rows"], strict=False):
            assert row.items() <= whole.items(), "half a number or half a word is no value"
    assert (found.data, len(tries)) == (DATA, 1)


async def test_a_list_at_the_root_grows_as_a_list() -> None:
    model = Model([in_pieces(json.dumps({"value": DATA["rows"]}))])

    partials, _, found = await collect(model, list[dict[str, float | str]])

    assert all(isinstance(one.data, list) for one in partials)
    assert len(found.data) == 30


@pytest.mark.parametrize(
    "refusal",
    [fails(Kind.INVALID_REQUEST), fails(Kind.UNSUPPORTED), RequestError("no streaming with a schema", status=400)],
    ids=["chain", "unsupported", "the caller's fault"],
)
async def test_where_nobody_streams_by_a_schema_the_answer_comes_whole(refusal: Exception) -> None:
    def script(request: ChatRequest) -> Answer:
        return refusal if request.stream else says(DATA)

    model = Model(script)

    partials, tries, found = await collect(model)

    assert [request.stream for request in model.asked] == [True, False]
    assert (partials, len(tries), found.data) == ([], 1, DATA)


async def test_whoever_waits_for_the_whole_does_not_stream() -> None:
    model = Model([says(DATA)])

    await Extractor(model).extract(TEXT, ROWS)

    assert not model.asked[0].stream


@given(
    st.dictionaries(st.text(max_size=6), st.none() | st.booleans() | st.integers() | st.text(max_size=9), max_size=6),
    st.data(),
)
def test_whatever_is_cut_off_gives_values_of_the_whole(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = text[: data.draw(st.integers(0, len(text)))]

    assert (whole_values(cut) or {}).items() <= value.items()


def test_a_long_answer_is_looked_at_a_bounded_number_of_times() -> None:
    text = json.dumps({"rows": [{"what": "a" * 50} for _ in range(4_000)]})
    growth, looks = Growth(), 0

    for end in range(0, len(text), 20):
        looks += growth.look(text[:end]) is not None

    assert 20 < looks < 200
