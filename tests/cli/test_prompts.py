"""At a terminal: what is asked for is typed, hidden where it is a password, and Ctrl-C ends it at once."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.requires import only_where

try:
    import pty
    import termios
except ImportError:
    pass

pytestmark = only_where("termios" in globals(), "a console of Windows is no terminal of this kind")

ROOT = Path(__file__).parents[2]
WAITING_S = 60.0

PROMPTS = [
    (["chat"], b"Question: "),
    (["agent"], b"Task: "),
    (["passwd", "ann"], b"password for ann: "),
    (["people", "add", "ann"], b"password for ann (empty for none): "),
]


RUN = "import os, sys; os.login_tty(0); from groq_core.__main__ import main; sys.exit(main())"


class Terminal:
    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self.screen = screen
        self.seen = b""

    def wait_for(self, words: bytes) -> None:
        ends = time.monotonic() + WAITING_S
        while words not in self.seen and time.monotonic() < ends:
            self._read(0.2)
        assert words in self.seen

    def end(self) -> int:
        """The exit status, once everything is shown."""
        status = self.process.wait(WAITING_S)
        while self._read(0.0):
            pass
        return status

    def type(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def _read(self, patience_s: float) -> bool:
        if not select.select([self.screen], [], [], patience_s)[0]:
            return False
        self.seen += os.read(self.screen, 4096)
        return True


@contextmanager
def terminal(command: list[str], folder: Path) -> Iterator[Terminal]:
    screen, its = pty.openpty()
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "GROQ_CORE_OFFLINE": "1"}
    env["GROQ_CORE_DATABASE"] = f"sqlite:///{folder}/team.db"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *command], stdin=its, stdout=its, stderr=its, cwd=folder, env=env
    )
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(its)
        os.close(screen)


def shows_what_is_typed(person: Terminal) -> bool:
    return bool(termios.tcgetattr(person.screen)[3] & termios.ECHO)


EACH_PROMPT = pytest.mark.parametrize(("command", "prompt"), PROMPTS, ids=["chat", "agent", "passwd", "people"])


@EACH_PROMPT
def test_ctrl_c_ends_a_prompt_at_once(tmp_path: Path, command: list[str], prompt: bytes) -> None:
    with terminal(command, tmp_path) as person:
        person.wait_for(prompt)
        person.type(b"half a wo\x03")
        assert person.end() == 130
        assert b"interrupted" in person.seen
        assert shows_what_is_typed(person)


@EACH_PROMPT
def test_what_is_typed_is_taken_and_a_password_is_not_shown(tmp_path: Path, command: list[str], prompt: bytes) -> None:
    with terminal(command, tmp_path) as person:
        person.wait_for(prompt)
        person.type(b"open sesame\n")
        assert person.end() == 0
        assert (b"open sesame" in person.seen) is (not prompt.startswith(b"password"))
        assert shows_what_is_typed(person)
