"""The file store: JSON-lines files for batches, kept in memory."""

from __future__ import annotations

import time

import msgspec

from groq_core.simulator.dialect import Dialect
from groq_core.simulator.forms import SimulatedForm
from groq_core.simulator.wire_format import Json, WireError, bad_request
from groq_core.simulator.world import RequestInPlay, World

MAX_BYTES = 100 * 1024 * 1024
MAX_LINES = 50_000
MONTH_S = 30 * 86_400


class Stored(msgspec.Struct, kw_only=True):
    """One file of one organisation."""

    id: str
    organisation: str
    filename: str
    purpose: str
    data: bytes
    created: int


class Store:
    """Files by id; every organisation sees its own only."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._files: dict[str, Stored] = {}

    async def handle(self, call: RequestInPlay, rest: str, form: SimulatedForm | None) -> None:
        """``/files``, ``/files/{id}`` and ``/files/{id}/content``."""
        exchange, wire = call.exchange, call.wire
        if form is not None:
            await self._send(call, to_wire(wire, self._upload(call, form)))
            return
        await exchange.body()
        if not rest:
            files = [to_wire(wire, f) for f in self._files.values() if f.organisation == call.organisation]
            listing: Json = {"object": "list", "data": files}
            if wire.name == "openai":
                listing |= {
                    "first_id": files[0]["id"] if files else None,
                    "last_id": files[-1]["id"] if files else None,
                    "has_more": False,
                }
            await self._send(call, listing)
            return
        ident, _, part = rest.partition("/")
        file = self.get(ident, call.organisation)
        if part == "content" and exchange.method == "GET":
            kind = "application/jsonl" if wire.name == "groq" else "application/octet-stream"
            await exchange.answer(200, wire.headers(wire.request_id(), kind=kind), file.data)
        elif part:
            raise WireError(
                404, wire.unknown_url.format(method=exchange.method, path=exchange.path), code="unknown_url"
            )
        elif exchange.method == "DELETE":
            del self._files[ident]
            await self._send(call, {"id": ident, "object": "file", "deleted": True})
        else:
            await self._send(call, to_wire(wire, file))

    def get(self, ident: str, organisation: str) -> Stored:
        """
        Raises:
            WireError: 404.
        """
        file = self._files.get(ident)
        if file is None or file.organisation != organisation:
            raise WireError(404, f"file {ident} not found", code="not_found")
        return file

    def keep(self, wire: Dialect, organisation: str, filename: str, purpose: str, data: bytes) -> Stored:
        ident = self.world.ids.ulid("file") if wire.name == "groq" else f"file-{self.world.ids.base62(22)}"
        file = Stored(
            id=ident, organisation=organisation, filename=filename, purpose=purpose, data=data, created=int(time.time())
        )
        self._files[ident] = file
        return file

    def _upload(self, call: RequestInPlay, form: SimulatedForm) -> Stored:
        upload = form.files.get("file")
        if upload is None:
            raise bad_request("file is required", param="file")
        purpose = form.fields.get("purpose")
        if purpose != "batch":
            raise bad_request("purpose must be one of [batch]", param="purpose")
        if not upload.filename.lower().endswith(".jsonl"):
            raise bad_request("file must have the extension .jsonl", param="file")
        if len(upload.data) > MAX_BYTES:
            raise WireError(413, "Request Entity Too Large", code="request_too_large")
        if not upload.data.strip():
            raise bad_request("file is empty", param="file")
        if upload.data.count(b"\n") > MAX_LINES:
            raise bad_request(f"file must have at most {MAX_LINES} lines", param="file")
        return self.keep(call.wire, call.organisation, upload.filename, purpose, upload.data)

    async def _send(self, call: RequestInPlay, body: Json) -> None:
        wire = call.wire
        await call.exchange.answer(200, wire.headers(wire.request_id()), wire.json_body(body), chunked=True)


def to_wire(wire: Dialect, file: Stored) -> Json:
    """A file object in either API's shape."""
    if wire.name == "groq":
        return {
            "id": file.id,
            "object": "file",
            "bytes": len(file.data),
            "created_at": file.created,
            "filename": file.filename,
            "purpose": file.purpose,
        }
    return {
        "object": "file",
        "id": file.id,
        "purpose": file.purpose,
        "filename": file.filename,
        "bytes": len(file.data),
        "created_at": file.created,
        "expires_at": file.created + MONTH_S,
        "status": "processed",
        "status_details": None,
    }
