"""Words on their way past all layers: from the socket to the reader in one call, while nothing else is to be told."""

from __future__ import annotations

from groq_core.events import Event, ReasoningDelta, TextDelta
from groq_core.pipeline import Bypass
from groq_core.providers.wire import WireResponse
from groq_core.streaming.decoder import StreamDecoder

_WORDS = (TextDelta, ReasoningDelta)


class Shortcut:
    """
    What one answer's connection hands its reads to.

    Words go past the layers at once. Whatever else the bytes tell, and words that are not taken there, wait for the
    answer's task, which is then woken; so nothing ever overtakes anything.
    """

    __slots__ = ("_bypass", "_decoder", "_waiting")

    def __init__(self, decoder: StreamDecoder, bypass: Bypass | None) -> None:
        self._decoder = decoder
        self._bypass = bypass
        self._waiting: list[Event] = []

    def open(self, response: object) -> None:
        """Begin; the first words have gone the usual way, so that all layers know that the answer has begun."""
        if self._bypass is not None and isinstance(response, WireResponse):
            response.offer(self._take)

    def events(self, data: bytes) -> list[Event]:
        """What is left for the task, and what is in these bytes."""
        found = self._decoder.feed(data)
        if self._waiting:
            found, self._waiting = [*self._waiting, *found], []
        return found

    def _take(self, pieces: list[bytes]) -> bool:
        bypass, decoder = self._bypass, self._decoder
        assert bypass is not None
        # Most reads bring chunks like the last one: their words need not become events that nobody looks at.
        if words := decoder.read_words(pieces):
            if bypass(words, decoder.thinks):
                return True
            self._waiting = [ReasoningDelta(words) if decoder.thinks else TextDelta(words)]
            return False
        events = decoder.feed(b"".join(pieces))
        for place, event in enumerate(events):
            if not isinstance(event, _WORDS) or not bypass(event.text, isinstance(event, ReasoningDelta)):
                self._waiting = events[place:]
                return False
        return not decoder.done and decoder.finish_reason is None
