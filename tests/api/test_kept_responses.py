"""Responses that are kept: read again, gone on from, referred to, deleted, and forgotten."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.requests import Caller
from tests.api.responses_stage import CALLS, TOOL, client_of
from tests.api.stage import Stage, says


async def test_a_response_is_kept_and_gone_on_from() -> None:
    stage = Stage(says("Blue."))
    async with client_of(stage) as client:
        first = await client.responses.create(model="auto", input="Colour of the sky?", instructions="Old rule.")
        stream = await client.responses.create(
            model="auto", input="Why?", previous_response_id=first.id, instructions="New rule.", stream=True
        )
        last = [event async for event in stream][-1]
        assert last.type == "response.completed"
        read = await client.responses.retrieve(last.response.id)
        items = await client.responses.input_items.list(last.response.id)
        await client.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(first.id)

    assert [message["content"] for message in stage.chat.messages] == [
        "New rule.",
        "Colour of the sky?",
        "Blue.",
        "Why?",
    ]
    assert read.output_text == "Blue."
    assert read.previous_response_id == first.id
    assert len(items.data) == 1


async def test_items_are_referred_to_by_their_ids() -> None:
    stage = Stage(CALLS)
    async with client_of(stage) as client:
        first = await client.responses.create(model="auto", input="Add", tools=[TOOL])
        referred: list[Any] = [{"type": "item_reference", "id": item.id} for item in first.output]
        await client.responses.create(
            model="auto",
            input=[
                {"role": "user", "content": "Add"},
                *referred,
                {"type": "function_call_output", "call_id": "call_1", "output": "1"},
                {"type": "function_call_output", "call_id": "call_2", "output": "2"},
            ],
        )
        with pytest.raises(openai.BadRequestError, match=r"input\[0\].id"):
            await client.responses.create(model="auto", input=[{"type": "item_reference", "id": "msg_x"}])

    assert len(stage.chat.messages[1]["tool_calls"]) == 2


async def test_what_is_not_to_be_stored_is_not_found() -> None:
    async with client_of(Stage(says("Hi"))) as client:
        answer = await client.responses.create(model="auto", input="Hi", store=False)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(answer.id)
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(model="auto", input="Hi", previous_response_id=answer.id)

    assert caught.value.param == "previous_response_id"
    assert caught.value.code == "previous_response_not_found"


# ── the store ────────────────────────────────────────────────────────────────────────────────────────

ME, OTHER = Caller(user="token:0"), Caller(user="token:1")


def keep(store: ResponseStore, name: str, size: int = 10) -> None:
    item = {"id": f"msg_{name}", "type": "message", "text": "x" * size}
    store.keep(ME, {"id": name, "status": "completed", "output": [item]}, [], ())


def test_responses_belong_to_whoever_asked() -> None:
    store = ResponseStore()
    keep(store, "resp_1")

    assert store.find(ME, "resp_1")
    assert store.item(ME, "msg_resp_1")
    assert store.find(OTHER, "resp_1") is None
    assert store.item(OTHER, "msg_resp_1") is None
    assert not store.forget(OTHER, "resp_1")


def test_responses_are_forgotten_after_an_hour() -> None:
    now = [0.0]
    store = ResponseStore(clock=lambda: now[0])
    keep(store, "resp_1")
    now[0] = 3599.0
    assert store.find(ME, "resp_1")
    now[0] = 3601.0
    assert store.find(ME, "resp_1") is None
    assert store.item(ME, "msg_resp_1") is None


@given(st.lists(st.integers(0, 400), max_size=30))
def test_the_store_stays_within_its_bounds(sizes: list[int]) -> None:
    store = ResponseStore(most=5, most_bytes=1000)
    for place, size in enumerate(sizes):
        keep(store, f"resp_{place}", size)

        assert len(store) <= 5
        assert store._bytes <= 1000
    if sizes:
        assert store.find(ME, f"resp_{len(sizes) - 1}"), "the newest is always there"
