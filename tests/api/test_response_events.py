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
from groq_core.reply import Reply
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


def cut(text: str, at: list[int]) -> list[str]:
    places = sorted({min(place, len(text)) for place in at})
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 8)), st.lists(st.integers(0, 12)), st.integers(0, 9)), max_size=3),
    st.booleans(),
)
def test_a_call_is_the_same_however_it_is_cut(calls: list[tuple[list[int], list[int], int]], custom: bool) -> None:
    """Its name may come in pieces, its id with any of them, or behind its arguments."""
    events: list[Event] = []
    for index, (name_cuts, argument_cuts, id_at) in enumerate(calls):
        pieces = [(piece, "") for piece in cut(f"function{index}", name_cuts)]
        pieces += [("", piece) for piece in cut('{"input": "a"}', argument_cuts)]
        ids = [f"c{index}" if place == id_at else "" for place in range(len(pieces))]
        events += [ToolCallDelta(index, id, name, part) for id, (name, part) in zip(ids, pieces, strict=True)]
        if id_at >= len(pieces):
            events.append(ToolCallDelta(index, f"c{index}", "", ""))
    names = ToolNames(custom=frozenset({"function1"} if custom else ()))
    kept: list[Any] = []
    writer = ResponseWriter("gc_X", "auto", {}, names=names, keep=lambda _, __, made: kept.extend(made))
    raw = b"".join(map(writer.feed, events)) + writer.feed(done()) + writer.last()
    reply = Reply()
    for event in events:
        reply.apply(event)

    items = [item for item in events_of(raw)[-1]["response"]["output"] if item["type"] != "message"]
    assert [(call.name, call.arguments) for call in kept] == [(one.name, one.arguments) for one in reply.tool_calls]
    assert [item["name"] for item in items] == [call.name for call in reply.tool_calls]
    announced = [event["item"] for event in events_of(raw) if event["type"] == "response.output_item.added"]
    for item, first, call in zip(items, announced, kept, strict=bool(items)):
        assert first["name"] == item["name"]
        # What the client answers to is told once and for all, also where the model's server tells none, or late.
        assert first["call_id"] == item["call_id"] == call.id != ""
