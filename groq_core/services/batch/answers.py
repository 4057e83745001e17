"""Ask for one line through the chain, and put what comes back into the shape of the wire."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Final, Protocol

import msgspec

from groq_core.errors import ChainError
from groq_core.events import Usage, Waiting
from groq_core.middleware.rate_guard import RATE_LIMIT
from groq_core.pipeline import Handler
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.services.batch.lines import Line

OURS: Final = frozenset({"model", "messages", "stream", "stream_options", "cost_sensitive", "max_latency_ms"})
"""Fields of a chat body that are not sent on as parameters."""

BATCH_USER: Final = "batch"
"""Whom the rate guard is fair to: all lines of a batch are one user among the others."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a line came to.

    Attributes:
        body: In wire form, as it is written to the sink.
        usd: None where the registry has no price.
        truncated: It ended because it reached its maximum length.
    """

    body: dict[str, Any]
    request_id: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float | None = None
    truncated: bool = False


class Answerer(Protocol):
    """
    Answers lines of one operation.

    Raises (when called):
        RequestError: The line itself is wrong.
        ChainError: Nobody answered it now.
    """

    async def __call__(self, line: Line, waiting: Callable[[float], None]) -> Answer:
        """Answer one line; ``waiting`` is told how many seconds the rate guard holds it back."""
        ...


class ChatAnswerer:
    """
    Chat lines: each is one request to the pipeline, answered whole.

    Args:
        stay: A line that names a model is answered by that one or not at all, so that a table is not half from
            one and half from another; its limits are waited for. A tier takes any of its models either way.
    """

    def __init__(self, handle: Handler[Request], *, stay: bool = True, credential: str = "server") -> None:
        self._handle = handle
        self._stay = stay
        self._caller = Caller(credential=credential, user=BATCH_USER)

    async def __call__(self, line: Line, waiting: Callable[[float], None]) -> Answer:
        body = line.body
        request = ChatRequest(
            messages=tuple(body["messages"]),
            model=body.get("model", "auto"),
            params={name: value for name, value in body.items() if name not in OURS},
            cost_sensitive=bool(body.get("cost_sensitive")),
            stream=False,
            revisable=True,
            stay=self._stay,
            hedge=False,
            caller=self._caller,
        )
        reply = await _folded(self._handle, request, waiting)
        finished = reply.finished
        assert finished is not None, "the chain ends in Finished or raises"
        usage = finished.usage or Usage()
        return Answer(
            body=completion(reply, request.request_id),
            request_id=finished.request_id or request.request_id,
            tokens_in=usage.prompt_tokens,
            tokens_out=usage.completion_tokens,
            usd=reply.receipt.cost_usd,
            truncated=finished.finish_reason == "length",
        )


async def _folded(handle: Handler[Request], request: Request, waiting: Callable[[float], None]) -> Reply:
    reply = Reply()
    async with aclosing(handle(request)) as events:
        async for event in events:
            if isinstance(event, Waiting) and event.reason == RATE_LIMIT:
                waiting(event.seconds)
            reply.apply(event)
    if reply.receipt.degraded:
        # The friendly sentence is for people; a file of answers must not hold it as one.
        raise ChainError("no model could answer", retry_after=60.0)
    return reply


def completion(reply: Reply, request_id: str) -> dict[str, Any]:
    """A finished reply as the body of a `chat.completion`, with its receipt."""
    finished = reply.finished
    assert finished is not None, "only a whole answer is written down"
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in reply.tool_calls
    ]
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or (None if calls else "")}
    if reasoning := reply.reasoning:
        message["reasoning"] = reasoning
    if calls:
        message["tool_calls"] = calls
    return {
        "id": "chatcmpl-" + request_id.removeprefix("gc_"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": finished.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finished.finish_reason}],
        "usage": _usage(finished.usage),
        "x_groq_core": reply.receipt.as_dict(),
    }


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    told: dict[str, Any] = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }
    if usage.cached_tokens:
        told["prompt_tokens_details"] = {"cached_tokens": usage.cached_tokens}
    if usage.reasoning_tokens:
        told["completion_tokens_details"] = {"reasoning_tokens": usage.reasoning_tokens}
    return told
