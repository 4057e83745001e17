"""Pictures go along while they are asked about, clean and no more than a model takes, and then become notes."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from groq_core.errors import RequestError
from groq_core.events import Events, Finished, Note, TextDelta
from groq_core.media.image.preparation import prepare
from groq_core.models.spec import Capability, ModelSpec
from groq_core.requests import ChatRequest, Message, Request, image_parts
from groq_core.services.vision import (
    FOLLOW_UPS,
    TEMPLATES,
    FormField,
    VisionService,
    form_answer,
    image_limit,
    question_about,
    with_recent_pictures,
)
from tests.media.samples import sample

PICTURE = prepare(sample("hopper.jpg"))


class Eyes:
    """A pipeline that answers what it is told to and keeps what it was asked."""

    def __init__(self, answer: str = "A kiwi.") -> None:
        self.answer = answer
        self.asked: list[ChatRequest] = []

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        self.asked.append(request)
        yield TextDelta(self.answer)
        yield Finished(provider="groq", model="qwen")


def service(eyes: Eyes, limit: int = 3) -> VisionService:
    return VisionService(eyes, limit=lambda: limit)


def turn(text: str, pictures: int = 0) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text}, *[PICTURE.part] * pictures]}


def bytes_of(request: ChatRequest) -> list[bytes]:
    return [
        base64.b64decode(part["image_url"]["url"].partition(",")[2])
        for message in request.messages
        if isinstance(message["content"], list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]


async def test_what_reaches_the_pipeline_holds_the_picture_and_not_its_position() -> None:
    eyes = Eyes()

    reply = await service(eyes).ask("What is this?", [sample("exif-gps.jpg"), PICTURE])

    (request,) = eyes.asked
    first, second = bytes_of(request)
    assert (request.model, request.needs.images, request.revisable) == ("vision", 2, True)
    assert b"Exif" not in first
    assert second == PICTURE.data
    assert reply.text == "A kiwi."
    assert [note.code for note in reply.receipt.notes] == ["image", "image"]
    assert "GPS position" in reply.receipt.notes[0].text


async def test_several_pictures_share_the_limit_of_bytes() -> None:
    eyes = Eyes()

    await service(eyes).ask("Compare.", [sample("kiwi.jpg")] * 3, max_completion_tokens=300)

    assert sum(map(len, bytes_of(eyes.asked[0]))) < 3_000_000
    assert eyes.asked[0].params == {"max_completion_tokens": 300}


async def test_more_pictures_than_a_model_takes_are_refused() -> None:
    eyes = Eyes()

    with pytest.raises(RequestError, match="4 pictures; a question may have 3") as refused:
        await service(eyes).ask("What?", [PICTURE] * 4)

    assert (refused.value.param, refused.value.code) == ("image", "too_many_images")
    assert not eyes.asked


async def test_a_further_question_still_sees_the_pictures() -> None:
    eyes = Eyes()
    history = [turn("What is this?", 2), {"role": "assistant", "content": "A kiwi."}]

    await service(eyes).ask("And what colour?", history=history)

    assert eyes.asked[0].needs.images == 2
    assert eyes.asked[0].messages[-1] == {"role": "user", "content": "And what colour?"}


async def test_new_pictures_turn_the_older_ones_into_notes() -> None:
    eyes = Eyes()
    history = [turn("What is this?", 2), {"role": "assistant", "content": "A kiwi."}]

    events = [event async for event in service(eyes).stream("And this?", [PICTURE], history=history)]

    (request,) = eyes.asked
    assert image_parts(request.messages[:1]) == 0
    assert request.needs.images == 1
    assert "shown here earlier" in str(request.messages[0])
    assert Note(code="images_left_out", text="2 older pictures are not sent again.") in events


def test_pictures_are_not_sent_for_ever() -> None:
    talk: list[Message] = [turn("What is this?", 1)]
    for _ in range(FOLLOW_UPS):
        talk += [{"role": "assistant", "content": "Hm."}, {"role": "user", "content": "And?"}]

    assert with_recent_pictures(talk, 3)[1] == 0
    assert with_recent_pictures([*talk, {"role": "user", "content": "And?"}], 3)[1] == 1


def test_of_too_many_pictures_the_newest_stay() -> None:
    messages, left_out = with_recent_pictures([turn("These?", 5)], 3)

    assert (image_parts(messages), left_out) == (3, 2)
    assert [part["type"] for part in messages[0]["content"]] == ["text"] * 3 + ["image_url"] * 3


def test_a_conversation_without_pictures_is_left_alone() -> None:
    talk: tuple[Message, ...] = ({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"})

    assert with_recent_pictures(talk, 3) == (talk, 0)
    assert question_about("Hi", [], limit=3)[0].messages == ({"role": "user", "content": "Hi"},)


async def test_a_form_is_read_off_a_picture() -> None:
    eyes = Eyes('Here it is: {"total": "3,50 €", "seller": "Shop", "other": 1}')

    found, reply = await service(eyes).read([FormField("total", "the sum"), FormField("date")], [PICTURE])

    assert found == {"total": "3,50 €", "date": None}
    assert reply.text == eyes.answer
    assert eyes.asked[0].params == {"response_format": {"type": "json_object"}, "temperature": 0}
    assert '"total": the sum' in str(eyes.asked[0].messages)


@pytest.mark.parametrize("answer", ["I can't read that.", "[1, 2]", "", "{broken"])
def test_an_answer_that_is_no_form_is_refused(answer: str) -> None:
    with pytest.raises(RequestError) as refused:
        form_answer(answer, [FormField("total")])

    assert refused.value.status == 422


async def test_a_form_without_fields_is_refused() -> None:
    with pytest.raises(RequestError, match="no fields"):
        await service(Eyes()).read([], [PICTURE])


def test_the_limit_is_what_the_most_capable_model_takes() -> None:
    def seeing(images: int, **fields: Any) -> ModelSpec:
        return ModelSpec(id="m", capabilities=frozenset({Capability.VISION}), max_images=images, **fields)

    blind = ModelSpec(id="b", capabilities=frozenset({Capability.CHAT}), max_images=9)

    assert image_limit([seeing(3), seeing(5), blind]) == 5
    assert image_limit([seeing(0)]) == image_limit([]) == 1


def test_every_template_is_a_question() -> None:
    assert {template.name for template in TEMPLATES} == {"describe", "read", "table", "compare", "alt"}
    assert next(template for template in TEMPLATES if template.name == "compare").pictures == 2
