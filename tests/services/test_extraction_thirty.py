"""The rate on thirty documents in five languages, in which the place of every value is marked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from groq_core.requests import ChatRequest
from groq_core.services.extraction import ExtractionOptions, Extractor, Span
from groq_core.services.extraction.spans import SourceText
from tests.services.placed import Placed, Steps, all_documents, schema_of_data
from tests.services.scripted import Answer, Model, says

DOCUMENTS = all_documents()


def rates(found: Mapping[str, Mapping[Steps, Span | None]]) -> tuple[float, float, list[str]]:
    """Share of the values that were found at all, share at the place that is marked, and those that are not."""
    wrong, lost, total = [], 0, 0
    for document in DOCUMENTS:
        spans = found[document.name]
        for path, places in document.places.items():
            total += 1
            span = spans.get(path)
            lost += span is None
            if span is None or (span.start, span.end) not in places:
                wrong.append(f"{document.name}: {path} {span and (span.start, span.quote)}, not {places}")
    return 1 - lost / total, 1 - len(wrong) / total, wrong


def test_there_are_thirty_documents_in_five_languages() -> None:
    assert len(DOCUMENTS) == 30
    assert sum(len(document.places) for document in DOCUMENTS) > 450
    for document in DOCUMENTS:
        assert "⟦" not in document.text
        assert set(SourceText(document.text).spans(document.data)) == set(document.places), document.name


@pytest.mark.parametrize("alphabetical", [False, True], ids=["as in the document", "in another order"])
def test_every_value_is_found_and_99_percent_at_their_own_place(alphabetical: bool) -> None:
    """The order of a schema's fields helps where two values are equal, and little depends on it."""
    spans = {one.name: SourceText(one.text).spans(one.ordered(alphabetical=alphabetical)) for one in DOCUMENTS}

    found, right, wrong = rates(spans)

    assert found == 1
    assert right >= 0.99, wrong


def reader(document: Placed) -> Any:
    """A model that reads what stands in the part it is shown, rows in part too, and nothing else."""

    def read_part(request: ChatRequest) -> Answer:
        part = request.messages[1]["content"].removeprefix("<document>\n").removesuffix("\n</document>")
        start = document.text.index(part)
        return says(document.seen(start, start + len(part)))

    return read_part


@pytest.mark.parametrize("size", [500, 530, 560, 600, 700])
async def test_documents_cut_into_parts_give_the_same_data_at_the_same_places(size: int) -> None:
    spans: dict[str, Mapping[Steps, Span | None]] = {}
    other = []
    for document in DOCUMENTS:
        options = ExtractionOptions(chunk_chars=size, overlap_chars=size // 4)
        schema = schema_of_data(document.data)
        found = await Extractor(Model(reader(document)), options).extract_detailed(document.text, schema)
        spans[document.name] = found.spans
        if found.data != document.data:
            other.append(document.name)

    _, right, wrong = rates(spans)

    assert other == []
    assert right >= 0.99, wrong
