"""`POST /v1/chat/completions`: the stream of events as chunks, or folded into one body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from time import perf_counter

from groq_core.api.asgi import EVENT_STREAM, Exchange, Watch
from groq_core.api.backend import Backend
from groq_core.api.chat.body import read_chat
from groq_core.api.chat.chunks import ChunkWriter
from groq_core.api.chat.completion import completion, story_headers
from groq_core.api.chat.pictures import cleaned
from groq_core.api.errors import note_bug, reason, refuse
from groq_core.errors import BrokenAnswerError
from groq_core.events import Event, Note
from groq_core.reply import Reply
from groq_core.requests import ChatRequest
from groq_core.services.vision import least_images

MAX_BODY = 30 * 2**20


class ChatCompletions:
    """
    The endpoint.

    Args:
        clock: Seconds, for the times in receipts.
    """

    def __init__(self, backend: Backend, clock: Callable[[], float] = perf_counter) -> None:
        self._handle = backend.handle
        self._catalogue = backend.catalogue
        self._clock = clock

    async def __call__(self, exchange: Exchange) -> None:
        call = read_chat(
            await exchange.body(MAX_BODY),
            caller=exchange.caller,
            request_id=exchange.request_id,
            no_store=exchange.no_store,
        )
        with exchange.watched() as watch:
            request, notes = await cleaned(call.request, self._pieces)
            if call.stream:
                writer = ChunkWriter(request.request_id, request.model, include_usage=call.include_usage)
                writer.receipt.notes.extend(notes)
                await self._stream(exchange, request, writer, watch)
            else:
                await self._fold(exchange, request, watch, notes)

    def _pieces(self, pictures: int) -> int:
        """Into how many parts each picture may be cut, so that every model of the moment takes them all."""
        catalogue = self._catalogue.current
        able = (spec for spec in catalogue.specs.values() if not catalogue.absence(spec))
        return max(1, least_images(able) // max(1, pictures))

    async def _stream(self, exchange: Exchange, request: ChatRequest, writer: ChunkWriter, watch: Watch) -> None:
        """
        Send chunks as events come.

        The status line goes out with the first content, so that whatever fails before it has a status of its own.
        """
        clock = self._clock
        started = clock()
        try:
            async with aclosing(self._handle(request)) as events:
                async for event in events:
                    if chunk := writer.feed(event, clock() - started):
                        if not exchange.started:
                            await exchange.start(200, [*EVENT_STREAM, *story_headers(writer.receipt)])
                        await exchange.write(chunk)
                    if writer.finished is not None:
                        await exchange.write(writer.last())
                        watch.release()
                        await _exhaust(events, exchange)
            if writer.finished is None:
                raise _unfinished()
        except (Exception, asyncio.CancelledError) as caught:
            error = reason(caught, watch)
            if not exchange.started:
                await refuse(exchange, error, writer.receipt)
                return
            note_bug(error, exchange.request_id)
            await exchange.last_words(writer.broken(error))
        else:
            await exchange.end()

    async def _fold(self, exchange: Exchange, request: ChatRequest, watch: Watch, notes: Sequence[Note]) -> None:
        """Wait for the whole answer; one that broke is an error, however much of it there was."""
        reply, clock = Reply(), self._clock
        reply.receipt.request_id = exchange.request_id
        reply.receipt.notes.extend(notes)
        started = clock()
        try:
            async with aclosing(self._handle(request)) as events:
                async for event in events:
                    reply.apply(event, clock() - started)
                    if reply.finished is not None:
                        watch.release()
                        await _exhaust(events, exchange)
            if reply.finished is None:
                raise _unfinished()
        except (Exception, asyncio.CancelledError) as caught:
            await refuse(exchange, reason(caught, watch), reply.receipt)
            return
        await exchange.answer_json(completion(reply, exchange.request_id), *story_headers(reply.receipt))


def _unfinished() -> BrokenAnswerError:
    """No handler ends so; if one ever does, its answer is not passed off as whole."""
    return BrokenAnswerError("the answer ended before it was whole", hint="Ask again.")


async def _exhaust(events: AsyncIterator[Event], exchange: Exchange) -> None:
    """Let the layers below finish their books; the answer is whole, whatever comes of that."""
    try:
        async for _ in events:
            pass
    except Exception as error:
        note_bug(error, exchange.request_id)
    except asyncio.CancelledError:
        pass  # the server stops, and all that was left to do was to write down what happened
