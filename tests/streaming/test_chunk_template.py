"""Chunks that repeat themselves are read without being parsed, and say the same."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groq_core.events import Event, ReasoningDelta, TextDelta
from groq_core.streaming.chunk_template import ChunkTemplate
from groq_core.streaming.decoder import StreamDecoder
from groq_core.streaming.thoughts import TAGS
from groq_core.streaming.wire_types import decode_chunk

FRAME = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def body(words: str, key: str = "content", *, ascii: bool = True, **more: Any) -> bytes:
    """What Groq sends for one token, after ``data:``."""
    choice = {"index": 0, "delta": {key: words}, "logprobs": None, "finish_reason": None}
    return b" " + json.dumps(FRAME | {"choices": [choice], **more}, ensure_ascii=ascii, separators=(",", ":")).encode()


def line(words: str, key: str = "content", **more: Any) -> bytes:
    return b"data:" + body(words, key, **more) + b"\n\n"


def learnt(data: bytes) -> ChunkTemplate:
    template = ChunkTemplate()
    template.learn(data, decode_chunk(data))
    return template


def words_and_chunks(*reads: bytes) -> tuple[str, str, int]:
    """Answer and thoughts, and how many chunks they came in."""
    decoder, events = StreamDecoder(), list[Event]()
    for read in reads:
        events += decoder.feed(read)
    return (
        "".join(event.text for event in events if isinstance(event, TextDelta)),
        "".join(event.text for event in events if isinstance(event, ReasoningDelta)),
        decoder.chunks,
    )


def test_words_between_templates_are_read_at_once() -> None:
    template = learnt(body("one"))

    data = line(" two") + line(' "three"\n') + line(" vier \\ fünf")

    assert template.read(data + b"data: {") == (' two "three"\n vier \\ fünf', 3, len(data))


def test_a_letter_in_two_halves_is_whole_again() -> None:
    first, second = line("\ud83d"), line("\ude00")

    assert learnt(body("a")).read(first + second) == ("😀", 2, len(first + second))


def test_thoughts_have_a_template_of_their_own() -> None:
    assert words_and_chunks(
        line("a", "reasoning"), line("b", "reasoning"), line("c"), line("d"), line("e", "reasoning")
    ) == (
        "cd",
        "abe",
        5,
    )


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(line("b", usage={"prompt_tokens": 1}), id="usage"),
        pytest.param(line("b", x_groq={"id": "req_1"}), id="x_groq"),
        pytest.param(line("b", created=2), id="another time"),
        pytest.param(line("b").replace(b'"finish_reason":null', b'"finish_reason":"stop"'), id="the end"),
        pytest.param(line("b").replace(b'"content"', b'"role":"assistant","content"'), id="a role"),
        pytest.param(line("b").replace(b"\n\n", b"\r\n\r\n"), id="carriage returns"),
        pytest.param(line("b").replace(b'"b"', b"null"), id="nothing said"),
    ],
)
def test_a_chunk_that_differs_is_parsed(other: bytes) -> None:
    template = learnt(body("a"))

    assert template.read(other) is None
    assert template.read(line("x") + other) == ("x", 1, len(line("x")))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(body("a", x_groq={"id": "req_1"}), id="x_groq"),
        pytest.param(body("a", usage={"prompt_tokens": 1}), id="usage"),
        pytest.param(body("a", error="no"), id="error"),
        pytest.param(body("").replace(b'""', b'"a","tool_calls":[]'), id="tool calls"),
        pytest.param(body("a", note={"content": "a"}), id="the field twice"),
        pytest.param(body(""), id="no words"),
        pytest.param(b' {"choices":[]}', id="no choice"),
        pytest.param(b' {"choices":[{"message":{"content":"a"}}]}', id="a whole message"),
    ],
)
def test_a_chunk_that_says_more_than_words_is_no_template(data: bytes) -> None:
    assert learnt(data).read(b"data:" + data + b"\n\n") is None


def test_usage_that_is_null_says_nothing() -> None:
    assert learnt(body("a", usage=None)).read(line("b", usage=None)) is not None


def test_what_breaks_between_two_templates_is_left_to_the_decoder() -> None:
    template = learnt(body("a"))

    for broken in (b"\xff", b"\n", b'"', b"\\", b'b","refusal":"b'):
        other = line("b").replace(b'"b"', b'"' + broken + b'"')
        assert template.read(other) is template.read(line("x") + other) is None


def test_a_broken_letter_takes_nothing_with_it() -> None:
    broken = line("b").replace(b'"b"', b'"b\xff"')

    assert words_and_chunks(line("a"), line("x") + broken + line("c")) == ("axb\ufffdc", "", 4)


def test_a_broken_letter_in_a_line_that_goes_on_is_mended_too() -> None:
    whole = b'data: {"choices":\ndata: [{"delta":{"content":"a\xff"}}]}\n\n'

    assert words_and_chunks(whole) == ("a\ufffd", "", 1)


words = st.lists(
    st.tuples(
        st.sampled_from(["content", "reasoning"]), st.text(max_size=6) | st.sampled_from(['"}', '","', "\\", "}"])
    ),
    max_size=30,
)


@given(words=words, escaped=st.booleans(), places=st.lists(st.integers(0, 6000), max_size=12))
@example(words=[("content", "\r")], escaped=False, places=[])
@example(words=[("content", 'a"},"logprobs":null,"finish_reason":null}]}\n\ndata: {"id"')] * 3, escaped=True, places=[])
def test_the_words_are_the_words_however_they_come(
    words: list[tuple[str, str]], escaped: bool, places: list[int]
) -> None:
    data = b"".join(line(text, key, ascii=escaped) for key, text in words)
    cuts = sorted({place for place in places if place < len(data)})
    reads = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    answer, thoughts, chunks = words_and_chunks(*reads)
    said = "".join(text for key, text in words if key == "content")

    # What may be the beginning of a thought is held back until more is known.
    begun = said.lstrip().lower()
    assert answer == ("" if any(mark.startswith(begun) for mark in (*TAGS, *TAGS.values(), "<|start|>")) else said)
    assert thoughts == "".join(text for key, text in words if key == "reasoning")
    assert chunks == len(words)


@pytest.mark.parametrize("cuts", [(), (1,), (2,), (1, 2), (1, 2, 3)], ids=str)
def test_chunks_are_read_however_many_of_them_a_piece_of_the_framing_holds(cuts: tuple[int, ...]) -> None:
    template, chunks = learnt(body("a")), [line(" b"), line("\\"), line(' "c"\n'), line("ü")]
    pieces = [b"".join(chunks[first:last]) for first, last in pairwise((0, *cuts, 4))]

    assert template.read_whole(pieces) == (' b\\ "c"\nü', 4)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(
    "other",
    [
        pytest.param(line("b", created=2), id="another time"),
        pytest.param(line("b")[:-1], id="no end"),
        pytest.param(line("b").replace(b'"b"', b'"b'), id="no quotation mark"),
        pytest.param(line("b").replace(b'"b"', b'"\xff"'), id="no letter"),
        pytest.param(b"\n\n", id="an end alone"),
    ],
)
def test_a_read_with_anything_else_in_it_is_left_to_the_decoder(other: bytes, place: int) -> None:
    pieces = [line("x"), line("y")]
    pieces.insert(place, other)
    template = learnt(body("a"))

    assert (
        template.read_whole(pieces) is template.read_whole([b"".join(pieces)]) is template.read_whole([other]) is None
    )
