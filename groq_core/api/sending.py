"""Send an answer: its events written as they come, or folded into one; what they all share, whatever the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from time import perf_counter
from typing import Protocol

from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.errors import note_bug, reason, refuse
from groq_core.errors import BrokenAnswerError
from groq_core.events import Event, Events, Finished, Note
from groq_core.reply import Receipt, Reply


class Writer(Protocol):
    """
    Events in, bytes out.

    Attributes:
        receipt: Of the events so far.
        finished: The answer is whole, and :meth:`last` may be sent.
    """

    receipt: Receipt
    finished: Finished | None

    def feed(self, event: Event, elapsed_s: float = 0.0) -> bytes:
        """What is to be sent for an event; may be nothing."""

    def last(self) -> bytes:
        """The end of an answer that is whole."""

    def break_off(self, error: Exception) -> bytes:
        """The end of one that is not."""


async def _nothing() -> None:
    return


def _as_it_is(error: Exception) -> Exception:
    return error


async def stream_answer(
    exchange: ApiExchange,
    events: Events,
    writer: Writer,
    watch: HangUpWatch,
    clock: Callable[[], float],
    headers: Callable[[Receipt], Headers],
    settle: Callable[[], Awaitable[None]] = _nothing,
    told: Callable[[Exception], Exception] = _as_it_is,
) -> None:
    """
    Write events as they come.

    The status line goes out with the first content, so that whatever fails before it has a status of its own.

    Args:
        headers: What the answer's headers tell of how it came about.
        settle: What must be done before the client hears that the answer is whole.
        told: Puts an error into the names of its wire.
    """
    started, exchange.asked = clock(), perf_counter()
    ended = False
    try:
        try:
            async for event in events:
                if chunk := writer.feed(event, clock() - started):
                    if exchange.started:
                        await exchange.write(chunk)
                    else:
                        await exchange.start(200, [*EVENT_STREAM, *headers(writer.receipt)], chunk)
                if writer.finished is not None:
                    last = writer.last()
                    await settle()
                    ended = _goes_first(exchange, writer.receipt)
                    await (exchange.end(last) if ended else exchange.write(last))
                    watch.release()
                    await _exhaust(events, exchange)
        finally:
            await events.aclose()
        if writer.finished is None:
            raise _no_end_error()
    except (Exception, asyncio.CancelledError) as caught:
        error = told(reason(caught, watch))
        if not exchange.started:
            await refuse(exchange, error, writer.receipt)
            return
        note_bug(error, exchange.request_id)
        await exchange.last_words(writer.break_off(error))
    else:
        if not ended:
            await exchange.end()


def _goes_first(exchange: ApiExchange, receipt: Receipt) -> bool:
    """
    Whether an answer goes out before the layers close their books: unless its headers tell of them, or it is kept and
    its asker could ask again before it is.
    """
    return exchange.notes is None and receipt.cache == "off"


async def fold_answer(
    exchange: ApiExchange,
    events: Events,
    watch: HangUpWatch,
    clock: Callable[[], float],
    answer: Callable[[Reply], Awaitable[None]],
    notes: Sequence[Note] = (),
    told: Callable[[Exception], Exception] = _as_it_is,
) -> None:
    """
    Wait for the whole answer and give it; one that broke is an error, however much of it there was.

    Args:
        answer: Sends it, before the layers close their books or after.
        notes: What was changed before anybody was asked.
        told: Puts an error into the names of its wire.
    """
    reply = Reply()
    reply.receipt.request_id = exchange.request_id
    reply.receipt.notes.extend(notes)
    started, exchange.asked = clock(), perf_counter()
    try:
        try:
            async for event in events:
                reply.apply(event, clock() - started)
                if reply.finished is not None:
                    watch.release()
                    if _goes_first(exchange, reply.receipt):
                        await answer(reply)
                    await _exhaust(events, exchange)
        finally:
            await events.aclose()
        if reply.finished is None:
            raise _no_end_error()
    except (Exception, asyncio.CancelledError) as caught:
        if exchange.started:
            raise
        await refuse(exchange, told(reason(caught, watch)), reply.receipt)
        return
    if not exchange.started:
        await answer(reply)


def _no_end_error() -> BrokenAnswerError:
    """No handler ends so; if one ever does, its answer is not passed off as whole."""
    return BrokenAnswerError("the answer ended before it was whole", hint="Ask again.")


async def _exhaust(events: AsyncIterator[Event], exchange: ApiExchange) -> None:
    """Let the layers below finish their books; the answer is whole, whatever comes of that."""
    try:
        async for _ in events:
            pass
    except Exception as error:
        note_bug(error, exchange.request_id)
    except asyncio.CancelledError:
        pass  # the server stops, and all that was left to do was to write down what happened
