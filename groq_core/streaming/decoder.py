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
from collections.abc import Sequence

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.events import (
    Event,
    ReasoningDelta,
    TextDelta,
)
from groq_core.failures.classify import from_event
from groq_core.streaming.careless import is_torn, mend
from groq_core.streaming.loose import chunk_in
from groq_core.streaming.odd_reader import OddReader, tells
from groq_core.streaming.plain_completion import read_plain
from groq_core.streaming.wire_types import (
    NO_USAGE,
    Chunk,
    decode_chunk,
)

LONGEST_LINE = 32 * 1024 * 1024
"""Bytes. A longer line is no answer but a leak; the largest one recorded is 47 kB."""

BOM = b"\xef\xbb\xbf"

LONGEST_UNPARSED = 64 * 1024
"""Bytes of data lines that are kept because they may go on; what pretty-prints an event is shorter."""

MOST_BREAKS = 1000
"""Raw line breaks in one chunk that are believed to be its text's."""

_DONE = b" [DONE]"

_ENDS = (b"}", b"]")
"""How a chunk may end, or ``[DONE]``."""

_NOISE = b"\x00 \t\xef\xbb\xbf"
"""What some servers put before a line: blanks, byte order marks, nothings."""

_HALF = re.compile(rb"\\u[dD][89abAB]")


