"""Through Groq's Batch API every line is sent once and joined by its id, whatever interrupts the run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from groq_core.errors import Kind, ProviderError, RequestError
from groq_core.events import Usage
from groq_core.providers.groq_batch import GroqBatches, RemoteBatch
from groq_core.redaction import Secret
from groq_core.services.batch import Job, LineSource, LineTemplate, Progress, Recipe, RemoteBatchRun, Sink, job_of
from groq_core.simulator import Fault, Simulator
from tests.recordings import recordings

MODEL = "openai/gpt-oss-20b"


@pytest.fixture
async def api(simulator: Simulator) -> AsyncIterator[GroqBatches]:
    async with GroqBatches(Secret("gsk_test"), simulator.groq_url) as batches:
        yield batches


def questions(folder: Path, count: int, *, bad: int = -1) -> LineSource:
    path = folder / "in.jsonl"
    with path.open("w") as file:
        for number in range(count):
            body = {
                "prompt": f"Question {number}",
                "custom_id": f"q{number}",
                "model": "no-such" if number == bad else MODEL,
            }
            file.write(json.dumps(body) + "\n")
    return LineSource(path, Recipe())


async def nap(seconds: float) -> None:
    """The simulator's batches take no time, so neither does waiting for them."""


def prices(model: str, usage: Usage) -> float:
    return usage.prompt_tokens * 1.0


def begin_job(output: Path, source: LineSource) -> Job:
    """In a thread, as whoever is on an event loop does it."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(job_of, output, source).result()


def run(
    source: LineSource,
    sink: Sink,
    api: GroqBatches | Scripted,
    job: Job | None = None,
    *,
    most_lines: int = 50_000,
    most_bytes: int = 100_000_000,
) -> RemoteBatchRun:
    return RemoteBatchRun(
        lambda: source,
        sink,
        job or begin_job(sink.path, source),
        api,
        model=lambda name: name or MODEL,
        price=prices,
        sleep=real_nap if isinstance(api, GroqBatches) else nap,
        most_lines=most_lines,
        most_bytes=most_bytes,
    )


async def real_nap(seconds: float) -> None:
    """Give the simulator's jobs a chance to run."""
    await asyncio.sleep(0.01)


async def run_to_end(batch: RemoteBatchRun) -> Progress:
    return [progress async for progress in batch.run()][-1]


def rows(path: Path) -> dict[str, dict[str, object]]:
    found = [json.loads(line) for line in path.read_text().split("\n") if line]
    joined = {row["custom_id"]: row for row in found}
    assert len(joined) == len(found)
    return joined


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_every_line_comes_back_under_its_id_at_half_the_price(tmp_path: Path, api: GroqBatches) -> None:
    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await run_to_end(run(questions(tmp_path, 30, bad=7), sink, api))

    joined = rows(tmp_path / "out.jsonl")
    answered = [row for row in joined.values() if row["error"] is None]

    assert set(joined) == {f"q{number}" for number in range(30)}
    assert (end.done, end.failed) == (29, 1)
    assert joined["q7"]["error"] == {
        "code": "model_not_found",
        "message": "The model `no-such` does not exist or you do not have access to it.",
    }
    assert {row["response"]["body"]["service_tier"] for row in answered} == {"batch"}  # type: ignore[index]
    assert end.tokens_in > 0
    assert end.usd == pytest.approx(end.tokens_in / 2)
    assert names(tmp_path) == ["in.jsonl", "out.jsonl", "out.jsonl.job"]


async def test_a_large_job_goes_in_parts(tmp_path: Path, api: GroqBatches) -> None:
    source = questions(tmp_path, 25)
    async with Sink(tmp_path / "out.jsonl") as sink:
        job = begin_job(sink.path, source)
        await run_to_end(run(source, sink, api, job, most_lines=10))

    assert [part.lines for part in job.parts] == [10, 10, 5]
    assert len(rows(tmp_path / "out.jsonl")) == 25


