"""What `/v1/extract` is asked: a text in JSON, or a file in a form, which is read here as everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from groq_core.api.asgi import ApiExchange
from groq_core.api.multipart import MultipartForm, read_form
from groq_core.errors import RequestError
from groq_core.incoming.field_errors import bad, kind_of
from groq_core.incoming.rules import MODEL_NAME, UPLOAD, BodyFields, FormFields, object_with, switch, text, words
from groq_core.services.documents.parts import Document
from groq_core.services.documents.seeing import Look
from groq_core.services.documents.source import source_of
from groq_core.services.extraction import ExtractionOptions, Input, Schema, schema_of

MAX_BODY: Final = 10 * 2**20

_SHARED: Final = {
    "model": MODEL_NAME,
    "instructions": text().with_note("What the schema does not say."),
    "stream": switch().with_note("Send each try, what is known so far, and the result as events."),
}
FIELDS: Final = BodyFields(
    rules={
        "text": words().with_note("Where the data stands."),
        "schema": object_with().with_note("A JSON Schema of what is wanted."),
        **_SHARED,
    },
    required=("text", "schema"),
    closed=True,
)
FORM_FIELDS: Final = FormFields(
    rules={
        "file": UPLOAD.with_note("A document or a picture, with its file name."),
        "text": words().with_note("Instead of a file: where the data stands."),
        "schema": text().with_note("A JSON Schema of what is wanted, as JSON."),
        **_SHARED,
    },
    required=("schema",),
    closed=True,
    extra={"oneOf": [{"required": ["file"]}, {"required": ["text"]}]},
)

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
    body = FIELDS.read(await exchange.body(MAX_BODY))
    return Question(
        source=body["text"],
        schema=schema_of(body["schema"]),
        options=_options(body),
        stream=body.get("stream", False),
    )


def _options(fields: Mapping[str, Any]) -> ExtractionOptions:
    return ExtractionOptions(model=fields.get("model", "auto").strip(), instructions=fields.get("instructions", ""))


async def _from_form(form: MultipartForm, look: Look, pieces: int) -> Question:
    FORM_FIELDS.refuse_others(form.fields)
    fields = FORM_FIELDS.read_form(form)
    schema = schema_of(_schema(fields["schema"]))
    if (form.file is None) == ("text" not in fields):
        given = "both `file` and `text` are there" if "text" in fields else "`file` is missing"
        raise bad("file", given, "Send the document or picture as the field `file`, with its file name; or its text.")
    source: Input
    document: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    if form.file is None:
        source = fields["text"]
    else:
        source = await _source(form, look, pieces)
        document, notes = _facts(source)
    return Question(
        source=source,
        schema=schema,
        options=_options(fields),
        stream=fields.get("stream", False),
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


def _schema(text: str) -> dict[str, Any]:
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
