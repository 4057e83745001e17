"""What a model writes is taken for what it means, or refused: never half of it, never another crash."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel, field_validator

from groq_core.errors import ExtractionError, RequestError
from groq_core.services.extraction import Extractor, extract_sync, schema_of
from groq_core.services.extraction.json_text import read_json
from tests.services.scripted import Model, says


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bones: int


CAT, DOG = {"kind": "cat", "lives": 9}, {"kind": "dog", "bones": 5}


@pytest.mark.parametrize("wrapped", [True, False], ids=["as asked for", "without the object around it"])
async def test_an_answer_counts_with_and_without_the_object_that_is_ours(wrapped: bool) -> None:
    """An optional model was None, and a union a KeyError, where a model left ``value`` out."""
    wanted: list[tuple[Any, Any, Any]] = [
        (Cat | Dog, DOG, Dog(kind="dog", bones=5)),
        (Cat | None, CAT, Cat(kind="cat", lives=9)),
        (list[Dog], [DOG, DOG], [Dog(kind="dog", bones=5)] * 2),
        (
            {"oneOf": [{"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "null"}]},
            {"n": 5},
            {"n": 5},
        ),
        ({"type": ["object", "null"], "properties": {"n": {"type": "integer"}}}, {"n": 5}, {"n": 5}),
        ({"type": "array", "items": {"type": "integer"}}, [1, 2], [1, 2]),
    ]
    for schema, answer, value in wanted:
        model = Model(lambda _, answer=answer: says({"value": answer} if wrapped else answer))  # type: ignore[misc]
        assert await Extractor(model).extract("cat 9 dog 5 n 5 1 2", schema) == value
        assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("text", "one", "several"),
    [
        ('Here: [{"a": 1}, {"a": 2}].', None, [{"a": 1}, {"a": 2}]),
        ('[{"a": 1}]', {"a": 1}, [{"a": 1}]),
        ('See [1] for {"a": 1, "b": [2]}', {"a": 1, "b": [2]}, {"a": 1, "b": [2]}),
        ('"{\\"a\\": 1}"', {"a": 1}, {"a": 1}),
        ("nothing", None, None),
    ],
)
def test_of_several_objects_none_is_taken_for_the_answer(text: str, one: Any, several: Any) -> None:
    for lists, found in ((False, one), (True, several)):
        if found is None:
            with pytest.raises(ValueError, match="JSON"):
                read_json(text, lists=lists)
        else:
            assert read_json(text, lists=lists) == found


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class OddError(BaseException):
    pass


@pytest.mark.parametrize(
    "error",
    [*(KeyError("k"), MuteError(), OddError("o"), SystemExit(2), GeneratorExit(), asyncio.CancelledError())],
    ids=lambda error: type(error).__name__,
)
async def test_validators_may_raise_anything(error: BaseException) -> None:
    class Strict(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def check(cls, n: int) -> int:
            if n == 5:
                raise error
            return n

    model = Model([says({"n": 5}), says({"n": 6})])

    assert (await Extractor(model).extract("5 6", Strict)).n == 6
    assert type(error).__name__ in model.asked[1].messages[-1]["content"]
    with pytest.raises(ExtractionError):
        await Extractor(Model(lambda _: says({"n": 5}))).extract("5", Strict)


def test_a_type_nobody_can_describe_is_refused() -> None:
    class Loose(TypedDict):
        n: UnknownName  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(RequestError, match="no JSON Schema describes"):
        schema_of(Loose)


async def test_a_sync_call_beside_a_loop_says_what_to_write() -> None:
    with pytest.raises(RuntimeError, match="await"):
        extract_sync(Extractor(Model([])), "1", Cat)


async def test_an_extraction_says_that_no_model_answered() -> None:
    extractor = Extractor(Model(lambda _: says(CAT)))

    assert not (await extractor.extract_detailed("cat 9", Cat)).simulated
    assert (await dataclasses.replace(extractor, simulated=True).extract_detailed("cat 9", Cat)).simulated
