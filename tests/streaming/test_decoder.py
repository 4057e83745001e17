"""However the bytes are cut, the answer is the same; however it breaks, it is not taken for a whole one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from groq_core.reply import Reply
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.wire_types import read_usage
from tests.recordings import Recording, recordings

STREAMS = [found for found in recordings() if found.streamed]
BROKEN = [found for found in STREAMS if b"event: error" in found.body]
WHOLE = [found for found in STREAMS if found not in BROKEN]
BODIES = [
    found
    for found in recordings(
        "plain-chat", "tool-call", "parallel", "reasoning", "vision", "json", "builtin", "chat-after"
    )
    if not found.streamed and found.status == 200
]


def decoded(reads: Iterable[bytes]) -> list[Event]:
    """The events of a stream; a failure comes last, as its kind and message."""
    decoder = StreamDecoder()
    events: list[Event] = []
    for data in reads:
        events += decoder.feed(data)
    return [*events, *decoder.close()]


def joined(events: Iterable[Event]) -> list[Event]:
    """Adjacent text of one kind as one event, since where it was cut tells nothing."""
    whole: list[Event] = []
    for event in events:
        last = whole[-1] if whole else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            whole[-1] = TextDelta(last.text + event.text)
        elif isinstance(event, ReasoningDelta) and isinstance(last, ReasoningDelta):
            whole[-1] = ReasoningDelta(last.text + event.text)
        else:
            whole.append(event)
    return whole


def outcome(reads: Iterable[bytes], *, split_thoughts: bool = True) -> tuple[list[Event], object]:
    """What a reader has heard, and the failure it ended in."""
    decoder = StreamDecoder(split_thoughts=split_thoughts)
    events: list[Event] = []
    for data in reads:
        events += decoder.feed(data)
    try:
        events += decoder.close()
    except ProviderError as error:
        return joined(events), (error.kind, error.message, error.code, error.failed_generation)
    return joined(events), decoder.malformed


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c", "choices": choices, **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def reply_of(*parts: bytes) -> Reply:
    reply = Reply()
    for event in decoded([b"".join(parts)]):
        reply.apply(event)
    return reply


def failure_of(*parts: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        decoded([b"".join(parts)])
    return caught.value


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

    assert events == decoded([b"".join(streamed)])
    assert isinstance(events[-1], Finished)


# ── the dialects ─────────────────────────────────────────────────────────────────────────────────────


def test_one_read_gives_one_delta() -> None:
    decoder = StreamDecoder()

    events = decoder.feed(chunk({"content": "four "}) + chunk({"content": "score "}) + chunk({"content": "and"}))

    assert events == [TextDelta("four score and")]


def test_text_and_thoughts_keep_their_order_within_one_read() -> None:
    decoder = StreamDecoder()

    events = decoder.feed(
        chunk({"reasoning": "a"}) + chunk({"reasoning": "b"}) + chunk({"content": "c"}) + chunk({"reasoning": "d"})
    )

    assert events == [ReasoningDelta("ab"), TextDelta("c"), ReasoningDelta("d")]


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_thoughts_are_kept_apart_from_the_answer(field: str) -> None:
    reply = reply_of(chunk({field: "hm"}), chunk({"content": "yes"}), chunk({}, "stop"))

    assert (reply.reasoning, reply.text) == ("hm", "yes")


def test_escapes_are_undone() -> None:
    escaped = b'data: {"choices":[{"delta":{"content":"\\u003cthink\\u003e\\u00e9 \xf0\x9f\xa5\x9d"}}]}\n\n'

    reply = reply_of(escaped, chunk({"content": "\n</think>\n\nkiwi"}, "stop"))

    assert (reply.reasoning, reply.text) == ("é 🥝", "kiwi")


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param(DONE, id="done"),
        pytest.param(b"", id="no done"),
        pytest.param(b"data:[DONE]", id="done without space and newline"),
        pytest.param(b": bye\n\ndata: [DONE]\n\n", id="comment"),
    ],
)
def test_an_answer_with_a_finish_reason_is_whole(ending: bytes) -> None:
    assert reply_of(chunk({"content": "x"}), chunk({}, "stop"), ending).finished is not None


def test_nothing_counts_after_done() -> None:
    decoder = StreamDecoder()

    decoder.feed(chunk({"content": "x"}, "stop") + DONE + chunk({"content": "y"}))

    assert decoder.done
    assert decoder.feed(chunk({"content": "z"})) == []
    assert [type(event) for event in decoder.close()] == [Finished]


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(b": keep-alive\n\n", id="comment"),
        pytest.param(b"id: 7\nretry: 1000\n", id="id and retry"),
        pytest.param(b"event: message\n", id="named event"),
        pytest.param(b"\n\n\n", id="blank lines"),
        pytest.param(b"data:\n\n", id="empty data"),
        pytest.param(chunk(None), id="no choices"),
        pytest.param(b'data: {"choices":null,"usage":null,"error":null}\n\n', id="nulls"),
        pytest.param(chunk({"role": "assistant", "content": None}), id="null content"),
        pytest.param(chunk({"channel": "analysis", "unheard_of": {"a": [1]}}), id="unknown fields"),
    ],
)
def test_noise_on_the_line_says_nothing(noise: bytes) -> None:
    events, malformed = outcome([noise, chunk({"content": "x"}), noise, chunk({}, "stop"), noise, DONE])

    assert events[0] == TextDelta("x")
    assert len(events) == 2
    assert malformed == 0


def test_lines_that_are_no_json_are_skipped_and_counted() -> None:
    bad = [b'data: {"choices":[{"delta":{"con\n\n', b"data: ]\n\n", b"<html>\n", b'data: {"choices":7}\n\n']

    events, malformed = outcome([chunk({"content": "a"}), *bad, chunk({"content": "b"}, "stop"), DONE])

    assert events[0] == TextDelta("ab")
    assert malformed == len(bad)


def test_a_bad_line_takes_no_good_one_with_it() -> None:
    bad = b'data: {"choices":[{"delta":{"con\n'

    events, malformed = outcome([bad, chunk({"content": "a"}), bad, bad, chunk({"content": "b"}, "stop"), bad, DONE])

    assert events[0] == TextDelta("ab")
    assert malformed == 3  # two bad lines in a row may be one event


def test_lines_that_never_become_json_are_given_up() -> None:
    decoder = StreamDecoder()

    decoder.feed(b"data: [\n" * 100_000)

    assert decoder.malformed > 1


def test_an_event_of_several_data_lines_is_one_chunk() -> None:
    pretty = json.dumps({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}, indent=1)
    lines = b"".join(b"data: " + line.encode() + b"\n" for line in pretty.splitlines())

    assert reply_of(lines, b"\n", DONE).text == "x"


def test_events_without_a_blank_line_between_them_are_told_apart() -> None:
    lines = (chunk({"content": text}).replace(b"\n\n", b"\n") for text in "abc")

    assert reply_of(*lines, chunk({}, "stop")).text == "abc"


def test_a_number_that_came_as_a_word_is_still_a_number() -> None:
    call = {"index": "0", "id": "a", "function": {"name": "f", "arguments": "{}"}}

    assert reply_of(chunk({"tool_calls": [call]}, "tool_calls")).tool_calls == [
        ToolCall(id="a", name="f", arguments="{}")
    ]


def test_content_in_parts_is_their_text() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "x"}, {"type": "text", "text": "y"}]

    assert reply_of(chunk({"content": parts}, "stop")).text == "xy"


@pytest.mark.parametrize(
    ("word", "reason"),
    [("stop", "stop"), ("eos", "stop"), ("STOP", "stop"), ("max_tokens", "length"), ("unheard_of", "stop")],
)
def test_finish_reasons_of_other_servers_are_understood(word: str, reason: str) -> None:
    finished = reply_of(chunk({"content": "x"}), chunk({}, word)).finished

    assert finished is not None
    assert finished.finish_reason == reason


USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8, "completion_time": 0.5}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([chunk({}, "stop", usage=USAGE)], id="finish chunk"),
        pytest.param([chunk({}, "stop", x_groq={"id": "r", "usage": USAGE})], id="x_groq"),
        pytest.param([chunk({}, "stop"), chunk(None, usage=USAGE)], id="extra chunk"),
        pytest.param(
            [chunk({}, "stop", usage=USAGE, x_groq={"id": "r", "usage": USAGE}), chunk(None, usage=USAGE)],
            id="all three",
        ),
        pytest.param(
            [chunk({"content": "y"}, usage={"completion_tokens": 1}), chunk({}, "stop", usage=USAGE)],
            id="running count",
        ),
    ],
)
def test_usage_is_found_in_any_of_its_places_and_never_added_up(parts: list[bytes]) -> None:
    finished = reply_of(chunk({"content": "x"}), *parts, DONE).finished

    assert finished is not None
    assert finished.usage == Usage(prompt_tokens=3, completion_tokens=5, total_tokens=8, completion_time=0.5)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'{"prompt_tokens":"many"}', b"{}"])
def test_usage_of_another_shape_is_none(raw: bytes) -> None:
    assert read_usage(raw) is None


def test_usage_tells_cached_and_reasoning_tokens_apart() -> None:
    raw = (
        b'{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},'
        b'"completion_tokens_details":{"reasoning_tokens":2}}'
    )

    usage = read_usage(raw)

    assert usage == Usage(prompt_tokens=9, completion_tokens=7, total_tokens=16, cached_tokens=4, reasoning_tokens=2)


def test_executed_tools_come_once_with_their_output() -> None:
    first = {"index": 0, "type": "search", "arguments": "{}"}

    reply = reply_of(
        chunk({"executed_tools": [first]}),
        chunk({"executed_tools": [{**first, "output": "found"}]}),
        chunk({"content": "x"}, "stop"),
    )

    assert reply.finished is not None
    assert reply.finished.extra == {"executed_tools": [{**first, "output": "found"}]}


def test_a_finish_carries_what_the_provider_says_of_itself() -> None:
    first = chunk({"content": "x"}, model="m", system_fingerprint="fp", x_groq={"id": "req_1", "seed": 7}, created=1)

    finished = reply_of(first, chunk({}, "stop", created=2), chunk(None, service_tier="on_demand")).finished

    assert finished == Finished(
        model="m", request_id="req_1", system_fingerprint="fp", service_tier="on_demand", seed=7, finish_reason="stop"
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


# ── how it breaks ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        pytest.param([], Kind.EMPTY_ANSWER, id="nothing"),
        pytest.param([DONE], Kind.EMPTY_ANSWER, id="only done"),
        pytest.param([b": hi\n\n"], Kind.EMPTY_ANSWER, id="only a comment"),
        pytest.param(
            [chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), DONE], Kind.EMPTY_ANSWER, id="no words"
        ),
        pytest.param([chunk({}, "tool_calls"), DONE], Kind.EMPTY_ANSWER, id="tool calls without calls"),
        pytest.param([chunk({"content": "x"})], Kind.STREAM_CUT, id="no finish"),
        pytest.param([chunk({"content": "x"}), DONE], Kind.STREAM_CUT, id="done without finish"),
        pytest.param([chunk({"content": "x"}), b'data: {"choices":[{"del'], Kind.STREAM_CUT, id="cut in a chunk"),
        pytest.param([b"<html>\n<body>\n"], Kind.MALFORMED, id="a web page"),
        pytest.param([b"data: hello\n\n"], Kind.MALFORMED, id="no JSON"),
        pytest.param([chunk({"content": "x"}), chunk({}, "content_filter"), DONE], Kind.CONTENT_FILTER, id="filtered"),
        pytest.param(
            [chunk({"content": "x"}), chunk({}, "error"), DONE], Kind.STREAM_ERROR, id="finished with an error"
        ),
        pytest.param([b'event: error\ndata: {"error":{"message":"boom"}}\n\n'], Kind.STREAM_ERROR, id="error event"),
        pytest.param([b"event: error\ndata: boom\n\n"], Kind.STREAM_ERROR, id="error event without JSON"),
        pytest.param([b'data: {"error":{"message":"x is over capacity"}}\n\n'], Kind.OVER_CAPACITY, id="unnamed error"),
        pytest.param([b'data: {"error":"boom"}\n\n'], Kind.STREAM_ERROR, id="error in a word"),
        pytest.param([b'error: {"code":500,"message":"boom"}\n\n'], Kind.SERVER_ERROR, id="error field"),
        pytest.param(
            [chunk({}, x_groq={"id": "r", "error": "x is over capacity"})], Kind.OVER_CAPACITY, id="x_groq.error"
        ),
        pytest.param(
            [chunk({"content": "x"}, "stop", x_groq={"error": "boom"}), DONE],
            Kind.STREAM_ERROR,
            id="x_groq.error at the end",
        ),
    ],
)
def test_what_is_not_whole_is_not_finished(parts: list[bytes], kind: Kind) -> None:
    assert failure_of(*parts).kind is kind


def test_what_was_said_before_an_error_is_heard() -> None:
    decoder = StreamDecoder()

    events = decoder.feed(chunk({"content": "x"}) + b'event: error\ndata: {"error":{"message":"boom"}}\n\n')

    assert events == [TextDelta("x")]
    assert decoder.done
    with pytest.raises(ProviderError, match="boom"):
        decoder.close()


def test_an_answer_cut_at_its_first_token_is_whole() -> None:
    finished = reply_of(chunk({"content": ""}), chunk({}, "length"), DONE).finished

    assert finished is not None
    assert finished.finish_reason == "length"


def test_an_error_names_the_request_it_belongs_to() -> None:
    assert (
        failure_of(chunk({"content": "x"}, x_groq={"id": "req_1"}), b'data: {"error":"boom"}\n\n').request_id == "req_1"
    )


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>", Kind.MALFORMED),
        (b"", Kind.EMPTY_ANSWER),
        (b"[]", Kind.MALFORMED),
        (b"{}", Kind.EMPTY_ANSWER),
        (b'{"choices":[]}', Kind.EMPTY_ANSWER),
        (b'{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}', Kind.EMPTY_ANSWER),
        (b'{"choices":[{"message":{"content":"x"}}]}', Kind.STREAM_CUT),
        (b'{"error":{"message":"x is over capacity"}}', Kind.OVER_CAPACITY),
        (b'{"choices":[{"message":{"content":"x"},"finish_reason":"content_filter"}]}', Kind.CONTENT_FILTER),
    ],
)
def test_a_body_that_is_no_answer_is_a_failure(body: bytes, kind: Kind) -> None:
    with pytest.raises(ProviderError) as caught:
        read_completion(body)

    assert caught.value.kind is kind


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
