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
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from groq_core.errors import GroqCoreError, RequestError
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.services.batch.batch_files import check_endpoint, look_through, part_answers, write_off
from groq_core.services.batch.dated_ids import new_id
from groq_core.services.batch.job import Job, job_of
from groq_core.services.batch.line_answers import answerers
from groq_core.services.batch.lines import Recipe
from groq_core.services.batch.places import KEPT_S, BatchPlace, Filed, Owner, PlaceAway, Running, Via
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.runner import BatchRun
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource
from groq_core.services.sent_pictures import Pieces

log = logging.getLogger(__name__)

MAX_BYTES: Final = 2 * 2**30
"""Of all files of one caller together."""

PURPOSES: Final = ("batch", "batch_output")

Later: TypeAlias = Callable[[LineSource, Sink, Job, int, asyncio.Event], AsyncGenerator[Progress, None]]
"""Lets Groq answer a source; see :func:`groq_core.services.batch.later.run_later`."""

LOOK_S: Final = 1.0
"""Seconds between two looks at which batches nobody carries out."""

PLACE_AWAY: Final = (PlaceAway, OSError)
"""What a place raises that cannot be reached now."""


class BatchStore:
    """
    Where files and batches are handed in and fetched. Everything of a caller is his alone.

    Args:
        place: Where they are kept, and found by other processes too.
        handle: The pipeline.
        later: Hands a batch to Groq; None where nobody may.
        simulated: The simulator answers, and each answer says so.
        pieces: Into how many parts pictures may be cut.
    """

    def __init__(
        self,
        place: BatchPlace,
        handle: Handler[Request],
        later: Later | None = None,
        *,
        simulated: bool = False,
        pieces: Pieces = lambda _: 1,
    ) -> None:
        self._place = place
        self._handle = handle
        self._later = later
        self._simulated = simulated
        self._pieces = pieces
        self._stops: dict[str, asyncio.Event] = {}
        self._runs: dict[str, BatchRun] = {}
        self._mine: dict[str, Running] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._taken_up: set[str] = set()
        self._looking: asyncio.Task[None] | None = None

    # ── the process ──────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Go on with every batch that nobody carries out, now and whenever a process dies; again is no harm."""
        if self._looking is None:
            with suppress(*PLACE_AWAY):
                await self._place.tidy()
            self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Drop what is under way; what is written stays, and whoever is next goes on from it."""
        tasks = [*self._tasks.values(), *([self._looking] if self._looking is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        away = False
        while True:
            try:
                for batch in await self._place.batches():
                    await self._take_up(batch.id)
                for name in [*self._mine]:
                    await self._keep(name)
                away = False
            except PLACE_AWAY:
                if not away:
                    log.warning("batches wait, since where they are kept does not answer")
                away = True
            except Exception:
                log.exception("a look at the batches went wrong")
            await asyncio.sleep(LOOK_S)

    async def _take_up(self, name: str) -> None:
        """Carry out a batch that nobody else has: no other process, and in this one neither who began it nor a look."""
        if name in self._tasks or name in self._taken_up:
            return
        self._taken_up.add(name)
        try:
            if not await self._place.claim(name):
                return
            batch = await self._place.batch(name)
            if batch is None or not batch.open:
                await self._place.release(name)
                return
            self._mine[name] = batch
            self._tasks[name] = asyncio.create_task(self._carry_out(batch))
        finally:
            self._taken_up.discard(name)

    async def _keep(self, name: str) -> None:
        """Go on holding a batch, tell the others how far it is, and end it where somebody wants that."""
        task, batch = self._tasks.get(name), self._mine.get(name)
        if task is None or batch is None:
            return
        if not await self._place.claim(name):
            task.cancel()  # this process was away for so long that another one has it
            return
        known = await self._place.batch(name)
        if known is not None and known.cancelling_at is not None and batch.cancelling_at is None:
            batch.with_wish(known.cancelling_at)
            self._stop_asking(name)
        if name in self._runs or name in self._stops:
            self._fresh(batch)
            await self._place.save_answers(name)
            await self._place.put_batch(batch)

    # ── files ────────────────────────────────────────────────────────────────────────────────────────

    async def keep(self, owner: Caller, filename: str, purpose: str, data: bytes, *, kept_s: int = KEPT_S) -> Filed:
        """
        Keep a file.

        Args:
            kept_s: Seconds from now until it is not there any more.

        Raises:
            RequestError: The caller's files take too much room.
        """
        used = sum(file.bytes for file in await self.files(owner))
        if used + len(data) > MAX_BYTES:
            too_much = f"your files take more than {MAX_BYTES // 2**20} MiB together"
            raise RequestError(too_much, status=413, param="file", hint="Delete some.")
        return await self._file(_owner(owner), filename, purpose, data, kept_s)

    async def files(self, owner: Caller) -> list[Filed]:
        """All files of a caller, newest first."""
        own = [file for file in await self._place.files(_owner(owner)) if await self._lasts(file)]
        return sorted(own, key=lambda file: (file.created_at, file.id), reverse=True)

    async def file(self, owner: Caller, name: str) -> Filed:
        """
        Raises:
            RequestError: 404; there is no such file of this caller.
        """
        file = await self._place.file(name)
        if file is None or file.owner != _owner(owner) or not await self._lasts(file):
            raise _missing("file", name)
        return file

    async def _lasts(self, file: Filed) -> bool:
        """A file is still to be there; one that is not is deleted."""
        if time.time() < file.expires_at:
            return True
        await self._place.remove_file(file.id)
        return False

    async def content(self, file: Filed) -> Path:
        """Where the content of a file lies."""
        return await self._place.content(file.id)

    async def delete(self, owner: Caller, name: str) -> None:
        """Delete a file; errors as for :meth:`file`."""
        await self._place.remove_file((await self.file(owner, name)).id)

    # ── batches ──────────────────────────────────────────────────────────────────────────────────────

    async def create(
        self,
        owner: Caller,
        *,
        input_file_id: str,
        endpoint: str,
        window: str,
        metadata: dict[str, str] | None,
        via: Via = "live",
        output_kept_s: int = KEPT_S,
    ) -> Running:
        """
        Begin a batch; its lines are looked through once it runs.

        Args:
            output_kept_s: Seconds for which its results are kept.

        Raises:
            RequestError: There is no such file, or nothing here answers the endpoint, or not by that way.
        """
        file = await self.file(owner, input_file_id)
        check_endpoint(endpoint)
        if via == "groq-batch" and self._later is None:
            raise RequestError(
                "batches are not handed to Groq here, since what people may use is limited",
                param="via",
                hint="Leave `via` out: the batch is carried out here, and counted.",
            )
        name, now = new_id("batch")
        batch = Running(
            id=name,
            owner=file.owner,
            endpoint=endpoint,
            input_file_id=file.id,
            completion_window=window,
            metadata=metadata,
            via=via,
            output_kept_s=output_kept_s,
            created_at=now,
        )
        await self._place.put_batch(batch)
        await self.start()
        await self._take_up(batch.id)
        return batch

    async def batches(self, owner: Caller) -> list[Running]:
        """All batches of a caller, newest first."""
        own = [self._now(batch) for batch in await self._place.batches(_owner(owner))]
        return sorted(own, key=lambda batch: (batch.created_at, batch.id), reverse=True)

    async def batch(self, owner: Caller, name: str) -> Running:
        """
        Raises:
            RequestError: 404; there is no such batch of this caller.
        """
        batch = await self._place.batch(name)
        if batch is None or batch.owner != _owner(owner):
            raise _missing("batch", name)
        return self._now(batch)

    async def cancel(self, owner: Caller, name: str) -> Running:
        """
        Ask no further line; those under way are still written down.

        Raises:
            RequestError: 404, or 400 when it has ended.
        """
        batch = await self.batch(owner, name)
        if batch.status not in ("validating", "in_progress"):
            raise RequestError(f"the batch is {batch.status} and cannot be cancelled", param="batch_id")
        await self._place.cancel(batch.id)
        batch.with_wish(int(time.time()))
        self._stop_asking(name)
        return batch

    def _stop_asking(self, name: str) -> None:
        if (run := self._runs.get(name)) is not None:
            run.stop()
        if (stop := self._stops.get(name)) is not None:
            stop.set()

    def _now(self, batch: Running) -> Running:
        """As it is at this moment, where this process carries it out."""
        return self._fresh(self._mine.get(batch.id, batch))

    def _fresh(self, batch: Running) -> Running:
        """With the counts of this moment."""
        if (run := self._runs.get(batch.id)) is not None:
            progress = run.progress
            batch.completed, batch.failed = progress.done, progress.failed
        return batch

    # ── carrying out ─────────────────────────────────────────────────────────────────────────────────

    async def _carry_out(self, batch: Running) -> None:
        try:
            await self._work(batch)
        except GroqCoreError as error:
            batch.errors = [{"code": "batch_stopped", "message": error.message, "line": None, "param": None}]
            await self._end(batch, "failed")
        except PLACE_AWAY:
            log.warning("%s waits, since where it is kept does not answer", batch.id)
        except Exception as error:
            log.error("%s while carrying out %s", type(error).__name__, batch.id)  # noqa: TRY400 - its text may quote
            batch.errors = [{"code": "internal_error", "message": "the batch broke", "line": None, "param": None}]
            await self._end(batch, "failed")
        finally:
            self._mine.pop(batch.id, None)
            try:
                with suppress(*PLACE_AWAY):
                    await self._place.release(batch.id)
            finally:
                # Only now may it be taken up once more, or this would let go of what that holds.
                self._tasks.pop(batch.id, None)

    async def _work(self, batch: Running) -> None:
        content = await self._place.content(batch.input_file_id)
        try:
            source = LineSource(content, Recipe(simulated=self._simulated))
        except GroqCoreError:  # it was deleted meanwhile; what has been answered by then is handed over
            await self._publish(batch, await self._place.answers(batch.id))
            raise
        if batch.status == "validating":
            batch.total, batch.errors = await asyncio.to_thread(look_through, source, batch.endpoint)
            if batch.errors:
                await self._end(batch, "failed")
                return
            if batch.status == "validating":  # it may have been cancelled meanwhile
                batch.status, batch.in_progress_at = "in_progress", int(time.time())
            await self._place.put_batch(batch)
        await self._ask(batch, source)

    async def _ask(self, batch: Running, source: LineSource) -> None:
        answers = await self._place.answers(batch.id)
        try:
            in_time = await self._answer(batch, source, answers)
        except GroqCoreError:
            await self._publish(batch, answers)
            raise
        wish = await self._place.batch(batch.id)
        batch.cancelling_at = batch.cancelling_at or (wish.cancelling_at if wish is not None else None)
        cancelled = batch.cancelling_at is not None
        if not cancelled:
            batch.status, batch.finalizing_at = "finalizing", int(time.time())
        await self._publish(batch, answers)
        await self._end(batch, "cancelled" if cancelled else "completed" if in_time else "expired")
        await self._place.remove_answers(batch.id)

    async def _answer(self, batch: Running, source: LineSource, answers: Path) -> bool:
        """Have the lines answered; False where the time was over before all were asked."""
        caller = Caller(credential=batch.owner[0], user=batch.owner[1])
        async with Sink(answers) as sink:
            if batch.via == "groq-batch":
                return await self._hand_over(batch, source, sink)
            if batch.cancelling_at is None:
                asked = answerers(self._handle, stay=False, caller=caller, pieces=self._pieces)
                run = BatchRun(source, sink, asked, total=batch.total)
                self._runs[batch.id] = run
                try:
                    await run.run()
                finally:
                    self._fresh(batch)
                    self._runs.pop(batch.id, None)
        return True

    async def _publish(self, batch: Running, answers: Path) -> None:
        """
        Make files of what was answered and what failed, however the batch ended.

        Args:
            answers: The file they were written to; one fetched anew may lack what has not been saved yet.
        """
        good, bad = await asyncio.to_thread(part_answers, answers)
        for data, field in ((good, "output_file_id"), (bad, "error_file_id")):
            if data:
                name = f"{batch.id}_{field[:-8]}.jsonl"
                kept = await self._file(batch.owner, name, "batch_output", data, batch.output_kept_s)
                setattr(batch, field, kept.id)

    async def _hand_over(self, batch: Running, source: LineSource, sink: Sink) -> bool:
        """Let Groq answer, and follow it to its end; False where Groq's time was over before it was through."""
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
        if stopping.is_set():
            return True
        # No later run asks again for what Groq gave no result for, so it is said.
        batch.failed += await asyncio.to_thread(write_off, source, sink)
        return all(part.status != "expired" for part in job.parts)

    async def _end(self, batch: Running, status: Literal["failed", "cancelled", "completed", "expired"]) -> None:
        batch.status = status
        setattr(batch, f"{status}_at", int(time.time()))
        await self._place.put_batch(batch)

    async def _file(self, owner: Owner, filename: str, purpose: str, data: bytes, kept_s: int) -> Filed:
        name, now = new_id("file")
        file = Filed(
            id=name,
            owner=owner,
            filename=filename,
            purpose=purpose,
            bytes=len(data),
            created_at=now,
            kept_s=kept_s,
        )
        await self._place.put_file(file, data)
        return file


def _owner(caller: Caller) -> Owner:
    return caller.credential, caller.user


def _missing(kind: str, name: str) -> RequestError:
    return RequestError(
        f"there is no {kind} {name[:80]} here", status=404, param=f"{kind}_id", code="not_found", hint="List them all."
    )