class StreamDecoder(OddReader):
    """
    Decode one answer. Make a new one for every attempt.

    Args:
        split_thoughts: Take ``<think>…</think>`` at the beginning of the content for reasoning.

    Attributes:
        thinks: What :meth:`read_words` gives is thoughts.
    """

    thinks = False
    _begun = False
    _body: list[bytes] | None = None
    _rest = b""
    _error_event = False
    # The last chunk that was parsed, from which the template is learnt before the next read.
    _last: tuple[bytes, Chunk] | None = None
    # Nothing is held back: a chunk like those before it is nothing but its words.
    _steady = False

    def feed(self, data: bytes) -> list[Event]:
        """
        Decode what one read brought, however it was cut.

        Returns:
            The events in it; adjacent text is joined.
        """
        if words := self.read_words([data]):
            return [ReasoningDelta(words) if self.thinks else TextDelta(words)]
        events = self._read(data)
        self._steady = not (
            self._rest
            or self._unparsed
            or self._error_event
            or self._body
            or self.odd
            or self.done
            or self._maybe_finished
            or not self._spoke
        )
        return events

    def read_words(self, pieces: Sequence[bytes]) -> str:
        """
        Read what may be nothing but chunks like the last, as most reads are: words are cut out, and nothing is parsed.

        Args:
            pieces: What one read brought, as it was framed: most servers send a chunk in a piece of its own.

        Returns:
            The words; empty where it is anything else, and nothing of it has been read.
        """
        if self._last is not None:
            self._learn()  # only now, when the words it was learnt from have gone on
        if not self._steady or (self._thoughts and not self.thinks):
            return ""
        if (known := self._template.read_whole(pieces)) is None or not known[0]:
            return ""
        words, chunks = known
        self.chunks += chunks
        return words

    def _read(self, data: bytes) -> list[Event]:
        if self.done:
            return []
        if self._rest:
            data = self._rest + data
        if not self._begun:
            # The mark may come in pieces, too.
            if BOM.startswith(data):
                self._rest = data
                return []
            data = data.removeprefix(BOM)
            self._begun = True
        if b"\r" in data:
            # Lines may end in CR alone; of a CR at the end of a read it is not known yet whether it is alone.
            data, held = (data[:-1], b"\r") if data.endswith(b"\r") else (data, b"")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + held
        self._rest = data[self._take_lines(data) :]
        # Whoever sends a line without end would fill the memory before anybody noticed.
        if len(self._rest) > LONGEST_LINE:
            self._fail(ProviderError(Kind.MALFORMED, f"a line of more than {LONGEST_LINE} bytes"))
        return self._drain()

    def _take_lines(self, data: bytes) -> int:
        """
        Take the whole lines of some bytes.

        Returns:
            Where they end.
        """
        at = self._take_known(data, 0)
        # Chunks parsed since the template was last learnt, and how many to parse before that is worth its time again.
        parsed = patience = 0
        while not self.done and (end := data.find(b"\n", at)) >= 0:
            start, at = at, end + 1
            if data.startswith(b"data:", start):
                self._data(data[start + 5 : end])
            elif start < end or self._unparsed or self._body is not None:
                self._line(data[start:end])
            else:
                self._error_event = False  # the event ends, and nothing of it is left
            if start == end and self._last is not None and at < len(data):
                parsed += 1
                if parsed > patience:
                    self._learn()
                    known = self._take_known(data, at)
                    # Chunks that differ each time would be learnt from in vain, at more than their parsing costs.
                    at, parsed, patience = known, 0, 0 if known > at else 2 * patience + 1
        return at

    def _line(self, line: bytes) -> None:
        """Take a line that does not begin with ``data:``."""
        if self._body is not None:
            self._body.append(line)
        elif line and line != b"\r":
            self._other_line(line)
        elif self._unparsed:
            self._end_event()
        else:
            self._error_event = False

    def _end_event(self) -> None:
        """The event ends, unless the blank line belongs to a text in it whose line breaks are no escapes."""
        if self._error_event or not self._is_torn():
            self._give_up_line()
        else:
            self._keep(self._unparsed + b"\n")

    def _is_torn(self) -> bool:
        # To look through all of it again for each of its lines takes quadratic time.
        return self._unparsed.count(b"\n") < MOST_BREAKS and is_torn(self._unparsed)

    def _take_known(self, data: bytes, at: int) -> int:
        """Take the chunks from a place on that are as those before them; returns where they end."""
        if self._unparsed or self._error_event or (known := self._template.read(data, at)) is None:
            return at
        text, chunks, end = known
        self.take_repeated(text, chunks)
        return end

    def _learn(self) -> None:
        if self._last is not None:
            self._template.learn(*self._last)
            self._last = None
            self.thinks = self._template.key == "reasoning"

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
        return [*self._drain(), *self._last_calls(), self._final_event()]

    def _read_body(self) -> None:
        """A whole JSON body where events were promised."""
        body = b"\n".join(self._body or ())
        self._body = None
        try:
            self._take_all(body)
        except ValueError:
            self._unparsed = body
            self._give_up_line()

    # ── lines ────────────────────────────────────────────────────────────────────────────────────────

    def _data(self, data: bytes) -> None:
        if self._error_event:
            self._read_error(data)
            return
        whole = data
        if self._unparsed:
            if self._unparsed.endswith(b"\n"):
                # A text that was torn did not go on behind the blank line.
                self._give_up_line()
            whole = self._unparsed + b"\n" + data if self._unparsed else data
            if self._unparsed and data.rstrip()[-1:] not in _ENDS:
                # No JSON ends here; to read all of it again for each of its lines would take quadratic time.
                self._keep(whole if data.strip() else self._unparsed)
                return
        elif data == _DONE:
            self.done = True  # as would be found below, by way of an error
            return
        try:
            chunk = decode_chunk(whole)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # Half a letter at the end looks cut off to the fast reader, and is not.
            self._unread(data, whole, cut_off="truncated" in str(error) and not _HALF.search(whole))
        else:
            self._unparsed = b""
            if chunk.choices is None and chunk.usage is NO_USAGE and chunk.x_groq is None and not tells(chunk.error):
                self._read_envelope(whole)
                return
            self.take(chunk)
            if self._silent:
                self.look_elsewhere(whole)
            if not self._others:
                self._last = whole, chunk

    def _read_error(self, data: bytes) -> None:
        """Data of an event that is an error; its JSON may be several lines."""
        whole = self._unparsed + b"\n" + data if self._unparsed else data
        if data.strip() in (b"", b"[DONE]"):
            return
        if whole.lstrip()[:1] == b"{" and len(whole) < LONGEST_UNPARSED and not _is_json(whole):
            self._unparsed = whole
            return
        self._unparsed = b""
        self._fail(from_event(whole))

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
        # Shorter, since a form feed at its end is a blank to the one and none to the other.
        if not self._unparsed and len(inner := _bare(data)) < len(bare):
            self._data(inner)
            return
        try:
            if cut_off:
                raise ValueError("cut off")
            self._take_all(whole)
        except ValueError:
            if self._unparsed and _is_chunk(data):
                # The bad line before it had no end of its own.
                self._give_up_line()
                self._data(data)
                return
            self._keep(whole if bare else self._unparsed)

    def _keep(self, whole: bytes) -> None:
        """It may go on in the next line: an event may have several."""
        self._unparsed = whole
        if len(whole) > LONGEST_UNPARSED:
            self._give_up_line()

    def _give_up_line(self) -> None:
        """What was kept does not go on: what can be told from it as it stands is told."""
        kept, self._unparsed = self._unparsed, b""
        if self._error_event:
            self._fail(from_event(kept))
        elif self.take_mended(kept):
            self.odd += 1
            return
        self.malformed += 1

    def _go_on(self, line: bytes) -> None:
        """A line that belongs to a text with raw line breaks in it."""
        whole = self._unparsed + b"\n" + line
        try:
            if line.rstrip()[-1:] not in _ENDS:
                raise ValueError("goes on")
            self._take_all(whole)
        except ValueError:
            self._keep(whole)

    def _other_line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        match field:
            case b"event":
                self._error_event = value.strip() == b"error"
            case b"error":
                self._fail(from_event(value))
            case b"" | b"id" | b"retry":
                pass  # a comment keeps the connection alive; ids are for reconnecting, which a chat cannot
            case _ if line.lstrip(_NOISE)[:5].lower() == b"data:":
                self._data(line.lstrip(_NOISE)[5:])
            case _ if self._unparsed and self._is_torn():
                self._go_on(line)
            case _ if line.lstrip(_NOISE)[:1] in (b"{", b"[", b'"'):
                self._bare_json(line.lstrip(_NOISE))
            case _:
                self.malformed += 1

    def _bare_json(self, line: bytes) -> None:
        """JSON that is no event: a chunk a line, or a body over many lines."""
        try:
            self._take_loose(line)
        except ValueError:
            self._body = [line]


