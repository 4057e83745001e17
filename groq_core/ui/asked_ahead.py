"""
Questions that are sent while their words are still being written down, and asked in the moment in which they are known.

Somebody has finished speaking, and the page knows it: it sends the conversation with an empty place for the words, and
the server fills it. The page hears of the words too and asks in its own way; it finds the answer under way by the name
it gave it. So nothing waits for a way to the page and back, and what fails here is asked as if nothing had been sent.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

import msgspec

from groq_core.events import Event, Events, Finished, Transcript
from groq_core.ui.chat_request import PageQuestion
from groq_core.ui.promised import Promised

OPEN: Final = (
    r"(?:[,;:–—-]|\.{3}|…|(?:^|\s)(?:and|or|but|because|if|that|which|the|an?|of|to|for|with|in|on|at|from|my|your|und|oder"
    r"|aber|weil|dass|wenn|der|die|das|ein|eine|mit|von|zu|für|et|ou|mais|parce que|que|le|la|les|un|une|de|du|y|o|pero"
    r"|porque|el|los|una|con|para)[.…]*)$"
)
"""Words after which nobody has finished, as the page knows them (``talk/heard.js``); a test holds the two together."""

_OPEN = re.compile(OPEN, re.IGNORECASE)


class WaitingQuestions:
    """Questions of one process that wait for their words, by the names and owners of their answers."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], asyncio.Future[None]] = {}

    @contextmanager
    def wait(self, name: str, owner: str) -> Iterator[None]:
        """While one waits, and is then asked or not."""
        over = self._waiting[owner, name] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            over.set_result(None)
            if self._waiting.get((owner, name)) is over:
                del self._waiting[owner, name]

    async def over(self, name: str, owner: str) -> None:
        """Return once none waits under this name: it is asked by then, or will not be."""
        if (waiting := self._waiting.get((owner, name))) is not None:
            await asyncio.shield(waiting)


def with_words(question: PageQuestion, transcript: Transcript | None, *, likely: bool) -> bytes | None:
    """
    A question whose last words are those of a transcript.

    Args:
        transcript: None where nobody could write it down.
        likely: Its words may say that somebody has not finished.

    Returns:
        What the page would have sent; None where nobody is to be asked.
    """
    text = transcript.text.strip() if transcript is not None else ""
    if not text or not question.turns or (likely and _OPEN.search(text)):
        return None
    last = msgspec.structs.replace(question.turns[-1], text=text)
    return msgspec.json.encode(msgspec.structs.replace(question, turns=(*question.turns[:-1], last)))


def is_english(transcript: Transcript) -> bool:
    """Whether English was spoken, or nobody says what: as the page takes it."""
    return (transcript.language or "en").lower() in ("en", "english")


async def settling(events: Events, promised: Promised[Transcript]) -> AsyncGenerator[Event, None]:
    """A transcription, of which whoever waits for its words hears as soon as they are known."""
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Finished):
                    promised.settle(event.transcript)
                yield event
    finally:
        promised.settle(None)
