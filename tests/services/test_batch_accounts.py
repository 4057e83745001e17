"""Of a batch that Groq carries out every row is accounted for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groq_core.providers.groq_batch import RemoteBatch
from groq_core.services.batch import (
    BatchApi,
    Job,
    LineSource,
    Progress,
    RemoteBatchRun,
    Sink,
)
from tests.services.tables import answers, as_csv, recipe


class Lossy:
    """A Batch API that answers as a test wants."""

    def __init__(self, results: Callable[[list[str]], list[bytes]], status: str = "completed") -> None:
        self.results, self.status = results, status
        self.sent: list[list[str]] = []

    async def upload(self, path: Path) -> str:
        self.sent.append([json.loads(line)["custom_id"] for line in path.read_text().splitlines()])  # noqa: ASYNC240
        return f"file_{len(self.sent) - 1}"

    async def create(self, file_id: str) -> RemoteBatch:
        return RemoteBatch(id=file_id, input_file_id=file_id, status="in_progress")

    async def find(self, file_id: str) -> RemoteBatch | None:
        return None

    async def look(self, batch_id: str) -> RemoteBatch:
        return RemoteBatch(id=batch_id, input_file_id=batch_id, status=self.status, output_file_id=batch_id)

    async def cancel(self, batch_id: str) -> RemoteBatch:
        raise AssertionError("nobody asks for it")

    async def lines(self, file_id: str) -> Any:
        for line in self.results(self.sent[int(file_id.removeprefix("file_"))]):
            yield line


def result(custom_id: str) -> bytes:
    body = {"model": "m", "choices": [{"message": {"content": f"re {custom_id}"}, "finish_reason": "stop"}]}
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": None}).encode()


ODD_BODIES: tuple[Any, ...] = (
    {},
    {"choices": []},
    {"choices": [None]},
    {"choices": {"message": {}}},
    {"choices": [{"message": "x"}]},
)


def odd(custom_id: str, body: Any) -> bytes:
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}}).encode()


async def later(source: LineSource, out: Path, api: BatchApi, job: Job) -> Progress:
    async def nap(_: float) -> None: ...

    async with Sink(out) as sink:
        run = RemoteBatchRun(
            lambda: source, sink, job, api, model=lambda _: "m", price=lambda *_: 0.0, sleep=nap, most_lines=4
        )
        return [step async for step in run.run()][-1]


@pytest.mark.parametrize(
    ("results", "status", "accounts"),
    [
        pytest.param(lambda ids: [result(one) for one in ids[1:]], "completed", (4, 2, 0, 0), id="lines are lacking"),
        pytest.param(lambda ids: [result(ids[0])], "expired", (2, 4, 0, 0), id="expired"),
        pytest.param(lambda ids: [], "cancelled", (0, 6, 0, 0), id="cancelled"),
        pytest.param(
            lambda ids: [*map(result, ids[:-1]), b'{"custom_id', b"\xff"], "completed", (4, 2, 4, 0), id="unreadable"
        ),
        pytest.param(
            lambda ids: [*map(result, ids), result("who?"), result("row-2")], "completed", (6, 0, 0, 3), id="unknown"
        ),
        pytest.param(lambda ids: [*map(result, ids)] * 2, "completed", (6, 0, 0, 0), id="twice"),
        pytest.param(lambda ids: [*map(odd, ids, ODD_BODIES)], "completed", (0, 0, 0, 0), id="no answers in them"),
    ],
)
async def test_rows_are_answered_failed_or_unanswered(
    tmp_path: Path, results: Any, status: str, accounts: tuple[int, int, int, int]
) -> None:
    as_csv(tmp_path / "in.csv", [("", f"t{number}") for number in range(6)], False)
    source = LineSource(tmp_path / "in.csv", recipe())

    end = await later(source, tmp_path / "out.jsonl", Lossy(results, status), Job(questions=""))

    assert (end.done, end.open_count, end.unreadable, end.unknown) == accounts
    assert end.done + end.failed + end.open_count == end.rows == 6
    kept = tmp_path / "out.jsonl.unreadable"
    assert (kept.read_bytes().count(b"\n") if kept.exists() else 0) == end.unreadable


async def test_a_result_belongs_to_the_row_that_was_sent(tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    as_csv(path, [("", "a"), ("", "b")], False)
    job = Job(questions="")
    api = Lossy(lambda ids: [result(one) for one in ids])

    class StopError(Exception): ...

    async def hangs(batch_id: str) -> RemoteBatch:
        raise StopError

    look, api.look = api.look, hangs  # type: ignore[method-assign]
    with pytest.raises(StopError):
        await later(LineSource(path, recipe()), out, api, job)
    api.look = look  # type: ignore[method-assign]
    as_csv(path, [("", "new"), ("", "a")], False)

    end = await later(LineSource(path, recipe()), out, api, job)

    assert (end.done, end.rows) == (2, 2)
    assert answers(out) == {"row-3": "re row-2", "row-2": "re row-2"}, "a was row 2 when it was sent, new is it now"
    assert api.sent == [["row-2", "row-3"], ["row-2"]]
    assert sorted(file.name for file in os.scandir(tmp_path)) == [
        "in.csv",
        "out.jsonl",
        "out.jsonl.earlier",
        "out.jsonl.job",
    ]
