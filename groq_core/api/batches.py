"""`/v1/files` and `/v1/batches`: OpenAI's batch wire in front of our own batch processor."""

from __future__ import annotations

import asyncio
from typing import Final, get_args

from groq_core.api.asgi import ApiExchange
from groq_core.api.chat.body import json_object
from groq_core.api.field_errors import bad, mapping
from groq_core.api.multipart import read_form
from groq_core.api.pages import page_of_entries, query
from groq_core.errors import RequestError
from groq_core.services.batch.batch_store import BatchStore
from groq_core.services.batch.places import Filed, Via

MAX_BODY: Final = 2**20
WINDOW: Final = "24h"
PIECE: Final = 2**18


class Files:
    """The endpoints for files."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store

    async def upload(self, exchange: ApiExchange) -> None:
        """Keep a file of lines for a batch."""
        form = await read_form(exchange)
        purpose = form.text("purpose")
        if form.file is None:
            raise bad("file", "`file` is missing", "Send the lines as a file.")
        if purpose != "batch":
            raise bad("purpose", "`purpose` must be batch", "Files are kept here for batches alone.")
        if not form.filename.lower().endswith((".jsonl", ".ndjson")):
            raise bad("file", "`file` must be called something.jsonl", "A batch is one JSON object a line.")
        file = await self._store.keep(exchange.caller, form.filename, "batch", form.file)
        await exchange.answer_json(file.to_wire())

    async def all(self, exchange: ApiExchange) -> None:
        """The caller's files, newest first."""
        purpose = query(exchange, "purpose")
        files = [file for file in await self._store.files(exchange.caller) if purpose in (None, file.purpose)]
        await exchange.answer_json(page_of_entries(exchange, [file.to_wire() for file in files]))

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
        body = json_object(await exchange.body(MAX_BODY))
        for name in ("input_file_id", "endpoint"):
            if not isinstance(body.get(name), str):
                raise bad(name, f"`{name}` must be text")
        body = {name: value for name, value in body.items() if value is not None}
        window, metadata = body.get("completion_window", WINDOW), body.get("metadata")
        if not isinstance(window, str) or not window[:-1].isdigit() or window[-1:] not in ("h", "d"):
            raise bad("completion_window", f"`completion_window` must be a time such as {WINDOW}")
        if metadata is not None and not all(isinstance(text, str) for text in mapping(metadata, "metadata").values()):
            raise bad("metadata", "`metadata` takes texts")
        via = body.get("via", "live")
        if via not in get_args(Via):
            raise bad("via", "`via` must be live or groq-batch", "Left out, the batch is carried out here, at once.")
        batch = await self._store.create(
            exchange.caller,
            input_file_id=body["input_file_id"],
            endpoint=body["endpoint"],
            window=window,
            metadata=metadata,
            via=via,
        )
        await exchange.answer_json(batch.to_wire())

    async def all(self, exchange: ApiExchange) -> None:
        """The caller's batches, newest first."""
        batches = await self._store.batches(exchange.caller)
        await exchange.answer_json(page_of_entries(exchange, [batch.to_wire() for batch in batches]))

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
