"""
Programs in forks of one process that has imported both SDKs already, which is most of what each of them takes.

A program finds nothing but the two modules loaded: its environment, its arguments and its outputs are its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PARENT = """
import json, os, runpy, sys
import groq.resources.chat, openai.resources.chat, openai.resources.responses
for line in sys.stdin:
    wanted = json.loads(line)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    for number, name in enumerate((os.devnull, wanted["said"], wanted["problems"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(wanted["env"])
    sys.argv[:] = wanted["command"]
    sys.path[0] = os.path.dirname(sys.argv[0])
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit()
"""


class Forks:
    """
    Args:
        parent: Runs :data:`PARENT`.
        folder: Where the outputs go.
    """

    def __init__(self, parent: subprocess.Popen[str], folder: Path) -> None:
        self._parent = parent
        self._folder = folder

    async def run(self, command: Sequence[str], env: Mapping[str, str], seconds: float) -> tuple[int, str, str]:
        """
        Run a Python program, given by its file and its arguments; nobody else may run one meanwhile.

        Returns:
            Its exit status and what it wrote to its two outputs.

        Raises:
            TimeoutError: It took longer; it has been ended.
        """
        outputs = {name: self._folder / name for name in ("said", "problems")}
        for file in outputs.values():
            file.unlink(missing_ok=True)
        wanted = {"command": list(command), "env": dict(env)} | {name: str(file) for name, file in outputs.items()}
        try:
            status = await asyncio.wait_for(asyncio.to_thread(self._ask, json.dumps(wanted)), seconds)
        except TimeoutError:
            end(self._parent)
            raise
        said, problems = (file.read_text("utf-8") if file.exists() else "" for file in outputs.values())
        return status, said, problems

    def _ask(self, wanted: str) -> int:
        stdin, stdout = _pipes(self._parent)
        print(wanted, file=stdin, flush=True)
        return int(stdout.readline())


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def end(process: subprocess.Popen[str]) -> None:
    """End it and what it has forked."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def forks(folder: Path) -> Iterator[Forks | None]:
    """The parent of all programs; None where the system has no forks."""
    if not hasattr(os, "fork"):
        yield None
        return
    env = {"PATH": os.environ.get("PATH", os.defpath)}
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, start_new_session=True
    ) as parent:
        try:
            yield Forks(parent, folder)
        finally:
            end(parent)