async def test_a_part_is_no_larger_than_the_api_takes(tmp_path: Path, api: GroqBatches) -> None:
    source = questions(tmp_path, 10)
    async with Sink(tmp_path / "out.jsonl") as sink:
        job = begin_job(sink.path, source)
        await run_to_end(run(source, sink, api, job, most_bytes=400))

    assert sum(part.lines for part in job.parts) == 10
    assert len(job.parts) == 5
    assert len(rows(tmp_path / "out.jsonl")) == 10


class Scripted:
    """A Batch API in memory that may break where a test wants it to."""

    def __init__(self, breaks: Callable[[str], Exception | None] = lambda call: None) -> None:
        self.breaks = breaks
        self.calls: list[str] = []
        self.files: dict[str, list[str]] = {}
        self.batches: dict[str, RemoteBatch] = {}
        self.expires = False

    def _record_call(self, call: str) -> None:
        self.calls.append(call)
        if (error := self.breaks(call)) is not None:
            raise error

    async def upload(self, path: Path) -> str:
        self._record_call("upload")
        file_id = f"file_{len(self.files)}"
        self.files[file_id] = list(rows(path))
        return file_id

    async def create(self, file_id: str) -> RemoteBatch:
        batch = RemoteBatch(id=f"batch_{len(self.batches)}", input_file_id=file_id, status="in_progress")
        self.batches[batch.id] = batch
        self._record_call("create")
        return batch

    async def find(self, file_id: str) -> RemoteBatch | None:
        self._record_call("find")
        return next((batch for batch in self.batches.values() if batch.input_file_id == file_id), None)

    async def cancel(self, batch_id: str) -> RemoteBatch:
        raise AssertionError("nobody asks for it")

    async def look(self, batch_id: str) -> RemoteBatch:
        self._record_call("look")
        file_id = self.batches[batch_id].input_file_id
        status = "expired" if self.expires else "completed"
        return RemoteBatch(id=batch_id, input_file_id=file_id, status=status, output_file_id=file_id)

    async def lines(self, file_id: str) -> AsyncGenerator[bytes, None]:
        self._record_call("lines")
        done = self.files[file_id][:1] if self.expires else self.files[file_id]
        for number, custom_id in enumerate(done):
            if number == 1:
                self._record_call("second line")
            body = {"model": MODEL, "choices": [{"message": {"content": "\u2028"}, "finish_reason": "stop"}]}
            response = {"status_code": 200, "request_id": "req_1", "body": body}
            yield json.dumps({"custom_id": custom_id, "response": response, "error": None}).encode()


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@pytest.mark.parametrize("at", ["upload", "find", "create", "look", "lines", "second line"])
async def test_a_run_killed_anywhere_goes_on_and_pays_nothing_twice(tmp_path: Path, at: str) -> None:
    source, dead = questions(tmp_path, 5), False

    def breaks(call: str) -> Exception | None:
        nonlocal dead
        if call == at and not dead:
            dead = True
            raise Killed
        return None

    api = Scripted(breaks)
    async with Sink(tmp_path / "out.jsonl") as sink:
        with pytest.raises(Killed):
            await run_to_end(run(source, sink, api))
    async with Sink(tmp_path / "out.jsonl") as sink:
        await run_to_end(run(source, sink, api))

    assert len(api.batches) == 1
    assert len(rows(tmp_path / "out.jsonl")) == 5


async def test_what_fails_in_passing_is_tried_again(tmp_path: Path) -> None:
    failed: set[str] = set()

    def breaks(call: str) -> Exception | None:
        if call in failed:
            return None
        failed.add(call)
        return ProviderError(Kind.CONNECTION, "cut")

    api = Scripted(breaks)
    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await run_to_end(run(questions(tmp_path, 3), sink, api))

    assert end.done == 3
    assert len(api.batches) == 1, "a batch whose creation went unheard is found again"


async def test_a_key_that_may_not_is_told_at_once(tmp_path: Path) -> None:
    api = Scripted(lambda call: ProviderError(Kind.AUTH, "Invalid API Key"))

    with Sink(tmp_path / "out.jsonl") as sink, pytest.raises(ProviderError, match="Invalid API Key"):
        await run_to_end(run(questions(tmp_path, 3), sink, api))

    assert api.calls == ["upload"]


