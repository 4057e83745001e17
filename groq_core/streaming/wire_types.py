"""What a chunk of a stream, or a whole completion, looks like on the wire: only the fields somebody reads."""

from __future__ import annotations

import json
from math import inf
from typing import Annotated, Any

import msgspec

from groq_core.events import FinishReason, Usage

NO_USAGE = msgspec.Raw(b"")


class Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class WireToolCall(msgspec.Struct):
    """A call, or a piece of one; some servers leave out the ``function`` around its name and arguments."""

    id: str | None = None
    index: int | None = None
    function: Function | None = None
    name: str | None = None
    arguments: Any = None


class Delta(msgspec.Struct):
    """A ``delta`` of a stream or the ``message`` of a whole body: the same fields, in pieces or at once."""

    content: str | list[Any] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: list[WireToolCall] | None = None
    function_call: Function | None = None
    executed_tools: list[Any] | None = None
    annotations: list[Any] | None = None


class Choice(msgspec.Struct):
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    index: int | None = None
    text: str | None = None
    error: Any = None


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


decode_chunk = msgspec.json.Decoder(Chunk).decode

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
    "max_output_tokens": "length",
    "model_length": "length",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "safety": "content_filter",
    "prohibited_content": "content_filter",
    "blocklist": "content_filter",
    "recitation": "content_filter",
}

BROKEN_OFF: frozenset[str] = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "failed", "timeout"})
"""Words that say themselves that the answer is not whole."""


MOST_TOKENS = 10**9
"""More than that nobody has ever used in one request: such a number is a mistake."""

NO_FINISH = frozenset({"", "null", "none"})
"""Words some servers send while an answer goes on."""


def read_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """
    Read a ``usage`` object, of a chat or of a transcription (``input_tokens``, ``seconds``).

    Returns:
        None where there is none, or one whose counts cannot be believed: what is unknown is not counted.
    """
    if not raw:
        return None
    try:
        return _as_usage(_decode_usage(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # not as nearly every server writes it
    try:
        found = _object(raw)
        return _usage(found) if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None


_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e12)]


class _Details(msgspec.Struct):
    cached_tokens: _Count = 0
    reasoning_tokens: _Count = 0


class _WireUsage(msgspec.Struct):
    """A usage in which every field that is read is there and of its type, or left out."""

    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    queue_time: _Seconds | None = None
    prompt_time: _Seconds | None = None
    completion_time: _Seconds | None = None
    total_time: _Seconds | None = None
    seconds: _Seconds | None = None


_decode_usage = msgspec.json.Decoder(_WireUsage).decode


def _as_usage(found: _WireUsage) -> Usage | None:
    """As :func:`_usage`."""
    prompt, completion = found.prompt_tokens, found.completion_tokens
    if not (prompt or completion or found.total_tokens or found.seconds):
        return None
    cached, thought = found.prompt_tokens_details, found.completion_tokens_details
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=max(found.total_tokens, prompt + completion),
        cached_tokens=min(prompt, cached.cached_tokens) if cached is not None else 0,
        reasoning_tokens=min(completion, thought.reasoning_tokens) if thought is not None else 0,
        queue_time=found.queue_time,
        prompt_time=found.prompt_time,
        completion_time=found.completion_time,
        total_time=found.total_time,
        audio_s=found.seconds,
    )


def _object(raw: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(bytes(raw))  # which knows NaN and Infinity, that some servers write for a time


def _usage(found: dict[str, Any]) -> Usage | None:
    prompt = _count(found, "prompt_tokens", "input_tokens")
    completion = _count(found, "completion_tokens", "output_tokens")
    total, seconds = _count(found, "total_tokens") or 0, _seconds(found, "seconds")
    if (prompt is None) != (completion is None):
        # Half of it is known: the rest follows from the sum, or nothing does.
        rest = total - (prompt or completion or 0)
        if rest < 0:
            return None
        prompt, completion = (rest, completion) if prompt is None else (prompt, rest)
    prompt, completion = prompt or 0, completion or 0
    if not (prompt or completion or total or seconds):
        return None
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=max(total, prompt + completion),
        cached_tokens=min(prompt, _detail(found, "prompt_tokens_details", "cached_tokens")),
        reasoning_tokens=min(completion, _detail(found, "completion_tokens_details", "reasoning_tokens")),
        queue_time=_seconds(found, "queue_time"),
        prompt_time=_seconds(found, "prompt_time"),
        completion_time=_seconds(found, "completion_time"),
        total_time=_seconds(found, "total_time"),
        audio_s=seconds,
    )


def _count(found: dict[str, Any], *names: str) -> int | None:
    """
    The first of these counts that is there.

    Raises:
        ValueError: It is no number of tokens.
    """
    for name in names:
        if (value := found.get(name)) is not None:
            return _whole(value, name)
    return None


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_TOKENS:
        raise ValueError(name)
    if value != int(value):
        raise ValueError(name)
    return int(value)


def _detail(found: dict[str, Any], group: str, name: str) -> int:
    details = found.get(group)
    try:
        return (_count(details, name) or 0) if isinstance(details, dict) else 0
    except ValueError:
        return 0  # a part of a count that is known


def _seconds(found: dict[str, Any], name: str) -> float | None:
    value = found.get(name)
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < inf:
        return None
    return float(value)
