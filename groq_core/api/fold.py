"""Read a stream of events to its end for an answer that goes out whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from groq_core.api.asgi import ApiExchange, HangUpWatch
from groq_core.api.errors import reason, refuse
from groq_core.errors import BrokenAnswerError
from groq_core.events import Events, Note
from groq_core.reply import Reply


async def fold(exchange: ApiExchange, events: Events, watch: HangUpWatch, clock: Callable[[], float]) -> Reply | None:
    """The whole answer, or None when the client has been told why there is none."""
    reply = Reply()
    reply.receipt.request_id = exchange.request_id
    started = clock()
    try:
        async with aclosing(events):
            async for event in events:
                reply.apply(event, clock() - started)
                exchange.request_id = reply.receipt.request_id
        if reply.finished is None:
            raise BrokenAnswerError("the answer ended before it was whole", hint="Try again.")
    except (Exception, asyncio.CancelledError) as caught:
        await refuse(exchange, reason(caught, watch), reply.receipt)
        return None
    return reply


def header_value(name: str) -> bytes:
    """A model's name as a header's value; providers may call their models what they like."""
    return "".join(letter if " " < letter <= "~" else "?" for letter in name).encode()


async def with_notes(notes: tuple[Note, ...], answer: Events) -> Events:
    """An answer, after what was changed in the question."""
    for note in notes:
        yield note
    async with aclosing(answer) as events:
        async for event in events:
            yield event
