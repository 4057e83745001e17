"""The Batch tab: its layout, and the routes that take a table, run it and hand back the answers."""

from __future__ import annotations

from contextlib import aclosing
from hashlib import blake2b
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, Final, Literal

import gradio as gr
import msgspec
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from starlette.responses import FileResponse, JSONResponse, Response

from groq_core.errors import RequestError
from groq_core.events import Event, Events
from groq_core.models.pricing import BATCH_DISCOUNT
from groq_core.requests import Caller
from groq_core.services.batch import (
    BatchRun,
    Line,
    LineFault,
    LineSource,
    LineTemplate,
    Progress,
    Recipe,
    Sink,
    Survey,
    answerers,
    estimate,
    job_of,
    resolve_name,
    run_batch,
    run_later,
    stand_ins,
    still_open,
    survey,
    text_of,
    write_table,
)
from groq_core.services.documents.first_sheet import TABLE_LIMITS
from groq_core.services.documents.worker import table_of
from groq_core.services.sent_pictures import pieces_within
from groq_core.ui import page_routes as routes
from groq_core.ui.core import PageCore
from groq_core.ui.csrf import page_router
from groq_core.ui.leaving import unless_gone
from groq_core.ui.page_bodies import decode_json
from groq_core.ui.page_routes import body_of
from groq_core.ui.stream import refusal
from groq_core.ui.tab_parts import place
from groq_core.ui.texts import TEXTS
from groq_core.ui.uploads import Upload, UploadStore

MAX_BYTES: Final = 50_000_000
TABLES: Final = (".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson")
TABLES_IN_WORDS: Final = "Choose one that ends in .csv, .tsv, .xlsx, .jsonl or .ndjson."
SAMPLE: Final = 2000
"""Rows whose tokens are counted for an estimate."""

MOST_FAILURES: Final = 100
"""Failed rows that are listed; all of them are in the files."""

PREVIEW: Final = 5
CUT: Final = 400
"""Characters of a cell or an answer that are shown."""

EVERY_S: Final = 0.4

LONGEST_ROW: Final = 1_000_000
"""Bytes of a line of CSV, which is read in one go."""


class BatchForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be asked of each row.

    Attributes:
        prompt: Template over the columns; empty where the lines bring their own.
        via: ``later`` is Groq's Batch API: half the price, within a day.
        retry: Run again what has failed.
    """

    prompt: str = ""
    system: str = ""
    model: str = "auto"
    max_tokens: int | None = None
    via: Literal["live", "later"] = "live"
    retry: bool = False


class Surveyed(Event, frozen=True, kw_only=True):
    """What a run will take: dollars from least to most, seconds by plan."""

    lines: int
    faults: int
    tokens_in: int
    tokens_out: int | None
    model: str
    usd_least: float | None
    usd_most: float | None
    seconds: dict[str, float]


class Progressed(Event, frozen=True, kw_only=True):
    """
    How far a run is.

    Attributes:
        recent: The newest answers, newest first: id, text, error.
        failures: The first rows that failed, with the reason; only at the end.
        over: It is the end.
    """

    progress: dict[str, Any]
    recent: list[tuple[str, str, str]]
    reasons: dict[str, int]
    failures: tuple[tuple[str, str], ...] = ()
    over: bool = False


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
    router = page_router()
    uploads = UploadStore(page.core.settings.state_folder / "tables")

    def table_of(request: Request, ident: str) -> Upload:
        owner = page.caller(request).user
        try:
            return uploads.find(ident, owner)
        except RequestError as error:
            raise routes.http_error(error) from error

    @router.post("/batch")
    async def bring(request: Request, name: str = "") -> Response:
        """A table's bytes in, its columns and first rows out."""
        caller = page.caller(request)
        body = await body_of(request, MAX_BYTES)
        try:
            address = "" if caller.person else caller.address
            data, suffix = await plain_table(body, name, request)
            upload = await to_thread.run_sync(uploads.keep, name, data, caller.user, address, suffix)
            try:
                return respond(await to_thread.run_sync(preview, upload, uploads))
            except RequestError as error:
                await to_thread.run_sync(upload.remove)  # what cannot be read takes nobody's room
                raise in_its_name(error, upload) from error
        except RequestError as error:
            raise routes.http_error(error) from error

    @router.post("/batch/{ident}/look")
    async def look(request: Request, ident: str) -> Response:
        """A table that was brought before a page was loaded again."""
        return respond(await to_thread.run_sync(preview, table_of(request, ident), uploads))

    @router.post("/batch/{ident}/estimate")
    async def estimate_run(request: Request, ident: str) -> Response:
        """What a run would take, or why it cannot be."""
        upload, body = table_of(request, ident), await body_of(request, 1_000_000)
        try:
            wanted = read_wanted(body)
            found = await to_thread.run_sync(look_over, upload, wanted)
            return respond(msgspec.structs.asdict(survey_event(page.core, found, wanted)))
        except RequestError as error:
            told = in_its_name(error, upload)
            return respond({"error": told.message, "hint": told.hint})

    @router.post("/batch/{ident}/run")
    async def run(request: Request, ident: str) -> Response:
        caller = page.caller(request)
        body = await body_of(request, 1_000_000)
        try:
            wanted, upload = read_wanted(body), uploads.find(ident, caller.user)
            events = work(page.core, uploads, upload, wanted, caller)
        except RequestError as error:
            events = refusal(error)
        return page.answer(events)

    @router.post("/batch/{ident}/{form}")
    async def answers(request: Request, ident: str, form: str) -> Response:
        """The answers so far: ``jsonl`` as they were written, ``csv`` beside the rows."""
        upload, body = table_of(request, ident), await body_of(request, 1_000_000)
        try:
            wanted = read_wanted(body)
        except RequestError as error:
            raise routes.http_error(error) from error
        path = answers_of(upload, wanted)
        if form not in ("jsonl", "csv") or not path.exists():
            raise HTTPException(404, "there are no answers yet")
        if form == "csv":
            recipe = recipe_of(wanted, simulated=is_simulated(page.core, wanted, page.caller(request)))
            path = await to_thread.run_sync(write_table_file, upload, recipe, path)
        if upload.record.waits and not uploads.running(upload):
            upload.record.waits = await to_thread.run_sync(still_open, upload.folder)
            await to_thread.run_sync(upload.save)
        return FileResponse(path, media_type="text/csv" if form == "csv" else "application/jsonl")

    return router


