"""The routes of the tab Batch: a table in, progress out, answers back, and to nobody else's page."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from groq_core.compose import assemble
from groq_core.errors import RequestError
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from groq_core.ui import batch
from groq_core.ui.page_routes import Page, create_routes
from groq_core.ui.static import Assets
from groq_core.ui.uploads import MAX_AT_ADDRESS, MAX_UPLOADS, UploadStore, remove_leftovers

TABLE = b'title,text\nTides,The sea rises and falls\nRust,Iron takes up oxygen\nYeast,"=A fungus"\n'
PROMPT = "Explain {title}: {text}"


@asynccontextmanager
async def page(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with assemble(Settings.from_env({"GROQ_CORE_OFFLINE": "1"}), simulator=simulator) as core:
        app = FastAPI()
        held = Page(core, Assets())
        for create in (create_routes, batch.create_routes):
            app.include_router(create(held))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://page", timeout=30) as client:
            client.headers["x-groq-core-page"] = (await client.get("/ui/pass")).json()["pass"]
            yield client


async def bring(client: httpx.AsyncClient, name: str = "in.csv", data: bytes = TABLE) -> dict[str, Any]:
    response = await client.post(f"/ui/batch?name={name}", content=data)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def run(client: httpx.AsyncClient, ident: str, **wanted: Any) -> list[dict[str, Any]]:
    response = await client.post(f"/ui/batch/{ident}/run", json={"prompt": PROMPT, **wanted})
    return [json.loads(part.removeprefix("data: ")) for part in response.text.split("\n\n") if part]


async def test_a_table_is_previewed_run_and_taken_away_with_its_answers(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client)
        heard = await run(client, table["id"])
        answers = await client.post(f"/ui/batch/{table['id']}/csv", json={"prompt": PROMPT})
        lines = await client.post(f"/ui/batch/{table['id']}/jsonl", json={"prompt": PROMPT})

    assert (table["columns"], table["lines"], len(table["rows"])) == (["title", "text"], 3, 3)
    assert [event["e"] for event in heard][:2] == ["open", "surveyed"]
    last = next(event for event in heard if event["e"] == "progressed" and event["over"])
    assert last["progress"]["done"] == 3
    assert len(last["recent"]) == 3
    rows = list(csv.DictReader(io.StringIO(answers.content.decode("utf-8-sig"))))
    assert [row["title"] for row in rows] == ["Tides", "Rust", "Yeast"]
    assert all(row["answer"] and not row["error"] for row in rows)
    assert rows[2]["text"] == "'=A fungus"
    assert len(lines.text.splitlines()) == 3
    asked = [seen.body["messages"][-1]["content"] for seen in simulator.requests if "completions" in seen.path]
    assert "Explain Tides: The sea rises and falls" in asked


async def test_run_again_it_asks_only_what_failed(simulator: Simulator) -> None:
    simulator.faults.add(Fault(kind="status", preset="content_filter", operation="chat", times=1))
    async with page(simulator) as client:
        table = await bring(client)
        first = await run(client, table["id"])
        asked = len(simulator.requests)
        second = await run(client, table["id"], retry=True)

    (over,) = (event for event in first if event.get("over"))
    assert over["progress"]["failed"] == 1
    assert [len(failed) for failed in over["failures"]] == [2]
    assert [event["progress"]["done"] for event in second if event.get("over")] == [3]
    assert len(simulator.requests) == asked + 1


async def test_json_lines_bring_their_own_questions(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client, "in.jsonl", b'{"custom_id":"a","prompt":"Hello"}\n{"nothing":1}\n')
        heard = await run(client, table["id"], prompt="")

    assert table["rows"][0] == ["a", "Hello"]
    assert table["rows"][1][0] == "line-2"
    over = next(event for event in heard if event.get("over"))
    assert (over["progress"]["done"], over["progress"]["failed"]) == (1, 1)


async def test_a_line_of_the_page_reads_no_file_of_the_server(simulator: Simulator) -> None:
    line = b'{"custom_id":"a","method":"POST","url":"/v1/audio/transcriptions","body":{"file":"/etc/hostname"}}\n'
    async with page(simulator) as client:
        table = await bring(client, "in.jsonl", b'{"prompt":"Hello"}\n' + line)
        heard = await run(client, table["id"], prompt="")

    assert next(event for event in heard if event.get("over"))["reasons"] == {"no_files": 1}


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        pytest.param(
            "in.pdf", b"%PDF", "in.pdf is no table that is read here. Choose one that ends in .csv", id="kind"
        ),
        pytest.param("in.csv", b"", "in.csv has no header row", id="empty"),
        pytest.param("in.csv", b"title\n", "the table is empty", id="no rows"),
        pytest.param("in.xlsx", b"PK", "no Excel reader can make sense of it", id="broken"),
    ],
)
async def test_a_table_that_cannot_be_read_says_why(simulator: Simulator, name: str, data: bytes, said: str) -> None:
    async with page(simulator) as client:
        response = await client.post(f"/ui/batch?name={name}", content=data)

    assert response.status_code == 400
    assert said in response.json()["detail"]


async def test_a_prompt_that_names_no_column_says_which_there_are(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client)
        heard = await run(client, table["id"], prompt="{titel}")

    (error,) = (event for event in heard if event["e"] == "error")
    assert error["param"] == "template"
    assert "Did you mean {title}?" in error["hint"]


async def test_a_page_loaded_again_finds_its_table_and_nobody_guesses_it(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client)
        await run(client, table["id"])
        client.headers["x-groq-core-page"] = (await client.get("/ui/pass")).json()["pass"]
        again = await client.post(f"/ui/batch/{table['id']}/look")
        answers = await client.post(f"/ui/batch/{table['id']}/csv", json={"prompt": PROMPT})
        guessed = await client.post(f"/ui/batch/{table['id'][:-1]}{'-' if table['id'].endswith('_') else '_'}/look")
        heard = await run(client, "somebody-elses")

    assert again.json() == table
    assert answers.status_code == 200
    assert guessed.status_code == 404
    assert [event["message"] for event in heard if event["e"] == "error"] == ["the table is no longer here"]


async def test_what_it_will_take_is_told_before_it_is_run(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client)
        live = (await client.post(f"/ui/batch/{table['id']}/estimate", json={"prompt": PROMPT})).json()
        later = (await client.post(f"/ui/batch/{table['id']}/estimate", json={"prompt": PROMPT, "via": "later"})).json()
        wrong = (await client.post(f"/ui/batch/{table['id']}/estimate", json={"prompt": "{titel}"})).json()

    assert (live["lines"], live["model"]) == (3, "openai/gpt-oss-20b")
    assert live["tokens_in"] > 0
    assert later["usd_least"] == pytest.approx(live["usd_least"] / 2)
    assert later["usd_most"] <= live["usd_most"] / 2, "now, a dearer model of the tier may answer"
    assert "Did you mean {title}?" in wrong["hint"]
    assert not any("completions" in seen.path for seen in simulator.requests)


async def test_groq_answers_later_for_half_the_price(simulator: Simulator) -> None:
    async with page(simulator) as client:
        table = await bring(client)
        heard = await run(client, table["id"], via="later")
        answers = await client.post(f"/ui/batch/{table['id']}/csv", json={"prompt": PROMPT, "via": "later"})

    assert next(event for event in heard if event.get("over"))["progress"]["done"] == 3
    assert len(list(csv.DictReader(io.StringIO(answers.content.decode("utf-8-sig"))))) == 3
    assert any(seen.path.endswith("/batches") for seen in simulator.requests)
    assert not any("completions" in seen.path for seen in simulator.requests)


def test_the_desk_keeps_the_newest_and_those_at_work(tmp_path: Path) -> None:
    uploads = UploadStore(tmp_path)
    first, second = (uploads.keep("a.csv", b"a\n1\n") for _ in range(2))
    for ago, upload in ((200, first), (100, second)):
        os.utime(upload.folder / "table.json", (time.time() - ago,) * 2)
    with uploads.at_work(first):
        for _ in range(MAX_UPLOADS - 1):
            uploads.keep("a.csv", b"a\n1\n")
        assert uploads.find(first.id).path.read_bytes() == b"a\n1\n"
        with pytest.raises(RequestError, match="is being worked on"), uploads.at_work(first):
            pass
    with pytest.raises(RequestError, match="no longer here"):
        uploads.find(second.id)
    assert not second.folder.exists()


def test_tables_of_others_never_make_room_and_are_never_read(tmp_path: Path) -> None:
    uploads = UploadStore(tmp_path)
    mine = uploads.keep("a.csv", b"a\n1\n", "page:ann")
    for _ in range(41):
        uploads.keep("a.csv", b"a\n1\n", "page:bob")

    assert uploads.find(mine.id, "page:ann").path.exists()
    with pytest.raises(RequestError, match="no longer here"):
        uploads.find(mine.id, "page:bob")


def test_one_address_does_not_use_up_everybodys_room(tmp_path: Path) -> None:
    uploads = UploadStore(tmp_path)
    for number in range(MAX_AT_ADDRESS):
        uploads.keep("a.csv", b"a\n1\n", f"page:{number}", "203.0.113.7")

    with pytest.raises(RequestError) as refused:
        uploads.keep("a.csv", b"a\n1\n", "page:one-more", "203.0.113.7")
    assert refused.value.status == 429
    assert uploads.keep("a.csv", b"a\n1\n", "page:elsewhere", "203.0.113.8").path.exists()


class Clock:
    """Time that moves when a test says so."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_another_process_finds_the_table_and_its_answers_for_a_day(tmp_path: Path) -> None:
    kept = UploadStore(tmp_path).keep("täble.csv", b"a\n1\n", "page:ann")
    (kept.folder / "x.jsonl").write_bytes(b"answers")
    clock = Clock()

    again = UploadStore(tmp_path, clock).find(kept.id, "page:ann")
    assert (again.name, again.path.read_bytes()) == ("täble.csv", b"a\n1\n")
    assert (again.folder / "x.jsonl").read_bytes() == b"answers"

    later = UploadStore(tmp_path, clock)
    for hours, there in ((0, True), (23, True), (25, False)):
        clock.now = hours * 3600.0
        later.keep("b.csv", b"b\n1\n", f"page:{hours}")
        assert kept.folder.exists() == there, hours


