"""
From bytes to events, without I/O: the server-sent events of a chat, and its body where it is not streamed.

    decoder = StreamDecoder()
    async for data in body:
        for event in decoder.feed(data):
            yield event
        if decoder.done:
            break
    for event in decoder.close():     # raises ProviderError when the answer is not whole
        yield event

What api.groq.com sends was recorded from 2024 to 2026; what other servers of the same dialect leave out, repeat or
misnumber is from their issue trackers. Nothing here is an error as long as the answer can be told from it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from groq_core.failures.classify import from_event
from groq_core.streaming.chunk_template import Refrain
from groq_core.streaming.tool_calls import ToolCalls
from groq_core.streaming.wire_types import (
    FINISH_REASONS,
    NO_USAGE,
    Call,
    Chunk,
    Delta,
    XGroq,
    decode_chunk,
    decode_leniently,
    read_usage,
)

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes. A longer line is no answer but a leak; the largest one recorded is 47 kB."""

LONGEST_UNPARSED = 64 * 1024
"""Bytes of data lines that are kept because they may go on; what pretty-prints an event is shorter."""


class StreamDecoder:
    """
    Decode one answer. Make a new one for every attempt.

    Attributes:
        done: Nothing that follows matters: ``[DONE]`` was read, or an error.
        finish_reason: None as long as the answer goes on.
        malformed: Lines that were no JSON and were skipped.
        chunks: Chunks read that had a choice in them.
    """

    def __init__(self) -> None:
        self.done = False
        self.finish_reason: FinishReason | None = None
        self.malformed = 0
        self.chunks = 0
        self._error: ProviderError | None = None
        self._rest = b""
        self._unparsed = b""
        self._error_event = False
        self._spoke = False
        self._calls: ToolCalls | None = None
        self._usage: Usage | None = None
        self._model = ""
        self._request_id: str | None = None
        self._fingerprint: str | None = None
        self._service_tier: str | None = None
        self._seed: int | None = None
        self._executed: dict[int, Any] = {}
        self._annotations: list[Any] = []
        self._refrain = Refrain()
        # The last chunk of this read, from which the refrain is learnt.
        self._last: tuple[bytes, Chunk] | None = None
        # Text not yet handed out: pieces of one kind, joined when another kind comes or the read ends.
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._events: list[Event] = []

    def feed(self, data: bytes) -> list[Event]:
        """
        Decode what one read brought, however it was cut.

        Returns:
            The events in it; adjacent text is joined.
        """
        if self.done:
            return []
        if self._rest:
            data = self._rest + data
        if not self._unparsed and not self._error_event and (known := self._refrain.read(data)) is not None:
            text, chunks, end = known
            self._sing(text, chunks)
            data = data[end:]
        lines = data.split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            self._fail(ProviderError(Kind.MALFORMED, f"a line of more than {LONGEST_LINE} bytes"))
        for line in lines:
            if line.startswith(b"data:"):
                self._data(line[5:])
                if self.done:
                    break
            elif line and line != b"\r":
                self._other_line(line)
            elif self._unparsed:
                self._give_up_line()
            else:
                self._error_event = False
        if self._last is not None:
            self._refrain.learn(*self._last)
            self._last = None
        return self._drained()

    def close(self) -> list[Event]:
        """
        End the stream.

        Returns:
            What was still held back, and :class:`Finished`, to be completed with provider and times.

        Raises:
            ProviderError: The answer is not whole: an error event, a cut, nothing in it, or a content filter.
        """
        if self._rest and not self.done:
            self.feed(b"\n")  # the last line may lack its end; its events are in the list
            self._rest = b""
        if self._unparsed:
            self._give_up_line()
        if self._error is not None:
            raise self._error
        return [*self._drained(), *self._anonymous_calls(), self._finished()]

    def _finished(self) -> Finished:
        spoke = self._spoke or self._calls is not None or self._executed
        if self.finish_reason is None:
            if self.malformed and not spoke:
                raise ProviderError(Kind.MALFORMED, f"no answer in {self.malformed} lines that were no JSON")
            if not self.chunks:
                raise ProviderError(Kind.EMPTY_ANSWER, "the stream ended before it began")
            raise ProviderError(Kind.STREAM_CUT, "the stream ended without a finish reason")
        if self.finish_reason == "content_filter":
            raise ProviderError(Kind.CONTENT_FILTER, "the provider's content filter stopped the answer")
        # An answer cut at its first token by max_completion_tokens is empty and as long as was asked.
        if not spoke and self.finish_reason != "length":
            raise ProviderError(Kind.EMPTY_ANSWER, "the answer has nothing in it")
        extra: dict[str, Any] = {}
        if self._executed:
            extra["executed_tools"] = [tool for _, tool in sorted(self._executed.items())]
        if self._annotations:
            extra["annotations"] = self._annotations
        return Finished(
            model=self._model,
            finish_reason=self.finish_reason,
            usage=self._usage,
            request_id=self._request_id,
            system_fingerprint=self._fingerprint,
            service_tier=self._service_tier,
            seed=self._seed,
            extra=extra or None,
        )

    def _anonymous_calls(self) -> list[Event]:
        """Name the calls that came without an id: an answer to one must say which it answers."""
        if self._calls is None:
            return []
        return [ToolCallDelta(place, f"call_{place}") for place, id in enumerate(self._calls.ids) if not id]

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────

    def _data(self, data: bytes) -> None:
        if self._error_event:
            if data.strip() != b"[DONE]":
                self._fail(from_event(data))
            return
        whole = self._unparsed + b"\n" + data if self._unparsed else data
        try:
            chunk = decode_chunk(whole)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if _readable(whole) != whole:
                self._unparsed = _readable(self._unparsed)
                self._data(_readable(data))
            else:
                self._unread(data, whole, error)
        else:
            self._unparsed = b""
            self.take(chunk)
            self._last = whole, chunk

    def _unread(self, data: bytes, whole: bytes, error: Exception) -> None:
        bare = data.strip()
        if bare == b"[DONE]":
            self.done = True
        elif self._unparsed and (chunk := _chunk_by_itself(data)) is not None:
            # The bad line before it had no end of its own.
            self._give_up_line()
            self.take(chunk)
        elif not isinstance(error, msgspec.ValidationError):
            # It may go on in the next line: an event may have several.
            self._unparsed = whole if bare else self._unparsed
            if len(whole) > LONGEST_UNPARSED:
                self._give_up_line()
        else:
            self._unparsed = b""
            try:
                self.take(decode_leniently(whole))
            except msgspec.DecodeError:
                # JSON of another shape: an error of an unusual one, or nothing we know.
                if b'"error"' in whole:
                    self._fail(from_event(whole))
                else:
                    self.malformed += 1

    def _give_up_line(self) -> None:
        self._unparsed = b""
        self.malformed += 1

    def _other_line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        match field:
            case b"event":
                self._error_event = value.strip() == b"error"
            case b"error":
                self._fail(from_event(value))
            case b"" | b"id" | b"retry":
                pass  # a comment keeps the connection alive; ids are for reconnecting, which a chat cannot
            case _:
                self.malformed += 1

    # ── chunks ───────────────────────────────────────────────────────────────────────────────────────

    def take(self, chunk: Chunk) -> None:
        """Take one decoded chunk, or a whole completion, into account."""
        last = not chunk.choices
        if chunk.choices:
            self.chunks += 1
            choice = chunk.choices[0]
            delta = choice.delta or choice.message
            if delta is not None:
                if delta.reasoning or delta.reasoning_content:
                    self._think(delta.reasoning or delta.reasoning_content or "")
                if delta.content or delta.refusal:
                    self._say(delta.content or delta.refusal or "")
                if delta.tool_calls or delta.function_call or delta.executed_tools or delta.annotations:
                    self._use_tools(delta)
            if choice.finish_reason:
                self._finish(choice.finish_reason)
                last = True
        # All but a handful of a thousand chunks have nothing but text.
        if last or self.chunks == 1 or chunk.usage is not NO_USAGE or chunk.x_groq or chunk.error:
            self._read_margin(chunk)

    def _read_margin(self, chunk: Chunk) -> None:
        if chunk.usage is not NO_USAGE:
            self._usage = read_usage(chunk.usage) or self._usage
        if chunk.x_groq is not None:
            self._read_x_groq(chunk.x_groq)
        if chunk.error:
            self._fail(from_event(chunk.error if isinstance(chunk.error, dict) else {"message": chunk.error}))
        self._model = chunk.model or self._model
        self._fingerprint = chunk.system_fingerprint or self._fingerprint
        self._service_tier = chunk.service_tier or self._service_tier

    def _sing(self, text: str, chunks: int) -> None:
        """Take the words of so many chunks that say nothing else."""
        self.chunks += chunks
        if text and self._refrain.key == "content":
            self._say(text)
        elif text:
            self._think(text)

    def _say(self, content: str | list[Any]) -> None:
        if self._reasoning:
            self._flush(self._reasoning, ReasoningDelta)
        self._text.append(content if isinstance(content, str) else _joined(content))
        self._spoke = True

    def _think(self, text: str) -> None:
        if self._text:
            self._flush(self._text, TextDelta)
        self._reasoning.append(text)
        self._spoke = True

    def _use_tools(self, delta: Delta) -> None:
        calls = delta.tool_calls or []
        if delta.function_call is not None:
            calls = [*calls, Call(index=0, function=delta.function_call)]
        if calls and self._calls is None:
            self._calls = ToolCalls()
        for call in calls:
            if self._calls is not None and (event := self._calls.read(call)) is not None:
                self._flush_all()
                self._events.append(event)
        for tool in delta.executed_tools or []:
            # Each comes twice: when it starts, and again with its output.
            if isinstance(tool, dict):
                place = tool.get("index", len(self._executed))
                self._executed[place] = {**self._executed.get(place, {}), **tool}
        self._annotations.extend(delta.annotations or [])

    def _read_x_groq(self, x_groq: XGroq) -> None:
        self._request_id = x_groq.id or self._request_id
        self._seed = x_groq.seed if x_groq.seed is not None else self._seed
        if self._usage is None:
            # The same numbers as at the top level: taken instead of those, never added.
            self._usage = read_usage(x_groq.usage)
        if x_groq.error:
            self._fail(from_event(x_groq.error if isinstance(x_groq.error, dict) else {"message": x_groq.error}))

    def _finish(self, reason: str) -> None:
        if reason == "error":
            self._fail(ProviderError(Kind.STREAM_ERROR, "the provider finished the answer with an error"))
        self.finish_reason = FINISH_REASONS.get(reason.lower(), "stop")

    def _fail(self, error: ProviderError) -> None:
        error.request_id = error.request_id or self._request_id
        self._error, self.done = self._error or error, True

    # ── handing out ──────────────────────────────────────────────────────────────────────────────────

    def _flush(self, pieces: list[str], delta: type[TextDelta] | type[ReasoningDelta]) -> None:
        if pieces:
            self._events.append(delta(pieces[0] if len(pieces) == 1 else "".join(pieces)))
            pieces.clear()

    def _flush_all(self) -> None:
        # One of them is empty: what comes first is flushed when the other begins.
        self._flush(self._reasoning, ReasoningDelta)
        self._flush(self._text, TextDelta)

    def _drained(self) -> list[Event]:
        if not self._events and len(self._text) == 1 and not self._reasoning:
            return [TextDelta(self._text.pop())]
        self._flush_all()
        events, self._events = self._events, []
        return events


def _chunk_by_itself(data: bytes) -> Chunk | None:
    try:
        chunk = decode_chunk(data)
    except msgspec.DecodeError:
        return None
    return chunk if chunk.choices is not None else None


def _readable(data: bytes) -> bytes:
    """The same in UTF-8: where a letter is broken, the rest of the answer is not."""
    return data if data.isascii() else data.decode(errors="replace").encode()


def _joined(parts: list[Any]) -> str:
    """Content as a list of parts, as Mistral's reasoning models send it: the texts in it."""
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


def read_completion(body: bytes) -> list[Event]:
    """
    Read the body of a chat completion that was not streamed, into the events a stream of it would have given.

    Raises:
        ProviderError: It is no JSON, an error, empty, or stopped by a content filter.
    """
    if not body.strip():
        raise ProviderError(Kind.EMPTY_ANSWER, "the body is empty")
    decoder = StreamDecoder()
    try:
        chunk = decode_leniently(_readable(body))
    except msgspec.DecodeError as error:
        raise ProviderError(Kind.MALFORMED, f"the body is not a chat completion: {error}") from None
    decoder.take(chunk)
    return decoder.close()