def _bare(data: bytes) -> bytes:
    """Data without what some servers put before it: marks, blanks, and the field's name once more."""
    data = data.strip(_NOISE + b"\r")
    while data[:5].lower() == b"data:":
        data = data[5:].strip(_NOISE)
    return data


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _is_chunk(data: bytes) -> bool:
    for read in (json.loads, mend):
        try:
            return chunk_in(read(data)) is not None
        except (ValueError, RecursionError):
            continue
    return False


def read_completion(body: bytes, *, split_thoughts: bool = True) -> list[Event]:
    """
    Read the body of a chat completion that was not streamed, into the events a stream of it would have given.

    Raises:
        ProviderError: It is no JSON, an error, empty, or stopped by a content filter.
    """
    if not body.strip():
        raise ProviderError(Kind.EMPTY_ANSWER, "the body is empty")
    try:
        chunk = decode_chunk(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_odd_body(body, StreamDecoder(split_thoughts=split_thoughts))
    if (plain := read_plain(chunk)) is not None:
        return plain
    decoder = StreamDecoder(split_thoughts=split_thoughts)
    if chunk.choices is None and not tells(chunk.error):
        return _read_odd_body(body, decoder)
    decoder.take(chunk)
    decoder.look_elsewhere(body)
    return decoder.close()


def _read_odd_body(body: bytes, decoder: StreamDecoder) -> list[Event]:
    """A body that is no completion as it should be: of odd types, behind a BOM, or events where none were asked for."""
    try:
        events = decoder.feed(body)
        ended = decoder.close()
    except ProviderError as error:
        if error.kind is not Kind.MALFORMED or not decoder.take_mended(body):
            raise
        return decoder.close()
    return [*events, *ended]
