"""The Batch tab: its layout, and the routes that take a table, run it and hand back the answers."""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Any, Final

import gradio as gr
import msgspec
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import FileResponse, JSONResponse, Response

from groq_core.errors import RequestError
from groq_core.events import Event, Events
from groq_core.requests import Caller
from groq_core.services.batch import (
    Batch,
    Fault,
    Line,
    Recipe,
    Sink,
    Source,
    Survey,
    Template,
    answerers,
    estimate,
    run_batch,
    survey,
    text_of,
    write_table,
)
from groq_core.ui import routes
from groq_core.ui.core import PageCore
from groq_core.ui.layout import place
from groq_core.ui.routes import body_of
from groq_core.ui.stream import refused
from groq_core.ui.texts import TEXTS

MAX_BYTES: Final = 50_000_000
MAX_UPLOADS: Final = 40
KEPT_S: Final = 6 * 3600
"""Seconds after its last use until a table and its answers are deleted."""

PREVIEW: Final = 5
CUT: Final = 400
"""Characters of a cell or an answer that are shown."""

EVERY_S: Final = 0.4


class Upload(msgspec.Struct, eq=False):
    """
    One table a visitor has brought, in a folder of its own.

    Attributes:
        owner: The page that brought it; nobody else's page may run or read it.
        lines: All of it, once counted.
    """

    id: str
    owner: str
    path: Path
    used_at: float
    running: bool = False
    lines: int | None = None


class Desk:
    """
    The tables visitors have brought, on disk until they are stale or the process ends.

    Args:
        clock: Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uploads: dict[str, Upload] = {}
        self._folder: Path | None = None

    def keep(self, owner: str, name: str, data: bytes) -> Upload:
        """
        Raises:
            RequestError: Too many tables are being worked on.
        """
        self._tidy()
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="groq-core-batch-"))
            atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        ident = secrets.token_urlsafe(12)
        folder = self._folder / ident
        folder.mkdir()
        # Of the name only the ending counts: it says what the file is.
        path = folder / f"table{PurePath(name).suffix.lower()[:6]}"
        path.write_bytes(data)
        upload = self._uploads[ident] = Upload(id=ident, owner=owner, path=path, used_at=self._clock())
        return upload

    def of(self, ident: str, caller: Caller) -> Upload:
        """
        Raises:
            RequestError: There is no such table of this page.
        """
        upload = self._uploads.get(ident)
        if upload is None or upload.owner != caller.user:
            raise RequestError("the table is no longer here", param="file", status=404, hint="Choose it again.")
        upload.used_at = self._clock()
        return upload

    def _tidy(self) -> None:
        idle = sorted((one for one in self._uploads.values() if not one.running), key=lambda one: one.used_at)
        too_many = len(self._uploads) + 1 - MAX_UPLOADS
        stale = sum(1 for one in idle if self._clock() - one.used_at > KEPT_S)
        for one in idle[: max(too_many, stale, 0)]:
            shutil.rmtree(one.path.parent, ignore_errors=True)
            del self._uploads[one.id]
        if len(self._uploads) >= MAX_UPLOADS:
            raise RequestError("too many tables are being worked on", status=429, hint="Try again later.")


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be asked of each row.

    Attributes:
        prompt: Template over the columns; empty where the lines bring their own.
        retry: Run again what has failed.
    """

    prompt: str = ""
    system: str = ""
    model: str = "auto"
    max_tokens: int | None = None
    retry: bool = False


class Surveyed(Event, frozen=True, kw_only=True):
    """What a run will take: dollars from least to most, seconds by plan."""

    lines: int
    faults: int
    tokens_in: int
    tokens_out: int
    model: str
    usd_least: float | None
    usd_most: float | None
    seconds: dict[str, float]


class Progressed(Event, frozen=True, kw_only=True):
    """How far a run is; ``recent`` are the newest answers as ``[id, text, error]``, ``over`` ends it."""

    progress: dict[str, Any]
    recent: list[tuple[str, str, str]]
    reasons: dict[str, int]
    over: bool


def create_tab(core: PageCore) -> None:
    """Lay the tab out; its ids are part of the contract."""
    place("batch-file")
    with gr.Row(elem_id="gc-batch-row"):
        place("gc-batch-hint")
        gr.Button(TEXTS["batch_run"], elem_id="batch-run", variant="primary", scale=0, min_width=120)
        gr.Button(TEXTS["stop"], elem_id="batch-stop", variant="stop", scale=0, min_width=120)
    place("batch-progress")
    place("batch-result")


def create_routes(page: routes.Page) -> APIRouter:
    router = APIRouter(prefix="/ui", include_in_schema=False)
    desk = Desk()

    @router.post("/batch")
    async def bring(request: Request, name: str = "") -> Response:
        """A table's bytes in, its columns and first rows out."""
        caller = page.caller(request)
        body = await body_of(request, MAX_BYTES)
        try:
            upload = await to_thread.run_sync(desk.keep, caller.user, name, body)
            shown = await to_thread.run_sync(preview, upload)
        except RequestError as error:
            raise HTTPException(error.status, f"{error.message}. {error.hint}".strip()) from error
        return JSONResponse(shown, headers={"cache-control": "no-store"})

    @router.post("/batch/{ident}/run")
    async def run(request: Request, ident: str) -> Response:
        caller = page.caller(request)
        body = await body_of(request, 1_000_000)
        try:
            wanted, upload = read_wanted(body), desk.of(ident, caller)
            if upload.running:
                raise RequestError("this table is being worked on", status=409, hint="Stop it first.")
            events = worked(page.core, upload, wanted, caller)
        except RequestError as error:
            events = refused(error)
        return page.answer(events)

    @router.post("/batch/{ident}/{form}")
    async def answers(request: Request, ident: str, form: str) -> Response:
        """The answers so far: ``jsonl`` as they were written, ``csv`` beside the rows."""
        caller = page.caller(request)
        body = await body_of(request, 1_000_000)
        try:
            wanted, upload = read_wanted(body), desk.of(ident, caller)
        except RequestError as error:
            raise HTTPException(error.status, error.message) from error
        path = answers_of(upload, wanted)
        if form not in ("jsonl", "csv") or not path.exists():
            raise HTTPException(404, "there are no answers yet")
        if form == "csv":
            path = await to_thread.run_sync(written_table, upload, wanted, path)
        return FileResponse(path, media_type="text/csv" if form == "csv" else "application/jsonl")

    return router


