"""Whatever is done to a table between two runs: every answer stands beside its own row, and none is asked twice."""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from groq_core.errors import ChainError, Kind, ProviderError, RequestError
from groq_core.events import Events, Finished, TextDelta, Usage
from groq_core.requests import ChatRequest, Request
from groq_core.services.batch import (
    BatchRun,
    DiskFullError,
    LineSource,
    Progress,
    Recipe,
    Sink,
    answerers,
    write_table,
)
from groq_core.services.batch.runner import LAST_WAITS, OWN_WAITS
from tests.requires import require
from tests.services.tables import answers, as_csv, recipe


class Echo:
    """Answers with what was asked, and counts it."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    async def __call__(self, request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        asked = f"{request.model}|{request.params.get('temperature')}|{request.messages[-1]['content']}"
        self.asked[asked] += 1
        await asyncio.sleep(0)
        yield TextDelta(f"re {asked}")
        yield Finished(provider="groq", model="m", number=1, usage=Usage(prompt_tokens=1, completion_tokens=1))


def as_jsonl(path: Path, rows: list[tuple[str, str]], ids: bool) -> None:
    lines = [{"text": text} | ({"custom_id": name} if ids else {}) for name, text in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def as_xlsx(path: Path, rows: list[tuple[str, str]], ids: bool) -> None:
    book = Workbook()
    assert book.active is not None
    for row in [("custom_id", "text"), *rows]:
        book.active.append(list(row) if ids else list(row[1:]))
    book.save(path)


FORMS: dict[str, Callable[[Path, list[tuple[str, str]], bool], None]] = {
    "csv": as_csv,
    "jsonl": as_jsonl,
    "xlsx": as_xlsx,
}


async def ask_all(model: Echo, source: LineSource, path: Path) -> Progress:
    async with Sink(path) as sink:
        return await BatchRun(source, sink, answerers(model)).run()


texts = st.text("abc", min_size=1, max_size=2)


def tables(max_size: int = 9) -> st.SearchStrategy[list[str]]:
    return st.lists(texts, min_size=1, max_size=max_size)


@settings(max_examples=40, deadline=None)
@given(
    before=tables(),
    edit=st.lists(st.tuples(st.sampled_from(["insert", "delete", "change", "swap"]), st.integers(0, 20), texts)),
    form=st.sampled_from(["csv", "csv", "jsonl", "jsonl", "xlsx"]),
    ids=st.booleans(),
)
def test_any_edit_of_any_table(before: list[str], edit: list[tuple[str, int, str]], form: str, ids: bool) -> None:
    rows = [(f"id{place}", text) for place, text in enumerate(before)]
    after = list(rows)
    for place, (what, at, text) in enumerate(edit):
        at %= max(1, len(after))
        if what == "insert" or not after:
            after.insert(at, (f"new{place}", text))
        elif what == "delete" and len(after) > 1:
            del after[at]
        elif what == "change":
            after[at] = (after[at][0], text)
        else:
            after[at], after[0] = after[0], after[at]

    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, out, model = Path(folder) / f"in.{form}", Path(folder) / "out.jsonl", Echo()
            for stage in (rows, after, rows):
                FORMS[form](path, stage, ids)
                source = LineSource(path, recipe())
                end = await ask_all(model, source, out)
                assert (end.done, end.rows, end.open_count) == (len(stage), len(stage), 0)
                beside = answers(out)
                for entry, (_, text) in zip(source, stage, strict=True):
                    assert beside[entry.custom_id] == f"re speed|None|Q {text}"
                assert len(beside) == len(stage)
                table = io.StringIO()
                write_table(source, out, table)
                written = [row["answer"] for row in csv.DictReader(io.StringIO(table.getvalue()))]
                assert written == [f"re speed|None|Q {text}" for _, text in stage]
            most = Counter(text for _, text in rows)
            for text, number in Counter(text for _, text in after).items():
                most[text] = max(most[text], number)
            assert model.asked == {f"speed|None|Q {text}": number for text, number in most.items()}, "none asked twice"

    asyncio.run(story())


async def test_a_row_beyond_the_first_kilobytes_is_known_to_have_changed(tmp_path: Path) -> None:
    rows = [(f"id{number}", "x" * 500 + str(number)) for number in range(300)]
    as_csv(tmp_path / "in.csv", rows, False)
    model = Echo()
    await ask_all(model, LineSource(tmp_path / "in.csv", recipe()), tmp_path / "out.jsonl")
    rows[250] = ("id250", "changed")
    as_csv(tmp_path / "in.csv", rows, False)

    await ask_all(model, LineSource(tmp_path / "in.csv", recipe()), tmp_path / "out.jsonl")

    assert model.asked.total() == 301
    assert answers(tmp_path / "out.jsonl")["row-252"].endswith("Q changed")


@pytest.mark.parametrize(
    "changed",
    [{"model": "quality"}, {"params": {"temperature": 1}}, {"system": "Be brief."}, {"simulated": True}],
    ids=lambda changed: next(iter(changed)),
)
async def test_another_model_or_parameter_asks_anew_and_the_old_answers_come_back(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    as_csv(tmp_path / "in.csv", [("a", "x"), ("b", "y")], True)
    model, out = Echo(), tmp_path / "out.jsonl"
    first = LineSource(tmp_path / "in.csv", recipe())
    await ask_all(model, first, out)
    before = answers(out)

    await ask_all(model, LineSource(tmp_path / "in.csv", recipe(**changed)), out)
    assert model.asked.total() == 4
    if set(changed) & {"model", "params"}:
        assert not set(answers(out).values()) & set(before.values())

    await ask_all(model, first, out)
    assert answers(out) == before
    assert model.asked.total() == 4, "what was set aside came back"


async def test_an_edited_file_is_another_question(tmp_path: Path) -> None:
    text = "one" * 100_000
    (tmp_path / "a.txt").write_text(text)
    line = '{"file": "a.txt", "schema": {"type": "object", "properties": {}}}'
    at = Recipe(operation="extraction", folder=tmp_path)
    before, same = at.line(1, line).key, at.line(9, line).key
    (tmp_path / "a.txt").write_text(text[:-3] + "two")

    assert before == same
    assert at.line(1, line).key != before, "of the same length, and other only at its end"


# ── one bad row, a full disk ─────────────────────────────────────────────────────────────────────────


class Clock:
    """A clock on which sleeping takes no time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)
        await asyncio.sleep(0)


