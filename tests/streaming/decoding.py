"""Streams as recorded and as made up, and what the decoder says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import pytest

from groq_core.errors import ProviderError
from groq_core.events import (
    Event,
    ReasoningDelta,
    TextDelta,
)
from groq_core.reply import Reply
from groq_core.streaming.decoder import StreamDecoder
from tests.recordings import recordings

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


def decode_all(reads: Iterable[bytes]) -> list[Event]:
    """The events of a stream; a failure comes last, as its kind and message."""
    decoder = StreamDecoder()
    events: list[Event] = []
    for data in reads:
        events += decoder.feed(data)
    return [*events, *decoder.close()]


def join_text(events: Iterable[Event]) -> list[Event]:
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
        return join_text(events), (error.kind, error.message, error.code, error.failed_generation)
    return join_text(events), decoder.malformed


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "c", "choices": choices, **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def reply_of(*parts: bytes) -> Reply:
    reply = Reply()
    for event in decode_all([b"".join(parts)]):
        reply.apply(event)
    return reply


def failure_of(*parts: bytes) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        decode_all([b"".join(parts)])
    return caught.value