def read_wanted(body: bytes) -> Wanted:
    """
    Raises:
        RequestError: It names the field and the mend.
    """
    try:
        wanted = msgspec.json.decode(body, type=Wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestError(f"the page sent what cannot be read: {error}", hint="Reload the page.") from error
    if wanted.max_tokens is not None and wanted.max_tokens < 1:
        raise RequestError("the longest answer must be at least 1 token", param="max_tokens", hint="Choose 1 or more.")
    return wanted


def recipe_of(wanted: Wanted) -> Recipe:
    return Recipe(
        template=Template(wanted.prompt) if wanted.prompt.strip() else None,
        system=wanted.system.strip() or None,
        model=wanted.model.strip() or "auto",
        params={"max_completion_tokens": wanted.max_tokens} if wanted.max_tokens else {},
    )


def preview(upload: Upload) -> dict[str, Any]:
    """Columns and first rows of a table; of JSON lines the first prompts."""
    source = Source(upload.path, Recipe(template=Template("-")))
    columns: list[str] = []
    rows: list[list[str]] = []
    if source.kind in ("csv", "xlsx"):
        for _, cells in zip(range(PREVIEW), source.cells(), strict=False):
            columns = list(cells[1])
            rows.append([cut(cell) for cell in cells[1].values()])
    else:
        for _, entry in zip(range(PREVIEW), Source(upload.path, Recipe()), strict=False):
            columns = ["custom_id", TEXTS["batch_prompt_column"]]
            rows.append([entry.custom_id, cut(asked(entry))])
    if not rows:
        raise RequestError("the table is empty", param="file", hint="Choose one with rows.")
    upload.lines = sum(1 for _ in source.cells())
    return {"id": upload.id, "kind": source.kind, "columns": columns, "rows": rows, "lines": upload.lines}


def asked(entry: Line | Fault) -> str:
    """What a line asks, or why it cannot."""
    if isinstance(entry, Fault):
        return entry.error.message
    if entry.operation != "chat":
        return str(entry.body.get("file") or entry.body.get("url") or "")
    content = entry.body["messages"][-1].get("content")
    return content if isinstance(content, str) else msgspec.json.encode(content).decode()


def cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"


def answers_of(upload: Upload, wanted: Wanted) -> Path:
    """Where the answers to these questions are: another prompt is another file."""
    questions = blake2b(msgspec.json.encode([wanted.prompt, wanted.system, wanted.model]), digest_size=8).hexdigest()
    return upload.path.parent / f"{questions}.jsonl"


def written_table(upload: Upload, wanted: Wanted, answers: Path) -> Path:
    path = answers.with_suffix(".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        write_table(Source(upload.path, recipe_of(wanted)), answers, out)
    return path


async def worked(core: PageCore, upload: Upload, wanted: Wanted, caller: Caller) -> Events:
    """
    Run a table, telling what it will take, how far it is, and the newest answers.

    A page that hangs up stops the run; asked again with the same prompt it goes on where it was.
    """
    upload.running = True
    try:
        source = Source(upload.path, recipe_of(wanted))
        found = await to_thread.run_sync(survey, source)
        yield surveyed(core, found, wanted)
        with Sink(answers_of(upload, wanted)) as sink:
            if wanted.retry:
                await to_thread.run_sync(sink.forget_failures)
            # A page's lines name no file: the files here are not theirs.
            batch = Batch(source, sink, answerers(core.handle, files=None, caller=caller), total=found.lines)
            async with aclosing(run_batch(batch, every_s=EVERY_S)) as steps:
                async for step in steps:
                    yield progressed(step, sink, over=False)
            yield progressed(batch.progress, sink, over=True)
    finally:
        upload.running = False


def surveyed(core: PageCore, found: Survey, wanted: Wanted) -> Surveyed:
    tier = "speed" if wanted.model == "auto" else wanted.model
    target = next((status.target for status in core.board.snapshot().tiers if status.tier == tier), wanted.model)
    spec = core.catalogue.current.lookup(target) if target else None
    guess = estimate(found, spec) if spec is not None else None
    return Surveyed(
        lines=found.lines,
        faults=found.faults,
        tokens_in=found.tokens_in,
        tokens_out=found.tokens_out,
        model=guess.model if guess else wanted.model,
        usd_least=guess.usd_least if guess else None,
        usd_most=guess.usd_most if guess else None,
        seconds={str(plan): value for plan, value in guess.seconds.items()} if guess else {},
    )


def progressed(progress: Any, sink: Sink, *, over: bool) -> Progressed:
    return Progressed(
        progress=msgspec.structs.asdict(progress),
        recent=[
            (name, cut(text_of(body)) if body is not None else "", failure.message if failure is not None else "")
            for name, body, failure in reversed(sink.recent)
        ],
        reasons=dict(sink.reasons),
        over=over,
    )
