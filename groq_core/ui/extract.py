"""The Extract tab: its layout, and the routes that read a document, find data in it and write the data as a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import gradio as gr
import msgspec
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from groq_core.errors import RequestError
from groq_core.events import Event, Events
from groq_core.media.image.preparation import MAX_INPUT_BYTES, prepare
from groq_core.requests import Caller
from groq_core.services.documents.parts import Document, DocumentPage, ReadingLimits
from groq_core.services.documents.pdf import start_of
from groq_core.services.documents.seeing import Look
from groq_core.services.documents.source import source_of
from groq_core.services.extraction import (
    Extraction,
    ExtractionOptions,
    FieldType,
    Input,
    Partial,
    Schema,
    Span,
    TableField,
    Try,
)
from groq_core.services.extraction.fitting import spell_path
from groq_core.services.extraction.result_files import as_csv, as_json, as_xlsx, tables
from groq_core.services.extraction.schema import from_fields, from_json_schema
from groq_core.services.vision import least_images
from groq_core.ui import page_routes as routes
from groq_core.ui.chat_request import IMAGE_URLS
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.image import to_page as picture_shown
from groq_core.ui.leaving import unless_gone
from groq_core.ui.model_picker import models_of
from groq_core.ui.page_bodies import UNREADABLE, decode_json
from groq_core.ui.page_routes import body_of
from groq_core.ui.stream import refusal
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS

MAX_WANTED_BYTES = 24_000_000
MAX_DATA_BYTES = 20_000_000

AROUND = 90
"""Characters shown before and after the place of a value."""

FILES: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "json": ("application/json", as_json),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
}


class FieldRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the page's table of fields."""

    name: str
    type: FieldType = "text"
    required: bool = False
    description: str = ""
    list: bool = False


class ExtractForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What the page sends: a text or a picture, and what to find in it.

    Attributes:
        name: The file's name; empty for a text that was typed.
        pages: Where each page of the text begins.
        picture: Data URL that our own preparation made; empty for a text.
        schema: JSON text; empty where ``fields`` say what to find.
    """

    name: str = ""
    text: str = ""
    pages: tuple[int, ...] = ()
    picture: str = ""
    fields: tuple[FieldRow, ...] = ()
    schema: str = ""
    instructions: str = ""
    model: str = "auto"


class Tried(Event, frozen=True, kw_only=True):
    """A :class:`~groq_core.services.extraction.Try`, for the page."""

    chunk: int
    chunks: int
    number: int
    mode: str
    outcome: str
    problems: tuple[str, ...]
    provider: str
    model: str
    cost_usd: float | None
    elapsed_s: float | None
    tokens: int | None


class PartlyExtracted(Event, frozen=True, kw_only=True):
    """
    What is known so far; nothing in it has been held against the schema.

    Attributes:
        tables: As of :class:`Extracted`.
        parts: Parts of the document that have been read, ``of`` how many; 0 while the one there is is being read.
    """

    tables: list[dict[str, Any]]
    parts: int
    of: int


class Extracted(Event, frozen=True, kw_only=True):
    """
    What was found.

    Attributes:
        tables: Name, columns and rows of each; rows are lists in the order of the columns.
        spans: Spelled path to where it stands, or to null for what stands nowhere.
        lost: Parts of the document that nobody could read, so that what stands in them is not there.
    """

    data: Any
    tables: list[dict[str, Any]]
    spans: dict[str, Any]
    conflicts: list[dict[str, Any]]
    lost: list[dict[str, Any]]
    chunks: int
    cost_usd: float | None


def create_tab(core: PageCore) -> None:
    """Lay the tab out; its ids are part of the contract."""
    place("extract-input")
    place("extract-schema")
    with gr.Row(elem_id="gc-extract-row"):
        place("gc-extract-hint")
        gr.Button(TEXTS["extract"], elem_id="extract-run", variant="primary", scale=0, min_width=120)
        gr.Button(TEXTS["stop"], elem_id="extract-stop", variant="stop", scale=0, min_width=120)
    place("extract-result")


def create_routes(page: routes.Page) -> APIRouter:
    router = page_router()

    @router.post("/document")
    async def document(request: Request, name: str = "", room: int = 0) -> Response:
        """
        A file's bytes in, its text out; a picture comes back as it will be sent, and so do the pages of a scanned
        document where there is room for so many pictures. Nothing is kept.
        """
        caller = page.caller(request)
        body = await body_of(request, max(ReadingLimits().bytes, MAX_INPUT_BYTES))
        try:
            room = max(0, min(room, least_images(models_of(page.core))))
            look = page.core.vision.reader(caller=caller)
            # A page that has left ends the process that reads for it.
            found = await unless_gone(request, read_file(body, name, look, room))
            return JSONResponse(found, headers={"cache-control": "no-store"})
        except RequestError as error:
            raise routes.http_error(error) from error

    @router.post("/extract")
    async def extract(request: Request) -> Response:
        caller = page.caller(request)
        body = await body_of(request, MAX_WANTED_BYTES)
        try:
            events = extraction_events(page.core, await read_wanted(body), caller)
        except RequestError as error:
            events = refusal(error)
        return page.answer(events)

    @router.post("/extraction/{form}")
    async def file(request: Request, form: str) -> Response:
        """Data as a file in another format."""
        page.caller(request)
        if form not in FILES:
            raise HTTPException(404, f"data can be written as {', '.join(FILES)}")
        kind, write = FILES[form]
        body = await body_of(request, MAX_DATA_BYTES)
        try:
            data = msgspec.json.decode(body)
        except UNREADABLE as error:
            raise HTTPException(422, f"the page sent what cannot be read: {error}") from error
        return Response(await to_thread.run_sync(write, data), media_type=kind)

    return router


async def read_file(body: bytes, name: str, look: Look | None = None, room: int = 0) -> dict[str, Any]:
    """
    Read a document, or prepare a picture, by what the file is.

    Args:
        look: Writes down what stands in a picture, for pages that were scanned.
        room: Pictures that may come of it: pieces of a long one, pages of a scanned document.

    Raises:
        RequestError: It is neither, or cannot be read.
    """
    found = await source_of(body, name, look=look, pieces=max(1, room), room=room)
    if isinstance(found, Document):
        pages = [one.start for one in found.pages]
        return {"name": found.name, "text": found.text, "pages": pages, "notes": found.notes}
    first, *more = map(picture_shown, found)
    sent: dict[str, Any] = {"picture": first | {"more": more}}
    if start_of(body) >= 0:
        sent["text"] = TEXTS["attachment_pages"].format(n=len(found))
    return sent


async def read_wanted(body: bytes) -> tuple[Input, Schema[Any], ExtractionOptions]:
    """
    Decode and check what the page wants.

    Raises:
        RequestError: It names the field and the mend.
    """
    wanted = decode_json(body, ExtractForm)
    options = ExtractionOptions(instructions=wanted.instructions, model=wanted.model.strip() or "auto")
    schema = schema_wanted(wanted)
    if wanted.picture:
        return await _picture(wanted.picture), schema, options
    if not wanted.text.strip():
        raise RequestError("there is no text", param="text", hint="Paste a text or choose a file.")
    ends = [*wanted.pages[1:], len(wanted.text)]
    pages = tuple(
        DocumentPage(number + 1, start, end)
        for number, (start, end) in enumerate(zip(wanted.pages, ends, strict=False))
    )
    return Document(name=wanted.name, kind="text", text=wanted.text, pages=pages), schema, options


def schema_wanted(wanted: ExtractForm) -> Schema[Any]:
    if not wanted.schema.strip():
        return from_fields(
            TableField(row.name, row.type, row.required, row.description, row.list) for row in wanted.fields
        )
    try:
        schema = msgspec.json.decode(wanted.schema)
    except UNREADABLE as error:
        raise RequestError(
            f"the schema is not JSON: {error}", param="schema", hint="Mend it, or use fields."
        ) from error
    if not isinstance(schema, dict):
        raise RequestError("the schema is not a JSON object", param="schema", hint="Mend it, or use fields.")
    return from_json_schema(schema)


async def _picture(url: str) -> Input:
    if not url.startswith(IMAGE_URLS):
        raise RequestError("the picture is not one we prepared", param="picture", hint="Add the picture again.")
    try:
        data = base64.b64decode(url.partition(",")[2], validate=True)
    except ValueError as error:  # what is no base64, or not even ASCII
        raise RequestError("the picture cannot be read", param="picture", hint="Add the picture again.") from error
    return await to_thread.run_sync(prepare, data)


async def extraction_events(
    core: PageCore, wanted: tuple[Input, Schema[Any], ExtractionOptions], caller: Caller
) -> Events:
    """Tell of every try, of what is known so far, and then of what was found."""
    source, schema, options = wanted
    text = source.text if isinstance(source, Document) else ""
    found: Any
    async with aclosing(core.extraction.stream(source, schema, options=options, caller=caller)) as happenings:
        async for found in happenings:
            if isinstance(found, Try):
                yield try_event(found)
            elif isinstance(found, Partial):
                yield PartlyExtracted(tables=table_rows(found.data), parts=found.parts, of=found.of)
            elif isinstance(found, Extraction):
                yield result_event(found, text)


def try_event(one: Try) -> Tried:
    return Tried(
        chunk=one.chunk,
        chunks=one.chunks,
        number=one.number,
        mode=one.mode,
        outcome=one.outcome,
        problems=one.problems,
        provider=one.provider,
        model=one.model,
        cost_usd=one.cost_usd,
        elapsed_s=one.elapsed_s,
        tokens=one.usage.total_tokens if one.usage else None,
    )


def context(span: Span, text: str) -> dict[str, Any]:
    """A place and what stands around it: a script would count its characters differently."""
    return {
        "page": span.page,
        "before": text[max(0, span.start - AROUND) : span.start],
        "quote": span.quote,
        "after": text[span.end : span.end + AROUND],
    }


def table_rows(data: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": table.name,
            "columns": table.columns,
            "rows": [[row.get(column) for column in table.columns] for row in table.rows],
        }
        for table in tables(data)
    ]


def result_event(found: Extraction[Any], text: str) -> Extracted:
    return Extracted(
        data=found.data,
        tables=table_rows(found.data),
        spans={spell_path(path): span and context(span, text) for path, span in found.spans.items()},
        conflicts=[
            {
                "path": spell_path(one.path),
                "chosen": one.chosen,
                "said": [{"value": said.value, "chunk": said.chunk} for said in one.said],
            }
            for one in found.conflicts
        ],
        lost=found.parts_missing,
        chunks=len(found.chunks),
        cost_usd=found.cost_usd,
    )
