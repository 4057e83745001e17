"""
The first sentence of an answer, given a voice before the page asks for it: for who waits by ear.

The page cuts an answer into what is read aloud, and nothing here changes what it asks for. Only where a sentence is so
plain that the page cannot but ask for just this, it is spoken already when the page does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from string import ascii_letters
from typing import Any, Final

from groq_core.events import Event, Events, Finished, Restarted, TextDelta
from groq_core.reply import Reply
from groq_core.requests import Caller
from groq_core.services.speech import PIECE

KEPT_S: Final = 10.0
"""The page asks within some hundredths of a second, over a slow way within seconds, or has another mind."""

PARTING_S: Final = 0.5
"""Who stops an answer may have asked for its sentence just before: that is not paid for twice."""

MAX_KEPT: Final = 64

_PLAIN: Final = re.compile(r"[A-Z](?:[A-Za-z0-9,;'’-]| (?! )){0,250}")
_END: Final = re.compile(r"[.!?](?=\s|$)")
_ABBREVIATION: Final = re.compile(
    r"ej|al|cf|vs|etc|ca|approx|resp|bzw|usw|dr|mr|mrs|ms|prof|sr|sra|jr|inc|ltd|co|corp|bros|st|mt|nr|no|vol|ed|fig|eq|sec"
    r"|ch|gen|col|lt|sgt|rev|hon|gov|sen|rep|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec",
    re.IGNORECASE,
)
"""After which the page takes a point for no end (``talk/sentences.js``)."""

_ENGLISH: Final = re.compile(
    r"the|and|that|this|it|you|with|are|have|not|what|there|they|which|would|your|can|be|i'm|it's"
)
_LEAST_ENGLISH: Final = 0.12


def first_sentence(text: str, *, whole: bool = False) -> str | None:
    """
    The first sentence of an English answer, if it is a plain one.

    Args:
        text: The answer so far.
        whole: Nothing more comes.

    Returns:
        None where it is not known yet; empty where it is for the page to say what is read aloud.

    >>> first_sentence("The sky is blue. It"), first_sentence("The sky is blue."), first_sentence("1. **Sky**")
    ('The sky is blue.', None, '')
    """
    begun = text.lstrip("\n")
    plain = _PLAIN.match(begun)
    if plain is None:
        return "" if begun or whole else None
    sentence, rest = plain[0], begun[plain.end() :]
    if not rest:
        return "" if whole or len(sentence) > PIECE else None
    word = sentence[len(sentence.rstrip(ascii_letters)) :]
    if rest[0] not in ".!?" or len(word) < 2 or _ABBREVIATION.fullmatch(word):
        return ""
    if len(rest) == 1 and not whole:
        return None
    if not _END.match(rest) or len(sentence) >= PIECE or not _is_english(sentence):
        return ""
    return sentence + rest[0]


def _is_english(sentence: str) -> bool:
    """Whether the page's own guess (``talk/tongue.js``) will be English too, where English was asked in."""
    words = re.findall(r"[a-z']+", sentence.lower())
    return len(words) < 2 or len([*filter(_ENGLISH.fullmatch, words)]) >= max(1, _LEAST_ENGLISH * len(words))


class SpokenAhead:
    """What is being spoken in one process before its page asks for it."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._spoken: dict[tuple[Caller, str], asyncio.Task[Reply]] = {}
        self._ends: dict[tuple[Caller, str], asyncio.TimerHandle] = {}

    def begin(self, caller: Caller, text: str, work: Coroutine[Any, Any, Reply]) -> None:
        """Have it spoken, unless it is already; given up unless it is taken soon."""
        key = (caller, text)
        if key in self._spoken or len(self._spoken) >= MAX_KEPT:
            work.close()
        else:
            self._spoken[key] = asyncio.create_task(work)
            self._spoken[key].add_done_callback(_note_error)
        if key in self._spoken:
            self._end_in(key, self._kept_s)

    def take(self, caller: Caller, text: str) -> asyncio.Task[Reply] | None:
        """What is spoken of it already; whoever takes it answers for it from now on."""
        key = (caller, text)
        if (end := self._ends.pop(key, None)) is not None:
            end.cancel()
        return self._spoken.pop(key, None)

    def drop(self, caller: Caller, text: str) -> None:
        """Give it up, if nobody takes it in a moment: who asked for it before they stopped is still heard."""
        if (caller, text) in self._spoken:
            self._end_in((caller, text), PARTING_S)

    def _end_in(self, key: tuple[Caller, str], seconds: float) -> None:
        if key in self._ends:
            self._ends[key].cancel()
        self._ends[key] = asyncio.get_running_loop().call_later(seconds, self._end, key)

    def _end(self, key: tuple[Caller, str]) -> None:
        del self._ends[key]
        self._spoken.pop(key).cancel()


def _note_error(task: asyncio.Task[Reply]) -> None:
    """An error is for whoever takes it; nobody need be told of one that nobody asked for."""
    if not task.cancelled():
        task.exception()


async def with_voice(
    events: Events, speak: Callable[[str], None], drop: Callable[[str], None]
) -> AsyncGenerator[Event, None]:
    """
    An answer whose first sentence is given a voice as soon as it is known.

    Args:
        speak: Takes the sentence.
        drop: Takes it again where the answer ends before its end: nobody will ask for it. One that begins anew is no
            such end, as its page may be about to ask for what it has read of the first attempt, and hears it then.
    """
    said, sentence, ended = "", None, False
    try:
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Restarted):
                    sentence = sentence or ""  # of what comes now the page reads the first sentence by itself
                elif sentence is None and isinstance(event, TextDelta | Finished):
                    said += event.text if isinstance(event, TextDelta) else ""
                    sentence = first_sentence(said, whole=isinstance(event, Finished))
                    if sentence:
                        speak(sentence)
                yield event
        ended = True
    finally:
        if sentence and not ended:
            drop(sentence)
