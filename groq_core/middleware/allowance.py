"""Hold everybody to the requests that one person may make."""

from __future__ import annotations

from contextlib import aclosing

from groq_core.events import Events
from groq_core.pipeline import Handler
from groq_core.ratelimit.personal_limits import People
from groq_core.requests import Request


class Allowances:
    """
    Refuses a request with a 429 when its caller has used up a limit.

    An answer from the cache counts as a request; what others take is held and settled around each attempt, see
    :class:`groq_core.middleware.spending.Spending`.
    """

    def __init__(self, people: People) -> None:
        self._people = people

    def __call__(self, handle: Handler[Request], request: Request) -> Events:
        return self._count(handle, request) if self._people.has_limits else handle(request)

    async def _count(self, handle: Handler[Request], request: Request) -> Events:
        await self._people.enter(request.caller)
        async with aclosing(handle(request)) as events:
            async for event in events:
                yield event
