"""Recordings, documents and pictures in a batch: each through its service, each in a form that says what to doubt."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from groq_core.compose import Core, assemble
from groq_core.events import Events
from groq_core.requests import Request
from groq_core.services.batch import BatchRun, LineSource, LineTemplate, Progress, Recipe, Sink, answerers
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator

MEDIA = Path(__file__).parents[1] / "data" / "media"
SCHEMA = {
    "type": "object",
    "properties": {"total": {"type": "number"}, "customer": {"type": "string"}},
    "required": ["total", "customer"],
}


@pytest.fixture
async def core(simulator: Simulator) -> AsyncIterator[Core]:
    environ = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": simulator.groq_url}
    async with assemble(Settings.from_env(environ)) as core:
        yield core


async def run(core: Core, source: LineSource, folder: Path, *, stay: bool = True, files: bool = True) -> Progress:
    asked = answerers(core.handle, stay=stay, files=folder if files else None)
    async with Sink(folder / "out.jsonl") as sink:
        return await BatchRun(source, sink, asked).run()


def rows(folder: Path) -> dict[str, Any]:
    found = (json.loads(line) for line in (folder / "out.jsonl").read_text().split("\n") if line)
    return {row["custom_id"]: row for row in found}


async def test_a_folder_of_recordings_becomes_transcripts(core: Core, tmp_path: Path) -> None:
    (tmp_path / "talks").mkdir()
    for name in ("jfk.wav", "galileo.mp3"):
        copy(MEDIA / name, tmp_path / "talks")

    end = await run(core, LineSource(tmp_path / "talks", Recipe(operation="transcription")), tmp_path)
    body = rows(tmp_path)["galileo.mp3"]["response"]["body"]

    assert end.done == 2
    assert body["duration"] == pytest.approx(36.7, abs=0.1)
    assert body["segments"]
    assert body["x_groq_core"]["served_by"]["provider"] == "groq"
    assert end.usd is not None
    assert end.usd > 0


@pytest.mark.parametrize("operation", ["chat", "extraction", "transcription", "translation"])
async def test_lines_of_every_kind_come_behind_whoever_sits_in_front_of_an_answer(
    core: Core, tmp_path: Path, operation: Any
) -> None:
    asked: list[Request] = []

    def handle(request: Request) -> Events:
        asked.append(request)
        return core.handle(request)

    copy(MEDIA / "jfk.wav", tmp_path)
    spoken = operation in ("transcription", "translation")
    line = {"file": "jfk.wav"} if spoken else {"text": "Total: 42.50"}
    (tmp_path / "in.jsonl").write_text(json.dumps({"custom_id": "a", **line}) + "\n")
    recipe = Recipe(operation=operation, schema=SCHEMA if operation == "extraction" else None)
    if operation == "chat":
        recipe = Recipe(template=LineTemplate("Sum up: {text}"))
    async with Sink(tmp_path / "out.jsonl") as sink:
        await BatchRun(LineSource(tmp_path / "in.jsonl", recipe), sink, answerers(handle, files=tmp_path)).run()

    assert asked
    assert all(request.background for request in asked)


async def test_data_is_found_in_texts_and_in_files(core: Core, tmp_path: Path) -> None:
    (tmp_path / "bill.txt").write_text("Bill for Ada Lovelace. Total: 42.50")
    (tmp_path / "in.jsonl").write_text(
        '{"custom_id":"text","text":"Bill for Ada Lovelace. Total: 42.50"}\n'
        '{"custom_id":"file","file":"bill.txt"}\n{"custom_id":"none","file":"none.txt"}\n'
    )

    end = await run(core, LineSource(tmp_path / "in.jsonl", Recipe(operation="extraction", schema=SCHEMA)), tmp_path)
    found = rows(tmp_path)

    for name in ("text", "file"):
        assert found[name]["response"]["body"]["data"] == {"total": 42.5, "customer": "Ada Lovelace"}
        assert found[name]["response"]["body"]["unfounded"] == []
    assert found["none"]["error"] == {
        "code": "no_such_file",
        "message": "the file none.txt: No such file or directory",
    }
    assert end.tokens_in > 0


async def test_a_stranger_names_no_file_of_this_machine(core: Core, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"file":"in.jsonl"}\n')
    recipe = Recipe(operation="extraction", schema=SCHEMA)

    end = await run(core, LineSource(tmp_path / "in.jsonl", recipe), tmp_path, files=False)

    assert end.failed == 1
    assert rows(tmp_path)["line-1"]["error"]["code"] == "no_files"


async def test_a_line_that_names_a_model_is_answered_by_no_other(
    core: Core, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.faults.add(Fault(kind="status", status=500, operation="chat", model="openai/gpt-oss-20b", times=2))
    (tmp_path / "in.jsonl").write_text('{"prompt":"Hello","model":"openai/gpt-oss-20b"}\n')

    end = await run(core, LineSource(tmp_path / "in.jsonl", Recipe()), tmp_path)

    assert end.done == 1
    assert {seen.model for seen in simulator.requests if "completions" in seen.path} == {"openai/gpt-oss-20b"}


async def test_where_others_may_answer_they_do(core: Core, simulator: Simulator, tmp_path: Path) -> None:
    simulator.faults.add(Fault(kind="status", preset="404_model", operation="chat", model="openai/gpt-oss-20b"))
    (tmp_path / "in.jsonl").write_text('{"prompt":"Hello","model":"openai/gpt-oss-20b"}\n')

    await run(core, LineSource(tmp_path / "in.jsonl", Recipe()), tmp_path, stay=False)

    assert rows(tmp_path)["line-1"]["response"]["body"]["model"] != "openai/gpt-oss-20b"


async def test_limits_of_the_free_plan_are_kept_to_the_last_token(tmp_path: Path) -> None:
    simulator = Simulator(pace=0, limits="free", limits_scale=20, seed=1)
    await simulator.start()
    environ = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": simulator.groq_url}
    prompt = "word " * 2000
    (tmp_path / "in.jsonl").write_text(
        "".join(
            json.dumps({"prompt": f"{number} {prompt}", "model": "openai/gpt-oss-20b", "max_completion_tokens": 16})
            + "\n"
            for number in range(85)
        )
    )
    try:
        async with assemble(Settings.from_env(environ)) as core:
            end = await run(core, LineSource(tmp_path / "in.jsonl", Recipe()), tmp_path)
            refusals = [
                target.last_error for target in core.board.snapshot().targets if target.name.endswith("gpt-oss-20b")
            ]
    finally:
        await simulator.stop()

    assert end.done == 85
    assert refusals == [None]
    asked = [seen for seen in simulator.requests if "completions" in seen.path]
    assert len(asked) == 85, "nothing was refused and asked again"
