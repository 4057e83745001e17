"""
From bytes to events, without I/O: server-sent events of a chat, whole bodies, transcripts.

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
    Segment,
    SegmentsFound,
    TextDelta,
    ToolCallDelta,
    Transcript,
    Usage,
    Word,
)
from groq_core.failures import from_event

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes. A longer line is no answer but a leak; the largest one recorded is 47 kB."""

_NO_USAGE = msgspec.Raw(b"")


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _Call(msgspec.Struct):
    id: str | None = None
    index: int | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    """A ``delta`` of a stream or the ``message`` of a whole body: the same fields, in pieces or at once."""

    content: str | list[Any] | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None
    executed_tools: list[Any] | None = None
    annotations: list[Any] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None


class _XGroq(msgspec.Struct):
    id: str | None = None
    seed: int | None = None
    usage: msgspec.Raw = _NO_USAGE
    error: Any = None


class Chunk(msgspec.Struct):
    """A chunk or a whole completion. Fields nobody reads are left out, which is what makes it fast."""

    choices: list[_Choice] | None = None
    model: str | None = None
    x_groq: _XGroq | None = None
    usage: msgspec.Raw = _NO_USAGE
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


_decode_chunk = msgspec.json.Decoder(Chunk).decode
_decode_chunk_leniently = msgspec.json.Decoder(Chunk, strict=False).decode
_decode_usage = msgspec.json.Decoder(_Usage, strict=False).decode

_FINISH_REASONS: dict[str, FinishReason] = {
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


class _ToolCalls:
    """
    Give every piece of a tool call the index of the call it belongs to.

    Servers omit, repeat and misnumber ids and indices, so a piece belongs to the call with its id, else to the
    one with its index, else to the one being written.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._names: list[str] = []
        self._arguments: list[str] = []
        self._by_id: dict[str, int] = {}
        self._by_index: dict[int, int] = {}
        self._current = -1

    def read(self, call: _Call) -> ToolCallDelta | None:
        name = (call.function and call.function.name) or ""
        arguments = call.function.arguments if call.function else None
        if arguments is None:
            arguments = ""
        elif not isinstance(arguments, str):
            arguments = msgspec.json.encode(arguments).decode()
        place = self._place(call.id or "", call.index, name)
        fresh_id = call.id if call.id and not self.ids[place] else ""
        fresh_name = name if not self._names[place] else ""
        self.ids[place] = self.ids[place] or fresh_id
        self._names[place] = self._names[place] or fresh_name
        self._arguments[place] += arguments
        self._current = place
        if not (fresh_id or fresh_name or arguments):
            return None
        return ToolCallDelta(place, fresh_id, fresh_name, arguments)

    def _place(self, id: str, index: int | None, name: str) -> int:
        if id and id in self._by_id:
            return self._by_id[id]
        place = self._by_index.get(index, -1) if index is not None else (-1 if id or name else self._current)
        if place >= 0 and self._another(place, id, name):
            place = -1
        if place < 0:
            place = len(self.ids)
            self.ids.append("")
            self._names.append("")
            self._arguments.append("")
        if id:
            self._by_id[id] = place
        if index is not None:
            self._by_index[index] = place
        return place

    def _another(self, place: int, id: str, name: str) -> bool:
        """Whether a piece with a known index begins a call of its own all the same."""
        if not name or not self._names[place]:
            return False
        return bool(id and self.ids[place]) or _is_json(self._arguments[place])


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


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
        self._calls: _ToolCalls | None = None
        self._usage: Usage | None = None
        self._model = ""
        self._request_id: str | None = None
        self._fingerprint: str | None = None
        self._service_tier: str | None = None
        self._seed: int | None = None
        self._executed: dict[int, Any] = {}
        self._annotations: list[Any] = []
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
        if self._unparsed:
            data = self._unparsed + b"\n" + data
        if self._error_event:
            if data.strip() != b"[DONE]":
                self._fail(from_event(data))
            return
        try:
            chunk = _decode_chunk(data)
        except msgspec.DecodeError as error:
            self._unread(data, error)
        else:
            self._unparsed = b""
            self.take(chunk)

    def _unread(self, data: bytes, error: msgspec.DecodeError) -> None:
        bare = data.strip()
        if bare == b"[DONE]":
            self.done = True
        elif not isinstance(error, msgspec.ValidationError):
            # It may go on in the next line: an event may have several.
            self._unparsed = data if bare else b""
        else:
            self._unparsed = b""
            try:
                self.take(_decode_chunk_leniently(data))
            except msgspec.DecodeError:
                # JSON of another shape: an error of an unusual one, or nothing we know.
                if b'"error"' in data:
                    self._fail(from_event(data))
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
        if last or self.chunks == 1 or chunk.usage is not _NO_USAGE or chunk.x_groq or chunk.error:
            self._read_margin(chunk)

    def _read_margin(self, chunk: Chunk) -> None:
        if chunk.usage is not _NO_USAGE:
            self._usage = read_usage(chunk.usage) or self._usage
        if chunk.x_groq is not None:
            self._read_x_groq(chunk.x_groq)
        if chunk.error:
            self._fail(from_event(chunk.error if isinstance(chunk.error, dict) else {"message": chunk.error}))
        self._model = chunk.model or self._model
        self._fingerprint = chunk.system_fingerprint or self._fingerprint
        self._service_tier = chunk.service_tier or self._service_tier

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

    def _use_tools(self, delta: _Delta) -> None:
        calls = delta.tool_calls or []
        if delta.function_call is not None:
            calls = [*calls, _Call(index=0, function=delta.function_call)]
        if calls and self._calls is None:
            self._calls = _ToolCalls()
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

    def _read_x_groq(self, x_groq: _XGroq) -> None:
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
        self.finish_reason = _FINISH_REASONS.get(reason.lower(), "stop")

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


def _joined(parts: list[Any]) -> str:
    """Content as a list of parts, as Mistral's reasoning models send it: the texts in it."""
    return "".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))


