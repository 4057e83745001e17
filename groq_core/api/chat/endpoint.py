"""`POST /v1/chat/completions`: the stream of events as chunks, or folded into one body."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from groq_core.api.answer_headers import HeaderStory
from groq_core.api.asgi import ApiExchange
from groq_core.api.backend import Backend
from groq_core.api.chat.chunks import ChunkWriter
from groq_core.api.sending import fold_answer, stream_answer
from groq_core.incoming.chat_body import read_chat
from groq_core.incoming.parameters import hides_thoughts
from groq_core.reply import Reply
from groq_core.services.sent_pictures import clean, pieces_within
from groq_core.streaming.completion import completion
from groq_core.streaming.custom_calls import give_custom_calls

MAX_BODY = 30 * 2**20


class ChatCompletions:
    """
    The endpoint.

    Args:
        clock: Seconds, for the times in receipts.
    """

    def __init__(self, backend: Backend, clock: Callable[[], float] = perf_counter) -> None:
        self._handle = backend.handle
        self._board = backend.board
        self._pieces = pieces_within(backend.catalogue)
        self._clock = clock

    async def __call__(self, exchange: ApiExchange) -> None:
        call = read_chat(
            await exchange.body(MAX_BODY),
            caller=exchange.caller,
            request_id=exchange.request_id,
            no_store=exchange.no_store,
        )
        headers = HeaderStory(exchange, self._board)
        with exchange.watch() as watch:
            request, notes = await clean(call.request, self._pieces)
            notes = (*call.notes, *notes)
            # Not every server that may be asked knows the parameters that say so.
            with_thoughts = not (request.params and hides_thoughts(request.params))
            if call.stream:
                writer = ChunkWriter(
                    request.request_id,
                    request.model,
                    include_usage=call.include_usage,
                    groq=exchange.groq_wire,
                    by_function_call=call.by_function_call,
                    with_thoughts=with_thoughts,
                )
                writer.receipt.notes.extend(notes)
                if with_thoughts:  # past all layers they go without being looked at
                    request = request.with_outlet(exchange.outlet(writer.words))
                events = self._handle(request)
                if call.custom:
                    events = give_custom_calls(events, call.custom)
                await stream_answer(exchange, events, writer, watch, self._clock, headers)
                return

            async def answer(reply: Reply) -> None:
                body = completion(
                    reply,
                    exchange.request_id,
                    groq=exchange.groq_wire,
                    by_function_call=call.by_function_call,
                    with_thoughts=with_thoughts,
                )
                await exchange.answer_json(body, *headers(reply.receipt))

            events = self._handle(request)
            if call.custom:
                events = give_custom_calls(events, call.custom)
            await fold_answer(exchange, events, watch, self._clock, answer, notes)
