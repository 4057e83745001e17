"""What can be told from chunks that are not as they should be: of odd types, in envelopes, or in careless JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod

from groq_core.failures.classify import from_event, is_complaint
from groq_core.streaming.answer_reader import AnswerReader
from groq_core.streaming.careless import mend
from groq_core.streaming.loose import chunk_in, read_loose, says_something, split_values, unwrapped, words_elsewhere


class OddReader(AnswerReader, ABC):
    """Take chunks of any shape; whatever holds others gives them to :meth:`_data`, one by one."""

    # Data that may go on in the next line.
    _unparsed = b""

    @abstractmethod
    def _data(self, data: bytes) -> None:
        """Take what followed ``data:``."""

    def _take_all(self, data: bytes) -> None:
        """
        Take what can be told from JSON of any shape, one value or several one behind another.

        Raises:
            ValueError: It is no JSON.
        """
        try:
            self._take_loose(data)
        except ValueError:
            # Some servers put several chunks behind one `data:`.
            found = split_values(data)
            if not found:
                raise
            for one in found:
                self._data(one)
        self._unparsed = b""

    def _take_loose(self, data: bytes) -> None:
        """
        Take what can be told from JSON of any shape.

        Raises:
            ValueError: It is no JSON.
        """
        chunk, found = read_loose(data)
        self._unparsed = b""
        if chunk is None or (not chunk.choices and chunk.error and not tells(chunk.error)):
            self._read_shape(found)
            return
        self.odd += 1
        if not chunk.choices and isinstance(found, dict) and found.get("choices"):
            self.malformed += 1
        self.take(chunk)
        if self._silent:
            self.look_elsewhere(json.dumps(found).encode())

    def _read_envelope(self, data: bytes) -> None:
        """JSON without anything a chunk has: an error in an envelope of its own, or nothing we know."""
        try:
            _, found = read_loose(data)
        except ValueError:
            self.malformed += 1
        else:
            self._read_shape(found)

    def _read_shape(self, found: object) -> None:
        if (inner := unwrapped(found)) is not None:
            self._data(json.dumps(inner).encode())
        elif isinstance(found, list) and found:
            # Google's servers put an error, and a stream's chunks, into a list.
            for one in found:
                self._data(json.dumps(one).encode())
        elif isinstance(found, dict | str) and found and is_complaint(found):
            self._fail(from_event(json.dumps(found)))
        elif found or isinstance(found, list):
            self.malformed += 1

    def take_mended(self, data: bytes) -> bool:
        """Take what careless JSON says; returns whether it says anything."""
        try:
            found = mend(data)
        except ValueError:
            return False
        if (inner := unwrapped(found)) is not None:
            self._data(json.dumps(inner).encode())
            return True
        chunk = chunk_in(found)
        if chunk is not None and says_something(chunk):
            self.take(chunk)
            return True
        if chunk is None and isinstance(found, dict | list) and found and is_complaint(found):
            self._fail(from_event(json.dumps(found)))
            return True
        return False

    def look_elsewhere(self, data: bytes) -> None:
        """Words of a chunk that says nothing where words should be."""
        if not self._silent:
            return
        self._silent = False
        try:
            found = json.loads(data, strict=False)
        except (ValueError, RecursionError):
            return
        thought, text = words_elsewhere(found)
        if thought or text:
            self.odd += 1
        if thought:
            self._think(thought)
        if text:
            self._say(text)


def tells(error: object) -> bool:
    """Whether an error says what it is; of others it stands beside them."""
    return isinstance(error, dict) and bool(error)
