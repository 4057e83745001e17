"""Pieces of tool calls as servers send them: what goes on is told once."""

from __future__ import annotations

from groq_core.events import ToolCallDelta
from groq_core.streaming.tool_calls import ToolCalls
from groq_core.streaming.wire_types import Function, WireToolCall


def piece(index: int | None, id: str, name: str, arguments: str) -> WireToolCall:
    return WireToolCall(index=index, id=id, function=Function(name=name, arguments=arguments))


def test_a_name_and_an_id_in_every_piece_are_told_once() -> None:
    calls = ToolCalls()
    found = [calls.read(piece(0, "call_1", "search", part)) for part in ('{"q"', ': "a', '"}')]

    assert found == [
        ToolCallDelta(0, "call_1", "search", '{"q"'),
        ToolCallDelta(0, "", "", ': "a'),
        ToolCallDelta(0, "", "", '"}'),
    ]


def test_a_name_in_every_piece_without_an_id_is_still_one_call() -> None:
    calls = ToolCalls()
    found = [calls.read(piece(0, "", "search", part)) for part in ('{"q"', ': "a"}')]

    assert [(delta.index, delta.name) for delta in found if delta] == [(0, "search"), (0, "")]
