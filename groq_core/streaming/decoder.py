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

import json
import re
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
from groq_core.failures.classify import from_event, is_complaint
from groq_core.streaming.chunk_template import ChunkTemplate
from groq_core.streaming.halves import Halves
from groq_core.streaming.loose import read_loose, text_in
from groq_core.streaming.thoughts import Thoughts
from groq_core.streaming.tool_calls import ToolCalls
from groq_core.streaming.wire_types import (
    FINISH_REASONS,
    NO_FINISH,
    NO_USAGE,
    Call,
    Choice,
    Chunk,
    Delta,
    XGroq,
    decode_chunk,
    read_usage,
)

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes. A longer line is no answer but a leak; the largest one recorded is 47 kB."""

BOM = b"\xef\xbb\xbf"

LONGEST_UNPARSED = 64 * 1024
"""Bytes of data lines that are kept because they may go on; what pretty-prints an event is shorter."""


_ENDS = (b"}", b"]")
"""How a chunk may end, or ``[DONE]``."""

_HALF = re.compile(rb"\\u[dD][89abAB]")


class StreamDecoder:
    """
    Decode one answer. Make a new one for every attempt.

    Attributes:
        done: Nothing that follows matters: ``[DONE]`` was read, or an error.
        finish_reason: None as long as the answer goes on.
        malformed: Lines that were no JSON and were skipped.
        odd: Chunks with something in them that was not of the type it should be; their words were read.
        chunks: Chunks read that had a choice in them.

    Args:
        split_thoughts: Take ``<think>…</think>`` at the beginning of the content for reasoning.
    """

    def __init__(self, *, split_thoughts: bool = True) -> None:
        self.done = False
        self.finish_reason: FinishReason | None = None
        self.malformed = 0
        self.odd = 0
        self.chunks = 0
        self._begun = False
        self._body: list[bytes] | None = None
        self._thoughts = Thoughts() if split_thoughts else None
        self._halves = Halves()
        self._thought_halves = Halves()
        self._maybe_finished = False
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
        self._template = ChunkTemplate()
        # The last chunk of this read, from which the template is learnt.
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
        if not self._begun:
            if BOM.startswith(data):
                self._rest = data
                return []
            data = data.removeprefix(BOM)
            self._begun = True
        if b"\r" in data:
            # Lines may end in CR alone; of a CR at the end of a read it is not known yet whether it is alone.
            data, held = (data[:-1], b"\r") if data.endswith(b"\r") else (data, b"")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        if not self._unparsed and not self._error_event and (known := self._template.read(data)) is not None:
            text, chunks, end = known
            self.take_repeated(text, chunks)
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
            elif self._body is not None:
                self._body.append(line)
            elif line and line != b"\r":
                self._other_line(line)
            elif self._unparsed:
                self._give_up_line()
            else:
                self._error_event = False
        if self._last is not None:
            self._template.learn(*self._last)
            self._last = None
        return self._drain()

    def close(self) -> list[Event]:
        """
        End the stream.

        Returns:
            What was still held back, and :class:`Finished`, to be completed with provider and times.

        Raises:
            ProviderError: The answer is not whole: an error event, a cut, nothing in it, or a content filter.
        """
        if self._rest and not self.done:
            self._begun = True
            rest = self.feed(b"\n")  # the last line may lack its end
            self._events = [*rest, *self._events]
            self._rest = b""
        if self._body is not None:
            self._read_body()
        if self._unparsed:
            self._give_up_line()
        if self._error is not None:
            raise self._error
        if self.finish_reason is None and self._maybe_finished:
            self.finish_reason = "stop"
        self._end_text()
        return [*self._drain(), *self._last_calls(), self._finished()]

    def _end_text(self) -> None:
        """Hand out what was held back because it could have gone on."""
        if rest := self._halves.rest():
            self._say(rest)
        if self._thoughts is not None:
            self._part(self._thoughts.close())
        if rest := self._thought_halves.rest():
            self._think(rest)

    def _read_body(self) -> None:
        """A whole JSON body where events were promised."""
        body = b"\n".join(self._body or ())
        self._body = None
        # A stream's end behind a body is a server's mistake, and no harm.
        for text in (body, body.rpartition(b"\n")[0]):
            try:
                self._take_loose(text)
            except ValueError:
                continue
            return
        self._give_up_line()

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

    def _last_calls(self) -> list[Event]:
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
        if self._unparsed and data.rstrip()[-1:] not in _ENDS:
            # No JSON ends here; to read all of it again for each of its lines would take quadratic time.
            self._keep(whole, data)
            return
        try:
            chunk = decode_chunk(whole)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            # Half a letter at the end looks cut off to the fast reader, and is not.
            self._unread(data, whole, cut_off="truncated" in str(error) and not _HALF.search(whole))
        else:
            self._unparsed = b""
            if chunk.choices is None and chunk.usage is NO_USAGE and chunk.x_groq is None and not chunk.error:
                self._read_envelope(whole)
                return
            self.take(chunk)
            self._last = whole, chunk

    def _unread(self, data: bytes, whole: bytes, *, cut_off: bool) -> None:
        """
        A line that is no chunk as it should be: the end, one of another shape, or a part of one.

        Args:
            cut_off: As far as it goes it could be JSON.
        """
        bare = data.strip()
        if bare == b"[DONE]":
            self.done = True
            return
        try:
            if cut_off:
                raise ValueError("cut off")
            self._take_loose(whole)
        except ValueError:
            if self._unparsed and _is_chunk(data):
                # The bad line before it had no end of its own.
                self._give_up_line()
                self._data(data)
                return
            self._keep(whole, bare)

    def _keep(self, whole: bytes, data: bytes) -> None:
        """It may go on in the next line: an event may have several."""
        self._unparsed = whole if data.strip() else self._unparsed
        if len(whole) > LONGEST_UNPARSED:
            self._give_up_line()

    def _take_loose(self, data: bytes) -> None:
        """
        Take what can be told from JSON of any shape.

        Raises:
            ValueError: It is no JSON.
        """
        chunk, found = read_loose(data)
        self._unparsed = b""
        if chunk is None:
            self._read_shape(found)
            return
        self.odd += 1
        if not chunk.choices and isinstance(found, dict) and found.get("choices"):
            self.malformed += 1
        self.take(chunk)

    def _read_envelope(self, data: bytes) -> None:
        """JSON without anything a chunk has: an error in an envelope of its own, or nothing we know."""
        try:
            _, found = read_loose(data)
        except ValueError:
            self.malformed += 1
        else:
            self._read_shape(found)

    def _read_shape(self, found: object) -> None:
        if isinstance(found, list) and found:
            # Google's servers put an error, and a stream's chunks, into a list.
            for one in found:
                self._data(json.dumps(one).encode())
        elif isinstance(found, dict) and is_complaint(found):
            self._fail(from_event(found))
        elif found or isinstance(found, list):
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
            case _ if line.lstrip()[:1] in (b"{", b"["):
                self._bare_json(line)
            case _:
                self.malformed += 1

    def _bare_json(self, line: bytes) -> None:
        """JSON that is no event: a chunk a line, or a body over many lines."""
        try:
            self._take_loose(line)
        except ValueError:
            self._body = [line]

    # ── chunks ───────────────────────────────────────────────────────────────────────────────────────

    def take(self, chunk: Chunk) -> None:
        """Take one decoded chunk, or a whole completion, into account."""
        last = not chunk.choices
        if chunk.choices:
            self.chunks += 1
            choices = chunk.choices
            for choice in choices if len(choices) == 1 else _first_of(choices):
                last = self._take_choice(choice) or last
        # All but a handful of a thousand chunks have nothing but text.
        if last or self.chunks == 1 or chunk.usage is not NO_USAGE or chunk.x_groq or chunk.error:
            self._read_margin(chunk)

    def _take_choice(self, choice: Choice) -> bool:
        """Take one choice into account; returns whether it says that the answer is finished."""
        delta = choice.delta or choice.message
        if delta is not None:
            if delta.reasoning or delta.reasoning_content:
                self._think(delta.reasoning or delta.reasoning_content or "")
            if delta.content or delta.refusal:
                self._say(delta.content or delta.refusal or "")
            if delta.tool_calls or delta.function_call or delta.executed_tools or delta.annotations:
                self._use_tools(delta, apart=choice.message is not None)
        if choice.finish_reason:
            return self._finish(choice.finish_reason)
        return False

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

    def take_repeated(self, text: str, chunks: int) -> None:
        """Take the words of so many chunks that say nothing else."""
        self.chunks += chunks
        if text and self._template.key == "content":
            self._say(text)
        elif text:
            self._think(text)

    def _say(self, content: str | list[Any]) -> None:
        text = content if isinstance(content, str) else text_in(content)
        if self.odd:
            # Only what was read loosely has halves of letters in it.
            text = self._halves.join(text)
        if self._thoughts is None:
            if self._reasoning:
                self._flush(self._reasoning, ReasoningDelta)
            if text:
                self._text.append(text)
                self._spoke = True
            self._maybe_finished = False
            return
        self._part(self._thoughts.feed(text))
        self._maybe_finished = False
        if self._thoughts is not None and self._thoughts.over:
            self._thoughts = None

    def _part(self, pieces: list[tuple[bool, str]]) -> None:
        for thought, piece in pieces:
            if thought:
                self._add_thought(piece)
            else:
                self._add_text(piece)

    def _add_text(self, text: str) -> None:
        if self._reasoning:
            self._flush(self._reasoning, ReasoningDelta)
        if text:
            self._text.append(text)
            self._spoke = True

    def _think(self, text: str) -> None:
        if self.odd:
            text = self._thought_halves.join(text)
        self._maybe_finished = False
        self._add_thought(text)

    def _add_thought(self, text: str) -> None:
        if self._text:
            self._flush(self._text, TextDelta)
        if text:
            self._reasoning.append(text)
            self._spoke = True

    def _use_tools(self, delta: Delta, *, apart: bool) -> None:
        """
        Args:
            apart: Every call of the list is one of its own, as in a whole message.
        """
        calls = delta.tool_calls or []
        if delta.function_call is not None:
            calls = [*calls, Call(index=0, function=delta.function_call)]
        if calls and self._calls is None:
            self._calls = ToolCalls()
        for position, call in enumerate(calls):
            if apart and call.index is None:
                call.index = position
            if self._calls is not None and (event := self._calls.read(call)) is not None:
                self._flush_all()
                self._events.append(event)
        for tool in delta.executed_tools or []:
            # Each comes twice: when it starts, and again with its output.
            if isinstance(tool, dict):
                place = tool.get("index", len(self._executed))
                place = place if isinstance(place, int) else len(self._executed)
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

    def _finish(self, reason: str) -> bool:
        """Whether the word means that the answer is finished."""
        word = reason.strip().lower()
        if word in NO_FINISH:
            return False
        if word == "error":
            self._fail(ProviderError(Kind.STREAM_ERROR, "the provider finished the answer with an error"))
        if word in FINISH_REASONS or word == "error":
            self.finish_reason = FINISH_REASONS.get(word, "stop")
            return True
        # A word nobody knows is a finish where the stream then ends, and means nothing where it goes on.
        self._maybe_finished = True
        return False

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

    def _drain(self) -> list[Event]:
        if not self._events and len(self._text) == 1 and not self._reasoning:
            return [TextDelta(self._text.pop())]
        self._flush_all()
        events, self._events = self._events, []
        return events


def _first_of(choices: list[Choice]) -> list[Choice]:
    """One answer was asked for: of several choices the one with the lowest index counts."""
    lowest = min((choice.index or 0 for choice in choices), default=0)
    return [choice for choice in choices if (choice.index or 0) == lowest]


def _is_chunk(data: bytes) -> bool:
    try:
        return read_loose(data)[0] is not None
    except ValueError:
        return False


def read_completion(body: bytes, *, split_thoughts: bool = True) -> list[Event]:
    """
    Read the body of a chat completion that was not streamed, into the events a stream of it would have given.

    Raises:
        ProviderError: It is no JSON, an error, empty, or stopped by a content filter.
    """
    if not body.strip():
        raise ProviderError(Kind.EMPTY_ANSWER, "the body is empty")
    decoder = StreamDecoder(split_thoughts=split_thoughts)
    try:
        chunk = decode_chunk(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_odd_body(body, decoder)
    if chunk.choices is None and not chunk.error:
        return _read_odd_body(body, decoder)
    decoder.take(chunk)
    return decoder.close()


def _read_odd_body(body: bytes, decoder: StreamDecoder) -> list[Event]:
    """A body that is no completion as it should be: of odd types, behind a BOM, or events where none were asked for."""
    events = decoder.feed(body)
    ended = decoder.close()
    return [*events, *ended]
