"""
What the turn model says of an end, for the recording that was sent before anybody knew.

The page sends what was said while it is still judged whether that was the end. Nothing is asked of anybody, and nothing
paid for, before the judgement: then at once, without another way to the page and back.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from contextlib import aclosing

from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.ui.texts import TEXTS

MAX_KNOWN = 256
"""The newest; each is of use for half a second."""

_NAME = re.compile(r"[A-Za-z0-9_-]{20,64}")


class Judgement:
    """How likely it is that somebody has finished, from 0 to 1, or None where nobody could say; soon."""

    def __init__(self) -> None:
        self._known: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    def settle(self, chance: float | None) -> None:
        """The first word counts."""
        if not self._known.done():
            self._known.set_result(chance)

    async def chance(self) -> float | None:
        """Wait for it; any number may."""
        return await asyncio.shield(self._known)


class Judgements:
    """Judgements of one process by the names the page gave them: made and being made."""

    def __init__(self) -> None:
        self._judgements: OrderedDict[tuple[str, str], Judgement] = OrderedDict()

    def begin(self, caller: Caller, name: str) -> Judgement:
        """A new one; with a name that is none, nobody will find it."""
        judgement = Judgement()
        if _NAME.fullmatch(name):
            self._judgements[caller.user, name] = judgement
            while len(self._judgements) > MAX_KNOWN:
                self._judgements.popitem(last=False)
        return judgement

    def find(self, caller: Caller, name: str) -> Judgement:
        """
        The one of that name, if it is this visitor's.

        Raises:
            RequestError: 409; another process judges, or it was long ago.
        """
        found = self._judgements.get((caller.user, name))
        if found is None:
            raise RequestError(TEXTS["error_turn"], status=409)
        return found


def only_if(judgement: Judgement, sure: float, handle: Handler[Request]) -> Handler[Request]:
    """
    A handler that asks nobody unless it is so sure that somebody has finished, and until then waits.

    Its request is refused with a RequestError where it is not.
    """

    async def handle_when_sure(request: Request) -> Events:
        chance = await judgement.chance()
        if chance is None or chance < sure:
            raise RequestError(TEXTS["error_turn"], status=409)
        async with aclosing(handle(request)) as events:
            async for event in events:
                yield event

    return handle_when_sure
