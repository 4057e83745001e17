"""What `/v1/extract` is asked: a text in JSON, or a file in a form, which is read here as everywhere else."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from groq_core.api.asgi import ApiExchange
from groq_core.api.chat.body import check_model
from groq_core.api.field_errors import bad, kind_of
from groq_core.api.json_body import Body
from groq_core.api.multipart import MultipartForm, read_form
from groq_core.errors import RequestError
from groq_core.services.documents.parts import Document
from groq_core.services.documents.seeing import Look
from groq_core.services.documents.source import source_of
from groq_core.services.extraction import ExtractionOptions, Input, Schema, schema_of

MAX_BODY: Final = 10 * 2**20

FIELDS: Final = ("text", "schema", "model", "instructions", "stream")
FORM_FIELDS: Final = ("schema", "model", "instructions", "stream")

FORM: Final = b"multipart/form-data"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is to be found, and where.

    Attributes:
        document: What was read of a file; empty for a text.
        notes: What could not be kept of it.
    """

    source: Input
    schema: Schema[Any]
    options: ExtractionOptions
    stream: bool
    document: dict[str, Any] = {}
    notes: tuple[str, ...] = ()


async def read_question(exchange: ApiExchange, look: Look, pieces: int) -> Question:
    """
    Read and check the body.

    Args:
        look: Writes down what stands in a picture, for pages that were scanned.
        pieces: Pictures that may be made of a long or many-paged one.

    Raises:
        RequestError: It names the field, or what was found in the file, and the mend.
    """
    if exchange.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == FORM:
        return await _from_form(await read_form(exchange), look, pieces)
    body = Body(await exchange.body(MAX_BODY), FIELDS)
    return Question(
        source=body.text("text"),
        schema=schema_of(body.object("schema", required=True)),
        options=ExtractionOptions(
            model=check_model(body.fields.get("model"), default="auto"), instructions=body.text("instructions", "")
        ),
        stream=body.switch("stream"),
    )


async def _from_form(form: MultipartForm, look: Look, pieces: int) -> Question:
    for name in form.fields:
        if name not in (*FORM_FIELDS, "text"):
            known = ", ".join(("file", *FIELDS))
            raise bad(name, f"`{name}` is no field here", f"There are: {known}.", code="unknown_field")
    schema = schema_of(_schema(form))
    options = ExtractionOptions(model=form.text("model") or "auto", instructions=form.text("instructions") or "")
    stream = (form.text("stream") or "false").lower()
    if stream not in ("true", "false", "1", "0"):
        raise bad("stream", "`stream` must be true or false")
    text = form.text("text")
    if (form.file is None) == (text is None):
        given = "both `file` and `text` are there" if text is not None else "`file` is missing"
        raise bad("file", given, "Send the document or picture as the field `file`, with its file name; or its text.")
    source: Input
    document: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if form.file is None:
        source = text or ""
    else:
        source = await _source(form, look, pieces)
        document, notes = _facts(source)
    return Question(
        source=source,
        schema=schema,
        options=options,
        stream=stream in ("true", "1"),
        document=document,
        notes=notes,
    )


async def _source(form: MultipartForm, look: Look, pieces: int) -> Input:
    if not form.file:
        raise bad("file", "`file` is empty: 0 bytes", "Choose the file again.", code="empty_file")
    try:
        return await source_of(form.file, form.filename, look=look, pieces=pieces)
    except RequestError as error:  # of a picture the field is the file, too
        error.param = "file"
        raise


def _schema(form: MultipartForm) -> dict[str, Any]:
    text = form.text("schema")
    if text is None:
        raise bad("schema", "`schema` is missing", code="missing_field")
    try:
        schema = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad("schema", f"`schema` is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise bad("schema", f"`schema` must be an object, not {kind_of(schema)}")
    return schema


def _facts(source: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    if isinstance(source, Document):
        facts = {"name": source.name, "kind": source.kind, "pages": len(source.pages), "characters": len(source.text)}
        return facts, source.notes
    facts = {"kind": "picture", "format": source[0].original_format, "pictures": len(source)}
    return facts, tuple(note for one in source for note in one.notes)
