"""What the chunks of an answer repeat around their words, so that it need not be parsed a thousand times a second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from groq_core.streaming.wire_types import Chunk, Delta

Key = Literal["content", "reasoning"]

_WORDS = {key: re.compile(rb'"%s" ?: ?"((?:[^"\\]|\\.)*)"' % key.encode()) for key in ("content", "reasoning")}
_END = b"\n\n"
_decode = msgspec.json.Decoder(str).decode


class ChunkTemplate:
    """
    The bytes before and after the words of one chunk, which the next chunks have too.

    Of the 340 bytes that bring a token, a stream repeats all but the token: id, time, model, choice. Where a read is
    made of such chunks, its words are what is left without the template, decoded as one JSON string. Whatever else
    stands between two of them, a quotation mark for one, is none, and the chunks are parsed as any others.

    Attributes:
        key: Which field the words are in.
    """

    __slots__ = ("_after", "_before", "_between", "_close", "_place", "key")

    def __init__(self) -> None:
        self.key: Key = "content"
        self._before = b""
        self._after = b""
        self._close = b""
        self._between = b""
        self._place = 0, 0

    def learn(self, data: bytes, chunk: Chunk) -> None:
        """
        Take the template from a chunk that has words in one field and says nothing else; forget it at any other.

        Args:
            data: What followed ``data:`` in its line, or lines.
        """
        self._before = b""
        key, words = _only_words(chunk)
        found = _WORDS[key].search(data) if words else None
        if found is None or data.count(b'"%s"' % key.encode()) != 1 or _decode(b'"%s"' % found[1]) != words:
            return
        self.key = key
        self._before = b"data:" + data[: found.start(1)]
        self._after = data[found.end(1) :] + _END
        self._close = self._after[:24]
        self._between = self._after + self._before
        self._place = len(self._before), len(_END) - len(self._after)

    def read_whole(self, pieces: Sequence[bytes]) -> tuple[str, int] | None:
        """
        Read what may be nothing but known chunks, as most reads of a paced stream are.

        Args:
            pieces: At least one. Nothing is looked for in those that are a chunk each.

        Returns:
            Their words and how many they were; None where it is anything else.
        """
        before, after = self._before, self._after
        if not before or not pieces[-1].endswith(after):
            return None
        first, last = self._place
        last -= len(_END)
        if len(pieces) == 1:
            data = pieces[0]
            if data.startswith(before) and data.find(_END, first) + len(_END) == len(data):
                try:
                    return _decode(b'"%b"' % data[first:last]), 1
                except ValueError:
                    pass  # its words are looked at one by one below
            return self._read_chunks(data)
        words = [piece[first:last] for piece in pieces]
        known = before + self._between.join(words) + after == b"".join(pieces)
        # Where a piece was several chunks, what stands between two words is no part of a string.
        return (known and _joined(words)) or self._read_chunks(b"".join(pieces))

    def _read_chunks(self, data: bytes) -> tuple[str, int] | None:
        """The same where it is not known where a chunk ends."""
        first, last = self._place
        words = [event[first:last] for event in data.split(_END)]
        words.pop()  # what is behind the last end: nothing
        known = self._before + self._between.join(words) + self._after == data
        return _joined(words) if known else None

    def read(self, data: bytes, at: int = 0) -> tuple[str, int, int] | None:
        """
        Read the chunks from a place on that are known and whole.

        Returns:
            Their words, how many chunks they were, and where they end; None where there are none.
        """
        if not self._before or not data.startswith(self._before, at):
            return None
        words, end = self._split(data, at) or self._find(data, at)
        # The decoder finds out which of the chunks was no JSON, or no UTF-8.
        known = _joined(words) if words else None
        return (*known, end) if known else None

    def _split(self, data: bytes, at: int) -> tuple[list[bytes], int] | None:
        """The words of known chunks where, up to the last end of one, there is nothing else, as in a read of many."""
        end = data.rfind(_END, at)
        if end < at:
            return None
        first, last = self._place
        known = data[at:end]
        words = [event[first:last] for event in known.split(_END)]
        # One comparison of all of it is quicker than two for each.
        same = self._before + self._between.join(words) + self._after == known + _END
        return (words, end + len(_END)) if same else None

    def _find(self, data: bytes, at: int) -> tuple[list[bytes], int]:
        """The words of the known chunks that come before anything else."""
        before, after, close = self._before, self._after, self._close
        # A loop over short finds: a search for the whole of what stands between two words, as `bytes.replace`
        # makes, prepares itself anew for each and takes five times as long.
        words: list[bytes] = []
        end, start = at, at + len(before)
        while (stop := data.find(close, start)) >= 0 and data.startswith(after, stop):
            words.append(data[start:stop])
            end = stop + len(after)
            if not data.startswith(before, end):
                break
            start = end + len(before)
        return words, end


def _joined(words: list[bytes]) -> tuple[str, int] | None:
    """The text of some words, and how many they are; None where it is no JSON string, or no UTF-8."""
    try:
        return _decode(b'"%b"' % b"".join(words)), len(words)
    except ValueError:
        return None


def _only_words(chunk: Chunk) -> tuple[Key, str]:
    """The field with words in it and the words; none where the chunk says anything beside them."""
    choice = chunk.choices[0] if chunk.choices else None
    # The first and the last chunk of most answers are neither.
    if choice is None or (delta := choice.delta) is None or not (delta.content or delta.reasoning):
        return "content", ""
    if (
        choice.message is not None
        or choice.finish_reason is not None
        or chunk.x_groq
        or chunk.error
        or len(chunk.choices or ()) > 1
        or bytes(chunk.usage) not in (b"", b"null")
    ):
        return "content", ""
    match delta:
        case Delta(content=str(words)) if delta == Delta(content=words):
            return "content", words
        case Delta(reasoning=str(words)) if delta == Delta(reasoning=words):
            return "reasoning", words
        case _:
            return "content", ""
