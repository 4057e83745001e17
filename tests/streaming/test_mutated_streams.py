"""Odd bytes: recorded streams, mutated field by field, and never a lost word where the word was there."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.errors import ProviderError
from groq_core.events import Event, Finished
from groq_core.reply import Reply
from groq_core.streaming.decoder import StreamDecoder, read_completion
from tests.recordings import recordings
from tests.streaming.test_wire_kinds import read, reply

CARRYING = {
    "choices", "delta", "message", "content", "reasoning", "tool_calls", "function", "name", "arguments",
    "executed_tools", "finish_reason", "error",
}  # fmt: skip
"""What says something; everything else stands beside it."""

Pairs = list[tuple[str, Any]]


def _chunks(body: bytes) -> list[dict[str, Any]]:
    lines = (line.removeprefix(b"data:").strip() for line in body.splitlines() if line.startswith(b"data:"))
    return [json.loads(line) for line in lines if line != b"[DONE]"]


def _content_of(found: Reply) -> tuple[str, str, list[tuple[str, str]]]:
    return found.text, found.reasoning, [(call.name, call.arguments) for call in found.tool_calls]


def _read_recordings() -> list[tuple[list[dict[str, Any]], tuple[str, str, list[tuple[str, str]]]]]:
    """Recorded streams of each kind, those of thousands of chunks without their middle; and what they tell."""
    found = []
    for one in recordings("streaming-", "reasoning-parsed-streaming", "builtin-tools-streaming"):
        if not one.streamed or b"event: error" in one.body:
            continue
        chunks = _chunks(one.body)
        chunks = chunks if len(chunks) <= 8 else chunks[:4] + chunks[-4:]
        found.append((chunks, _content_of(read(_body(chunks)))))
    # None of them has a letter that JSON writes as two.
    [chunks, _] = next(one for one in found if '"content": " ' in json.dumps(one[0]))
    chunks = json.loads(json.dumps(chunks).replace('"content": " ', '"content": " 😀'))
    return [*found, *[(chunks, _content_of(read(_body(chunks))))] * 4]


def _body(chunks: list[dict[str, Any]]) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)


RECORDED = _read_recordings()

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def _dump(value: Any, comma: str, *, ascii_only: bool) -> str:
    """JSON in which an object may have a key twice: a list of pairs is one."""
    if isinstance(value, dict):
        value = list(value.items())
    elif isinstance(value, list) and not (value and isinstance(value[0], tuple)):
        return f"[{comma.join(_dump(one, comma, ascii_only=ascii_only) for one in value)}]"
    if isinstance(value, list):
        pairs = (f"{json.dumps(key)}: {_dump(one, comma, ascii_only=ascii_only)}" for key, one in value)
        return f"{{{comma.join(pairs)}}}"
    # Half a letter has no bytes of its own: whoever sends one writes it as JSON does.
    half = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return json.dumps(value, ensure_ascii=ascii_only or half)


def _mutate(draw: st.DrawFn, found: dict[str, Any]) -> Pairs:
    """An object of a chunk with something done to its fields, and to those of the objects that carry the answer."""
    pairs: Pairs = []
    for key, value in found.items():
        if key in CARRYING:
            pairs.append((key, _within(draw, key, value)))
            continue
        match draw(st.sampled_from(["keep", "keep", "keep", "drop", "null", "retype", "duplicate"])):
            case "keep":
                pairs.append((key, value))
            case "null":
                pairs.append((key, None))
            case "retype":
                pairs.append((key, draw(anything)))
            case "duplicate":
                pairs += [(key, draw(anything)), (key, value)]
    if draw(st.integers(0, 3)) == 0:
        pairs.append(("new", draw(anything)))
    return draw(st.permutations(pairs)) if draw(st.booleans()) else pairs


def _within(draw: st.DrawFn, key: str, value: Any) -> Any:
    if key == "delta" and isinstance(value, dict):
        return _mutate(draw, value)
    if key == "choices" and isinstance(value, list):
        return [_mutate(draw, one) for one in value]
    if key == "content" and isinstance(value, str) and value and draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from([[{"type": "text", "text": value}], {"text": value}, [value]]))
    return value


def _split(draw: st.DrawFn, chunk: dict[str, Any]) -> list[dict[str, Any]]:
    """A chunk of words as two, cut anywhere, also within a letter that JSON writes as two."""
    words = chunk["choices"][0]["delta"].get("content") if chunk.get("choices") else None
    if not isinstance(words, str) or not words or draw(st.integers(0, 2)):
        return [chunk]
    units = words.encode("utf-16-le")
    at = 2 * draw(st.integers(0, len(units) // 2))
    halves = (units[:at], units[at:])
    [choice] = chunk["choices"]
    return [
        chunk
        | {
            "choices": [
                choice | {"delta": choice["delta"] | {"content": half.decode("utf-16-le", "surrogatepass")}}
                | ({} if place else {"finish_reason": None})
            ]
        }
        for place, half in enumerate(halves)
    ]  # fmt: skip


def _is_silent(chunk: dict[str, Any]) -> bool:
    """Whether it says nothing of the answer: the role, or the usage."""
    return not any(
        choice.get("finish_reason") or any(choice["delta"].get(key) for key in CARRYING)
        for choice in chunk.get("choices") or []
    )


@st.composite
def mutations(draw: st.DrawFn) -> tuple[bytes, tuple[str, str, list[tuple[str, str]]]]:
    """
    A recorded stream with fields dropped, nulled, retyped, reordered and doubled, its words split anew, what says
    nothing said twice or elsewhere, its lines broken otherwise, and what is no event between; and what it tells.
    """
    chunks, told = draw(st.sampled_from(RECORDED))
    parts = [part for chunk in chunks for part in _split(draw, chunk)]
    for silent in [part for part in parts if _is_silent(part)]:
        if draw(st.integers(0, 3)) == 0:
            parts.insert(draw(st.integers(0, len(parts))), silent)
    ascii_only, end = draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = []
    for part in parts:
        comma = ",\n" if draw(st.integers(0, 7)) == 0 else ", "
        said = _dump(_mutate(draw, part), comma, ascii_only=ascii_only)
        lines += [*(f"data: {line}" for line in said.split("\n")), ""]
        if draw(st.integers(0, 7)) == 0:
            lines += draw(st.sampled_from([[": ping", ""], ["data:", ""], ["retry: 5", ""], ["garbage"]]))
    text = draw(st.sampled_from(["", "\ufeff"])) + end.join([*lines, "data: [DONE]", "", ""])
    return text.encode(), told


@settings(max_examples=120, deadline=None)
@given(mutations(), st.lists(st.integers(0, 5000), max_size=8))
def test_a_mutated_stream_never_loses_a_word_that_was_there(found: tuple[bytes, Any], places: list[int]) -> None:
    body, told = found
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    decoder = StreamDecoder()
    events: list[Event] = []
    for start, end in pairwise(edges):
        events += decoder.feed(body[start:end])
    events += decoder.close()

    assert _content_of(reply(events)) == told
    assert isinstance(events[-1], Finished)


def test_there_is_something_to_mutate() -> None:
    assert len(RECORDED) >= 15
    assert all(any(told) for _, told in RECORDED)
    assert "😀" in RECORDED[-1][1][0]
    assert {bool(told[index]) for _, told in RECORDED for index in (1, 2)} == {True, False}


@pytest.mark.parametrize("streamed", [True, False])
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_bytes_come_nothing_but_a_failure_of_the_provider_comes_out(
    streamed: bool, data: st.DataObject
) -> None:
    chunks, _ = data.draw(st.sampled_from(RECORDED))
    body = bytearray(_body(chunks))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
    try:
        _ = read(bytes(body)) if streamed else reply(read_completion(bytes(body)))
    except ProviderError:
        pass
