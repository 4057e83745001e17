"""
Files and batches of the OpenAI wire, on disk: what was handed in, what is being asked, what came back.

A batch is our own (:mod:`groq_core.services.batch.runner`): lines are asked as fast as the limits allow, and every
answer is on disk as soon as it is known, so a restart goes on where it was. Or it is handed to Groq's Batch API
(:mod:`groq_core.services.batch.later`), which answers within a day for half the price; a restart then looks after
the same batches.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec
import orjson

from groq_core.errors import GroqCoreError, RequestError
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.services.batch.job import Job, beside, job_of
from groq_core.services.batch.line_answers import answerers
from groq_core.services.batch.lines import URLS, LineFault, Recipe
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.runner import BatchRun
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource

log = logging.getLogger(__name__)

MAX_LINES: Final = 50_000
MAX_ERRORS: Final = 20
KEPT_S: Final = 30 * 86_400
"""Seconds a file is kept, as with Groq."""

UNFINISHED_S: Final = 3600
"""Seconds after which nobody is still writing what has no record beside it."""

MAX_BYTES: Final = 2 * 2**30
"""Of all files of one caller together."""

PURPOSES: Final = ("batch", "batch_output")

Status: TypeAlias = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
]
Via: TypeAlias = Literal["live", "groq-batch"]
"""Who carries it out: our own processor at once, or Groq within a day."""

Later: TypeAlias = Callable[[LineSource, Sink, Job, int, asyncio.Event], AsyncGenerator[Progress, None]]
"""Lets Groq answer a source; see :func:`groq_core.services.batch.later.run_later`."""

OPEN: Final = ("validating", "in_progress", "finalizing", "cancelling")


class Filed(msgspec.Struct, kw_only=True):
    """A file; its content lies beside it."""

    id: str
    owner: tuple[str, str]
    filename: str
    purpose: str
    bytes: int
    created_at: int

    def to_wire(self) -> dict[str, Any]:
        """The file object of the wire."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.bytes,
            "created_at": self.created_at,
            "expires_at": self.created_at + KEPT_S,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
        }


