"""A model that says again what was recorded, byte for byte, through the decoder of the real wire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from groq_core.errors import ChainError, ProviderError
from groq_core.events import Event
from groq_core.failures.classify import from_response
from groq_core.streaming.decoder import StreamDecoder, read_completion
from tests.recordings import Recording, recordings
from tests.services.scripted import Answer


def read_recording(name: str) -> Recording:
    """One recording by its folder and file."""
    folder = name.split("/")[0]
    return next(one for one in recordings(folder) if one.name == name)


def replay_recording(recording: Recording) -> Answer:
    """What a handler would make of the recorded response: events, or the error of a chain of one."""
    try:
        if recording.status != 200:
            raise from_response(recording.status, recording.headers, recording.body)
        if not recording.streamed:
            return read_completion(recording.body)
    except ProviderError as error:
        return ChainError(error.message, failures=[error])
    decoder = StreamDecoder()
    events: list[Event] = decoder.feed(recording.body)
    try:
        return [*events, *decoder.close()]
    except ProviderError as error:
        return CutError(events, ChainError(error.message, failures=[error]))


class CutError(ChainError):
    """A chain that fails after some events."""

    def __init__(self, events: Sequence[Event], error: ChainError) -> None:
        super().__init__(error.message, failures=error.failures)
        self.events = list(events)


def request_of(recording: Recording) -> dict[str, Any]:
    """The recorded request's body; empty where it was not recorded."""
    body = (recording.request or {}).get("body")
    if isinstance(body, str):
        body = json.loads(body)
    return body if isinstance(body, dict) else {}
