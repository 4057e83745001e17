"""Keep what was heard of a recording's parts in a file, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
from contextlib import aclosing, suppress
from pathlib import Path

import msgspec

from groq_core.events import Events, Finished
from groq_core.pipeline import Handler
from groq_core.requests import Request, TranscriptionRequest


class JournalEntry(msgspec.Struct):
    """A line of the journal: which part it was, by its sound and what was asked of it, and what was heard."""

    key: str
    finished: Finished


class Journal:
    """
    A handler in front of another one: a part that it knows is answered from the file, another is asked and kept.

    Args:
        handle: Who transcribes.
        path: The journal; made when the first part is heard.
    """

    def __init__(self, handle: Handler[Request], path: Path) -> None:
        self._handle = handle
        self._path = path
        self._known = _read(path)
        self.answered = 0
        """Parts that did not have to be asked again."""

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, TranscriptionRequest)
        key = _key(request)
        if (finished := self._known.get(key)) is not None:
            self.answered += 1
            yield msgspec.structs.replace(finished, number=0, cost_usd=None)
            return
        async with aclosing(self._handle(request)) as events:
            async for event in events:
                if isinstance(event, Finished) and event.transcript is not None:
                    self._keep(JournalEntry(key, event))
                yield event

    def forget(self) -> None:
        """The whole is written down, so the parts need not be kept."""
        self._path.unlink(missing_ok=True)

    def _keep(self, entry: JournalEntry) -> None:
        self._known[entry.key] = entry.finished
        with suppress(OSError), self._path.open("ab") as file:  # a folder that can't be written in is no reason to stop
            file.write(msgspec.json.encode(entry) + b"\n")


def _read(path: Path) -> dict[str, Finished]:
    known: dict[str, Finished] = {}
    with suppress(OSError):
        for line in path.read_bytes().splitlines():
            with suppress(msgspec.DecodeError):  # the last line of a process that was killed
                entry = msgspec.json.decode(line, type=JournalEntry)
                known[entry.key] = entry.finished
    return known


def _key(request: TranscriptionRequest) -> str:
    asked = (request.operation, request.model, request.language, request.prompt, request.temperature)
    sound = hashlib.sha256(request.audio)
    sound.update(repr((asked, sorted(request.granularities))).encode())
    return sound.hexdigest()
