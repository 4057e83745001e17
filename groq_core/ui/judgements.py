"""
What the turn model says of an end, for the recording that was sent before anybody knew.

The page sends what was said while it is still judged whether that was the end. Nothing is asked of anybody, and nothing
paid for, before the judgement: then at once, without another way to the page and back.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TypeAlias

from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.pipeline import Handler
from groq_core.requests import Request
from groq_core.ui.promised import Promised
from groq_core.ui.texts import TEXTS

Judgement: TypeAlias = Promised[float]
"""How likely it is that somebody has finished, from 0 to 1."""


def only_if(judgement: Judgement, sure: float, handle: Handler[Request]) -> Handler[Request]:
    """
    A handler that asks nobody unless it is so sure that somebody has finished, and until then waits.

    Its request is refused with a RequestError where it is not.
    """

    async def handle_when_sure(request: Request) -> Events:
        chance = await judgement.value()
        if chance is None or chance < sure:
            raise RequestError(TEXTS["error_turn"], status=409)
        async with aclosing(handle(request)) as events:
            async for event in events:
                yield event

    return handle_when_sure
