"""Answers and errors in frames that are not quite those of a stream, nor quite those of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.errors import Kind, ProviderError
from groq_core.events import Events
from groq_core.middleware.observe import Observe
from groq_core.pipeline import Attempt, Budget
from groq_core.requests import ChatRequest
from groq_core.streaming.decoder import StreamDecoder, read_completion
from groq_core.streaming.wire_types import read_usage
from groq_core.telemetry.metrics import Metrics
from tests.speakers import spec
from tests.streaming.test_wire_kinds import TEXT, WORDS, chunk, fails_as, read, reply, sse

CHUNKS = [*(chunk({"content": word}) for word in WORDS), chunk({}, "stop")]
LINES = [json.dumps(one).encode() for one in CHUNKS]
STREAM = sse(*CHUNKS)
BOM = b"\xef\xbb\xbf"
BODY = json.dumps({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}).encode()

FRAMES = {
    "a mark before every event": STREAM.replace(b"data: ", BOM + b"data: "),
    "a mark before all data": STREAM.replace(b"data: ", b"data: " + BOM),
    "two marks": BOM + BOM + STREAM,
    "a mark, and CR LF": BOM + STREAM.replace(b"\n", b"\r\n"),
    "CR alone, and no blank line": STREAM.replace(b"\n\n", b"\r"),
    "no blank line": STREAM.replace(b"\n\n", b"\n"),
    "no blank behind the colon": STREAM.replace(b"data: ", b"data:"),
    "blanks before the field": STREAM.replace(b"data: ", b"  data: "),
    "the field in capitals": STREAM.replace(b"data: ", b"Data: "),
    "the field twice": STREAM.replace(b"data: ", b"data: data: "),
    "nothings between": STREAM.replace(b"\n\n", b"\n\n\x00"),
    "two events on a line": b"data: " + b" data: ".join(LINES) + b"\n\ndata: [DONE]\n\n",
    "events behind one another": b"data: " + b"".join(LINES) + b"[DONE]\n\n",
    "chunks without fields": b"\n".join(LINES),
    "chunks with nothing between": b"".join(LINES),
    "a list of chunks": b"[" + b",".join(LINES) + b"]",
    "a list over many lines": json.dumps(CHUNKS, indent=1).encode(),
    "the end in small letters": STREAM.replace(b"[DONE]", b"[done]"),
    "the end in quotation marks": STREAM.replace(b"[DONE]", b'"[DONE]"'),
    "names of events": STREAM.replace(b"data: ", b"id: 1\nevent: chunk\ndata: "),
    "a word of a proxy between": STREAM.replace(b"\n\n", b"\n\n: processing\n\n"),
    "texts instead of deltas": sse(
        *({"choices": [{"text": word}]} for word in WORDS), {"choices": [{"text": "", "finish_reason": "stop"}]}
    ),
    "one choice and no list": sse(*(one | {"choices": one["choices"][0]} for one in CHUNKS)),
    "messages instead of deltas": sse(
        *({"choices": [{"message": {"content": word}}]} for word in WORDS), chunk({}, "stop")
    ),
    "the message beside the delta": sse(
        *(
            one | {"choices": [one["choices"][0] | {"message": {"content": word}}]}
            for one, word in zip(CHUNKS, [*WORDS, ""], strict=True)
        )
    ),
    "no delta at the end": sse(*CHUNKS[:-1], {"choices": [{"index": 0, "finish_reason": "stop"}]}),
    **{
        f"a body and {tail!r}": BODY + tail
        for tail in (
            b"data: [DONE]", b" data: [DONE]\n\n", b"[DONE]", b"\n[DONE]", b"\ndata:[DONE]", b"\r\ndata: [DONE]\r\n\r\n"
        )
    },
    "a body as an event": b"data: " + BODY + b"\n\ndata: [DONE]\n\n",
}  # fmt: skip


@pytest.mark.parametrize("case", FRAMES)
def test_the_words_arrive_whatever_frames_them(case: str) -> None:
    for size in (0, 1, 7):
        assert read(FRAMES[case], size).text == TEXT, size
    assert reply(read_completion(FRAMES[case])).text == TEXT


def test_half_a_letter_waits_for_its_other_whatever_comes_between() -> None:
    first, second = chunk({"content": "a\ud83d"}), chunk({"content": "\ude00b"})
    for between in ({"role": "assistant"}, {"content": ""}, {"reasoning": "hm"}, {}):
        assert read(sse(first, chunk(between), second, chunk({}, "stop"))).text == "a😀b"
    usage = {"choices": [], "usage": {"prompt_tokens": 1}}
    assert read(sse(*CHUNKS[:-1], first, usage, second, *CHUNKS)).text == f"{TEXT}a😀b{TEXT}"
    assert read(sse(chunk({"content": "x"}, model="m\ud83d"), chunk({}, "stop", model="m\ud83d"))).text == "x"


def test_of_answers_side_by_side_one_is_told_to_its_end() -> None:
    def at(index: int, word: str, finish: str | None = None) -> dict[str, Any]:
        return {"index": index, "delta": {"content": word}, "finish_reason": finish}

    body = sse(
        {"choices": [at(1, "X"), at(0, "a")]},
        *({"choices": [one]} for one in (at(1, "Y"), at(0, "b"), at(1, "Z"), at(1, "", "length"), at(0, "c", "stop"))),
    )

    found = read(body)
    assert (found.text, found.finished and found.finished.finish_reason) == ("abc", "stop")
    # Where no other was ever seen beside it, an index that changes is a mistake.
    numbered = ({"choices": [at(index, word)]} for index, word in enumerate(WORDS))
    assert read(sse(*numbered, chunk({}, "stop"))).text == TEXT


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("STOP", "stop"), ("stop\n", "stop"), (["stop"], "stop"), ({"type": "stop"}, "stop"), ("whatever", "stop"),
        ("FinishReason.STOP", "stop"), ("FinishReason.MAX_TOKENS", "length"), ("MAX_TOKENS", "length"),
        ("model_length", "length"), ("end_turn", "stop"), ("tool_call", "tool_calls"),
    ],
    ids=str,
)  # fmt: skip
def test_the_end_is_read_in_every_spelling(word: Any, means: str) -> None:
    found = read(sse(*CHUNKS[:-1], chunk({}, word)))

    assert found.finished is not None
    assert (found.text, found.finished.finish_reason) == (TEXT, means)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("abort", Kind.STREAM_ERROR), ("cancelled", Kind.STREAM_ERROR), ("error", Kind.STREAM_ERROR),
        ("SAFETY", Kind.CONTENT_FILTER), ("content_filter", Kind.CONTENT_FILTER),
        (None, Kind.STREAM_CUT), ("null", Kind.STREAM_CUT), (5, Kind.STREAM_CUT), ({}, Kind.STREAM_CUT),
    ],
    ids=str,
)  # fmt: skip
def test_a_word_that_says_that_it_is_not_whole_is_no_end(word: Any, kind: Kind) -> None:
    with pytest.raises(ProviderError) as caught:
        read(sse(*CHUNKS[:-1], chunk({}, word)))

    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2}, (5, 2, 7)),
        ({"input_tokens": 5, "output_tokens": 2}, (5, 2, 7)),
        ({"prompt_tokens": 5.0, "completion_tokens": 2.0, "total_tokens": 7.0}, (5, 2, 7)),
        ({"prompt_tokens": None, "completion_tokens": 2, "total_tokens": 7}, (5, 2, 7)),
        ({"prompt_tokens": 5, "total_tokens": 7}, (5, 2, 7)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 1}, (5, 2, 7)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 9}, (5, 2, 9)),
        ({"prompt_tokens": 5}, None),
        ({"completion_tokens": 2}, None),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": -1}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
        ({"promptTokens": 5}, None),
    ],
    ids=json.dumps,
)
def test_what_is_missing_of_a_usage_follows_from_the_rest_or_it_is_unknown(usage: Any, counts: Any) -> None:
    found = read_usage(json.dumps(usage).encode())

    assert counts == (found and (found.prompt_tokens, found.completion_tokens, found.total_tokens))


def test_of_several_usages_the_last_that_can_be_believed_counts() -> None:
    good, bad = {"prompt_tokens": 5, "completion_tokens": 2}, {"prompt_tokens": -1, "completion_tokens": 2}
    for ends in (
        [chunk({}, "stop", usage=good), {"choices": [], "usage": bad}],
        [chunk({}, "stop", usage=bad), {"choices": [], "usage": good}],
        [chunk({}, "stop", usage=bad, x_groq={"usage": good})],
        [chunk({}, "stop", usage=good, x_groq={"usage": bad})],
    ):
        finished = read(sse(*CHUNKS[:-1], *ends)).finished
        assert finished is not None
        assert finished.usage is not None
        assert finished.usage.total_tokens == 7


# ── thinking ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "thought", "text"),
    [
        ("<think>x</think><think>y</think>z", "xy", "z"),
        ("\n <think>x</think>\n\na", "x", "a"),
        ("<think></think>a", "", "a"),
        ("</think>\n\na", "", "a"),
        ("</the end", "", "</the end"),
        ([{"type": "text", "text": "<think>x</think>a"}], "x", "a"),
        ([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "a"}], "x", "a"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}, {"type": "text", "text": "a"}], "x", "a"),
    ],
    ids=json.dumps,
)
def test_thinking_is_parted_from_the_answer(content: Any, thought: str, text: str) -> None:
    body = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
    pieces = [chunk({"content": one}) for one in content] if isinstance(content, str) else [chunk({"content": content})]

    for found in (read(sse(*pieces, chunk({}, "stop"))), reply(read_completion(json.dumps(body).encode()))):
        assert (found.reasoning, found.text) == (thought, text)


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────

LIMITED, KEY = "Rate limit exceeded", "Invalid API Key"
ENVELOPES: list[tuple[Any, Kind]] = [
    ({"error": True, "message": LIMITED, "code": 429}, Kind.RATE_LIMITED),
    ({"error": "slow down", "code": 429}, Kind.RATE_LIMITED),
    ({"error": {"error": {"message": KEY}}}, Kind.AUTH),
    ({"errors": [{"message": KEY}]}, Kind.AUTH),
    ({"error": [LIMITED]}, Kind.RATE_LIMITED),
    ({"error": {"message": {"en": LIMITED}}}, Kind.RATE_LIMITED),
    ({"error": {"message": "x", "code": 429.0}}, Kind.RATE_LIMITED),
    ({"error": {"message": "x", "status": 429}}, Kind.RATE_LIMITED),
    ({"error": {"message": "x", "statusCode": 503}}, Kind.OVER_CAPACITY),
    ({"error": {"message": "x", "status": "RESOURCE_EXHAUSTED"}}, Kind.RATE_LIMITED),
    ({"error": {"message": "x", "code": "ResourceExhausted"}}, Kind.RATE_LIMITED),
    ({"error": {"message": "x", "status": "UNAVAILABLE"}}, Kind.OVER_CAPACITY),
    ({"error": {"message": "x", "status": "UNAUTHENTICATED"}}, Kind.AUTH),
    ({"error": {"message": "x", "code": "too_many_requests"}}, Kind.RATE_LIMITED),
    ({"error": {"code": "rate_limit_exceeded"}}, Kind.RATE_LIMITED),
    ({"error": {"message": None, "type": "server_error"}}, Kind.SERVER_ERROR),
    ({"error": {"message": "Insufficient Balance", "code": "1113"}}, Kind.QUOTA_EXHAUSTED),
    ({"status": "error", "message": LIMITED}, Kind.RATE_LIMITED),
    ({"statusCode": 429, "message": "slow", "error": "Too Many Requests"}, Kind.RATE_LIMITED),
    ({"success": False, "error": KEY}, Kind.AUTH),
    ({"message": "Unauthorized"}, Kind.AUTH),
    ({"msg": "no", "code": 401}, Kind.AUTH),
    ({"status": 429, "title": "slow down"}, Kind.RATE_LIMITED),
    ({"error_code": "INVALID_KEY", "error_msg": KEY}, Kind.AUTH),
    ({"code": "InvalidApiKey", "message": "no"}, Kind.AUTH),
    ({"fault": {"faultstring": "Rate limit quota violation", "detail": {"errorcode": "x"}}}, Kind.RATE_LIMITED),
    ({"detail": [{"loc": ["body", "x"], "msg": "no"}]}, Kind.STREAM_ERROR),
    ([LIMITED], Kind.RATE_LIMITED),
    ([[{"error": {"message": "x", "code": 429}}]], Kind.RATE_LIMITED),
    ({"choices": None, "error": {"message": "x", "code": 429}}, Kind.RATE_LIMITED),
    ({"choices": [{"delta": {}, "finish_reason": "error", "error": {"message": "x", "code": 429}}]}, Kind.RATE_LIMITED),
    ({"choices": [{"index": 0, "error": {"message": "x", "code": 502}}]}, Kind.SERVER_ERROR),
    ({"x_groq": {"error": "over capacity"}}, Kind.OVER_CAPACITY),
]


@pytest.mark.parametrize(("envelope", "kind"), ENVELOPES, ids=[json.dumps(one) for one, _ in ENVELOPES])
def test_an_error_is_what_it_tells_in_whichever_envelope(envelope: Any, kind: Kind) -> None:
    said = json.dumps(envelope).encode()
    behind_words = STREAM.removesuffix(b"data: [DONE]\n\n") + b"data: " + said + b"\n"
    fails_as(kind, said, b"data: " + said + b"\n\n", said, behind_words)


EVENTS = {
    b"event: error\ndata: Rate limit exceeded\n\n": Kind.RATE_LIMITED,
    b"error: Rate limit exceeded\n\n": Kind.RATE_LIMITED,
    b'event: error\r\ndata: {"message":"x","code":429}\r\n\r\n': Kind.RATE_LIMITED,
    b'event: error\ndata:\ndata: {"message":"x","code":429}\n\n': Kind.RATE_LIMITED,
    b'event: error\ndata: {"error":\ndata: {"message":"x","code":429}}\n\n': Kind.RATE_LIMITED,
    b'event: error\ndata: {"error": "over capacity\n\n': Kind.OVER_CAPACITY,
    b'event: error\ndata: {"error": "over capacity': Kind.OVER_CAPACITY,
    b'event: problem\ndata: {"message":"x","code":429}\n\n': Kind.RATE_LIMITED,
}


@pytest.mark.parametrize("wire", EVENTS, ids=repr)
def test_an_event_that_is_an_error_is_what_it_tells(wire: bytes) -> None:
    for size in (0, 1):
        with pytest.raises(ProviderError) as caught:
            read(wire, size)
        assert caught.value.kind is EVENTS[wire]


@pytest.mark.parametrize("beside", [{"message": "in the queue"}, {"type": "ping"}, {"status": "processing"}, {}, [], 5])
def test_what_only_says_that_it_goes_on_ends_nothing(beside: Any) -> None:
    assert read(sse(beside, CHUNKS[0], beside, *CHUNKS[1:])).text == TEXT


async def test_what_could_not_be_read_is_counted() -> None:
    """By the decoder, and by whoever scrapes: a server that begins to send nonsense is seen before it costs words."""
    odd = [chunk({"content": word}, system_fingerprint=42) for word in WORDS]
    body = sse(*odd, chunk({}, "stop")).replace(b"\n\n", b"\n\ngarbage\n\n", 3)
    found = read(body).finished
    metrics = Metrics()

    async def answer(attempt: Attempt) -> Events:
        assert found is not None
        yield found

    attempt = Attempt(request=ChatRequest(messages=()), spec=spec("groq:m"), budget=Budget(attempts=1, seconds=1))
    async for _ in Observe(metrics, price=lambda *_: None)(answer, attempt):
        pass

    counted = metrics.registry.get_sample_value("groq_core_unread_lines_total", {"provider": "groq", "model": "m"})
    assert counted == len(odd) + 3


@pytest.mark.parametrize("blank", [b"\x0b", b"\x0c", b"\x0c\x00 \x0b", b"\x1c", b"\xc2\x85"], ids=repr)
@pytest.mark.parametrize("begun", [b'{"x": 1M', b"x", b'data: {"x": 1M', b""], ids=repr)
def test_a_line_that_ends_in_a_rare_blank_is_passed_over(begun: bytes, blank: bytes) -> None:
    decoder = StreamDecoder()
    decoder.feed(b"data: " + begun + blank + b"\n\n")
    decoder.feed(b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n')

    assert decoder.close()
    assert decoder.finish_reason == "stop"
