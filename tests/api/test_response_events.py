"""The events of a streamed response, whatever comes from the model."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from groq_core.api.responses.flat_tools import ToolNames
from groq_core.api.responses.wire_events import ResponseWriter
from groq_core.errors import BrokenAnswerError
from groq_core.events import Event, ReasoningDelta, TextDelta, ToolCallDelta
from tests.api.stage import done

PIECES = st.one_of(
    st.builds(TextDelta, st.text(min_size=1, max_size=3)),
    st.builds(ReasoningDelta, st.text(min_size=1, max_size=3)),
    st.builds(
        lambda index, arguments: ToolCallDelta(index=index, id=f"c{index}", name=f"f{index}", arguments=arguments),
        st.integers(0, 2),
        st.text(max_size=3),
    ),
)


def events_of(raw: bytes) -> list[dict[str, Any]]:
    events = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        event = orjson.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


@given(st.lists(PIECES, max_size=12), st.booleans(), st.booleans())
def test_whatever_comes_the_events_add_up_to_the_response(pieces: list[Event], summary: bool, breaks: bool) -> None:
    writer = ResponseWriter("gc_X", "auto", {}, summary=summary, names=ToolNames(custom=frozenset({"f1"})))
    raw = b"".join(writer.feed(piece) for piece in pieces)
    raw += writer.break_off(BrokenAnswerError("no")) if breaks else writer.feed(done()) + writer.last()
    events = events_of(raw)

    assert [event["sequence_number"] for event in events] == [*range(len(events))]
    response = events[-1]["response"]
    assert events[-1]["type"] == ("response.failed" if breaks else "response.completed")
    built: dict[int, dict[str, Any]] = {}
    texts: dict[int, str] = {}
    for event in events:
        match event["type"]:
            case "response.output_item.added":
                assert event["output_index"] == len(built)
                built[event["output_index"]] = event["item"]
                texts[event["output_index"]] = ""
            case "response.output_item.done":
                assert built[event["output_index"]]["id"] == event["item"]["id"]
                built[event["output_index"]] = event["item"]
            case kind if kind.endswith(".delta"):
                assert built[event["output_index"]]["id"] == event["item_id"]
                texts[event["output_index"]] += event["delta"]
    assert [*built.values()] == response["output"]
    for place, item in built.items():
        match item["type"]:
            case "message":
                assert item["content"][0]["text"] == texts[place]
            case "reasoning":
                assert (item["summary"] if summary else item["content"])[0]["text"] == texts[place]
            case "custom_tool_call":
                assert item["input"] == texts[place]
            case _:
                assert item["arguments"] == texts[place]
    wanted = "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))
    assert "".join(texts[place] for place, item in built.items() if item["type"] == "message") == wanted