def test_answers_of_groqs_batch_api_are_kept_until_they_are_fetched(tmp_path: Path) -> None:
    clock = Clock()
    uploads = UploadStore(tmp_path, clock)
    kept = uploads.keep("a.csv", b"a\n1\n", "page:ann")
    kept.record.waits = True
    kept.save()
    for day in range(29):
        clock.now = day * 86_400.0
        uploads.keep("b.csv", b"b\n1\n", "page:bob")
    for _ in range(MAX_UPLOADS + 1):
        uploads.keep("c.csv", b"c\n1\n", "page:ann")

    found = UploadStore(tmp_path, clock).find(kept.id, "page:ann")
    found.record.waits = False
    found.save()
    uploads.keep("d.csv", b"d\n1\n", "page:bob")
    clock.now += 25 * 3600
    uploads.keep("e.csv", b"e\n1\n", "page:bob")
    assert not kept.folder.exists()


@pytest.mark.parametrize("jump", [86_400, -86_400], ids=["a day ahead", "a day back"])
def test_a_clock_that_is_set_takes_no_table_away(tmp_path: Path, jump: int) -> None:
    clock, wall = Clock(), Clock(time.time())
    uploads = UploadStore(tmp_path, clock, wall)
    kept = uploads.keep("a.csv", b"a\n1\n", "page:ann")
    uploads.keep("b.csv", b"b\n1\n", "page:bob")  # has looked at all there are
    wall.now += jump + 60
    clock.now += 60
    uploads.keep("b.csv", b"b\n1\n", "page:bob")

    assert uploads.find(kept.id, "page:ann").path.exists()


def test_half_a_table_is_none(tmp_path: Path) -> None:
    uploads = UploadStore(tmp_path)
    (tmp_path / "A").mkdir()
    (tmp_path / ("x" * 24)).mkdir()
    (tmp_path / ("x" * 24) / "table.csv").write_bytes(b"a\n1")

    for ident in ("x" * 24, "A", "../files", "", "x" * 23 + "/"):
        with pytest.raises(RequestError, match="no longer here"):
            uploads.find(ident)


def test_what_a_killed_process_left_is_removed_and_a_running_ones_is_not(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left, running = tmp_path / f"groq-core-batch-{int(ended.stdout)}-x", tmp_path / f"groq-core-batch-{os.getppid()}-y"
    for folder in (left, running):
        folder.mkdir()
        (folder / "table.csv").write_bytes(b"a")

    remove_leftovers(tmp_path)

    assert not left.exists()
    assert running.exists()
