"""No field beside them costs words: whole kinds of odd answers, streamed and in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import Event
from groq_core.reply import Reply
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.transcription import read_transcription
from groq_core.streaming.wire_types import read_usage

KINDS = Path(__file__).parents[1] / "data" / "wire_kinds"
WORDS = ("alpha ", "beta ", "gamma ", "delta")
TEXT = "".join(WORDS)


def reply(events: list[Event]) -> Reply:
    found = Reply()
    for event in events:
        found.apply(event)
    return found


def fails_as(kind: Kind, said: bytes, *streams: bytes) -> None:
    """An error is told as this kind by each stream, and as a body that is not streamed."""
    for wire in streams:
        with pytest.raises(ProviderError) as caught:
            read(wire)
        assert caught.value.kind is kind, wire
    with pytest.raises(ProviderError) as caught:
        read_completion(said)
    assert caught.value.kind is kind


def read(body: bytes, size: int = 0) -> Reply:
    """Read a stream in pieces of so many bytes; at once by default."""
    decoder = StreamDecoder()
    events: list[Event] = []
    size = size or max(1, len(body))
    for at in range(0, len(body), size):
        events += decoder.feed(body[at : at + size])
    return reply(events + decoder.close())


def sse(*chunks: object) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def chunk(delta: Any, finish: str | None = None, **beside: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **beside}


def words(mangle: Callable[[dict[str, Any]], object], *, finish: str = "stop") -> bytes:
    """A stream of the four words with something done to every chunk."""
    return sse(*(mangle(chunk({"content": word})) for word in WORDS), chunk({}, finish))


SIZES = [0, 1, 7, 64]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bom.sse", TEXT),
        ("surrogate-halves.sse", "alpha beta 😀 gamma delta"),
        ("fingerprint-int.sse", TEXT),
        ("annotations-object.sse", TEXT),
        ("reasoning-list.sse", TEXT),
        ("usage-negative.sse", TEXT),
        ("finish-null-string.sse", TEXT),
        ("done-after-json.body", "alpha beta"),
    ],
)
def test_the_words_of_a_reported_case_arrive(name: str, text: str, size: int) -> None:
    found = read((KINDS / name).read_bytes(), size)

    assert found.text == text
    assert found.finished is not None
    assert found.finished.finish_reason == "stop"


def test_the_words_of_a_whole_body_arrive_before_the_end_of_a_stream() -> None:
    assert reply(read_completion((KINDS / "done-after-json.body").read_bytes())).text == "alpha beta"


@pytest.mark.parametrize("size", SIZES)
def test_two_calls_with_one_id_are_two(size: int) -> None:
    found = read((KINDS / "calls-same-id.sse").read_bytes(), size)

    assert [call.arguments for call in found.tool_calls] == ['{"city":"Paris"}', '{"city":"Rome"}']
    assert len({call.id for call in found.tool_calls}) == 2
    assert {call.name for call in found.tool_calls} == {"get_weather"}


def test_an_id_that_is_a_number_is_one() -> None:
    assert [call.id for call in read((KINDS / "call-id-int.sse").read_bytes()).tool_calls] == ["123"]


def test_an_error_in_a_stream_of_200_is_the_error_it_tells() -> None:
    with pytest.raises(ProviderError) as caught:
        read((KINDS / "error-in-200-stream.sse").read_bytes())

    assert caught.value.kind is Kind.AUTH


# ── whatever stands beside the words ─────────────────────────────────────────────────────────────────


def beside(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda found: {**found, name: value}


def in_delta(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def put(found: dict[str, Any]) -> object:
        found["choices"][0]["delta"][name] = value
        return found

    return put


def in_choice(name: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def put(found: dict[str, Any]) -> object:
        found["choices"][0][name] = value
        return found

    return put


ODD = [None, 42, -1.5, True, "r", "", [], [1, "x"], {}, {"a": [1]}, float("-inf"), float("nan")]
ODD_IDS = [json.dumps(value) for value in ODD]


@pytest.mark.parametrize("value", ODD, ids=ODD_IDS)
@pytest.mark.parametrize(
    "field", ["id", "object", "created", "model", "system_fingerprint", "service_tier", "x_groq", "usage", "extra"]
)
def test_nothing_beside_the_choices_costs_words(field: str, value: Any) -> None:
    assert read(words(beside(field, value))).text == TEXT


@pytest.mark.parametrize("value", ODD, ids=ODD_IDS)
@pytest.mark.parametrize(
    "field", ["role", "annotations", "executed_tools", "reasoning_content", "refusal_reason", "function_call", "audio"]
)
def test_nothing_beside_the_content_costs_words(field: str, value: Any) -> None:
    assert read(words(in_delta(field, value))).text == TEXT


@pytest.mark.parametrize("value", [*ODD, [{"function": 7}, 3], {"id": 5}], ids=[*ODD_IDS, "calls", "call"])
@pytest.mark.parametrize("field", ["reasoning", "tool_calls"])
def test_what_is_beside_the_content_and_can_be_told_is_told_beside_it(field: str, value: Any) -> None:
    assert read(words(in_delta(field, value))).text == TEXT


@pytest.mark.parametrize("value", ODD, ids=ODD_IDS)
@pytest.mark.parametrize("field", ["index", "logprobs", "content_filter_results"])
def test_nothing_beside_the_delta_costs_words(field: str, value: Any) -> None:
    assert read(words(in_choice(field, value))).text == TEXT


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda word: word, id="text"),
        pytest.param(lambda word: [{"type": "text", "text": word}], id="parts"),
        pytest.param(lambda word: {"type": "text", "text": word}, id="an object"),
        pytest.param(lambda word: [word], id="a list of texts"),
        pytest.param(lambda word: [{"type": "text", "text": {"value": word}}], id="a text within"),
    ],
)
def test_words_are_read_from_whatever_holds_them(content: Callable[[str], Any]) -> None:
    body = sse(*(chunk({"content": content(word)}) for word in WORDS), chunk({}, "stop"))

    assert read(body).text == TEXT


def test_a_delta_that_is_a_text_is_its_content() -> None:
    assert read(sse(*(chunk(word) for word in WORDS), chunk({}, "stop"))).text == TEXT


def test_of_several_choices_one_is_the_answer_whatever_their_order() -> None:
    def double(word: str) -> dict[str, Any]:
        other = {"index": 1, "delta": {"content": "other"}, "finish_reason": None}
        found = chunk({"content": word})
        return {**found, "choices": [other, found["choices"][0]]}

    assert read(sse(*map(double, WORDS), chunk({}, "stop"))).text == TEXT


def test_an_answer_of_another_index_is_the_answer() -> None:
    assert read(words(in_choice("index", 3))).text == TEXT


def test_thinking_in_parts_is_thinking() -> None:
    for thought in (["hm"], {"content": "hm"}, [{"summary": [{"text": "hm"}]}]):
        found = read(sse(chunk({"reasoning": thought}), chunk({"content": "a"}), chunk({}, "stop")))
        assert (found.reasoning, found.text) == ("hm", "a")


# ── framing ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\n"], ids=["CR", "CRLF", "LF"])
def test_lines_may_end_as_they_like(end: bytes, size: int) -> None:
    assert read(words(lambda found: found).replace(b"\n", end), size).text == TEXT


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "pretty"])
@pytest.mark.parametrize("tail", [b"", b"\n", b"\ndata: [DONE]\n\n"], ids=["bare", "line", "done"])
@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b"\n\n  "], ids=["bare", "BOM", "blank"])
def test_a_body_where_events_were_promised_is_read(size: int, indent: int | None, tail: bytes, head: bytes) -> None:
    message = {"role": "assistant", "content": TEXT}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}, indent=indent).encode()

    assert read(head + body + tail, size).text == TEXT
    assert reply(read_completion(head + body + tail)).text == TEXT


def test_events_where_a_body_was_promised_are_read() -> None:
    assert reply(read_completion(words(lambda found: found))).text == TEXT


def test_a_chunk_a_line_without_data_before_it_is_read() -> None:
    lines = b"".join(json.dumps(one).encode() + b"\n" for one in [*(chunk({"content": w}) for w in WORDS)])

    assert read(lines + json.dumps(chunk({}, "stop")).encode()).text == TEXT


@pytest.mark.parametrize("size", SIZES)
def test_half_a_letter_without_its_other_is_marked(size: int) -> None:
    body = sse(chunk({"content": "a\ud83d"}), chunk({"content": "b"}), chunk({"content": "\ude00c\ud83d"}, "stop"))

    assert read(body, size).text == "a\ufffdb\ufffdc\ufffd"


# ── calls ────────────────────────────────────────────────────────────────────────────────────────────


def call(index: int | None = 0, **fields: Any) -> dict[str, Any]:
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    return chunk({"tool_calls": [{**({} if index is None else {"index": index}), **fields, "function": function}]})


def calls_of(*chunks: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.name, one.arguments) for one in read(sse(*chunks, chunk({}, "tool_calls"))).tool_calls]


def test_a_name_in_two_pieces_is_one() -> None:
    pieces = [call(id="1", name="get_"), call(name="weather"), call(arguments="{}")]

    assert calls_of(*pieces) == [("get_weather", "{}")]


def test_a_name_that_is_repeated_is_not_doubled() -> None:
    pieces = [call(id="1", name="f"), call(id="1", name="f", arguments='{"a":'), call(id="1", name="f", arguments="1}")]

    assert calls_of(*pieces) == [("f", '{"a":1}')]


def test_whole_calls_with_one_id_and_no_index_are_two() -> None:
    calls = [{"id": "x", "function": {"name": "f", "arguments": a}} for a in ('{"a":1}', "")]
    body = {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]}

    found = reply(read_completion(json.dumps(body).encode())).tool_calls

    assert [(one.name, one.arguments) for one in found] == [("f", '{"a":1}'), ("f", "{}")]
    assert len({one.id for one in found}) == 2


# ── thinking aloud ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", range(1, 12))
def test_thinking_aloud_is_parted_from_the_answer_however_it_is_cut(size: int) -> None:
    said = "<think>\nhm, 1 < 2 </thin ok\n</think>\n\nalpha <think> beta"
    pieces = [said[at : at + size] for at in range(0, len(said), size)]

    found = read(sse(*(chunk({"content": piece}) for piece in pieces), chunk({}, "stop")))

    assert (found.reasoning, found.text) == ("hm, 1 < 2 </thin ok", "alpha <think> beta")


@pytest.mark.parametrize("said", ["<", "<thin", "  a", "<thinker> x", "a <think>b</think>"])
def test_what_only_looks_like_it_is_text(said: str) -> None:
    found = read(sse(*(chunk({"content": letter}) for letter in said), chunk({}, "stop")))

    assert (found.reasoning, found.text) == ("", said)


# ── usage and the end ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 5, "completion_tokens": -1, "total_tokens": 4},
        {"prompt_tokens": "5", "completion_tokens": 1},
        {"prompt_tokens": float("nan")},
        {"prompt_tokens": 1e30},
        {"prompt_tokens": 1.5},
        {"prompt_tokens": True},
        {"prompt_tokens": [1]},
        {},
        [],
        "5",
        7,
    ],
    ids=json.dumps,
)
def test_a_usage_nobody_can_believe_is_unknown_and_costs_no_answer(usage: Any) -> None:
    found = read(sse(*(chunk({"content": word}) for word in WORDS), chunk({}, "stop", usage=usage)))

    assert found.text == TEXT
    assert found.finished is not None
    assert found.finished.usage is None


def test_odd_times_beside_good_counts_are_left_out() -> None:
    found = read_usage(b'{"prompt_tokens": 5, "completion_tokens": 2, "queue_time": "soon", "total_time": -1}')

    assert found is not None
    assert (found.total_tokens, found.queue_time, found.total_time) == (7, None, None)


@pytest.mark.parametrize("word", ["null", "", "none", "NULL"])
def test_no_finish_is_none(word: str) -> None:
    assert read(words(in_choice("finish_reason", word))).text == TEXT


def test_a_word_nobody_knows_is_a_finish_where_the_stream_ends() -> None:
    decoder = StreamDecoder()
    decoder.feed(sse(chunk({"content": "a"}, "whatever")).replace(b"data: [DONE]\n\n", b""))
    assert decoder.finish_reason is None
    decoder.feed(sse(chunk({"content": "b"})).replace(b"data: [DONE]\n\n", b""))

    with pytest.raises(ProviderError) as caught:
        decoder.close()

    assert caught.value.kind is Kind.STREAM_CUT
    assert read(sse(chunk({"content": "a"}), chunk({}, "whatever"))).text == "a"


# ── errors in odd envelopes ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "Invalid API Key", "code": "invalid_api_key"}}, Kind.AUTH),
        ({"error": "rate limit exceeded"}, Kind.RATE_LIMITED),
        ({"error": {"message": "slow down", "code": 429}}, Kind.RATE_LIMITED),
        ({"error": {"message": "slow down", "code": "429"}}, Kind.RATE_LIMITED),
        ({"object": "error", "message": "the model is over capacity", "code": 503}, Kind.OVER_CAPACITY),
        ({"object": "error", "message": "no such thing", "type": "NotFoundError", "code": 404}, Kind.MODEL_GONE),
        ({"detail": "Invalid API Key"}, Kind.AUTH),
        ({"detail": {"message": "boom", "code": "internal_server_error"}}, Kind.SERVER_ERROR),
        ([{"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}], Kind.RATE_LIMITED),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, Kind.OVER_CAPACITY),
        ({"message": "boom", "code": 500}, Kind.SERVER_ERROR),
    ],
    ids=json.dumps,
)
def test_an_error_is_what_it_tells_whatever_its_envelope(body: Any, kind: Kind) -> None:
    said = json.dumps(body).encode()
    fails_as(kind, said, b"data: " + said + b"\n\n", said, b"event: error\ndata: " + said + b"\n\n")


# ── transcripts ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("value", ODD, ids=ODD_IDS)
@pytest.mark.parametrize("field", ["language", "duration", "segments", "words", "usage", "x_groq", "task"])
def test_nothing_beside_a_transcript_costs_its_words(field: str, value: Any) -> None:
    body = json.dumps({"text": TEXT, field: value}).encode()

    assert reply(read_transcription(b"\xef\xbb\xbf" + body)).text == TEXT


SHAPES: tuple[Any, ...] = (None, 1, [])
COUNTS: list[Any] = [0, 7, 10**9, 10**9 + 1, -1, 5.0, 5.5, "5", None, True, [1]]
SECONDS: list[Any] = [0, 0.25, -1, "1", None, False, 10**13]


def test_usage_is_the_same_whether_it_is_read_at_once_or_field_by_field() -> None:
    plain: dict[str, Any] = {"prompt_tokens": 60, "completion_tokens": 9, "total_tokens": 69}
    odd: list[dict[str, Any]] = [{}, {"input_tokens": 3, "output_tokens": 4}, {"total_tokens": 5}, {"seconds": 2.5}]
    odd += [plain | {name: value} for name in plain for value in COUNTS]
    odd += [{other: plain[other] for other in plain if other != name} for name in plain]
    for group, name in (("prompt_tokens_details", "cached_tokens"), ("completion_tokens_details", "reasoning_tokens")):
        odd += [plain | {group: {name: value}} for value in COUNTS] + [plain | {group: value} for value in SHAPES]
    for name in ("queue_time", "prompt_time", "completion_time", "total_time", "seconds"):
        odd += [plain | {name: value} for value in SECONDS]
        odd += [dict.fromkeys(plain, 0) | {name: value} for value in SECONDS]
    for found in odd:
        said = json.dumps(found).encode()
        # What no JSON of the standard is, only the slower way reads, and a field nobody reads changes nothing.
        assert read_usage(said) == read_usage(said[:-1] + (b", " if found else b"") + b'"x": NaN}'), found
