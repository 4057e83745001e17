"""A whole answer in OpenAI's shape: one body for the API and for batches, and what a stream's chunks share with it."""

from __future__ import annotations

import time
from operator import attrgetter
from typing import Any

from groq_core.events import Finished, ToolCall, Usage
from groq_core.reply import Receipt, Reply

FALLBACK_MODEL = "fallback"
"""The model named where no model answered and a friendly sentence stands in."""


def completion_id(request_id: str) -> str:
    """
    Derive the answer's id from the request's.

    >>> completion_id("gc_01ABC")
    'chatcmpl-01ABC'
    """
    return "chatcmpl-" + request_id.removeprefix("gc_")


def notes_object(receipt: Receipt) -> dict[str, Any]:
    """What was changed in a request, passed over or could not be kept of it; nothing where it went on as it came."""
    told = [{"code": note.code, "text": note.text} for note in receipt.notes]
    return {"notes": told} if told else {}


def now() -> int:
    """Unix time in whole seconds, for `created`."""
    return int(time.time())


_TIMES = ("queue_time", "prompt_time", "completion_time", "total_time")
_NO_TIMES = (None,) * len(_TIMES)
_times_of = attrgetter(*_TIMES)


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """Tokens under OpenAI's names, with the times Groq adds to them, in seconds."""
    if usage is None:
        return None
    shown: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cached_tokens:
        shown["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens:
        shown["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    if (times := _times_of(usage)) != _NO_TIMES:
        shown |= {name: seconds for name, seconds in zip(_TIMES, times, strict=True) if seconds is not None}
    return shown


def groq_id(request_id: str) -> str:
    """
    The request's id as Groq spells its own.

    >>> groq_id("gc_01ABC")
    'req_01ABC'
    """
    return "req_" + request_id.removeprefix("gc_")


def finish_word(finished: Finished, *, by_function_call: bool) -> str:
    """How the answer ended, in the words of the wire that its client speaks: of calls there are two."""
    if finished.finish_reason in ("tool_calls", "function_call"):
        return "function_call" if by_function_call else "tool_calls"
    return finished.finish_reason


def call_object(call: ToolCall) -> dict[str, Any]:
    """A call as a chat's messages have it."""
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def completion(
    reply: Reply,
    request_id: str,
    *,
    groq: bool = False,
    by_function_call: bool = False,
    with_thoughts: bool = True,
) -> dict[str, Any]:
    """
    The body of a `chat.completion`; the reply must be finished.

    Args:
        groq: Say what only Groq's own API says.
        by_function_call: The client knows of no tools but of one function call; more of them are calls of today.
        with_thoughts: What the model thought goes out too, where it was told.
    """
    finished = reply.finished
    if finished is None:
        raise ValueError("an answer that is not whole is never reported as one")
    calls = [call_object(call) for call in reply.tool_calls]
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or (None if calls else "")}
    if with_thoughts and (reasoning := reply.reasoning):
        message["reasoning"] = reasoning
    if calls and by_function_call:
        message["function_call"] = calls[0]["function"]
    if calls and (len(calls) > 1 or not by_function_call):
        message["tool_calls"] = calls
    message.update(finished.extra or {})
    finish = finish_word(finished, by_function_call=by_function_call)
    body: dict[str, Any] = {
        "id": completion_id(request_id),
        "object": "chat.completion",
        "created": now(),
        "model": FALLBACK_MODEL if reply.receipt.degraded else finished.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": usage_object(finished.usage),
        "system_fingerprint": finished.system_fingerprint,
    }
    if finished.service_tier is not None:
        body["service_tier"] = finished.service_tier
    if groq:
        body["x_groq"] = {"id": groq_id(request_id)}
    return body | notes_object(reply.receipt) | {"x_groq_core": reply.receipt.as_dict()}
