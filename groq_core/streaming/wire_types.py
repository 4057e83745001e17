"""What a chunk of a stream, or a whole completion, looks like on the wire: only the fields somebody reads."""

from __future__ import annotations

from typing import Any

import msgspec

from groq_core.events import FinishReason, Usage

NO_USAGE = msgspec.Raw(b"")


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class Call(msgspec.Struct):
    id: str | None = None
    index: int | None = None
    function: Function | None = None


class Delta(msgspec.Struct):
    """A ``delta`` of a stream or the ``message`` of a whole body: the same fields, in pieces or at once."""

    content: str | list[Any] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None
    executed_tools: list[Any] | None = None
    annotations: list[Any] | None = None


class Choice(msgspec.Struct):
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class XGroq(msgspec.Struct):
    id: str | None = None
    seed: int | None = None
    usage: msgspec.Raw = NO_USAGE
    error: Any = None


class Chunk(msgspec.Struct):
    """A chunk or a whole completion. Fields nobody reads are left out, which is what makes it fast."""

    choices: list[Choice] | None = None
    model: str | None = None
    x_groq: XGroq | None = None
    usage: msgspec.Raw = NO_USAGE
    system_fingerprint: str | None = None
    service_tier: str | None = None
    error: Any = None


class _Details(msgspec.Struct, gc=False):
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    """Usage of a chat, or of a transcription (``input_tokens``, ``seconds``)."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float | None = None
    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    total_time: float | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


decode_chunk = msgspec.json.Decoder(Chunk).decode
decode_leniently = msgspec.json.Decoder(Chunk, strict=False).decode
_decode_usage = msgspec.json.Decoder(_Usage, strict=False).decode

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "function_call",
    "content_filter": "content_filter",
    # Words of other servers of the dialect.
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
}


def read_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """Read a ``usage`` object; None where there is none, or one of another shape."""
    if not raw:
        return None
    try:
        found = _decode_usage(raw)
    except msgspec.DecodeError:
        return None
    prompt = found.prompt_tokens or found.input_tokens or 0
    completion = found.completion_tokens or found.output_tokens or 0
    if not (prompt or completion or found.total_tokens or found.seconds):
        return None
    into, out = found.prompt_tokens_details, found.completion_tokens_details
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=found.total_tokens or prompt + completion,
        cached_tokens=(into and into.cached_tokens) or 0,
        reasoning_tokens=(out and out.reasoning_tokens) or 0,
        queue_time=found.queue_time,
        prompt_time=found.prompt_time,
        completion_time=found.completion_time,
        total_time=found.total_time,
        audio_s=found.seconds,
    )
