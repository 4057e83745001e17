"""From bytes to events: the dialects of servers, and how a stream breaks."""

from __future__ import annotations

import json

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.wire_types import read_usage
from tests.streaming.decoding import (
    DONE,
    chunk,
    failure_of,
    outcome,
    reply_of,
)

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
