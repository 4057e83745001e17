"""Hold everybody to what one person may use, and count what each answer takes."""

from __future__ import annotations

from contextlib import aclosing

from groq_core.events import Events, Finished
from groq_core.pipeline import Handler
from groq_core.ratelimit.people import People
from groq_core.requests import Request


class Allowances:
    """
    Refuses a request with a 429 when its caller has used up a limit; what an answer took is counted at its end.

    An answer from the cache counts as a request and costs nothing.
    """

    def __init__(self, people: People) -> None:
        self._people = people

    def __call__(self, handle: Handler[Request], request: Request) -> Events:
        return self._count(handle, request) if self._people.has_limits else handle(request)

    async def _count(self, handle: Handler[Request], request: Request) -> Events:
        await self._people.enter(request.caller)
        tokens, usd = 0, 0.0
        try:
            async with aclosing(handle(request)) as events:
                async for event in events:
                    if isinstance(event, Finished) and event.number:
                        tokens += event.usage.total_tokens if event.usage else request.needs.prompt_tokens
                        usd += event.cost_usd or 0.0
                    yield event
        finally:
            await self._people.spend(request.caller, tokens, usd)
