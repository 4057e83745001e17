"""A batch that came to no good end: every line has its answer, or the reason why there is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from groq_core.events import Events, Finished, TextDelta
from groq_core.requests import Caller, ChatRequest, Request
from groq_core.services.batch import batch_store
from groq_core.services.batch.batch_store import BatchStore
from groq_core.services.batch.job import Job, Part
from groq_core.services.batch.places import BatchFolder, Running
from groq_core.services.batch.progress import Progress
from groq_core.services.batch.sink import Sink
from groq_core.services.batch.sources import LineSource
from tests.services.scripted import Model, says

ME = Caller()


async def answer_a_and_wait(request: Request) -> Events:
    assert isinstance(request, ChatRequest)
    if request.messages[0]["content"] != "a":
        await asyncio.Event().wait()
    yield TextDelta("Hi")
    yield Finished(provider="groq", model="m")


async def test_what_was_answered_is_handed_over_where_the_input_is_gone_after_a_restart(tmp_path: Path) -> None:
    store = BatchStore(BatchFolder(tmp_path), answer_a_and_wait)
    file = await store.keep(ME, "in.jsonl", "batch", "\n".join(map(line, "ab")).encode())
    made = await store.create(ME, input_file_id=file.id, endpoint="/v1/chat/completions", window="24h", metadata=None)
    async with asyncio.timeout(30):
        while (await store.batch(ME, made.id)).completed == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await store.stop()
    await store.delete(ME, file.id)
    again = BatchStore(BatchFolder(tmp_path), answer_a_and_wait)
    await again.start()
    batch = await wait_for_end(again, made.id)
    await again.stop()

    assert batch.status == "failed"
    assert "there is no file" in batch.errors[0]["message"]
    (row,) = (tmp_path / "files" / f"{batch.output_file_id}.jsonl").read_text().splitlines()
    assert json.loads(row)["custom_id"] == "a"


def line(name: str) -> str:
    body = {"messages": [{"role": "user", "content": name}]}
    return json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body})


async def wait_for_end(store: BatchStore, name: str) -> Running:
    async with asyncio.timeout(30):
        while (batch := await store.batch(ME, name)).open:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return batch


@pytest.mark.parametrize(("ended", "status"), [("expired", "expired"), ("completed", "completed")])
async def test_a_line_without_a_result_is_told_as_one(tmp_path: Path, ended: str, status: str) -> None:
    async def answer_one(
        source: LineSource, sink: Sink, job: Job, total: int, stopping: asyncio.Event
    ) -> AsyncGenerator[Progress, None]:
        sink.answer("a", {"choices": [{"message": {"content": "Hi"}}]})
        job.parts.append(Part(file_id="file_1", lines=total, stage="fetched", status=ended))
        yield Progress(done=1, failed=0, total=total)

    store = BatchStore(BatchFolder(tmp_path), Model([says("no")]), answer_one)
    file = await store.keep(ME, "in.jsonl", "batch", "\n".join(map(line, "abc")).encode())
    batch = await store.create(
        ME, input_file_id=file.id, endpoint="/v1/chat/completions", window="24h", metadata=None, via="groq-batch"
    )
    batch = await wait_for_end(store, batch.id)
    await store.stop()

    told = batch.to_wire()
    assert told["status"] == status
    assert (told["expired_at"] is not None) is (status == "expired")
    assert told["request_counts"] == {"total": 3, "completed": 1, "failed": 2}
    lost = (tmp_path / "files" / f"{told['error_file_id']}.jsonl").read_text().splitlines()
    assert {json.loads(row)["custom_id"]: json.loads(row)["error"]["code"] for row in lost} == {
        "b": "batch_expired",
        "c": "batch_expired",
    }


class SlowFolder(BatchFolder):
    """A place that a look reads before who put a batch there goes on."""

    async def put_batch(self, batch: Running) -> None:
        await super().put_batch(batch)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("waits", [False, True])
async def test_a_batch_is_carried_out_once_though_a_look_finds_it_as_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(batch_store, "LOOK_S", 0.001)
    asked: list[str] = []

    async def answer(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        asked.append(request.messages[0]["content"])
        await asyncio.sleep(0.2 if waits else 0)
        yield TextDelta("Hi")
        yield Finished(provider="groq", model="m")

    store = BatchStore(SlowFolder(tmp_path), answer)
    await store.start()
    file = await store.keep(ME, "in.jsonl", "batch", "\n".join(map(line, "ab")).encode())
    made = await store.create(ME, input_file_id=file.id, endpoint="/v1/chat/completions", window="24h", metadata=None)
    batch = await wait_for_end(store, made.id)
    await store.stop()

    assert (batch.status, batch.errors) == ("completed", [])
    assert sorted(asked) == ["a", "b"]
