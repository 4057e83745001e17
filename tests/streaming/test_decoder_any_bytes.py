"""A stream, recorded or made up, is the same however it is cut, and no bytes break the decoder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import Kind
from groq_core.events import (
    Finished,
)
from groq_core.reply import Reply
from groq_core.streaming.decoder import read_completion
from tests.recordings import Recording
from tests.streaming.decoding import (
    BODIES,
    BROKEN,
    DONE,
    STREAMS,
    WHOLE,
    chunk,
    cut,
    decode_all,
    outcome,
)

# ── the recordings ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("found", STREAMS, ids=lambda found: found.name)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_recorded_stream_is_the_same_however_it_is_cut(found: Recording, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(found.body)), max_size=40))

    assert outcome(cut(found.body, places)) == outcome([found.body])


@pytest.mark.parametrize(
    "found", [found for found in STREAMS if len(found.body) < 20_000], ids=lambda found: found.name
)
def test_a_recorded_stream_is_the_same_byte_by_byte(found: Recording) -> None:
    assert outcome(bytes([byte]) for byte in found.body) == outcome([found.body])


@pytest.mark.parametrize("found", STREAMS, ids=lambda found: found.name)
def test_a_recorded_stream_is_the_same_with_carriage_returns(found: Recording) -> None:
    windows = found.body.replace(b"\n", b"\r\n")

    assert outcome(cut(windows, range(0, len(windows), 97))) == outcome([found.body])


@pytest.mark.parametrize("found", WHOLE, ids=lambda found: found.name)
def test_a_recorded_stream_says_what_its_chunks_say(found: Recording) -> None:
    chunks = [json.loads(line[5:]) for line in found.body.decode().splitlines() if line.startswith("data: {")]
    deltas = [part["choices"][0].get("delta", {}) for part in chunks if part["choices"]]
    finish = [part["choices"][0]["finish_reason"] for part in chunks if part["choices"]][-1]

    events, malformed = outcome([found.body], split_thoughts="-raw-" not in found.name)

    reply = Reply()
    for event in events:
        reply.apply(event)
    assert reply.text == "".join(delta.get("content") or "" for delta in deltas)
    assert reply.reasoning == "".join(delta.get("reasoning") or "" for delta in deltas)
    assert [call.id for call in reply.tool_calls] == [
        call["id"] for delta in deltas for call in delta.get("tool_calls") or []
    ]
    assert malformed == 0
    assert isinstance(events[-1], Finished)
    assert events[-1].finish_reason == finish
    assert events[-1].model == chunks[0]["model"]
    assert events[-1].usage is not None
    assert events[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("found", BROKEN, ids=lambda found: found.name)
def test_a_recorded_error_event_follows_what_was_said_before_it(found: Recording) -> None:
    spoken = b'"delta":{"' in found.body

    events, failure = outcome([found.body])

    match failure:
        case (Kind.GENERATION_FAILED, str(), "tool_use_failed", _):
            pass
        case _:
            pytest.fail(f"not a failed tool call: {failure}")
    assert bool(events) == spoken
    assert not any(isinstance(event, Finished) for event in events)


@pytest.mark.parametrize("found", BODIES, ids=lambda found: found.name)
def test_a_recorded_body_gives_the_events_of_its_stream(found: Recording) -> None:
    body = json.loads(found.body)
    choice = body["choices"][0]
    message = choice["message"]
    streamed = [
        *([chunk({"reasoning": message["reasoning"]})] if message.get("reasoning") else []),
        *([chunk({"content": message["content"]})] if message.get("content") else []),
        chunk({"tool_calls": message.get("tool_calls"), "executed_tools": message.get("executed_tools")}),
        chunk(
            {},
            choice["finish_reason"],
            **{name: body.get(name) for name in ("model", "usage", "x_groq", "system_fingerprint", "service_tier")},
        ),
    ]

    events = read_completion(found.body)

    assert events == decode_all([b"".join(streamed)])
    assert isinstance(events[-1], Finished)


# ── anything ─────────────────────────────────────────────────────────────────────────────────────────

texts = st.text(max_size=12)
deltas = st.one_of(
    st.builds(lambda text: {"content": text}, texts),
    st.builds(lambda text: {"reasoning": text}, texts),
    st.builds(
        lambda id, name, arguments, index: {
            "tool_calls": [{"id": id, "index": index, "function": {"name": name, "arguments": arguments}}]
        },
        st.none() | st.sampled_from(["a", "b", "c"]),
        st.none() | st.sampled_from(["f", "g"]),
        st.none() | st.text(max_size=5),
        st.none() | st.integers(0, 2),
    ),
)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(deltas, max_size=12),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    ending=st.sampled_from([b"", DONE, b": bye\n\n" + DONE]),
    places=st.lists(st.integers(0, 5000), max_size=30),
    escaped=st.booleans(),
)
def test_a_made_up_stream_is_the_same_however_it_is_cut(
    parts: list[dict[str, Any]], newline: bytes, ending: bytes, places: list[int], escaped: bool
) -> None:
    lines = [
        b"data: " + json.dumps({"choices": [{"delta": delta}]}, ensure_ascii=escaped).encode() + b"\n\n"
        for delta in parts
    ]
    body = b"".join([*lines, chunk({}, "stop"), ending]).replace(b"\n", newline)

    events, failure = outcome(cut(body, places))

    assert (events, failure) == outcome([body])
    reply = Reply()
    for event in events:
        reply.apply(event)
    assert reply.text == "".join(delta.get("content") or "" for delta in parts)
    assert reply.reasoning == "".join(delta.get("reasoning") or "" for delta in parts)
    assert "".join(found.arguments for found in reply.tool_calls) == "" or reply.tool_calls


@settings(max_examples=200, deadline=None)
@given(
    body=st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                b"data: ",
                b"{}",
                b"\n",
                b"\r\n",
                b"event: error",
                b"[DONE]",
                b'{"choices":[{"delta":{"content":"x"}}]}',
                b":",
                b"null",
            ]
        ),
        max_size=20,
    ).map(b"".join),
    places=st.lists(st.integers(0, 300), max_size=10),
)
def test_no_bytes_break_the_decoder(body: bytes, places: list[int]) -> None:
    assert outcome(cut(body, places)) == outcome([body])
