"""The first second of a start: Ctrl-C in it, a wrong setting, a user without a home."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app import main as app
from groq_core import cli
from groq_core.__main__ import main as command_line
from groq_core.errors import SettingsError
from groq_core.serve import check_port
from groq_core.settings.parsers import own_state_folder
from groq_core.settings.settings import Settings
from tests.requires import only_where
from tests.store.stage import sqlite_url

ROOT = Path(__file__).parents[2]

INTERRUPT = """
import os, runpy, signal, sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, CtrlC())
"""


@pytest.mark.parametrize(
    ("start", "while_importing"),
    [
        ("runpy.run_path('app.py', run_name='__main__')", "groq_core.terminal"),
        ("runpy.run_path('app.py', run_name='__main__')", "fastapi"),
        ("runpy.run_module('groq_core', run_name='__main__')", "groq_core.terminal"),
        ("runpy.run_module('groq_core', run_name='__main__')", "groq_core.cli.batch"),
    ],
)
def test_ctrl_c_while_it_is_loaded_ends_without_a_trace(start: str, while_importing: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPT + start, while_importing],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "GROQ_CORE_OFFLINE": "1", "GRADIO_SERVER_PORT": "0"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_wrong_setting_is_told_as_everything_else_will_be(
    style: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["groq-core", "serve"])
    monkeypatch.setenv("GROQ_CORE_LOG", style)
    monkeypatch.setenv("GROQ_CORE_DEADLINE", "soon")
    for start in (app, command_line):
        assert start() == 2
        told = capsys.readouterr().err
        if style == "text":
            assert told.startswith("error: ")
            assert "GROQ_CORE_DEADLINE='soon'" in told
        else:
            lines = [json.loads(line) for line in told.splitlines()]
            assert [line["level"] for line in lines] == ["error"]
            assert "GROQ_CORE_DEADLINE='soon'" in lines[0]["message"]


def test_a_user_without_a_home_has_a_folder_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "pwd", None)

    assert own_state_folder().parent == Path(tempfile.gettempdir())
    with pytest.raises(SettingsError, match="GROQ_CORE_STATE_DIR"):
        Settings.from_env({"GROQ_CORE_STATE_DIR": "~/state"})


def test_a_port_that_is_taken_is_named_with_the_next_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"GRADIO_SERVER_PORT={port}") as refused:
            check_port(Settings.from_env({"GRADIO_SERVER_PORT": str(port)}))
    free = re.search(r"set GRADIO_SERVER_PORT=(\d+), which is free", refused.value.hint)
    assert free
    assert int(free[1]) > port


@only_where(sys.platform != "win32", "a shell closes them")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_was_closed_before_the_start_ends_nothing(closed: str, tmp_path: Path) -> None:
    asked = f'"{sys.executable}" -m groq_core chat "What is 6 * 7?" {closed}'
    env = {"PATH": os.environ["PATH"], "GROQ_CORE_OFFLINE": "1", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", asked], cwd=tmp_path, env=env, capture_output=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert (b"42" in done.stdout) is (" >&-" not in f" {closed}")
    assert b"groq:" not in done.stdout, "what is said to standard error stays out of the data"


COMMANDS = [
    "--version",
    "--help",
    "batch --help",
    "chat hi",
    "doctor",
    "keys list",
    "keys create ci",
    "batch in.jsonl out.jsonl",
]


@only_where(Path("/dev/full").exists(), "a device that is always full")
@pytest.mark.parametrize(
    ("command", "unbuffered"),
    [*((command, "") for command in COMMANDS), *((command, "1") for command in COMMANDS if "--" in command)],
)
def test_what_cannot_be_written_is_told_once_and_a_remark_stops_nothing(
    command: str, unbuffered: str, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt": "What is 6 * 7?"}\n')
    env = {"PATH": os.environ["PATH"], "GROQ_CORE_OFFLINE": "1", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    env |= {"GROQ_CORE_DATABASE": sqlite_url(tmp_path / "team.db"), "GRADIO_SERVER_PORT": "0"}
    env |= {"PYTHONUNBUFFERED": unbuffered}  # as in most images

    def run(streams: str) -> subprocess.CompletedProcess[bytes]:
        shell = ["bash", "-c", f'"{sys.executable}" -m groq_core {command} {streams}; exit ${{PIPESTATUS[0]}}']
        return subprocess.run(shell, cwd=tmp_path, env=env, capture_output=True, timeout=60, check=False)

    full = run(">/dev/full")
    assert full.returncode == 1
    assert full.stderr.count(b"the output could not be written: No space left on device") == 1
    assert b"Exception" not in full.stderr
    if command.startswith("keys create"):
        assert b"Nobody has seen the key, so it is revoked" in full.stderr
        return
    if command.startswith("batch in"):
        assert b"42" in (tmp_path / "out.jsonl").read_bytes(), "the answers are in their file"
    if unbuffered:
        return
    gone = run("| true")
    assert gone.returncode in (0, 1)
    assert b"Exception" not in gone.stderr
    (tmp_path / "out.jsonl").unlink(missing_ok=True)
    told = run("2>/dev/full")
    assert told.returncode == 0
    assert told.stdout


def test_ctrl_c_while_the_arguments_are_read_ends_without_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parser", interrupt)
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