async def test_lines_that_expired_are_sent_again_by_the_next_run(tmp_path: Path) -> None:
    source, api = questions(tmp_path, 3), Scripted()
    api.expires = True
    async with Sink(tmp_path / "out.jsonl") as sink:
        first = await run_to_end(run(source, sink, api))
    api.expires = False
    async with Sink(tmp_path / "out.jsonl") as sink:
        second = await run_to_end(run(source, sink, api))

    assert (first.done, second.done) == (1, 3)
    assert api.files["file_1"] == ["q1", "q2"]


async def test_an_input_that_groq_refuses_is_explained(tmp_path: Path) -> None:
    class Refusing(Scripted):
        async def look(self, batch_id: str) -> RemoteBatch:
            return RemoteBatch(
                id=batch_id, input_file_id="file_0", status="failed", problems=("line 2: body is required",)
            )

    with Sink(tmp_path / "out.jsonl") as sink, pytest.raises(RequestError, match="line 2: body is required"):
        await run_to_end(run(questions(tmp_path, 3), sink, Refusing()))


async def test_a_fault_of_the_line_goes_to_the_sink_and_not_to_groq(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"prompt":"fine"}\n{"promt":"a"}\n')
    api = Scripted()
    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await run_to_end(run(LineSource(path, Recipe()), sink, api))

    assert api.files == {"file_0": ["line-1"]}
    assert (end.done, end.failed) == (1, 1)


async def test_a_hung_up_download_is_fetched_again(tmp_path: Path, simulator: Simulator, api: GroqBatches) -> None:
    simulator.faults.add(Fault(kind="status", status=502, operation="files", times=2))
    simulator.faults.add(Fault(kind="status", status=500, operation="batches", times=2))

    async with Sink(tmp_path / "out.jsonl") as sink:
        end = await run_to_end(run(questions(tmp_path, 5), sink, api))

    assert end.done == 5


async def test_recorded_answers_are_read_as_they_came(tmp_path: Path) -> None:
    recorded = {one.request["path"]: one for one in recordings("batch")}
    (look,) = (path for path in recorded if "batches" in path)
    (content,) = (path for path in recorded if "files" in path)

    def answer(request: httpx.Request) -> httpx.Response:
        one = recorded[request.url.path]
        return httpx.Response(one.status, headers=one.headers, content=one.body)

    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client,
        GroqBatches(Secret("gsk_test"), http_client=client) as api,
    ):
        batch = await api.look(look.rpartition("/")[2])
        lines = [json.loads(line) async for line in api.lines(batch.output_file_id or "")]

    assert (batch.status, batch.over, batch.completed, batch.failed) == ("completed", True, 4, 0)
    assert batch.output_file_id == content.split("/")[-2]
    assert [line["response"]["body"]["choices"][0]["message"]["content"] for line in lines] == [
        "Des Moines",
        "Albany",
        "Sacramento",
        "Austin",
    ]


async def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    async with Sink(tmp_path / "out.jsonl") as sink:
        await run_to_end(run(questions(tmp_path, 2), sink, Scripted()))

    async with Sink(tmp_path / "out.jsonl") as sink:
        assert sink.answered == 2


async def test_another_prompt_asks_anew_and_what_the_first_one_sent_is_not_put_beside_it(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\na\nb\n")
    first, second = (
        LineSource(tmp_path / "in.csv", Recipe(template=LineTemplate(words + " {text}"))) for words in ("Sum", "Draw")
    )
    path, api = tmp_path / "out.jsonl", Scripted()
    for source in (first, second):
        async with Sink(path) as sink:
            end = await run_to_end(run(source, sink, api, begin_job(path, source)))
        assert (end.done, end.rows) == (2, 2)

    assert [*api.files.values()] == [["row-2", "row-3"]] * 2, "all is asked anew"
    assert len(begin_job(path, second).parts) == 2, "the slip of the first one's batch is kept"
    assert path.with_name("out.jsonl.earlier").read_bytes().count(b"\n") == 2


async def test_lines_may_be_added_to_the_input(tmp_path: Path) -> None:
    source, path = questions(tmp_path, 2), tmp_path / "out.jsonl"
    begin_job(path, source)

    begin_job(path, questions(tmp_path, 3))
