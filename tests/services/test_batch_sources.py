"""Lines come out of every kind of file, and what is wrong with one names the line and the mend."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from groq_core.errors import RequestError
from groq_core.services.batch import Failure, Line, LineFault, LineSource, LineTemplate, Recipe, Sink, write_table


def write_file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def prompts(source: LineSource) -> list[str]:
    return [entry.body["messages"][-1]["content"] for entry in source if isinstance(entry, Line)]


def test_a_batch_line_is_taken_as_it_is(tmp_path: Path) -> None:
    path = write_file(
        tmp_path,
        "in.jsonl",
        '{"custom_id":"a","method":"POST","url":"/v1/chat/completions",'
        '"body":{"model":"openai/gpt-oss-20b","messages":[{"role":"user","content":"Hi"}],"temperature":0}}\n',
    )

    assert list(LineSource(path, Recipe(model="speed", params={"temperature": 1}))) == [
        Line(
            number=1,
            custom_id="a",
            operation="chat",
            body={
                "temperature": 0,
                "model": "openai/gpt-oss-20b",
                "messages": [{"role": "user", "content": "Hi"}],
            },
        )
    ]


def test_plain_lines_take_what_they_leave_open_from_the_recipe(tmp_path: Path) -> None:
    path = write_file(
        tmp_path, "in.jsonl", '\ufeff{"prompt":"Hi"}\n\n{"id":7,"messages":[{"role":"user","content":"Ho"}]}'
    )

    first, second = LineSource(path, Recipe(system="Be brief.", model="quality", params={"max_completion_tokens": 9}))

    assert first == Line(
        number=1,
        custom_id="line-1",
        operation="chat",
        body={
            "max_completion_tokens": 9,
            "model": "quality",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        },
    )
    assert isinstance(second, Line)
    assert (second.number, second.custom_id) == (3, "7")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        pytest.param("{", "not JSON", id="cut"),
        pytest.param("[1]", "must be a JSON object", id="a list"),
        pytest.param('{"x":1}', "neither messages nor prompt", id="nothing to ask"),
        pytest.param('{"custom_id":"a","url":"/v1/embeddings","body":{}}', "which no service answers", id="other url"),
        pytest.param('{"custom_id":"a","url":"/v1/chat/completions","method":"GET","body":{}}', "GET", id="method"),
        pytest.param('{"custom_id":true,"prompt":"a"}', "custom_id", id="id of another type"),
        pytest.param('{"custom_id":"","prompt":"a"}', "0 characters", id="empty id"),
        pytest.param('{"messages":[]}', "`messages` is empty", id="no messages"),
        pytest.param('{"messages":["a"]}', "must be an object, not text", id="message of another type"),
        pytest.param('{"prompt":"a","model":5}', "`model` must be a name", id="model of another type"),
        pytest.param(b'{"prompt":"\xff"}', "not JSON", id="bytes that are no text"),
    ],
)
def test_a_wrong_line_is_a_fault_and_ends_nothing(tmp_path: Path, raw: str | bytes, says: str) -> None:
    raw = raw.encode() if isinstance(raw, str) else raw
    path = write_file(tmp_path, "in.jsonl", raw + b'\n{"prompt":"fine"}\n')

    fault, fine = LineSource(path, Recipe())

    assert isinstance(fault, LineFault)
    assert says in fault.error.message
    assert isinstance(fine, Line)


def test_a_template_takes_its_columns_from_a_table(tmp_path: Path) -> None:
    path = write_file(
        tmp_path,
        "in.csv",
        '\ufefftitle;text;custom_id\r\nSeas;salty, wide;s1\r\n;;\r\nHills;"one\r\ntwo";\r\n',
    )
    source = LineSource(path, Recipe(template=LineTemplate("Sum up {title}: {{{text}}}")))

    entries = list(source)

    assert [entry.custom_id for entry in entries] == ["s1", "row-4"]
    assert prompts(source) == ["Sum up Seas: {salty, wide}", "Sum up Hills: {one\r\ntwo}"]


def test_a_template_takes_its_columns_from_json_lines(tmp_path: Path) -> None:
    path = write_file(tmp_path, "in.jsonl", '{"n":1.5,"tags":["a"],"none":null}\n')

    assert prompts(LineSource(path, Recipe(template=LineTemplate("{n}|{tags}|{none}")))) == ['1.5|["a"]|']


def test_a_sheet_is_read_as_a_person_sees_it(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    for row in (["when", "count", "note"], [date(2026, 3, 1), 4.0, None], [None, None, None], ["x", 0.5, "y"]):
        book.active.append(row)
    path = tmp_path / "in.xlsx"
    book.save(path)
    source = LineSource(path, Recipe(template=LineTemplate("{when} {count} {note}")))

    assert prompts(source) == ["2026-03-01 4 ", "x 0.5 y"]
    assert [entry.number for entry in source] == [2, 4]


def test_a_folder_is_its_recordings(tmp_path: Path) -> None:
    for name in ("b.mp3", "a/one.WAV", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    entries = list(LineSource(tmp_path, Recipe(operation="transcription", language="de")))

    assert [entry.custom_id for entry in entries] == ["a/one.WAV", "b.mp3"]
    assert isinstance(entries[0], Line)
    assert entries[0].body == {"file": str(tmp_path / "a/one.WAV"), "language": "de"}


def test_an_extraction_needs_a_schema(tmp_path: Path) -> None:
    path = write_file(tmp_path, "in.jsonl", '{"text":"a"}\n')
    schema = {"type": "object"}

    (without,) = LineSource(path, Recipe(operation="extraction"))
    (line,) = LineSource(path, Recipe(operation="extraction", schema=schema))

    assert isinstance(without, LineFault)
    assert isinstance(line, Line)
    assert line.body == {"text": "a", "schema": schema}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("in.csv", "", "no header", id="empty"),
        pytest.param("in.csv", "a,a\n1,2\n", "'a' more than once", id="column twice"),
        pytest.param("in.csv", b"prompt\n\xe4\n", "neither UTF-8 nor UTF-16", id="latin-1"),
        pytest.param("in.csv", 'prompt\n"a"b\n', "broken near line 2", id="stray quote"),
        pytest.param("in.csv", "promt\na\n", "{prompt}, which is no column", id="column missing"),
        pytest.param("in.xlsx", b"PK", "not a readable XLSX", id="no zip"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    source = LineSource(write_file(tmp_path, name, content), Recipe())

    with pytest.raises(RequestError, match=says):
        list(source)


def test_a_zip_that_is_no_sheet_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")

    with pytest.raises(RequestError, match="not a readable XLSX"):
        list(LineSource(path, Recipe()))


@pytest.mark.parametrize(("name", "says"), [("in.pdf", "of a kind"), ("none.jsonl", "no file")])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "in.pdf").touch()

    with pytest.raises(RequestError, match=says):
        LineSource(tmp_path / name, Recipe())


def test_a_row_with_too_many_cells_is_a_fault(tmp_path: Path) -> None:
    source = LineSource(write_file(tmp_path, "in.csv", "prompt,b\n1,2,3\n4\n"), Recipe())

    fault, fine = source

    assert isinstance(fault, LineFault)
    assert fault.error.message == "the row has more cells than the header"
    assert isinstance(fine, Line)


def test_a_misspelt_column_is_guessed() -> None:
    with pytest.raises(RequestError) as caught:
        LineTemplate("{titel}").check(["title", "text"])

    assert "Did you mean {title}?" in caught.value.hint


@pytest.mark.parametrize("text", ["{", "a } b", "{}", "{ }", "{a{b}}"])
def test_a_stray_brace_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match="stray brace"):
        LineTemplate(text)


def test_a_template_reaches_no_attribute() -> None:
    with pytest.raises(RequestError, match="no column"):
        LineTemplate("{title.__class__}").fill({"title": "a"})


def test_answers_stand_beside_their_rows(tmp_path: Path) -> None:
    source = LineSource(write_file(tmp_path, "in.csv", "prompt,n\nfirst,1\n=cmd,2\nthird,3\n"), Recipe())
    with Sink(tmp_path / "out.jsonl") as sink:
        sink.answer("row-4", {"choices": [{"message": {"content": "+three"}}]})
        sink.fail("row-2", Failure(code="too_large", message="It is too large."))
    out = io.StringIO()

    write_table(source, tmp_path / "out.jsonl", out)

    assert out.getvalue().split("\r\n") == [
        "prompt,n,answer,error",
        "first,1,,It is too large.",
        "'=cmd,2,,",
        "third,3,'+three,",
        "",
    ]