async def test_one_bad_row_slows_nothing(tmp_path: Path) -> None:
    clock, model = Clock(), Echo()
    rests = {"until": -1.0}
    bad = ProviderError(Kind.SERVER_ERROR, "internal error", status=500)

    async def handle(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        if request.messages[-1]["content"] == "Q bad":
            rests["until"] = clock.now + 15.0
            model.asked["bad"] += 1
            await asyncio.sleep(0)
            raise ChainError("no model could answer", failures=[bad])
        if clock.now + 14.5 < rests["until"]:
            resting = ProviderError(Kind.RESTING, "it rests", retry_after=rests["until"] - clock.now)
            raise ChainError("all rest", failures=[resting], retry_after=rests["until"] - clock.now)
        clock.now += 0.1
        async for event in model(request):
            yield event

    rows = [("", f"t{number}") for number in range(300)]
    rows[3] = ("", "bad")
    as_csv(tmp_path / "in.csv", rows, False)
    async with Sink(tmp_path / "out.jsonl") as sink:
        source = LineSource(tmp_path / "in.csv", recipe())
        end = await BatchRun(source, sink, answerers(handle), clock=clock, sleep=clock.sleep).run()

    assert (end.done, end.failed) == (299, 1)
    assert model.asked["bad"] == 2
    assert clock.now < 299 * 0.1 * 1.5, "half as much again at most"


@pytest.mark.parametrize("kind", [Kind.RATE_LIMITED, Kind.OVER_CAPACITY])
@pytest.mark.parametrize(("most", "at"), [(1, 3), (96, 3), (96, 99)])
async def test_a_row_that_is_always_told_to_wait_ends(tmp_path: Path, kind: Kind, most: int, at: int) -> None:
    clock, model = Clock(), Echo()

    async def handle(request: Request) -> Events:
        assert isinstance(request, ChatRequest)
        clock.now += 0.1
        if request.messages[-1]["content"] == "Q bad":
            model.asked["bad"] += 1
            raise ChainError("no", failures=[ProviderError(kind, "later", retry_after=1.0)], retry_after=1.0)
        async for event in model(request):
            yield event

    rows = [("", f"t{number}") for number in range(100)]
    rows[at] = ("", "bad")
    as_csv(tmp_path / "in.csv", rows, False)
    async with Sink(tmp_path / "out.jsonl") as sink:
        source = LineSource(tmp_path / "in.csv", recipe())
        run = BatchRun(source, sink, answerers(handle), most=most, clock=clock, sleep=clock.sleep)
        end = await asyncio.wait_for(run.run(), 20)

    assert (end.done, end.failed) == (99, 1)
    assert sink.reasons == {str(kind): 1}
    assert model.asked["bad"] <= OWN_WAITS + LAST_WAITS + 2
    assert clock.now < 110 * 0.1 + (OWN_WAITS + LAST_WAITS + 2) * 1.5


@pytest.mark.parametrize("written_first", [0, 7])
async def test_a_full_disk_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written_first: int
) -> None:
    as_csv(tmp_path / "in.csv", [("", f"t{number}") for number in range(40)], False)
    source, out, model = LineSource(tmp_path / "in.csv", recipe()), tmp_path / "out.jsonl", Echo()
    real, left = os.write, written_first

    full = 20

    def fills(file: int, data: Any) -> int:
        nonlocal left, full
        if left:
            left -= 1
            return real(file, data)
        if full:
            written, full = real(file, data[:full]), 0
            return written
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("groq_core.services.batch.sink.os.write", fills)
    with pytest.raises(DiskFullError, match=rf"the disk is full: out.jsonl keeps {written_first} answers"):
        await ask_all(model, source, out)
    monkeypatch.undo()
    assert len(answers(out)) == written_first, "every line in it is whole"

    end = await ask_all(model, source, out)
    assert end.done == 40


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_cannot_be_read_again_is_no_file_of_answers(tmp_path: Path, kind: str) -> None:
    path = Path("/dev/full") if kind == "device" else tmp_path / "pipe"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        require("/dev/full")

    with pytest.raises(RequestError, match="no file that can be read again"):
        Sink(path).__enter__()


@pytest.mark.parametrize("most", [0, -1])
def test_a_batch_that_would_ask_nothing_is_refused(tmp_path: Path, most: int) -> None:
    with pytest.raises(RequestError, match="under way"):
        BatchRun([], Sink(tmp_path / "out.jsonl"), {}, most=most)


async def test_answers_of_the_simulator_say_so_and_are_none_of_a_model(tmp_path: Path) -> None:
    as_csv(tmp_path / "in.csv", [("a", "x")], True)
    model, out = Echo(), tmp_path / "out.jsonl"
    for simulated in (True, False):
        await ask_all(model, LineSource(tmp_path / "in.csv", recipe(simulated=simulated)), out)
        (row,) = map(json.loads, out.read_text().splitlines())
        assert row["response"]["body"].get("simulated", False) is simulated
    assert model.asked.total() == 2