async def plain_table(body: bytes, name: str, request: Request) -> tuple[bytes, str | None]:
    """
    A table as it is kept: a spreadsheet is unpacked by a process of its own, once, and is CSV from then on.

    Returns:
        Its bytes, and what they are where the name says something else.

    Raises:
        RequestError: It cannot be read, or has lines that would halt everybody else.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in TABLES:
        raise RequestError(f"{name[:80]} is no table that is read here", param="file", hint=TABLES_IN_WORDS)
    if suffix == ".xlsx":
        return await unless_gone(request, table_of(body, name, TABLE_LIMITS)) or b"", ".csv"
    if suffix in (".csv", ".tsv") and has_long_line(body, LONGEST_ROW):
        raise RequestError(f"a line of {name[:80]} has more than {LONGEST_ROW:,} bytes", status=413, param="file")
    return body, None


def in_its_name(error: RequestError, upload: Upload) -> RequestError:
    """What is the matter with a table, told of the file that was chosen and not of the one that is kept here."""
    message = error.message.replace(upload.path.name, upload.name)
    return RequestError(message, status=error.status, param=error.param, code=error.code, hint=error.hint)


def has_long_line(data: bytes, most: int) -> bool:
    """
    >>> has_long_line(b"ab\\ncd\\r\\ne", 3), has_long_line(b"ab\\ncdef", 3)
    (False, True)
    """
    at = 0
    while len(data) - at > most:
        end = max(data.rfind(sign, at, at + most + 1) for sign in (b"\n", b"\r"))
        if end < 0:
            return True
        at = end + 1
    return False


def respond(value: dict[str, Any]) -> Response:
    return JSONResponse(value, headers={"cache-control": "no-store"})


def read_wanted(body: bytes) -> BatchForm:
    """
    Raises:
        RequestError: It names the field and the mend.
    """
    wanted = decode_json(body, BatchForm)
    if wanted.max_tokens is not None and wanted.max_tokens < 1:
        raise RequestError("the longest answer must be at least 1 token", param="max_tokens", hint="Choose 1 or more.")
    return wanted


def recipe_of(wanted: BatchForm, *, simulated: bool = False) -> Recipe:
    return Recipe(
        simulated=simulated,
        template=LineTemplate(wanted.prompt) if wanted.prompt.strip() else None,
        system=wanted.system.strip() or None,
        model=wanted.model.strip() or "auto",
        params={"max_completion_tokens": wanted.max_tokens} if wanted.max_tokens else {},
    )


def preview(upload: Upload, uploads: UploadStore) -> dict[str, Any]:
    """Columns and first rows of a table; of JSON lines the first prompts."""
    source = LineSource(upload.path, Recipe(template=LineTemplate("-")))
    columns: list[str] = []
    rows: list[list[str]] = []
    if source.kind in ("csv", "xlsx"):
        for _, cells in zip(range(PREVIEW), source.cells(), strict=False):
            columns = list(cells[1])
            rows.append([cut(cell) for cell in cells[1].values()])
    else:
        for _, entry in zip(range(PREVIEW), LineSource(upload.path, Recipe()), strict=False):
            columns = ["custom_id", TEXTS["batch_prompt_column"]]
            rows.append([entry.custom_id, cut(question_text(entry))])
    if not rows:
        raise RequestError("the table is empty", param="file", hint="Choose one with rows.")
    if upload.record.lines is None:
        upload.record.lines = sum(1 for _ in source.cells())
        upload.save()
    facts = {
        "id": upload.id,
        "name": upload.name,
        "kind": source.kind,
        "running": uploads.running(upload),
        "waits": upload.record.waits,
    }
    return {**facts, "columns": columns, "rows": rows, "lines": upload.record.lines}


def look_over(upload: Upload, wanted: BatchForm) -> Survey:
    """The beginning of a table, for an estimate of all of it."""
    source = LineSource(upload.path, recipe_of(wanted))
    return survey(islice(source, SAMPLE), sample=SAMPLE, counted=upload.record.lines)


def question_text(entry: Line | LineFault) -> str:
    """What a line asks, or why it cannot."""
    if isinstance(entry, LineFault):
        return entry.error.message
    if entry.operation != "chat":
        return str(entry.body.get("file") or entry.body.get("url") or "")
    content = entry.body["messages"][-1].get("content")
    return content if isinstance(content, str) else msgspec.json.encode(content).decode()


def cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"


def answers_of(upload: Upload, wanted: BatchForm) -> Path:
    """Where the answers to these questions are: another prompt is another file."""
    asked = [wanted.prompt, wanted.system, wanted.model, wanted.via]
    questions = blake2b(msgspec.json.encode(asked), digest_size=8).hexdigest()
    return upload.path.parent / f"{questions}.jsonl"


def is_simulated(core: PageCore, wanted: BatchForm, caller: Caller) -> bool:
    """Whether the simulator answers, and not a model: a visitor's own key reaches one, but not Groq's Batch API."""
    return core.simulator is not None and (caller.groq_key is None or wanted.via == "later")


def write_table_file(upload: Upload, recipe: Recipe, answers: Path) -> Path:
    path = answers.with_suffix(".csv")
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        write_table(LineSource(upload.path, recipe), answers, out)
    return path


async def work(core: PageCore, uploads: UploadStore, upload: Upload, wanted: BatchForm, caller: Caller) -> Events:
    """
    Run a table, telling what it will take, how far it is, and the newest answers.

    A page that hangs up stops the run; asked again with the same prompt it goes on where it was.

    Raises (from the stream):
        RequestError: 409; it is worked on already.
    """
    with uploads.at_work(upload):
        source = LineSource(upload.path, recipe_of(wanted, simulated=is_simulated(core, wanted, caller)))
        found = await to_thread.run_sync(survey, source)
        yield survey_event(core, found, wanted)
        async with Sink(answers_of(upload, wanted)) as sink:
            if wanted.retry:
                await to_thread.run_sync(sink.forget_failures)
            if wanted.via == "later":
                upload.record.waits = True
                await to_thread.run_sync(upload.save)
                job = await to_thread.run_sync(job_of, sink.path, source)
                steps = run_later(core, source, sink, job, found.lines)
            else:
                # A page's lines name no file: the files here are not theirs.
                asked = answerers(core.handle, files=None, caller=caller, pieces=pieces_within(core.catalogue))
                steps = run_batch(BatchRun(source, sink, asked, total=found.lines), every_s=EVERY_S)
            progress = Progress()
            async with aclosing(steps):
                async for progress in steps:
                    yield progress_event(progress, sink)
            failures = await to_thread.run_sync(sink.failures, MOST_FAILURES)
            yield progress_event(
                progress, sink, failures=tuple((name, failed.message) for name, failed in failures), over=True
            )


def survey_event(core: PageCore, found: Survey, wanted: BatchForm) -> Surveyed:
    spec = resolve_name(core, wanted.model.strip() or "auto")
    others = [] if wanted.via == "later" else stand_ins(core, wanted.model.strip() or "auto")
    guess = estimate(found, spec, *others) if spec is not None else None
    share = BATCH_DISCOUNT if wanted.via == "later" else 1.0
    return Surveyed(
        lines=found.lines,
        faults=found.faults,
        tokens_in=found.tokens_in,
        tokens_out=guess.tokens_out_most if guess else None,
        model=guess.model if guess else wanted.model,
        usd_least=guess.usd_least * share if guess and guess.usd_least is not None else None,
        usd_most=guess.usd_most * share if guess and guess.usd_most is not None else None,
        seconds={str(plan): value for plan, value in guess.seconds.items()} if guess and share == 1 else {},
    )


def progress_event(
    progress: Progress, sink: Sink, *, failures: tuple[tuple[str, str], ...] = (), over: bool = False
) -> Progressed:
    return Progressed(
        progress={**msgspec.structs.asdict(progress), "rows": progress.rows, "unanswered": progress.open_count},
        recent=[
            (name, cut(text_of(body)) if body is not None else "", failure.message if failure is not None else "")
            for name, body, failure in reversed(sink.recent)
        ],
        reasons=dict(sink.reasons),
        failures=failures,
        over=over,
    )
