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
from groq_core.events import Events, Finished, TextDelta, ToolCallDelta, Usage
from groq_core.models.registry import MODELS
from groq_core.providers.groq_batch import RemoteBatch
from groq_core.requests import ChatRequest, Request
from groq_core.services.batch import (
    BatchApi,
    BatchRun,
    DiskFullError,
    Job,
    LineSource,
    LineTemplate,
    Progress,
    Recipe,
    RemoteBatchRun,
    Sink,
    answerers,
    estimate,
    survey,
    write_table,
)
from groq_core.services.batch.estimate import Survey
from groq_core.services.batch.runner import LAST_WAITS, OWN_WAITS


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


def as_csv(path: Path, rows: list[tuple[str, str]], ids: bool) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["custom_id", "text"] if ids else ["text"])
        writer.writerows([row if ids else row[1:] for row in rows])


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
    with Sink(path) as sink:
        return await BatchRun(source, sink, answerers(model)).run()


def recipe(**changed: Any) -> Recipe:
    return Recipe(template=LineTemplate("Q {text}"), **{"model": "speed", **changed})


def answers(path: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"] for row in rows}
    assert len(found) == len(rows), "one answer an id"
    return found


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


# ── every row is accounted for ───────────────────────────────────────────────────────────────────────


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

    with Sink(out) as sink:
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
    with Sink(tmp_path / "out.jsonl") as sink:
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
    with Sink(tmp_path / "out.jsonl") as sink:
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
    elif not path.exists():
        pytest.skip("there is no such device here")

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


# ── estimates, forms ─────────────────────────────────────────────────────────────────────────────────


def test_an_estimate_is_a_bound(tmp_path: Path) -> None:
    spec = MODELS["groq:openai/gpt-oss-20b"]
    path = tmp_path / "in.jsonl"
    path.write_text('{"prompt":"Hi","max_tokens":100}\n{"prompt":"日本語"}\n', encoding="utf-8")

    found = survey(LineSource(path, Recipe()))
    guess = estimate(found, spec)

    assert guess.tokens_out_most == 100 + spec.max_output
    assert found.tokens_in_most > found.tokens_in
    assert guess.usd_most is not None
    assert guess.usd_least is not None
    assert guess.usd_most > spec.max_output * (spec.usd_out or 0) / 1e6
    assert estimate(Survey(lines=1, sampled=1, unknown=1, tokens_in=5), spec).usd_most is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("text\na;b\n\n   \nc\n".encode("utf-16"), id="utf-16"),
        pytest.param("text\na;b\n,\nc\n".encode("utf-16-le"), id="utf-16 without a mark"),
        pytest.param("text\na;b\nc\n".encode("utf-16-be"), id="utf-16-be"),
        pytest.param("text\na;b\nc\n\n".encode("utf-16-le") + "\n".encode("utf-16-le") * 3, id="blank rows, utf-16"),
        pytest.param(b"sep=,\r\ntext\r\na;b\r\n \r\nc\r\n", id="sep"),
        pytest.param(b'\xef\xbb\xbfsep=;\ntext;n\n"a;b";\n ; \nc;\n', id="sep with a mark"),
    ],
)
def test_tables_as_programs_write_them(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "in.csv").write_bytes(raw)

    found = [entry.body["messages"][0]["content"] for entry in LineSource(tmp_path / "in.csv", recipe())]  # type: ignore[union-attr]

    assert found == ["Q a;b", "Q c"]


@pytest.mark.parametrize("coding", ["utf-16-le", "utf-16-be", "utf-8", "utf-16"])
def test_a_table_of_letters_that_all_take_two_bytes(tmp_path: Path, coding: str) -> None:
    rows = ["一乙丁", "ab", "тест", "漢字一二三四五六" * 40]
    (tmp_path / "in.csv").write_bytes(("題名\n" + "\n".join(rows) + "\n").encode(coding))
    source = LineSource(tmp_path / "in.csv", Recipe(template=LineTemplate("{題名}")))

    assert [entry.body["messages"][0]["content"] for entry in source] == rows  # type: ignore[union-attr]


def test_json_lines_in_utf_16(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt":"Q ä"}\n\n{"prompt":"Q b"}\n', encoding="utf-16")

    assert len(list(LineSource(tmp_path / "in.jsonl", Recipe()))) == 2


def test_a_doubled_brace_around_a_column_is_explained(tmp_path: Path) -> None:
    as_csv(tmp_path / "in.csv", [("", "a")], False)

    with pytest.raises(RequestError, match="not the column") as wrong:
        list(LineSource(tmp_path / "in.csv", Recipe(template=LineTemplate("Sum up {{text}}"))))
    assert "{text}" in wrong.value.hint


async def test_a_table_shows_the_calls_a_model_made(tmp_path: Path) -> None:
    async def handle(_: Request) -> Events:
        yield ToolCallDelta(0, "c1", "look_up", '{"q": 1}')
        yield Finished(provider="groq", model="m", finish_reason="tool_calls")

    as_csv(tmp_path / "in.csv", [("", "a")], False)
    source, table = LineSource(tmp_path / "in.csv", recipe()), io.StringIO()
    with Sink(tmp_path / "out.jsonl") as sink:
        await BatchRun(source, sink, answerers(handle)).run()
    write_table(source, tmp_path / "out.jsonl", table)

    assert 'look_up({""q"": 1})' in table.getvalue()
