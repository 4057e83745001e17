"""`/v1/responses`: ask, read again, delete."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import msgspec

from groq_core.api.answer_headers import HeaderStory
from groq_core.api.asgi import ApiExchange
from groq_core.api.backend import Backend
from groq_core.api.chat.endpoint import MAX_BODY
from groq_core.api.pages import page_of_entries, query
from groq_core.api.responses.body import ResponseCall, in_own_names, read_response
from groq_core.api.responses.items import in_items
from groq_core.api.responses.kept_responses import Kept, ResponseStore, referred
from groq_core.api.responses.output import (
    Item,
    ItemIds,
    answer_message,
    call_item,
    call_prefix,
    end_status,
    final_response,
    frame,
    items_of_hosted_tools,
    message_item,
    reasoning_item,
)
from groq_core.api.responses.wire_events import ResponseWriter
from groq_core.api.sending import fold_answer, stream_answer
from groq_core.errors import RequestError
from groq_core.events import Note, ToolCall
from groq_core.incoming.field_errors import bad
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest
from groq_core.services.sent_pictures import clean, pieces_within

PREFIX = "/v1/responses/"


class Responses:
    """
    The endpoints.

    Args:
        clock: Seconds, for the times in receipts.
    """

    def __init__(
        self, backend: Backend, store: ResponseStore | None = None, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._handle = backend.handle
        self._board = backend.board
        self._catalogue = backend.catalogue
        self._store = ResponseStore() if store is None else store
        self._clock = clock

    async def create(self, exchange: ApiExchange) -> None:
        """Answer, streamed or whole."""
        body = await exchange.body(MAX_BODY)
        await self._store.load(exchange.caller, referred(body))
        call = read_response(body, exchange, self._store)
        headers = HeaderStory(exchange, self._board)
        with exchange.watch() as watch:
            request, notes = await self._clean(call)
            notes = (*call.notes, *notes)

            def keep(response: dict[str, Any], text: str, calls: list[ToolCall]) -> None:
                self._keep(exchange.caller, call, response, text, calls)

            if call.stream:
                writer = ResponseWriter(
                    exchange.request_id,
                    call.request.model,
                    call.echo,
                    summary=call.summary,
                    names=call.names,
                    keep=keep,
                )
                writer.receipt.notes.extend(notes)
                request = msgspec.structs.replace(request, outlet=exchange.outlet(writer.words))
                await stream_answer(
                    exchange,
                    self._handle(request),
                    writer,
                    watch,
                    self._clock,
                    headers,
                    self._store.settle,
                    told=in_own_names,
                )
                return

            async def answer(reply: Reply) -> None:
                response = whole_response(reply, exchange.request_id, call)
                keep(response, reply.text, reply.tool_calls)
                await self._store.settle()
                await exchange.answer_json(response, *headers(reply.receipt))

            await fold_answer(exchange, self._handle(request), watch, self._clock, answer, notes, told=in_own_names)

    async def _clean(self, call: ResponseCall) -> tuple[ChatRequest, tuple[Note, ...]]:
        """The pictures made anew; what there is to say of one names its item."""
        try:
            request, notes = await clean(call.request, pieces_within(self._catalogue))
        except RequestError as error:
            error.param = error.param and in_items(error.param, call.paths)
            raise
        return request, tuple(msgspec.structs.replace(note, text=in_items(note.text, call.paths)) for note in notes)

    async def read(self, exchange: ApiExchange) -> None:
        """A response, or the items it was given (`…/input_items`)."""
        name, _, part = exchange.path.removeprefix(PREFIX).partition("/")
        kept = await self._find(exchange.caller, name)
        if part == "input_items":
            await exchange.answer_json(page_of_entries(exchange, input_items(kept)[::-1]))
        elif query(exchange, "stream") == "true":
            hint = "Read it whole; to stream an answer, ask POST /v1/responses with `stream`."
            raise bad("stream", "a response that is kept is not streamed again", hint, code="unsupported_parameter")
        elif not part:
            await exchange.answer_json(kept.response)
        else:
            raise _missing(exchange.path)

    async def delete(self, exchange: ApiExchange) -> None:
        """Forget a response."""
        name = exchange.path.removeprefix(PREFIX)
        await self._find(exchange.caller, name)
        self._store.forget(exchange.caller, name)
        await self._store.remove(exchange.caller, name)
        await exchange.answer_json({"id": name, "object": "response", "deleted": True})

    async def _find(self, caller: Caller, name: str) -> Kept:
        await self._store.load(caller, [name])
        kept = self._store.find(caller, name)
        if kept is None:
            raise _missing(name)
        return kept

    def _keep(
        self, caller: Caller, call: ResponseCall, response: dict[str, Any], text: str, calls: list[ToolCall]
    ) -> None:
        if call.store:
            self._store.keep(caller, response, call.items, (*call.said, answer_message(text, calls)))


def whole_response(reply: Reply, request_id: str, call: ResponseCall) -> dict[str, Any]:
    """The response object of an answer that goes out whole; the reply must be finished."""
    finished = reply.finished
    if finished is None:
        raise ValueError("an answer that is not whole is never reported as one")
    ids, status = ItemIds(request_id), end_status(finished)[0]
    output: list[Item] = []
    if reply.reasoning:
        output.append(reasoning_item(ids("rs"), reply.reasoning, summary=call.summary))
    output += items_of_hosted_tools(finished.extra, ids)
    calls = reply.tool_calls
    if reply.text or not calls:
        output.append(message_item(ids("msg"), reply.text, status))
    output += [call_item(ids(call_prefix(one, call.names)), one, status, call.names) for one in calls]
    return final_response(frame(request_id, call.request.model, call.echo), output, finished, reply.receipt)


def input_items(kept: Kept) -> list[dict[str, Any]]:
    """What a response was given, each item with an id, its text as a part."""
    tail = kept.response["id"].removeprefix("resp_")
    items = [{"id": f"in_{tail}_{place}", "type": "message", **item} for place, item in enumerate(kept.items)]
    for item in items:
        if item["type"] == "message" and isinstance(item.get("content"), str):
            kind = "output_text" if item.get("role") == "assistant" else "input_text"
            item["content"] = [{"type": kind, "text": item["content"]}]
    return items


def _missing(name: str) -> RequestError:
    return RequestError(
        f"there is no response {name[:80]} here",
        status=404,
        param="response_id",
        code="response_not_found",
        hint="Responses are kept for an hour, unless `store` is false.",
    )
