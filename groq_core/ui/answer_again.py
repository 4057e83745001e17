"""An answer that is begun anew where its lines are lost, or its process; the page goes on counting its lines."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeAlias

import msgspec

from groq_core.errors import RequestError
from groq_core.events import Event, Events, Restarted
from groq_core.incoming.whole_numbers import whole_number
from groq_core.ui.stream import line
from groq_core.ui.texts import TEXTS

GAP: Final = line({"e": "gap"})
"""Stands for a line that a reader has and the dead process told nobody else; so that all count alike."""

MAX_GAPS: Final = 50_000

Revive: TypeAlias = Callable[[bytes], Events]


async def again(lines: Sequence[bytes], question: bytes, revive: Revive) -> AsyncGenerator[Event, None]:
    """
    The same question anew, behind what a process had said when it died.

    Raises (from the stream):
        RequestError: The question is not known here: it was too large, or asked with a key that no other process has.
    """
    if not question:
        raise RequestError(TEXTS["error_answer_died"], status=503, hint=TEXTS["hint_answer_died"])
    provider, model, text = heard(lines)
    yield Restarted(provider=provider, model=model, kept=text)
    async with aclosing(revive(question)) as events:
        async for event in events:
            yield event


def gaps(at: str) -> list[bytes]:
    """
    A line for each that a page has of an answer nobody knows any more.

    >>> gaps("2") == [GAP, GAP], gaps(""), gaps("x")
    (True, [], [])

    Raises:
        RequestError: More than an answer has.
    """
    count = whole_number(at, MAX_GAPS + 1 if at.isdecimal() else 0)
    if count > MAX_GAPS:
        raise RequestError(f"an answer has at most {MAX_GAPS} lines", param="at")
    return [GAP] * max(0, count)


def heard(lines: Sequence[bytes]) -> tuple[str, str, str]:
    """
    Who was answering when the lines end, and what a page shows of it.

    >>> heard([line({"e": "attempt_started", "provider": "groq", "model": "m"}), line({"t": "a"}), line({"t": "b"})])
    ('groq', 'm', 'ab')
    """
    provider = model = text = ""
    for one in lines:
        told: dict[str, Any] = msgspec.json.decode(one.removeprefix(b"data: "))
        if told.get("e") == "restarted":
            text = ""
        provider, model = told.get("provider") or provider, told.get("model") or model
        text += told.get("t", "")
    return provider, model, text