class Running(msgspec.Struct, kw_only=True):
    """A batch, as the wire knows it, with whose it is."""

    id: str
    owner: tuple[str, str]
    endpoint: str
    input_file_id: str
    completion_window: str
    metadata: dict[str, str] | None = None
    via: Via = "live"
    status: Status = "validating"
    errors: list[dict[str, Any]] = []
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int = 0
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0

    def to_wire(self) -> dict[str, Any]:
        """The batch object of the wire."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        for name in ("owner", "errors", "total", "completed", "failed"):
            del body[name]
        return body | {
            "object": "batch",
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "expires_at": self.created_at + KEPT_S,
            "expired_at": None,
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
        }


class BatchStore:
    """
    Where files and batches are handed in and fetched. Everything of a caller is his alone.

    Args:
        folder: Made when the first file comes.
        handle: The pipeline.
        later: Hands a batch to Groq; None where nobody may.
    """

    def __init__(self, folder: Path, handle: Handler[Request], later: Later | None = None) -> None:
        self._folder = folder
        self._handle = handle
        self._later = later
        self._runs: dict[str, BatchRun] = {}
        self._stops: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._batches: dict[str, Running] | None = None

    # ── the process ──────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Go on with every batch that an earlier process left open; again is no harm."""
        if self._batches is not None:
            return
        self._tidy()
        self._batches = {batch.id: batch for batch in self._read("batches", Running)}
        for batch in self._batches.values():
            if batch.status in OPEN:
                self._run(batch)

    async def stop(self) -> None:
        """Drop what is under way; what is written stays, and the next start goes on from it."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, owner: Caller, filename: str, purpose: str, data: bytes) -> Filed:
        """
        Keep a file.

        Raises:
            RequestError: The caller's files take too much room.
        """
        used = sum(file.bytes for file in self.files(owner))
        if used + len(data) > MAX_BYTES:
            raise RequestError(
                f"your files take more than {MAX_BYTES // 2**20} MiB together",
                status=413,
                param="file",
                hint="Delete some.",
            )
        return self._file(_owner(owner), filename, purpose, data)

    def files(self, owner: Caller) -> list[Filed]:
        """All files of a caller, newest first."""
        own = [file for file in self._read("files", Filed) if file.owner == _owner(owner)]
        return sorted(own, key=lambda file: (file.created_at, file.id), reverse=True)

    def file(self, owner: Caller, name: str) -> Filed:
        """
        Raises:
            RequestError: 404; there is no such file of this caller.
        """
        path = self._path("files", name)
        file: Filed | None = _decode(path, Filed) if path is not None else None
        if file is None or file.owner != _owner(owner):
            raise _missing("file", name)
        return file

    def content(self, file: Filed) -> Path:
        """Where the content of a file lies."""
        return self._folder / "files" / f"{file.id}.jsonl"

    def delete(self, owner: Caller, name: str) -> None:
        """Delete a file; errors as for :meth:`file`."""
        file = self.file(owner, name)
        self.content(file).unlink(missing_ok=True)
        (self._folder / "files" / f"{file.id}.json").unlink(missing_ok=True)

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────

    def create(
        self,
        owner: Caller,
        *,
        input_file_id: str,
        endpoint: str,
        window: str,
        metadata: dict[str, str] | None,
        via: Via = "live",
    ) -> Running:
        """
        Begin a batch; its lines are looked through once it runs.

        Raises:
            RequestError: There is no such file, or nothing here answers the endpoint, or not by that way.
        """
        file = self.file(owner, input_file_id)
        if endpoint.removeprefix("/openai") not in URLS:
            raise RequestError(
                f"no batch is answered at {endpoint[:80]}", param="endpoint", hint=f"Use one of: {', '.join(URLS)}."
            )
        if via == "groq-batch":
            self._check_later(endpoint)
        batch = Running(
            id=_new("batch"),
            owner=file.owner,
            endpoint=endpoint,
            input_file_id=file.id,
            completion_window=window,
            metadata=metadata,
            via=via,
            created_at=int(time.time()),
        )
        known = self._load_batches()  # first, or it would find this one on disk and carry it out as well
        self._save(batch)
        known[batch.id] = batch
        self._run(batch)
        return batch

    def batches(self, owner: Caller) -> list[Running]:
        """All batches of a caller, newest first."""
        own = [self._fresh(batch) for batch in self._load_batches().values() if batch.owner == _owner(owner)]
        return sorted(own, key=lambda batch: (batch.created_at, batch.id), reverse=True)

    def batch(self, owner: Caller, name: str) -> Running:
        """
        Raises:
            RequestError: 404; there is no such batch of this caller.
        """
        batch = self._load_batches().get(name)
        if batch is None or batch.owner != _owner(owner):
            raise _missing("batch", name)
        return self._fresh(batch)

    def cancel(self, owner: Caller, name: str) -> Running:
        """
        Ask no further line; those under way are still written down.

        Raises:
            RequestError: 404, or 400 when it has ended.
        """
        batch = self.batch(owner, name)
        if batch.status not in ("validating", "in_progress"):
            raise RequestError(f"the batch is {batch.status} and cannot be cancelled", param="batch_id")
        batch.status, batch.cancelling_at = "cancelling", int(time.time())
        self._save(batch)
        if (run := self._runs.get(name)) is not None:
            run.stop()
        if (stop := self._stops.get(name)) is not None:
            stop.set()
        return batch

    def _check_later(self, endpoint: str) -> None:
        if self._later is None:
            raise RequestError(
                "batches are not handed to Groq here, since what people may use is limited",
                param="via",
                hint="Leave `via` out: the batch is carried out here, and counted.",
            )
        if URLS[endpoint.removeprefix("/openai")] != "chat":
            raise RequestError(
                f"Groq's Batch API is given chats alone, not {endpoint}", param="via", hint="Leave it out."
            )

    def _fresh(self, batch: Running) -> Running:
        """With the counts of this moment."""
        if (run := self._runs.get(batch.id)) is not None:
            progress = run.progress
            batch.completed, batch.failed = progress.done, progress.failed
        return batch

    # ── carrying out ─────────────────────────────────────────────────────────────────────────────────

    def _run(self, batch: Running) -> None:
        task = asyncio.create_task(self._carry_out(batch))
        self._tasks[batch.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(batch.id, None))

    async def _carry_out(self, batch: Running) -> None:
        try:
            source = LineSource(self._folder / "files" / f"{batch.input_file_id}.jsonl", Recipe())
            if batch.status == "validating":
                batch.total, batch.errors = await asyncio.to_thread(_look_through, source, batch.endpoint)
                if batch.errors:
                    self._end(batch, "failed")
                    return
                if batch.status == "validating":  # it may have been cancelled meanwhile
                    batch.status, batch.in_progress_at = "in_progress", int(time.time())
                self._save(batch)
            await self._ask(batch, source)
        except GroqCoreError as error:
            batch.errors = [{"code": "batch_stopped", "message": error.message, "line": None, "param": None}]
            self._end(batch, "failed")
        except Exception as error:
            log.error("%s while carrying out %s", type(error).__name__, batch.id)  # noqa: TRY400 - its text may quote
            batch.errors = [{"code": "internal_error", "message": "the batch broke", "line": None, "param": None}]
            self._end(batch, "failed")

    async def _ask(self, batch: Running, source: LineSource) -> None:
        answers = self._folder / "batches" / f"{batch.id}.answers"
        caller = Caller(credential=batch.owner[0], user=batch.owner[1])
        with Sink(answers) as sink:
            if batch.via == "groq-batch":
                await self._hand_over(batch, source, sink)
            elif batch.status != "cancelling":
                run = BatchRun(source, sink, answerers(self._handle, stay=False, caller=caller), total=batch.total)
                self._runs[batch.id] = run
                try:
                    await run.run()
                finally:
                    self._fresh(batch)
                    self._runs.pop(batch.id, None)
        cancelled = batch.cancelling_at is not None
        if not cancelled:
            batch.status, batch.finalizing_at = "finalizing", int(time.time())
        good, bad = await asyncio.to_thread(_part, answers)
        for data, field in ((good, "output_file_id"), (bad, "error_file_id")):
            if data:
                kept = self._file(batch.owner, f"{batch.id}_{field[:-8]}.jsonl", "batch_output", data)
                setattr(batch, field, kept.id)
        self._end(batch, "cancelled" if cancelled else "completed")
        answers.unlink(missing_ok=True)
        beside(answers).unlink(missing_ok=True)

    async def _hand_over(self, batch: Running, source: LineSource, sink: Sink) -> None:
        """Let Groq answer, and follow it to its end."""
        if self._later is None:
            raise RequestError("batches are not handed to Groq any more", param="via")
        stopping = self._stops[batch.id] = asyncio.Event()
        if batch.status == "cancelling":
            stopping.set()
        job = await asyncio.to_thread(job_of, sink.path, source)
        try:
            async with aclosing(self._later(source, sink, job, batch.total, stopping)) as steps:
                async for progress in steps:
                    batch.completed, batch.failed = progress.done, progress.failed
        finally:
            self._stops.pop(batch.id, None)

    def _end(self, batch: Running, status: Literal["failed", "cancelled", "completed"]) -> None:
        batch.status = status
        setattr(batch, f"{status}_at", int(time.time()))
        self._save(batch)

    # ── the folder ───────────────────────────────────────────────────────────────────────────────────

    def _load_batches(self) -> dict[str, Running]:
        self.start()
        assert self._batches is not None
        return self._batches

    def _file(self, owner: tuple[str, str], filename: str, purpose: str, data: bytes) -> Filed:
        file = Filed(
            id=_new("file"),
            owner=owner,
            filename=filename,
            purpose=purpose,
            bytes=len(data),
            created_at=int(time.time()),
        )
        content = self.content(file)
        content.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            content.write_bytes(data)
            _replace(content.with_suffix(".json"), msgspec.json.encode(file))
        except OSError:
            content.unlink(missing_ok=True)  # half a file is none
            raise
        return file

    def _save(self, batch: Running) -> None:
        path = self._folder / "batches" / f"{batch.id}.json"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(path, msgspec.json.encode(batch))

    def _path(self, room: str, name: str) -> Path | None:
        """A name comes from outside, so it is no path until it looks like one of ours."""
        return self._folder / room / f"{name}.json" if name.replace("_", "").replace("-", "").isalnum() else None

    def _read(self, room: str, kind: type[Any]) -> Iterator[Any]:
        for path in sorted((self._folder / room).glob("*.json")):
            if (read := _decode(path, kind)) is not None:
                yield read

    def _tidy(self) -> None:
        """Delete what is older than a file is kept, and what a process that was killed has not finished."""
        now = time.time()
        for room in ("files", "batches"):
            for path in (self._folder / room).glob("*"):
                half = path.suffix == ".new" or (room == "files" and not path.with_suffix(".json").exists())
                with suppress(OSError):
                    if path.stat().st_mtime < now - (UNFINISHED_S if half else KEPT_S):
                        path.unlink()


def _look_through(source: LineSource, endpoint: str) -> tuple[int, list[dict[str, Any]]]:
    """Count the lines, and say which cannot be part of this batch."""
    wanted = URLS[endpoint.removeprefix("/openai")]
    count, errors = 0, list[dict[str, Any]]()
    for entry in source:
        count += 1
        if isinstance(entry, LineFault):
            problem = (entry.error.message, entry.error.param)
        elif entry.operation != wanted:
            problem = (f"the line's url is not the batch's {endpoint}", "url")
        else:
            continue
        if len(errors) < MAX_ERRORS:
            message, param = problem
            errors.append({"code": "invalid_line", "message": message, "line": entry.number, "param": param})
    if count > MAX_LINES:
        errors.append({"code": "too_many_lines", "message": f"at most {MAX_LINES} lines", "line": None, "param": None})
    if not count:
        errors.append({"code": "empty_file", "message": "the file has no lines", "line": None, "param": None})
    return count, errors


def _part(answers: Path) -> tuple[bytes, bytes]:
    """What was answered and what failed, as two files."""
    good, bad = bytearray(), bytearray()
    with answers.open("rb") as file:
        for line in file:
            (good if orjson.loads(line)["error"] is None else bad).extend(line)
    return bytes(good), bytes(bad)


def _decode(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _replace(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all."""
    new = path.with_suffix(".new")
    try:
        with new.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.move(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def _new(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(12)}"


def _owner(caller: Caller) -> tuple[str, str]:
    return caller.credential, caller.user


def _missing(kind: str, name: str) -> RequestError:
    return RequestError(
        f"there is no {kind} {name[:80]} here", status=404, param=f"{kind}_id", code="not_found", hint="List them all."
    )
