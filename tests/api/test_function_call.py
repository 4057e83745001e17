"""Clients from before there were tools: who sends `functions` is answered with a `function_call`, and so on in turn."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.events import Finished, FinishReason, ToolCallDelta
from tests.api.stage import Script, Stage, ask, begun, events_of, plays

URL = "/v1/chat/completions"

ADD = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}
OLD: dict[str, Any] = {"functions": [ADD], "function_call": "auto"}
NEW: dict[str, Any] = {"tools": [{"type": "function", "function": ADD}]}


def calling(*names: str, finish: FinishReason = "tool_calls") -> Script:
    pieces = [
        piece
        for index, name in enumerate(names)
        for piece in (
            ToolCallDelta(index=index, id=f"call_{index}", name=name, arguments='{"a":'),
            ToolCallDelta(index=index, arguments="1}"),
        )
    ]
    return plays(begun(), *pieces, Finished(provider="groq", model="quick", number=1, finish_reason=finish))


async def answers(script: Script, body: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The choice of an answer in one piece, and those of one in chunks."""
    async with Stage(script).served() as client:
        whole = (await client.post(URL, json=ask() | body)).json()["choices"][0]
        streamed: list[Any] = events_of((await client.post(URL, json=ask(stream=True) | body)).text)
    return whole, [chunk["choices"][0] for chunk in streamed if chunk != "[DONE]"]


@pytest.mark.parametrize("finish", ["tool_calls", "function_call"])
async def test_who_asks_with_functions_is_answered_with_a_function_call(finish: FinishReason) -> None:
    whole, chunks = await answers(calling("add", finish=finish), OLD)

    assert whole["message"] == {
        "role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a":1}'},
    }  # fmt: skip
    told = [chunk["delta"]["function_call"] for chunk in chunks if "function_call" in chunk["delta"]]
    assert told == [{"name": "add", "arguments": '{"a":'}, {"arguments": "1}"}]
    assert "tool_calls" not in json.dumps(chunks)
    assert whole["finish_reason"] == chunks[-1]["finish_reason"] == "function_call"


@pytest.mark.parametrize("finish", ["tool_calls", "function_call"])
async def test_who_asks_with_tools_is_answered_with_calls(finish: FinishReason) -> None:
    for body in (NEW, NEW | OLD):
        whole, chunks = await answers(calling("add", finish=finish), body)

        assert [call["function"]["name"] for call in whole["message"]["tool_calls"]] == ["add"]
        assert "function_call" not in json.dumps([whole, chunks])
        assert whole["finish_reason"] == chunks[-1]["finish_reason"] == "tool_calls"


async def test_more_calls_than_the_old_wire_has_room_for_are_told_on_the_new() -> None:
    whole, chunks = await answers(calling("add", "add"), OLD)

    assert whole["message"]["function_call"]["name"] == "add"
    assert len(whole["message"]["tool_calls"]) == 2
    assert [call["index"] for chunk in chunks for call in chunk["delta"].get("tool_calls", [])] == [1, 1]


async def test_an_answer_in_words_ends_as_ever() -> None:
    whole, chunks = await answers(plays(begun(), Finished(model="quick", finish_reason="stop")), OLD)

    assert whole["finish_reason"] == chunks[-1]["finish_reason"] == "stop"
