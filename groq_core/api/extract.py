"""`POST /v1/extract`: data that fits a JSON Schema out of a text or a file, with the place of each value."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Final

from groq_core.api.asgi import EVENT_STREAM, ApiExchange, HangUpWatch, Headers
from groq_core.api.backend import Backend
from groq_core.api.errors import error_object, note_bug, reason, refuse
from groq_core.api.extract_asked import Question, read_question
from groq_core.api.receipts import SIMULATED, Receipts
from groq_core.encoding import event_bytes
from groq_core.errors import ExtractionError, RequestError
from groq_core.services.extraction import (
    Extraction,
    Extractor,
    Partial,
    Try,
    spell_path,
)
from groq_core.services.vision import VisionService, least_images

DONE: Final = b"data: [DONE]\n\n"


class Extractions:
    """The endpoint."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, exchange: ApiExchange) -> None:
        simulated = self._backend.simulator is not None
        receipts = Receipts(self._backend.handle, exchange.request_id, simulated=simulated)
        vision = VisionService(receipts.handle, limit=self._pictures)
        question = await read_question(exchange, vision.reader(caller=exchange.caller), self._pictures())
        extractor = Extractor(receipts.handle, question.options, self._snapshot)
        headers: Headers = [SIMULATED] if simulated else []
        with exchange.watch() as watch:
            work = self._stream if question.stream else self._whole
            await work(exchange, watch, extractor, question, receipts, headers)

    def _pictures(self) -> int:
        """That may go along with one question."""
        catalogue = self._backend.catalogue.current
        return least_images(spec for spec in catalogue.specs.values() if not catalogue.absence(spec))

    def _snapshot(self) -> Any:
        return self._backend.board.snapshot()

    async def _whole(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        extractor: Extractor,
        question: Question,
        receipts: Receipts,
        headers: Headers,
    ) -> None:
        try:
            found = await extractor.extract_detailed(question.source, question.schema, caller=exchange.caller)
            watch.release()
        except (Exception, asyncio.CancelledError) as caught:
            await refuse(exchange, misfit(reason(caught, watch)))
            return
        await exchange.answer_json(extraction_body(found, receipts, question), *headers)

    async def _stream(
        self,
        exchange: ApiExchange,
        watch: HangUpWatch,
        extractor: Extractor,
        question: Question,
        receipts: Receipts,
        headers: Headers,
    ) -> None:
        """Send each try and what is known so far as they come; the status line goes out with the first of them."""
        try:
            async with aclosing(
                extractor.stream(question.source, question.schema, caller=exchange.caller)
            ) as happenings:
                async for one in happenings:
                    if not exchange.started:
                        await exchange.start(200, [*EVENT_STREAM, *headers])
                    await exchange.write(event_bytes(happening(one, receipts, question)))
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


def misfit(error: Exception, param: str = "schema") -> Exception:
    """What does not fit the caller's schema, the field ``param``, is told as such: it is no fault of the server."""
    if not isinstance(error, ExtractionError):
        return error
    return RequestError(error.message, status=422, param=param, code="does_not_fit", hint=error.hint)


def happening(one: Try | Partial | Extraction[Any], receipts: Receipts, question: Question) -> dict[str, Any]:
    """An event of the stream, by its ``type``: ``try``, ``partial``, and ``result`` as the last."""
    match one:
        case Try():
            tried = {name: getattr(one, name) for name in ("chunk", "chunks", "number", "outcome", "problems", "model")}
            return {"type": "try", **tried}
        case Partial():
            return {"type": "partial", "data": one.data, "parts": one.parts, "of": one.of}
        case _:
            return {"type": "result", **extraction_body(one, receipts, question)}


def extraction_body(found: Extraction[Any], receipts: Receipts, question: Question) -> dict[str, Any]:
    """
    The body of an answer.

    ``places`` says of every text, number and date where it stands in the text, in characters, and on which page of a
    file; null where it stands nowhere. ``missing`` names what was not found: fields without a value, and parts of the
    text nobody could read. Of a file, ``document`` says what it was read as and ``notes`` what could not be kept.
    """
    body: dict[str, Any] = {
        "data": found.data,
        "places": {
            spell_path(path) or "value": None
            if span is None
            else {"start": span.start, "end": span.end, "quote": span.quote}
            | ({} if span.page is None else {"page": span.page})
            for path, span in found.spans.items()
        },
        "missing": [spell_path(path) or "value" for path in found.absent],
        "x_groq_core": receipts.as_dict(),
    }
    if question.document:
        body |= {"document": question.document, "notes": list(question.notes)}
    if found.missing:
        body["parts_missing"] = found.parts_missing
    return body
