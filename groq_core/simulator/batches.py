"""Batches: every line of the input file is really answered, in its own time, and in another order."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from groq_core.simulator import chat
from groq_core.simulator.dialect import Dialect
from groq_core.simulator.files import Store
from groq_core.simulator.wire_format import Json, WireError, bad_request, decode, encode, go_json
from groq_core.simulator.world import RequestInPlay, World

ENDPOINTS = ("/v1/chat/completions",)
SECONDS_A_STAGE = 0.7
"""Time a small batch spends in each status, at pace 1 (recorded: four lines took three seconds in all)."""

LINES_A_SECOND = 200.0
_OVER = ("completed", "failed", "expired", "cancelled")


@dataclass(slots=True, kw_only=True)
class SimulatedBatch:
    """One batch job; times are unix seconds."""

    id: str
    organisation: str
    endpoint: str
    input_file_id: str
    completion_window: str
    metadata: Json | None
    created: int
    wire: Dialect
    status: str = "validating"
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: Any = None
    at: dict[str, int] = field(default_factory=dict)
    total: int = 0
    completed: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class SimulatedBatches:
    """Jobs by id; each is worked off by a task, and all tasks end with the simulator."""

    def __init__(self, world: World, store: Store) -> None:
        self.world = world
        self.store = store
        self._jobs: dict[str, SimulatedBatch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, call: RequestInPlay, rest: str, body: Json) -> None:
        """``/batches``, ``/batches/{id}`` and ``/batches/{id}/cancel``."""
        exchange = call.exchange
        ident, _, action = rest.partition("/")
        if exchange.method == "POST" and not rest:
            await self._send(call, to_wire(self._create(call, body)))
            return
        if body == {}:
            await exchange.body()
        if not rest:
            jobs = [to_wire(job) for job in self._jobs.values() if job.organisation == call.organisation]
            await self._send(call, _page(call.wire, jobs[::-1]))
            return
        job = self._jobs.get(ident)
        if job is None or job.organisation != call.organisation:
            raise WireError(404, f"batch {ident} not found", code="not_found")
        if action == "cancel" and exchange.method == "POST":
            self._cancel(job)
        elif action or exchange.method != "GET":
            raise WireError(
                404, call.wire.unknown_url.format(method=exchange.method, path=exchange.path), code="unknown_url"
            )
        await self._send(call, to_wire(job))

    async def stop(self) -> None:
        """End all jobs where they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _create(self, call: RequestInPlay, body: Json) -> SimulatedBatch:
        endpoint = body.get("endpoint")
        if endpoint not in ENDPOINTS:
            raise bad_request(f"endpoint must be one of [{' '.join(ENDPOINTS)}]", param="endpoint")
        window = body.get("completion_window")
        if not isinstance(window, str) or not window.endswith(("h", "d")):
            raise bad_request("completion_window must be between 24h and 7d", param="completion_window")
        if not isinstance(body.get("input_file_id"), str):
            raise bad_request("input_file_id is required", param="input_file_id")
        file = self.store.get(body["input_file_id"], call.organisation)
        ident = self.world.ids.ulid("batch") if call.wire.name == "groq" else f"batch_{self.world.ids.hex(32)}"
        job = SimulatedBatch(
            id=ident,
            organisation=call.organisation,
            endpoint=endpoint,
            input_file_id=file.id,
            completion_window=window,
            metadata=body.get("metadata"),
            created=int(time.time()),
            wire=call.wire,
        )
        self._jobs[ident] = job
        task = asyncio.ensure_future(self._work(job, file.data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def _cancel(self, job: SimulatedBatch) -> None:
        if job.status in _OVER:
            raise bad_request(f"batch {job.id} is {job.status} and cannot be cancelled")
        job.status = "cancelling"
        job.at["cancelling_at"] = int(time.time())

    async def _work(self, job: SimulatedBatch, data: bytes) -> None:
        await self._pause(SECONDS_A_STAGE)
        lines = [line for line in data.splitlines() if line.strip()]
        job.total = len(lines)
        if problems := _problems(lines, job.endpoint):
            job.errors = {"object": "list", "data": problems}
            self._enter(job, "failed")
            return
        self._enter(job, "in_progress")
        await self._pause(SECONDS_A_STAGE)
        good: list[Json] = []
        bad: list[Json] = []
        for number, line in enumerate(lines):
            if job.status == "cancelling":
                break
            result, status = await self._answer(job, decode(line))
            (good if status == 200 else bad).append(result)
            job.completed += status == 200
            job.failed += status != 200
            await (self._pause(1 / LINES_A_SECOND) if self.world.pace else asyncio.sleep(0))
            if number % 50 == 49:
                await asyncio.sleep(0)
        cancelled = job.status == "cancelling"
        if not cancelled:
            self._enter(job, "finalizing")
            await self._pause(SECONDS_A_STAGE)
        self.world.ids.random.shuffle(good)
        job.output_file_id = self._write(job, good, "output")
        job.error_file_id = self._write(job, bad, "error")
        self._enter(job, "cancelled" if cancelled else "completed")

    async def _answer(self, job: SimulatedBatch, line: Json) -> tuple[Json, int]:
        wire = job.wire
        # Batches have limits of their own, apart from those of direct requests.
        organisation = f"{job.organisation}:batch"
        body = {k: v for k, v in line["body"].items() if k not in ("stream", "stream_options")}
        try:
            model = self.world.model(wire, body)
            self.world.limits.meter(organisation, model).enforce = False
            answer, _, _ = await chat.compose(self.world, wire, organisation, body, model)
            answer.service_tier = "batch"
            job.input_tokens += answer.prompt_tokens
            job.output_tokens += answer.completion_tokens
            status, request_id, told = 200, answer.request_id, wire.completion(answer)
        except WireError as error:
            status, request_id = error.status, wire.request_id()
            told = decode(wire.error_body(error))
        ident = self.world.ids.ulid("batch_req") if wire.name == "groq" else f"batch_req_{self.world.ids.hex(32)}"
        return {
            "id": ident,
            "custom_id": line["custom_id"],
            "response": {"status_code": status, "request_id": request_id, "body": told},
            "error": None,
        }, status

    def _write(self, job: SimulatedBatch, results: list[Json], kind: str) -> str | None:
        if not results:
            return None
        write = go_json if job.wire.name == "groq" else encode
        data = b"".join(write(result) + b"\n" for result in results)
        name = f"{job.id}_{kind}.jsonl"
        return self.store.keep(job.wire, job.organisation, name, "batch_output", data).id

    def _enter(self, job: SimulatedBatch, status: str) -> None:
        job.status = status
        job.at[f"{status}_at"] = int(time.time())

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.world.pace if self.world.pace else 0)

    async def _send(self, call: RequestInPlay, body: Json) -> None:
        wire = call.wire
        await call.exchange.answer(200, wire.headers(wire.request_id()), wire.json_body(body), chunked=True)


def to_wire(job: SimulatedBatch) -> Json:
    """A batch object in either API's shape; unset times are null."""
    at = job.at
    hours = 24
    expires = job.created + hours * 3600
    if job.wire.name == "groq":
        return {
            "id": job.id,
            "object": "batch",
            "endpoint": job.endpoint,
            "input_file_id": job.input_file_id,
            "completion_window": job.completion_window,
            "status": job.status,
            "output_file_id": job.output_file_id,
            "error_file_id": job.error_file_id,
            "created_at": job.created,
            "in_progress_at": at.get("in_progress_at"),
            "finalizing_at": at.get("finalizing_at"),
            "completed_at": at.get("completed_at"),
            "failed_at": at.get("failed_at"),
            "cancelling_at": at.get("cancelling_at"),
            "cancelled_at": at.get("cancelled_at"),
            "expires_at": expires,
            "expired_at": None,
            "request_counts": {"completed": job.completed, "failed": job.failed, "total": job.total},
            "metadata": job.metadata or {},
            "errors": job.errors,
            "project_id": None,
        }
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": job.endpoint,
        "model": None,
        "errors": job.errors,
        "input_file_id": job.input_file_id,
        "completion_window": job.completion_window,
        "status": job.status,
        "output_file_id": job.output_file_id,
        "error_file_id": job.error_file_id,
        "created_at": job.created,
        "in_progress_at": at.get("in_progress_at"),
        "expires_at": expires,
        "finalizing_at": at.get("finalizing_at"),
        "completed_at": at.get("completed_at"),
        "failed_at": at.get("failed_at"),
        "expired_at": None,
        "cancelling_at": at.get("cancelling_at"),
        "cancelled_at": at.get("cancelled_at"),
        "request_counts": {"total": job.total, "completed": job.completed, "failed": job.failed},
        "usage": {
            "input_tokens": job.input_tokens,
            "output_tokens": job.output_tokens,
            "total_tokens": job.input_tokens + job.output_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
        "metadata": job.metadata,
    }


def _page(wire: Dialect, jobs: list[Json]) -> Json:
    if wire.name == "groq":
        return {"object": "list", "data": jobs, "paging": {"next_cursor": None}}
    first, last = (jobs[0]["id"], jobs[-1]["id"]) if jobs else (None, None)
    return {"object": "list", "data": jobs, "first_id": first, "last_id": last, "has_more": False}


def _problems(lines: list[bytes], endpoint: str) -> list[Json]:
    """What is wrong with an input file, line by line; at most twenty are told."""
    problems: list[Json] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if len(problems) == 20:
            break
        try:
            entry = decode(line)
        except msgspec.DecodeError:
            problems.append(_problem("invalid_json_line", "This line is not parseable as valid JSON.", None, number))
            continue
        custom = entry.get("custom_id") if isinstance(entry, dict) else None
        if not isinstance(custom, str) or not custom:
            problems.append(_problem("missing_required_parameter", "custom_id is required", "custom_id", number))
        elif custom in seen:
            problems.append(_problem("duplicate_custom_id", f"custom_id {custom!r} is used twice", "custom_id", number))
        elif entry.get("url") != endpoint or entry.get("method") != "POST":
            problems.append(_problem("mismatched_url", f"method and url must be POST {endpoint}", "url", number))
        elif not isinstance(entry.get("body"), dict):
            problems.append(_problem("missing_required_parameter", "body is required", "body", number))
        else:
            seen.add(custom)
    return problems


def _problem(code: str, message: str, param: str | None, line: int) -> Json:
    return {"code": code, "message": message, "param": param, "line": line}
