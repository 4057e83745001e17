"""Whatever a command is given, it ends with 0, 1 or 2 and a sentence, and what it was given is still there."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import pytest

from groq_core.cli import main
from groq_core.cli.agent import files
from tests.store.stage import sqlite_url

Output = pytest.CaptureFixture[str]

SCHEMA = '{"type": "object", "properties": {"total": {"type": "number"}}}'
ODD_FILES = ("missing", "deep.json", "deep.gz", "empty", "folder", "loop", "bytes", "latin.txt", "missing/file", "")
OUTPUTS = ("folder", "missing/file", "")


def commands(name: str, file: str) -> list[list[str]]:
    """Each command with a file that is odd in each place where it takes one."""
    as_input = [
        ["batch", file, "out.jsonl"],
        ["batch", "in.jsonl", "out.jsonl", "--prompt-file", file],
        ["batch", "in.jsonl", "out.jsonl", "--schema", file, "--operation", "extraction"],
        ["extract", "--schema", "schema.json", file],
        ["extract", "--schema", file, "note.txt"],
        ["agent", "--file", file, "6 * 7"],
        ["transcribe", file],
        ["replay", file],
        ["restore", file],
    ]
    as_output = [
        ["batch", "in.jsonl", file],
        ["batch", "in.jsonl", "out.jsonl", "--table", file],
        ["transcribe", "note.txt", "--to", file],
        ["backup", file],
    ]
    return as_input if name == "input" else as_output


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROQ_CORE_OFFLINE", "1")
    monkeypatch.setenv("GROQ_CORE_DATABASE", sqlite_url(tmp_path / "team.db"))
    Path("empty").touch()
    Path("folder").mkdir()
    Path("loop").symlink_to("loop")
    Path("bytes").write_bytes(bytes(range(256)))
    Path("latin.txt").write_bytes("Grüße, 12 €".encode("cp1252"))
    deep = b'{"form": "groq-core backup", "revision": "0005", "at": 1}\n' + b"[" * 100_000 + b"]" * 100_000
    Path("deep.gz").write_bytes(gzip.compress(deep))
    Path("deep.json").write_bytes(deep.partition(b"\n")[2])
    Path("in.jsonl").write_text('{"prompt": "Say 1"}\n')
    Path("note.txt").write_text("Total 12.50")
    Path("folder/note.txt").write_text("Another one")
    Path("schema.json").write_text(SCHEMA)
    return tmp_path


@pytest.mark.parametrize("file", ODD_FILES)
def test_a_file_that_cannot_be_read_is_told(file: str, capsys: Output) -> None:
    for command in commands("input", file):
        assert main(command) in (0, 1, 2), command
        assert "Traceback" not in capsys.readouterr().err, command


@pytest.mark.parametrize("file", OUTPUTS)
def test_a_file_that_cannot_be_written_is_told(file: str, capsys: Output) -> None:
    for command in commands("output", file):
        main(command)
        assert "error: " in (said := capsys.readouterr().err) or "note.txt: " in said, command


def test_what_is_no_answer_and_no_backup_is_not_written_over(capsys: Output) -> None:
    for command in (["batch", "in.jsonl", "note.txt"], ["backup", "note.txt"], ["backup", "team.db"]):
        assert main(command) == 2, command
        assert "error: " in capsys.readouterr().err
    assert Path("note.txt").read_text() == "Total 12.50"
    assert main(["people", "list"]) == 0


class Piped(io.TextIOWrapper):
    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8", errors="surrogateescape")


WORDS = "Grüße, wie geht es? Total 12.50"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_words_come_in_any_encoding(monkeypatch: pytest.MonkeyPatch, capsys: Output, encoding: str) -> None:
    for command in (["chat"], ["agent"], ["extract", "--schema", "schema.json", "-"]):
        monkeypatch.setattr(sys, "stdin", Piped(WORDS.encode(encoding)))
        assert main(command) == 0, command
        told = capsys.readouterr()
        assert "cut in half" not in told.err
        if command != ["extract", "--schema", "schema.json", "-"]:
            assert "Grüße" in told.out


def test_an_argument_is_utf8_whatever_the_locale_says(capsys: Output) -> None:
    for command in ("chat", "agent"):
        assert main([command, WORDS.encode().decode("ascii", "surrogateescape")]) == 0
        assert "Grüße" in capsys.readouterr().out
        assert main([command, WORDS.encode("cp1252").decode("utf-8", "surrogateescape")]) == 2
        assert "is not UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["people", "add", "\udcff"],
        ["people", "add", "ann", "--group", "a:b"],
        ["people", "add", "ann", "--limit", "much"],
        ["keys", "create", "ci", "--person", "a:b"],
        ["keys", "create", "ci", "--limit", "much"],
        ["admin", "spend", "--since", "2026-13-45"],
        ["admin", "spend", "--since", "20261101"],
        ["admin", "announce", "x" * 2001],
        ["agent", "--mcp-command", "'", "6 * 7"],
        ["batch", "in.jsonl", "out.jsonl", "--param", "stop=" + "[" * 50_000 + "]" * 50_000],
        ["keys", "create", " "],
        ["people", "add", " ann"],
        ["agent", "--mcp", "http://[", "hi"],
        ["agent", "--mcp", "x", "hi"],
        ["restore", "missing"],
        ["simulate", "--port", "0", "--pace", "nan"],
        ["simulate", "--port", "0", "--limits-scale", "inf"],
        ["passwd", "a\nb"],
        ["passwd", " ann "],
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: Output, command: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Piped(b"open sesame\n"))

    assert main(command) == 2
    assert "error: " in capsys.readouterr().err
    main(["people", "list", "--json"])
    main(["keys", "list", "--json"])
    main(["admin", "announce"])
    assert capsys.readouterr().out.split() == ["[]", "[]"]


@pytest.mark.parametrize("password", ["short", "\udcff" * 9])
def test_a_password_that_nobody_could_type_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: Output, password: str
) -> None:
    for command in (["passwd", "ann"], ["people", "add", "ann"]):
        monkeypatch.setattr(sys, "stdin", Piped(password.encode("utf-8", "surrogateescape") + b"\n"))
        assert main(command) == 2
        assert "the password" in (said := capsys.readouterr().err) or "a password" in said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["serve", "--port", "abc"], "argument --port: 'abc'; allowed is a whole number from 0 to 65535"),
        (["serve", "--port", ""], "argument --port: ''; allowed is"),
        (["serve", "--host", ""], "argument --host: ''; allowed is an IP address or a host name"),
        *(([name, "--model", ""], "argument --model: ''; allowed is one model id") for name in ("chat", "agent")),
        (["transcribe", "--model", "a b", "note.txt"], "argument --model: 'a b'; allowed is one model id"),
    ],
)
def test_an_argument_is_refused_by_its_own_name(capsys: Output, command: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(command)
    assert left.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("count", ["-1", "0", str(2**63)])
def test_a_count_that_is_none_is_wrong_use(capsys: Output, count: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["admin", "audit", "--count", count])
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("table", "named"), [("in.jsonl", "INPUT"), ("out.jsonl", "OUTPUT"), ("prompt.txt", "--prompt-file")]
)
def test_a_table_takes_the_place_of_nothing_that_is_read(capsys: Output, table: str, named: str) -> None:
    Path("prompt.txt").write_text("Repeat: {prompt}")
    Path("link").symlink_to(table)
    command = ["batch", "in.jsonl", "out.jsonl", "--prompt-file", "prompt.txt"]
    assert main(command) == 0
    before = Path(table).read_bytes()
    for spelling in (table, f"./{table}", os.path.abspath(table), "link"):
        assert main([*command, "--table", spelling]) == 2, spelling
        assert f"{named} and --table are the same file" in capsys.readouterr().err
        assert Path(table).read_bytes() == before


def test_two_recordings_are_not_written_into_one_file(capsys: Output) -> None:
    Path("talk.mp3").touch()
    Path("folder/talk.wav").touch()

    assert main(["transcribe", "talk.mp3", "folder/talk.wav", "--format", "srt", "--to", "subtitles"]) == 2
    assert "would both be written to subtitles/talk.srt" in capsys.readouterr().err


async def test_two_files_of_one_name_are_both_read() -> None:
    (listing,) = (one for one in await files([Path("note.txt"), Path("folder/note.txt")]) if one.name == "list_files")
    found = await listing.call({})
    assert [one["name"] for one in found] == ["note.txt", str(Path("folder/note.txt"))]  # type: ignore[attr-defined]
