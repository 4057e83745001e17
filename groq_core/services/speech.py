"""Speech: a text of any length in, WAV audio out, piece by piece and in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import aclosing

from groq_core.errors import RequestError
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, Request, SpeechRequest

PIECE = 200
"""Characters in one request (Groq's Orpheus page, read 2026-08)."""


class Speech:
    """Speak with Groq's Orpheus, or whatever the chain goes on to."""

    def __init__(self, handle: Handler[Request]) -> None:
        self._handle = handle

    async def say(
        self, text: str, *, voice: str | None = None, model: str = "speech", caller: Caller | None = None
    ) -> Reply:
        """
        Speak one piece; ``reply.audio`` is a WAV file.

        Raises:
            RequestError: The text is empty.
            ChainError: No speech model answered.
        """
        if not text.strip():
            raise RequestError("there is no text to speak", param="input", hint="Send a text with at least one word.")
        request = SpeechRequest(text=text, voice=voice, model=model, caller=caller or Caller())
        async with aclosing(self._handle(request)) as events:
            return await collect(events)


def pieces(text: str, limit: int = PIECE) -> Iterator[str]:
    """
    Cut a text for speaking: at ends of sentences, else at commas, else at words; never inside one that fits.

    >>> list(pieces("One. Two is longer! Three", limit=12))
    ['One.', 'Two is', 'longer!', 'Three']
    """
    for sentence in re.findall(r"[^.!?…。！？\n]+[.!?…。！？]*", text):
        rest = sentence.strip()
        while len(rest) > limit:
            head = rest[: limit + 1]
            cut = max(head.rfind(", "), head.rfind("; "), head.rfind(": "))
            cut = cut + 1 if cut > limit // 3 else head.rfind(" ")
            cut = cut if cut > 0 else limit
            yield rest[:cut].strip()
            rest = rest[cut:].strip()
        if rest:
            yield rest
