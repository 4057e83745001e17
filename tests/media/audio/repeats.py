"""ffmpeg and ffprobe run once for the same bytes and the same command, however many surfaces ask the same of them."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest

from groq_core.media.audio import ffmpeg
from tests.blocking import refuse_on_loop


class Repeats:
    """
    Stands in for ``subprocess`` where recordings are read: a program runs to its end, its answer is known from then on.

    Starting ffmpeg takes 70 ms of CPU whatever it is asked, and four surfaces each ask three or four times about one
    recording. What differs in a byte or an argument is asked anew, and nobody may ask on an event loop.
    """

    PIPE, DEVNULL, TimeoutExpired = subprocess.PIPE, subprocess.DEVNULL, subprocess.TimeoutExpired

    def __init__(self) -> None:
        self.started = 0
        self._known: dict[tuple[bytes, ...], subprocess.CompletedProcess[bytes]] = {}
        self.run = refuse_on_loop(self._run, "starts a program")
        self.Popen = refuse_on_loop(self._open, "starts a program")

    def _run(self, command: list[str], *, stdin: IO[bytes], env: dict[str, str], **_: Any) -> Any:
        stdin.seek(0)
        key = (hashlib.blake2b(stdin.read()).digest(), *map(str.encode, command))
        stdin.seek(0)
        if key not in self._known:
            self.started += 1
            done = subprocess.run(command, stdin=stdin, env=env, capture_output=True, timeout=60, check=False)
            self._known[key] = done
        return self._known[key]

    def _open(self, command: list[str], *, stdin: IO[bytes], env: dict[str, str], stderr: int, **_: Any) -> _Ended:
        done = self._run(command, stdin=stdin, env=env)
        return _Ended(done.stdout, done.stderr if stderr == self.PIPE else None)


class _Ended:
    """A process that has said all it will."""

    def __init__(self, output: bytes, errors: bytes | None) -> None:
        self.stdout = io.BytesIO(output)
        self.stderr = None if errors is None else io.BytesIO(errors)

    def kill(self) -> None:
        """It has ended."""

    def __enter__(self) -> _Ended:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to close."""


@contextmanager
def repeats() -> Iterator[Repeats]:
    """Within this block the same question about the same bytes is answered from memory."""
    with pytest.MonkeyPatch.context() as patch:
        asked = Repeats()
        patch.setattr(ffmpeg, "subprocess", asked)
        yield asked
