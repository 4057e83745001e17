"""Pieces of tool calls in a stream find their call."""

from __future__ import annotations

import msgspec
import pytest

from groq_core.events import (
    ToolCall,
)
from tests.streaming.decoding import (
    DONE,
    chunk,
    reply_of,
)

# ── tool calls ───────────────────────────────────────────────────────────────────────────────────────


def call(arguments: str = "", *, id: str | None = None, name: str | None = None, index: int | None = None) -> bytes:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fields = {key: value for key, value in (("id", id), ("index", index)) if value is not None}
    return chunk({"tool_calls": [{**fields, "type": "function", "function": function}]})


A, B = ToolCall(id="a", name="f", arguments='{"x":1}'), ToolCall(id="b", name="g", arguments='{"y":2}')


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            [call('{"x":1}', id="a", name="f", index=0), call('{"y":2}', id="b", name="g", index=1)], id="whole"
        ),
        pytest.param(
            [
                call(id="a", name="f", index=0),
                call('{"x"', index=0),
                call(":1}", index=0),
                call(id="b", name="g", index=1),
                call('{"y":2}', index=1),
            ],
            id="in pieces",
        ),
        pytest.param(
            [
                call(id="a", name="f", index=0),
                call(id="b", name="g", index=1),
                call('{"x":', index=0),
                call('{"y":', index=1),
                call("1}", index=0),
                call("2}", index=1),
            ],
            id="interleaved",
        ),
        pytest.param(
            [call(id="a", name="f"), call('{"x":1}'), call(id="b", name="g"), call('{"y":2}')], id="without index"
        ),
        pytest.param(
            [call('{"x":1}', id="a", name="f", index=0), call('{"y":2}', id="b", name="g", index=0)], id="all index 0"
        ),
        pytest.param(
            [
                call('{"x"', id="a", name="f", index=0),
                call(":1}", id="a", name="f", index=0),
                call('{"y":2}', id="b", name="g", index=1),
            ],
            id="id and name in every piece",
        ),
        pytest.param(
            [
                call('{"x"', id="a", name="f", index=0),
                call(":1}", id="a", index=5),
                call('{"y":2}', id="b", name="g", index=1),
            ],
            id="id counts before index",
        ),
        pytest.param(
            [call('{"x":1}', id="a", name="f", index=0), call(id="b", name="g", index=0), call('{"y":2}', index=0)],
            id="pieces of a misnumbered call",
        ),
        pytest.param(
            [call(name="f", index=0), call('{"x":1}', id="a", index=0), call('{"y":2}', id="b", name="g", index=1)],
            id="id after name",
        ),
    ],
)
def test_pieces_find_their_call(parts: list[bytes]) -> None:
    assert reply_of(*parts, chunk({}, "tool_calls")).tool_calls == [A, B]


def test_calls_without_ids_are_told_apart_and_named() -> None:
    reply = reply_of(
        call('{"x":1}', name="f", index=0), call('{"y":2}', name="g", index=0), chunk({}, "tool_calls"), DONE
    )

    assert reply.tool_calls == [msgspec.structs.replace(A, id="call_0"), msgspec.structs.replace(B, id="call_1")]


def test_arguments_may_be_an_object() -> None:
    reply = reply_of(
        chunk({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]}, "tool_calls")
    )

    assert reply.tool_calls == [A]


def test_the_old_function_call_is_a_tool_call() -> None:
    reply = reply_of(
        chunk({"function_call": {"name": "f", "arguments": '{"x"'}}),
        chunk({"function_call": {"arguments": ":1}"}}, "function_call"),
    )

    assert [(found.name, found.arguments) for found in reply.tool_calls] == [("f", '{"x":1}')]