# ── whole bodies ─────────────────────────────────────────────────────────────────────────────────────


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
        chunk = _decode_chunk_leniently(body)
    except msgspec.DecodeError as error:
        raise ProviderError(Kind.MALFORMED, f"the body is not a chat completion: {error}") from None
    decoder.take(chunk)
    return decoder.close()


class _Transcription(msgspec.Struct):
    text: str | None = None
    language: str | None = None
    duration: float | None = None
    segments: list[dict[str, Any]] | None = None
    words: list[dict[str, Any]] | None = None
    usage: msgspec.Raw = _NO_USAGE
    x_groq: _XGroq | None = None
    error: Any = None


_decode_transcription = msgspec.json.Decoder(_Transcription, strict=False).decode


def read_transcription(body: bytes, content_type: str = "application/json") -> list[Event]:
    """
    Read a transcript: ``json`` and ``verbose_json``, or the bare words of ``text``.

    No words are no failure: silence was recorded.

    Raises:
        ProviderError: JSON was promised and is not there, or an error came in a 200.
    """
    if "json" not in content_type:
        return _transcript_events(_Transcription(text=body.decode(errors="replace")))
    try:
        found = _decode_transcription(body)
    except msgspec.DecodeError as error:
        raise ProviderError(Kind.MALFORMED, f"the body is not a transcript: {error}") from None
    if found.error is not None:
        raise from_event(body)
    if found.text is None and found.segments is None:
        raise ProviderError(Kind.EMPTY_ANSWER, "the body has no transcript in it")
    return _transcript_events(found)


def _transcript_events(found: _Transcription) -> list[Event]:
    segments = tuple(_segment(place, fields) for place, fields in enumerate(found.segments or []))
    text = found.text if found.text is not None else "".join(segment.text for segment in segments)
    usage = read_usage(found.usage)
    transcript = Transcript(
        # Groq's begins with a space, in every format.
        text=text.strip(),
        language=found.language,
        duration=found.duration if found.duration is not None else (usage and usage.audio_s) or None,
        segments=segments,
        words=tuple(
            Word(word=str(fields.get("word", "")), start=_seconds(fields, "start"), end=_seconds(fields, "end"))
            for fields in found.words or []
        ),
    )
    events: list[Event] = []
    if transcript.text:
        events.append(TextDelta(transcript.text))
    if segments:
        events.append(SegmentsFound(segments))
    if usage is None and transcript.duration is not None:
        usage = Usage(audio_s=transcript.duration)
    x_groq = found.x_groq or _XGroq()
    events.append(Finished(usage=usage, transcript=transcript, request_id=x_groq.id))
    return events


def _segment(place: int, fields: dict[str, Any]) -> Segment:
    return Segment(
        id=fields["id"] if isinstance(fields.get("id"), int) else place,
        start=_seconds(fields, "start"),
        end=_seconds(fields, "end"),
        text=str(fields.get("text", "")).strip(),
        avg_logprob=_optional(fields, "avg_logprob"),
        no_speech_prob=_optional(fields, "no_speech_prob"),
        compression_ratio=_optional(fields, "compression_ratio"),
    )


def _optional(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    return float(value) if isinstance(value, int | float) else None


def _seconds(fields: dict[str, Any], name: str) -> float:
    return _optional(fields, name) or 0.0
