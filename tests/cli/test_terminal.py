"""Whatever a command prints, a terminal shows it and does nothing else; a file gets every byte as it is."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from groq_core.cli.console import StatusLine, write_data, write_words
from groq_core.cli.team_commands import print_rows

WORDS = "a\x1b[2J\x9b31m\x07b\u202e"
SAFE = "a\\x1b[2J\\x9b31m\\x07b\\u202e"


class Output(io.TextIOWrapper):
    """Standard output that is a terminal, or is none."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def written(self) -> str:
        self.flush()
        self.seek(0)
        return self.read()


WRITERS: list[Callable[[], None]] = [lambda: write_words(WORDS), lambda: write_data(WORDS.encode())]


@pytest.mark.parametrize("write", WRITERS, ids=["words", "data"])
def test_a_terminal_is_shown_what_a_file_gets(monkeypatch: pytest.MonkeyPatch, write: Callable[[], None]) -> None:
    for terminal, words in ((True, SAFE), (False, WORDS)):
        monkeypatch.setattr(sys, "stdout", out := Output(terminal=terminal))
        write()
        assert out.written == words


def test_the_line_that_is_rewritten_holds_no_commands_but_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    status = StatusLine(out := Output(terminal=True))
    status.show(WORDS)
    status.say(WORDS)

    assert out.written == f"\r{SAFE}\x1b[K\r\x1b[K{SAFE}\n"


def test_a_terminal_that_erases_nothing_is_sent_no_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    status = StatusLine(out := Output(terminal=True))
    status.show("heard to 10 s")
    status.say("done")

    assert not {"\r", "\x1b"} & set(out.written)
    assert out.written.endswith("done\n")


def test_names_and_models_in_a_table_drive_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(("NAME", "MODEL"), [(WORDS, "m")])

    heading, row = capsys.readouterr().out.splitlines()
    assert row == f"{SAFE}  m"
    assert heading.index("MODEL") == row.index("  m") + 2
