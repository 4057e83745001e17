"""What an extraction lacks is told wherever its data goes: nothing in the data shows that something is not there."""

from __future__ import annotations

from typing import Any

import pytest

from groq_core.api.extract import extraction_body as api_body
from groq_core.api.extract_asked import Question
from groq_core.api.receipts import Receipts
from groq_core.errors import Kind
from groq_core.requests import ChatRequest
from groq_core.services.batch.line_answers import answerers
from groq_core.services.batch.lines import Line
from groq_core.services.extraction import ExtractionOptions, Extractor, schema_of
from groq_core.ui.endpoints import extraction_body as endpoint_body
from groq_core.ui.extract import result_event
from tests.services.scripted import Model, fails, says

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "city": {"type": ["string", "null"]}}}
TEXT = "Ada\n\n" + "\n\n".join(f"line {number} of many" for number in range(4000)) + "\n\nthe end"


def read_all_but_the_end(request: ChatRequest) -> Any:
    if "the end" in request.messages[1]["content"]:
        return fails(Kind.SERVER_ERROR)
    return says({"name": "Ada", "city": None})


async def read_by_batch() -> dict[str, Any]:
    line = Line(number=1, custom_id="a", operation="extraction", body={"text": TEXT, "schema": SCHEMA})
    return (await answerers(Model(read_all_but_the_end))["extraction"](line, lambda _: None)).body


@pytest.mark.parametrize("surface", ["api", "gradio", "batch", "page"])
async def test_a_field_without_a_value_and_a_part_that_nobody_read_are_told(surface: str) -> None:
    model = Model(read_all_but_the_end)
    found = await Extractor(model).extract_detailed(TEXT, SCHEMA)
    question = Question(source=TEXT, schema=schema_of(SCHEMA), options=ExtractionOptions(), stream=False)
    match surface:
        case "api":
            body = api_body(found, Receipts(model, "gc_1", simulated=False), question)
        case "gradio":
            body = endpoint_body(found)
        case "batch":
            body = await read_by_batch()
        case _:
            body = {"missing": ["city"], "parts_missing": result_event(found, TEXT).lost}  # there a field shows itself

    assert body["missing"] == ["city"]
    (part,) = body["parts_missing"]
    assert "the end" in TEXT[part["start"] : part["end"]]
    assert part["error"]
