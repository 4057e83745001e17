"""
A batch through Groq's Batch API: uploaded in parts, answered within a day, at half the price.

Each part's ids are in the job's slip as soon as Groq has told them, so a run that was interrupted, by a night or
by a power cut, looks after the same batches again instead of paying for new ones. Beside each part stands which
lines it took and a hash of their questions: a result belongs to the question that was sent, whatever has become of
the row meanwhile, and a line that comes back without a result is missed.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.events import Note, Usage
from groq_core.models.pricing import BATCH_DISCOUNT
from groq_core.services.batch.batch_result import BatchResult, Sent, tokens_of
from groq_core.services.batch.disk import finish_in_thread, remove_files
from groq_core.services.batch.job import Job, Part
from groq_core.services.batch.lines import Entry, Line, LineFault
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.reconcile import Reconciled, reconcile
from groq_core.services.batch.remote_api import BatchApi, Described
from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.sink import Sink, failure, writing_beside

T = TypeVar("T")

MOST_LINES: Final = 50_000
MOST_BYTES: Final = 100 * 1000 * 1000
"""Of one file (API reference, read 2026-08; the guide says 200 MB)."""

FIRST_LOOK_S, LONGEST_LOOK_S = 1.0, 60.0
"""Seconds between two looks at a batch: at first, and when it takes hours."""

PASSING: Final = frozenset(
    {
        Kind.SERVER_ERROR,
        Kind.CONNECTION,
        Kind.RATE_LIMITED,
        Kind.OVER_CAPACITY,
        Kind.TIMEOUT_FIRST_TOKEN,
        Kind.TIMEOUT_IDLE,
        Kind.STREAM_CUT,
        Kind.MALFORMED,
    }
)
"""Failures after which the same thing is tried again."""

TRIES: Final = 6

OURS: Final = frozenset({"cost_sensitive", "max_latency_ms"})
"""Fields of a line that are for this application alone."""

Fit = Callable[[dict[str, Any]], tuple[dict[str, Any], Sequence[Note]]]


class RemoteBatchRun:
    """
    One look after a job that Groq works on.

    Args:
        entries: Makes an iterator over the source, anew each time.
        sink: Open; lines it holds are not sent.
        job: Its slip; saved after every step.
        model: From a line's model (perhaps a tier, perhaps None) to a Groq id. Raises RequestError.
        price: From a model's id and a usage to USD, undiscounted; None where it is unknown.
        fit: From a chat's body to one that Groq takes, and what had to be changed for it. Raises RequestError.
        total: Lines in the source, where somebody has counted.
        simulated: The simulator answers, and each answer says so.
        stopping: Once set, nothing more is sent, and what Groq has is cancelled there.
    """

    def __init__(
        self,
        entries: Callable[[], Iterable[Entry]],
        sink: Sink,
        job: Job,
        api: BatchApi,
        *,
        model: Callable[[str | None], str],
        price: Callable[[str, Usage], float | None],
        fit: Fit = lambda body: (body, ()),
        total: int | None = None,
        simulated: bool = False,
        stopping: asyncio.Event | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        most_lines: int = MOST_LINES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._entries, self._sink, self._job, self._api = entries, sink, job, api
        self._model, self._price, self._fit = model, price, fit
        self._total, self._simulated = total, simulated
        self._stopping = stopping or asyncio.Event()
        self._clock, self._sleep = clock, sleep
        self._most_lines, self._most_bytes = most_lines, most_bytes
        self._started = clock()
        self._resumed = len(sink)
        self._tokens_in = self._tokens_out = self._duplicates = self._truncated = 0
        self._usd: float | None = 0.0
        self._unreadable = self._unknown = 0
        self._counted: int | None = None
        self._refused: list[str] = []
        self.reconciled = Reconciled()

    def progress(self, note: str = "") -> Progress:
        """How far it has come; what Groq has finished but not handed over counts as under way."""
        parts = self._job.open_parts
        return Progress(
            done=self._sink.answered,
            failed=self._sink.failed,
            resumed=self._resumed,
            duplicates=self._duplicates,
            truncated=self._truncated,
            total=self._total if self._counted is None else self._counted,
            in_flight=sum(part.lines for part in parts),
            tokens_in=self._tokens_in,
            tokens_out=self._tokens_out,
            usd=self._usd,
            elapsed_s=self._clock() - self._started,
            unreadable=self._unreadable,
            unknown=self._unknown,
            note=note or "; ".join(f"{part.status} {part.completed + part.failed}/{part.lines}" for part in parts),
        )

    async def run(self) -> AsyncGenerator[Progress, None]:
        """
        Finish what was sent by earlier runs, send what is left, and finish that.

        Yields:
            Progress: After every step and every look.

        Raises:
            RequestError: Groq does not accept a part's lines; what the other parts came to is in the sink.
            ProviderError: Groq cannot be reached, or the key may not use batches.
        """
        for phase in (self._finish, self._sort, self._send, self._finish):
            async with aclosing(phase()) as steps:
                async for step in steps:
                    yield step
        yield self.progress()
        if self._refused:
            why = "; ".join(self._refused[:5])
            raise RequestError(f"Groq did not accept the batch: {why}", param="file", code="batch_failed")

    async def _sort(self) -> AsyncGenerator[Progress, None]:
        """Hold the results against the rows of today, before those without one are sent."""
        self.reconciled = await asyncio.to_thread(reconcile, self._sink, self._entries())
        self._resumed = len(self._sink)
        yield self.progress()

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────

    async def _send(self) -> AsyncGenerator[Progress, None]:
        entries, seen = iter(self._entries()), IdSet()
        carried = (b"", b"")
        try:
            while not self._stopping.is_set():
                path = self._beside(len(self._job.parts), "jsonl")
                lines, carried = await asyncio.to_thread(self._write_part, path, entries, seen, carried)
                if not lines:
                    self._counted = len(seen) + self._duplicates
                    self._beside(len(self._job.parts), "ids").unlink(missing_ok=True)
                    return
                yield self.progress(f"uploading {lines} {'line' if lines == 1 else 'lines'}")
                file_id = await self._patiently(functools.partial(self._api.upload, path))
                part = Part(file_id=file_id, lines=lines)
                self._job.parts.append(part)
                await finish_in_thread(self._job.save, self._sink.path)
                await self._create(part)
                yield self.progress()
                await remove_files(path)
        finally:
            self._beside(len(self._job.parts), "jsonl").unlink(missing_ok=True)
            if self._job.parts:
                self._beside(len(self._job.parts) - 1, "jsonl").unlink(missing_ok=True)

    def _beside(self, part: int, kind: str) -> Path:
        """The file of a part's lines, or of their ids and the hashes of their questions."""
        return self._sink.path.with_name(f"{self._sink.path.name}.part-{part + 1}.{kind}")

    def _write_part(
        self, path: Path, entries: Iterable[Entry], seen: IdSet, carried: tuple[bytes, bytes]
    ) -> tuple[int, tuple[bytes, bytes]]:
        """
        Write the next lines that the sink does not hold, as many as one file may have.

        Returns:
            How many were written, and the first line of the next part, which did not fit any more, with its id.

        Raises:
            DiskFullError: There is no room for them.
        """
        raw, known = carried
        lines, size = int(bool(raw)), len(raw)
        with (
            writing_beside(self._sink.path, self._sink.answered),
            path.open("wb") as file,
            path.with_suffix(".ids").open("wb") as ids,
        ):
            file.write(raw)
            ids.write(known)
            for entry in entries:
                if not seen.add(entry.custom_id):
                    self._duplicates += 1
                    continue
                if entry.custom_id in self._sink or (wire := self._wire_line(entry)) is None:
                    continue
                raw, known = wire
                if lines + 1 > self._most_lines or size + len(raw) > self._most_bytes:
                    return lines, (raw, known)
                file.write(raw)
                ids.write(known)
                lines, size = lines + 1, size + len(raw)
        return lines, (b"", b"")

    def _wire_line(self, entry: Entry) -> tuple[bytes, bytes] | None:
        """A line as the Batch API takes it, and what to remember; None, and a failure in the sink, for none."""
        try:
            if isinstance(entry, LineFault):
                raise entry.error
            return self._wire(entry)
        except RequestError as error:
            self._sink.fail(entry.custom_id, failure(error), key=entry.key)
            return None

    def _wire(self, line: Line) -> tuple[bytes, bytes]:
        if line.operation != "chat":
            raise RequestError(
                f"Groq's Batch API takes no {line.operation}", param="operation", hint="Run it with --via live."
            )
        body = {name: value for name, value in line.body.items() if name not in OURS}
        body["model"] = self._model(body.get("model"))
        body, notes = self._fit(body)
        raw = msgspec.json.encode(
            {"custom_id": line.custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
        )
        if len(raw) >= self._most_bytes:
            raise RequestError("the line is larger than a whole file may be", code="request_too_large")
        return raw + b"\n", msgspec.json.encode(Sent.of(line, notes)) + b"\n"

    async def _create(self, part: Part) -> None:
        """Start the batch on a part, unless an interrupted run has started it without hearing of it."""

        async def create() -> Described:
            return await self._api.find(part.file_id) or await self._api.create(part.file_id)

        made = await self._patiently(create)
        part.batch_id, part.status, part.stage = made.id, made.status, "created"
        await finish_in_thread(self._job.save, self._sink.path)

    # ── finishing ────────────────────────────────────────────────────────────────────────────────────

    async def _finish(self) -> AsyncGenerator[Progress, None]:
        pause = FIRST_LOOK_S
        cancelled = set[str | None]()
        while parts := self._job.open_parts:
            for part in parts:
                if self._stopping.is_set() and part.batch_id not in cancelled:
                    cancelled.add(part.batch_id)
                    await self._cancel(part)
                if part.batch_id is None:
                    await self._create(part)
                await self._look_at(part)
                yield self.progress()
            if self._job.open_parts:
                await self._wait(pause)
                pause = min(LONGEST_LOOK_S, pause * 1.5)

    async def _wait(self, seconds: float) -> None:
        """Until the next look is due; at once when it is to stop."""
        if self._stopping.is_set():
            await self._sleep(FIRST_LOOK_S)
            return
        pausing = asyncio.ensure_future(self._sleep(seconds))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((pausing, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in (pausing, stopping):
                waiting.cancel()

    async def _cancel(self, part: Part) -> None:
        """One that has ended meanwhile cannot be cancelled, and need not be."""
        if part.batch_id is not None:
            with suppress(ProviderError):
                await self._api.cancel(part.batch_id)

    async def _look_at(self, part: Part) -> None:
        batch_id = part.batch_id
        assert batch_id is not None, "a part is looked at once its batch is known"
        batch = await self._patiently(lambda: self._api.look(batch_id))
        part.status, part.completed, part.failed = batch.status, batch.completed, batch.failed
        if not batch.over:
            return
        known = await asyncio.to_thread(self._read_ids, part)
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            await self._patiently(lambda file_id=file_id: self._fetch(file_id, known))  # type: ignore[misc]
        await self._sink.sync()
        part.stage = "fetched"
        await finish_in_thread(self._job.save, self._sink.path)
        self._beside(self._job.parts.index(part), "ids").unlink(missing_ok=True)
        if batch.status == "failed":
            self._refused += batch.problems or ("no reason given",)

    def _read_ids(self, part: Part) -> dict[str, Sent] | None:
        """What was sent in a part, by its ids; None where nothing was written down."""
        try:
            with self._beside(self._job.parts.index(part), "ids").open("rb") as file:
                return {(sent := msgspec.json.decode(line, type=Sent)).custom_id: sent for line in file}
        except FileNotFoundError:
            return None

    async def _fetch(self, file_id: str, known: dict[str, Sent] | None) -> None:
        """Take in a file of results; lines the sink has from an interrupted fetch are not taken twice."""
        unreadable, unknown = list[bytes](), 0
        async with aclosing(self._api.lines(file_id)) as lines:
            async for raw in lines:
                try:
                    result = msgspec.json.decode(raw, type=BatchResult)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    unreadable.append(raw)
                    continue
                if known is not None and result.custom_id not in known:
                    unknown += 1
                else:
                    self._take(result, (known or {}).get(result.custom_id) or Sent(result.custom_id))
        # Only when the file has been read to its end: an interrupted one is read again.
        if unreadable:
            self._record_unreadable(unreadable)
        self._unreadable += len(unreadable)
        self._unknown += unknown

    def _record_unreadable(self, lines: Iterable[bytes]) -> None:
        """Keep what nobody could read, for whoever can."""
        path = unreadable_results(self._sink.path)
        with writing_beside(self._sink.path, self._sink.answered), path.open("ab") as file:
            file.writelines(line.rstrip(b"\r\n") + b"\n" for line in lines)

    def _take(self, result: BatchResult, sent: Sent) -> None:
        if result.custom_id in self._sink:
            return
        reason = result.reason
        if reason is not None:
            self._sink.fail(result.custom_id, reason, key=sent.key)
            return
        response = result.response
        assert response is not None
        assert response.body is not None, "a result without a reason has an answer"
        body = sent.answered(response.body) | ({"simulated": True} if self._simulated else {})
        self._sink.answer(
            result.custom_id, body, key=sent.key, request_id=response.request_id, status=response.status_code
        )
        self._count(response.body)

    def _count(self, body: dict[str, Any]) -> None:
        tokens_in, tokens_out = tokens_of(body)
        self._tokens_in += tokens_in
        self._tokens_out += tokens_out
        self._truncated += any(choice.get("finish_reason") == "length" for choice in body["choices"])
        usd = self._price(str(body.get("model")), Usage(prompt_tokens=tokens_in, completion_tokens=tokens_out))
        self._usd = None if usd is None or self._usd is None else self._usd + usd * BATCH_DISCOUNT

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Try again what fails in passing, with growing pauses."""
        for tried in range(1, TRIES):
            try:
                return await call()
            except ProviderError as error:
                if error.kind not in PASSING:
                    raise
                await self._sleep(error.retry_after or min(LONGEST_LOOK_S, 2.0**tried))
        return await call()


def unreadable_results(output: Path) -> Path:
    """Where results are kept that could not be read."""
    return output.with_name(output.name + ".unreadable")
