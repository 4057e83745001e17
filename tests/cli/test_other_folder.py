"""A command in another folder than the server's: no database is made there in silence, and none is backed up empty."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from groq_core.cli import main
from tests.store.stage import sqlite_url

READING = [
    "people list",
    "people role ann admin",
    "people limit @lab 5/day",
    "people remove ann",
    "keys list",
    "keys revoke ci",
    "admin spend",
    "admin audit",
    "admin sign-ins",
    "admin now",
    "admin announce hello",
    "backup monday.gz",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROQ_CORE_DATABASE", "sqlite:///team.db")
    return tmp_path


@pytest.mark.parametrize("command", READING)
def test_what_reads_or_changes_a_team_wants_it_to_be_there(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command.split()) == 2
    assert f"there is no database {folder / 'team.db'}" in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_what_begins_a_team_says_where(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = f"a new database is made: {folder / 'team.db'}"
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    for command in (["people", "add", "ann"], ["keys", "create", "ci"]):
        assert main(command) == 0
        assert told in capsys.readouterr().err
        assert main(["backup", "monday.gz"]) == 0
        assert told not in capsys.readouterr().err
        for file in folder.glob("team.db*"):
            file.unlink()
    assert main(["restore", "monday.gz"]) == 0
    assert told in capsys.readouterr().err


def test_where_it_is_there_nothing_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sqlite_url(folder / "team.db")
    assert main(["keys", "create", "ci"]) == 0
    assert "database" not in capsys.readouterr().err
