"""`/v1/files` and `/v1/batches`: OpenAI's batch wire in front of our own batch processor."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final, get_args

from groq_core.api.asgi import ApiExchange
from groq_core.api.multipart import read_form
from groq_core.api.pages import page_of_entries, query
from groq_core.errors import RequestError
from groq_core.incoming.field_errors import bad
from groq_core.incoming.rules import (
    UPLOAD,
    BodyFields,
    FormFields,
    Rule,
    check_text,
    object_with,
    one_of,
    text,
    texts_by_name,
    whole,
)
from groq_core.incoming.schema_parts import TEXT
from groq_core.services.batch.batch_files import ENDPOINTS
from groq_core.services.batch.batch_store import BatchStore
from groq_core.services.batch.dated_ids import made_at
from groq_core.services.batch.places import KEPT_S, Filed, Via

MAX_BODY: Final = 2**20
WINDOW: Final = "24h"
PIECE: Final = 2**18

ANCHOR: Final = one_of("created_at")
LASTS: Final = whole(3600, KEPT_S)
"""Seconds after which a file may be wanted to be gone, counted from the anchor; as in OpenAI's API."""

UPLOAD_FIELDS: Final = FormFields(
    rules={
        "file": UPLOAD.with_note("One JSON object a line, called `….jsonl`."),
        "purpose": one_of("batch", hint="Files are kept here for batches alone."),
        "expires_after[anchor]": ANCHOR,
        "expires_after[seconds]": LASTS.with_note("When the file is deleted.", default=KEPT_S),
    },
    required=("file", "purpose"),
)


def _check_window(value: Any, name: str) -> None:
    if not isinstance(value, str) or re.fullmatch("[0-9]+[hd]", value) is None:
        raise bad(name, f"`{name}` must be a time such as {WINDOW}")


BATCH_FIELDS: Final = BodyFields(
    rules={
        "input_file_id": text(),
        # Which urls there are is for the store to say, since it also takes them with `/openai` before.
        "endpoint": Rule(check_text, {"enum": list(ENDPOINTS)}).with_note(
            "Of every line; with `/openai` before it is the same."
        ),
        "completion_window": Rule(_check_window, {**TEXT, "pattern": "^[0-9]+[hd]$"}).with_note(
            "Lines are asked as fast as the limits allow.", default=WINDOW
        ),
        "metadata": texts_by_name(),
        "output_expires_after": object_with(anchor=ANCHOR, seconds=LASTS).with_note("When its results are deleted."),
        "via": one_of(*get_args(Via), hint="Left out, the batch is carried out here, at once.").with_note(
            "`live`: carried out here, at once. `groq-batch`: handed to Groq's Batch API, answered within a day at "
            "half the price, by Groq's models alone.",
            default="live",
        ),
    },
    required=("input_file_id", "endpoint"),
)


class Files:
    """The endpoints for files."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    async def upload(self, exchange: ApiExchange) -> None:
        """Keep a file of lines for a batch."""
        form = await read_form(exchange)
        if form.file is None:
            raise bad("file", "`file` is missing", "Send the lines as a file.")
        kept_s = UPLOAD_FIELDS.read_form(form).get("expires_after[seconds]", KEPT_S)
        if not form.filename.lower().endswith((".jsonl", ".ndjson")):
            raise bad("file", "`file` must be called something.jsonl", "A batch is one JSON object a line.")
        file = await self._store.keep(exchange.caller, form.filename, "batch", form.file, kept_s=kept_s)
        await exchange.answer_json(file.to_wire())

    async def all(self, exchange: ApiExchange) -> None:
        """The caller's files, newest first."""
        purpose = query(exchange, "purpose")
        files = [file for file in await self._store.files(exchange.caller) if purpose in (None, file.purpose)]
        await exchange.answer_json(page_of_entries(exchange, [file.to_wire() for file in files], made_at))

    async def one(self, exchange: ApiExchange) -> None:
        """A file object, or its content (`…/content`)."""
        name, _, part = exchange.path.removeprefix("/v1/files/").partition("/")
        file = await self._store.file(exchange.caller, name)
        if not part:
            await exchange.answer_json(file.to_wire())
        elif part == "content":
            await self._content(exchange, file)
        else:
            raise _nowhere(exchange.path)

    async def _content(self, exchange: ApiExchange, file: Filed) -> None:
        path = await self._store.content(file)
        await exchange.start(200, [(b"content-type", b"application/jsonl"), (b"content-length", b"%d" % file.bytes)])
        opened = await asyncio.to_thread(path.open, "rb")
        try:
            while piece := await asyncio.to_thread(opened.read, PIECE):
                await exchange.write(piece)
        finally:
            opened.close()
        await exchange.end()

    async def delete(self, exchange: ApiExchange) -> None:
        """Delete a file."""
        name = exchange.path.removeprefix("/v1/files/")
        await self._store.delete(exchange.caller, name)
        await exchange.answer_json({"id": name, "object": "file", "deleted": True})


class Batches:
    """The endpoints for batches."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    async def create(self, exchange: ApiExchange) -> None:
        """Begin a batch."""
        body = BATCH_FIELDS.read(await exchange.body(MAX_BODY))
        batch = await self._store.create(
            exchange.caller,
            input_file_id=body["input_file_id"],
            endpoint=body["endpoint"],
            window=body.get("completion_window", WINDOW),
            metadata=body.get("metadata"),
            via=body.get("via", "live"),
            output_kept_s=body.get("output_expires_after", {}).get("seconds") or KEPT_S,
        )
        await exchange.answer_json(batch.to_wire())

    async def all(self, exchange: ApiExchange) -> None:
        """The caller's batches, newest first."""
        batches = await self._store.batches(exchange.caller)
        await exchange.answer_json(page_of_entries(exchange, [batch.to_wire() for batch in batches], made_at))

    async def one(self, exchange: ApiExchange) -> None:
        """A batch, with the counts of this moment."""
        batch = await self._store.batch(exchange.caller, exchange.path.removeprefix("/v1/batches/"))
        await exchange.answer_json(batch.to_wire())

    async def cancel(self, exchange: ApiExchange) -> None:
        """Ask no further line (`…/cancel`)."""
        name = exchange.path.removeprefix("/v1/batches/").removesuffix("/cancel")
        await exchange.answer_json((await self._store.cancel(exchange.caller, name)).to_wire())


def _nowhere(path: str) -> RequestError:
    return RequestError(f"there is no {path[:120]} here", status=404, code="unknown_url", hint="/docs lists all paths.")
