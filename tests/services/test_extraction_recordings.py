"""Recorded exchanges of structured output: what we ask is what worked, and what was answered is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from groq_core.errors import Kind
from groq_core.services.extraction import Extractor, schema_of
from tests.recordings import Recording, recordings
from tests.services.replay import read_recording, replay_recording, request_of
from tests.services.scripted import Model, fails


class CityLocation(BaseModel):
    city: str
    country: str


class StructuredChecks(BaseModel):
    compile: bool
    replay: bool


class StructuredReleasePlan(BaseModel):
    lane: str
    checks: StructuredChecks
    risk: str


class Person(BaseModel):
    name: str
    age: int | None = None
    email: str | None = None


CITIES = [one for one in recordings("json-schema") if "native-output" in one.name]


@pytest.mark.parametrize("recording", CITIES, ids=lambda recording: recording.name)
async def test_a_recorded_answer_by_a_schema_becomes_its_type(recording: Recording) -> None:
    question = request_of(recording)["messages"][-1]["content"]
    model = Model([replay_recording(recording)])

    found = await Extractor(model).extract_detailed(question, CityLocation)

    assert found.value.city in ("Paris", "Berlin", "Tokyo")
    assert found.tries[0].usage is not None
    assert found.tries[0].usage.completion_tokens > 0
    # The very request that worked then is made now.
    assert model.asked[0].params["response_format"] == request_of(recording)["response_format"]


async def test_a_recorded_answer_with_nested_objects_becomes_its_type() -> None:
    recording = read_recording("json-schema/rig-agent-tool-sessions-json-schema-structured-output-roundtrip-1")
    question = request_of(recording)["messages"][-1]["content"]

    found = await Extractor(Model([replay_recording(recording)])).extract_detailed(question, StructuredReleasePlan)

    checks = StructuredChecks(compile=True, replay=True)
    assert found.value == StructuredReleasePlan(lane="canary", checks=checks, risk="low")
    assert found.without_place == ()
    sent = request_of(recording)["response_format"]["json_schema"]["schema"]
    ours = schema_of(StructuredReleasePlan).strict.schema
    assert ours == {key: value for key, value in sent.items() if key not in ("$schema", "title")}


@pytest.mark.parametrize(
    ("name", "wanted", "answer"),
    [
        ("json-mode/pydai-groq-prompted-output-1", CityLocation, {"city": "Mexico City", "country": "Mexico"}),
        ("json-mode/pydai-groq-prompted-output-1-2", CityLocation, {"city": "Mexico City", "country": "Mexico"}),
        (
            "json-mode/groqruby-llama3-8b-8192-chat-json-mode-with-dry-schema-1",
            Person,
            {"name": "Dr Nic", "age": 49, "email": None},
        ),
    ],
)
async def test_a_recorded_answer_in_json_mode_is_read_where_no_schema_works(
    name: str, wanted: type[BaseModel], answer: dict[str, Any]
) -> None:
    recording = read_recording(name)
    model = Model([fails(Kind.UNSUPPORTED), replay_recording(recording)])

    found = await Extractor(model).extract_detailed(request_of(recording)["messages"][-1]["content"], wanted)

    assert found.value == wanted.model_validate(answer)
    assert model.asked[1].params["response_format"] == request_of(recording)["response_format"]
    assert [one.outcome for one in found.tries] == ["failed", "fits"]
