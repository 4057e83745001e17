"""
A stream of events as OpenAI's chunks.

A chunk is the same from token to token but for one string, so its beginning and end are encoded once and each
piece of text costs one JSON string and one concatenation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from groq_core.api.errors import error_object
from groq_core.encoding import event_bytes, json_bytes
from groq_core.events import (
    CONTENT_KINDS,
    AttemptFailed,
    AttemptStarted,
    CacheChecked,
    Continued,
    Degraded,
    Event,
    Finished,
    ReasoningDelta,
    Routed,
    TextDelta,
    ToolCallDelta,
)
from groq_core.reply import Receipt
from groq_core.streaming.completion import (
    FALLBACK_MODEL,
    completion_id,
    finish_word,
    groq_id,
    notes_object,
    now,
    usage_object,
)

DONE: Final = b"data: [DONE]\n\n"
END_OF_DELTA: Final = b'},"logprobs":null,"finish_reason":null}]}\n\n'


class ChunkWriter:
    """
    Turns events into server-sent events, one at a time, and keeps the receipt.

    Nothing is written for the story; the first content brings the chunk with the role along.

    Args:
        model: What was asked for; named until it is known who answers.
        include_usage: A last chunk without choices holds the usage, and every other one `"usage": null`.
        groq: The first and the last chunk have an `x_groq`, as Groq's own do.
        by_function_call: The client knows of no tools but of one function call; more of them are calls of today.
        with_thoughts: What the model thinks goes out too.

    Attributes:
        receipt: Of the events so far.
        finished: The answer is whole, and :meth:`last` may be sent.
    """

    def __init__(
        self,
        request_id: str,
        model: str,
        *,
        include_usage: bool,
        groq: bool = False,
        by_function_call: bool = False,
        with_thoughts: bool = True,
    ) -> None:
        self.receipt = Receipt()
        self.receipt.request_id = request_id
        self.finished: Finished | None = None
        self._include_usage = include_usage
        self._by_function_call = by_function_call
        self._with_thoughts = with_thoughts
        self._x_groq = {"id": groq_id(request_id)} if groq else None
        self._identity: dict[str, Any] = {
            "id": completion_id(request_id),
            "object": "chat.completion.chunk",
            "created": now(),
            "model": model,
            "system_fingerprint": None,
        }
        if include_usage:
            self._identity["usage"] = None
        self._runners: dict[int, str] = {}
        self._begun = False
        self._held: list[Event] | None = None
        self._encode_prefix()

    def feed(self, event: Event, elapsed_s: float = 0.0) -> bytes:
        """
        Take an event; returns what is to be sent for it, which may be nothing.

        Args:
            elapsed_s: Seconds since the request began, for the receipt.
        """
        if self._held is not None and type(event) in CONTENT_KINDS:
            self._held.append(event)
            return b""
        if type(event) is ReasoningDelta and not self._with_thoughts:
            return b""
        if type(event) is TextDelta or type(event) is ReasoningDelta:
            return self._content(self.words(event.text, type(event) is ReasoningDelta))
        if type(event) is ToolCallDelta:
            write = _function_call if self._by_function_call and event.index == 0 else _call
            return self._content(self._delta + write(event) + END_OF_DELTA)
        self.receipt.note(event, elapsed_s)
        if (follow := _FOLLOWED.get(type(event))) is not None:
            follow(self, event)
        return self._finish(event) if type(event) is Finished else b""

    def words(self, text: str, thought: bool) -> bytes:
        """Words, or thoughts, of an answer of which something has been sent."""
        return (self._reasoning if thought else self._text) + json_bytes(text) + END_OF_DELTA

    def last(self) -> bytes:
        """The chunk with the finish reason, the one with the usage where asked for, and the end mark."""
        finished = self.finished
        if finished is None:
            raise ValueError("an answer that is not whole is never reported as one")
        tail = notes_object(self.receipt) | {"x_groq_core": self.receipt.as_dict()}
        usage = usage_object(finished.usage)
        reason = finish_word(finished, by_function_call=self._by_function_call)
        finish = self._identity | {
            "system_fingerprint": finished.system_fingerprint,
            "choices": [{"index": 0, "delta": finished.extra or {}, "logprobs": None, "finish_reason": reason}],
        }
        if finished.service_tier is not None:
            finish["service_tier"] = finished.service_tier
        if self._x_groq is not None:
            finish |= {"x_groq": self._x_groq | {"usage": usage}, "usage": usage}
        if not self._include_usage:
            return event_bytes(finish | tail) + DONE
        return event_bytes(finish) + event_bytes(self._identity | {"choices": [], "usage": usage} | tail) + DONE

    def break_off(self, error: Exception) -> bytes:
        """The last event of a stream that broke: what happened, and who was asked. No end mark follows."""
        told = notes_object(self.receipt) | {"x_groq_core": self.receipt.as_dict()}
        return event_bytes({"error": error_object(error)} | told)

    def _content(self, chunk: bytes) -> bytes:
        return chunk if self._begun else self._role() + chunk

    def _role(self) -> bytes:
        self._begun = True
        chunk = self._delta + b'"role":"assistant","content":""' + END_OF_DELTA
        if self._x_groq is None:
            return chunk
        return chunk.removesuffix(b"}\n\n") + b',"x_groq":' + json_bytes(self._x_groq) + b"}\n\n"

    def _finish(self, finished: Finished) -> bytes:
        self.finished = finished
        held, self._held = self._held or (), None
        chunks = b"".join(map(self.feed, held))
        # An answer may be whole without a word, but not without a role.
        return chunks if self._begun else self._role()

    # ── who is speaking ──────────────────────────────────────────────────────────────────────────────

    def _follow_route(self, event: Routed) -> None:
        if event.candidates:
            first = event.candidates[0]
            self._name(first.partition(":")[2] or first)

    def _follow_cache(self, event: CacheChecked) -> None:
        if event.result == "hit" and not event.shared:
            # Who wrote a kept answer is told at its end, which comes at once; until then it is held back.
            self._held = []

    def _follow_start(self, event: AttemptStarted) -> None:
        self._runners[event.number] = event.model
        self._name(next(iter(self._runners.values())))

    def _follow_failure(self, event: AttemptFailed) -> None:
        self._runners.pop(event.number, None)
        if self._runners:
            self._name(next(iter(self._runners.values())))

    def _follow_seam(self, event: Continued) -> None:
        self._name(event.model)

    def _follow_degradation(self, _: Degraded) -> None:
        self._name(FALLBACK_MODEL)

    def _follow_end(self, event: Finished) -> None:
        if event.model and not self.receipt.degraded:
            self._name(event.model)

    def _name(self, model: str) -> None:
        if model != self._identity["model"]:
            self._identity["model"] = model
            self._encode_prefix()

    def _encode_prefix(self) -> None:
        self._delta = b"data: " + json_bytes(self._identity)[:-1] + b',"choices":[{"index":0,"delta":{'
        self._text = self._delta + b'"content":'
        self._reasoning = self._delta + b'"reasoning":'


_FOLLOWED: Final[Mapping[type, Callable[..., None]]] = {
    Routed: ChunkWriter._follow_route,
    CacheChecked: ChunkWriter._follow_cache,
    AttemptStarted: ChunkWriter._follow_start,
    AttemptFailed: ChunkWriter._follow_failure,
    Continued: ChunkWriter._follow_seam,
    Degraded: ChunkWriter._follow_degradation,
    Finished: ChunkWriter._follow_end,
}
"""By which events it is known at any moment who is speaking, since every chunk names its model."""


def _function_call(event: ToolCallDelta) -> bytes:
    function = {"name": event.name} if event.name else {}
    return b'"function_call":' + json_bytes(function | {"arguments": event.arguments})


def _call(event: ToolCallDelta) -> bytes:
    call: dict[str, Any] = {"index": event.index}
    kind, given = ("custom", "input") if event.custom else ("function", "arguments")
    if event.id:
        call |= {"id": event.id, "type": kind}
    named = {"name": event.name} if event.name else {}
    call[kind] = named | {given: event.arguments}
    return b'"tool_calls":[' + json_bytes(call) + b"]"
