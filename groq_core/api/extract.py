"""`POST /v1/extract`: data that fits a JSON Schema out of a text, with the place of each value."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Final

from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.backend import Backend
from groq_core.api.encoding import event_bytes
from groq_core.api.errors import error_object, note_bug, reason, refuse
from groq_core.api.json_body import Body
from groq_core.api.receipts import SIMULATED, Receipts
from groq_core.errors import ExtractionError, GroqCoreError, RequestError
from groq_core.services.extraction import (
    Extraction,
    ExtractionOptions,
    Extractor,
    Partial,
    Schema,
    Try,
    schema_of,
    spell_path,
)

MAX_BODY: Final = 10 * 2**20

FIELDS: Final = ("text", "schema", "model", "instructions", "stream")

DONE: Final = b"data: [DONE]\n\n"


class Extractions:
    """The endpoint."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, exchange: ApiExchange) -> None:
        body = Body(await exchange.body(MAX_BODY), FIELDS)
        text, wanted = body.text("text"), body.object("schema", required=True)
        options = ExtractionOptions(
            model=body.text("model", "auto") or "auto", instructions=body.text("instructions", "")
        )
        stream = body.switch("stream")
        schema: Schema[Any] = schema_of(wanted)
        simulated = self._backend.simulator is not None
        receipts = Receipts(self._backend.handle, exchange.request_id, simulated=simulated)
        extractor = Extractor(receipts.handle, options, self._snapshot)
        headers: Headers = [SIMULATED] if simulated else []
        with exchange.watch() as watch:
            work = self._stream if stream else self._whole
            await work(exchange, watch, extractor, text, schema, receipts, headers)

    def _snapshot(self) -> Any:
        return self._backend.board.snapshot()

    async def _whole(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        extractor: Extractor,
        text: str,
        schema: Schema[Any],
        receipts: Receipts,
        headers: Headers,
    ) -> None:
        try:
            found = await extractor.extract_detailed(text, schema, caller=exchange.caller)
            watch.release()
        except (Exception, asyncio.CancelledError) as caught:
            await refuse(exchange, misfit(reason(caught, watch)))
            return
        await exchange.answer_json(extraction_body(found, receipts), *headers)

    async def _stream(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        extractor: Extractor,
        text: str,
        schema: Schema[Any],
        receipts: Receipts,
        headers: Headers,
    ) -> None:
        """Send each try and what is known so far as they come; the status line goes out with the first of them."""
        try:
            async with aclosing(extractor.stream(text, schema, caller=exchange.caller)) as happenings:
                async for one in happenings:
                    if not exchange.started:
                        await exchange.start(200, [*EVENT_STREAM, *headers])
                    await exchange.write(event_bytes(happening(one, receipts)))
            watch.release()
        except (Exception, asyncio.CancelledError) as caught:
            error = misfit(reason(caught, watch))
            if not exchange.started:
                await refuse(exchange, error)
                return
            note_bug(error, exchange.request_id)
            await exchange.last_words(event_bytes({"error": error_object(error)}))
        else:
            await exchange.end(DONE)


def misfit(error: Exception) -> Exception:
    """What does not fit the caller's schema is told as such, and not as a fault of the server."""
    if not isinstance(error, ExtractionError):
        return error
    return RequestError(error.message, status=422, param="schema", code="does_not_fit", hint=error.hint)


def happening(one: Try | Partial | Extraction[Any], receipts: Receipts) -> dict[str, Any]:
    """An event of the stream, by its ``type``: ``try``, ``partial``, and ``result`` as the last."""
    match one:
        case Try():
            tried = {name: getattr(one, name) for name in ("chunk", "chunks", "number", "outcome", "problems", "model")}
            return {"type": "try", **tried}
        case Partial():
            return {"type": "partial", "data": one.data, "parts": one.parts, "of": one.of}
        case _:
            return {"type": "result", **extraction_body(one, receipts)}


def extraction_body(found: Extraction[Any], receipts: Receipts) -> dict[str, Any]:
    """
    The body of an answer.

    ``places`` says of every text, number and date where it stands in the text, in characters; null where it stands
    nowhere. ``missing`` names what was not found: fields without a value, and parts of the text nobody could read.
    """
    body: dict[str, Any] = {
        "data": found.data,
        "places": {
            spell_path(path) or "value": None
            if span is None
            else {"start": span.start, "end": span.end, "quote": span.quote}
            for path, span in found.spans.items()
        },
        "missing": [spell_path(path) for path in found.absent],
        "x_groq_core": receipts.as_dict(),
    }
    if found.missing:
        body["parts_missing"] = [
            {
                "start": part.start,
                "end": part.end,
                "error": part.error.message if isinstance(part.error, GroqCoreError) else "",
            }
            for part in found.missing
        ]
    return body
