"""Processes that are there to be broken: signalled, killed, and begun again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from pathlib import Path

from benchmarks.processes import find_program, free_port


class Breakable:
    """A process that can be signalled and killed, where it runs."""

    _process: subprocess.Popen[bytes] | None = None

    def signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class RedisServer(Breakable):
    """
    A server on a loopback port of its own that keeps nothing on disk.

    Args:
        folder: Where it runs.
        of: The port of the one whose replica it is.
    """

    def __init__(self, folder: Path, of: int | None = None) -> None:
        self.port = free_port()
        self.of = of
        self._command = [find_program("redis-server", "valkey-server"), "--port", str(self.port)]
        self._command += ["--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]

    def start(self) -> None:
        """Begin; soon it can be asked."""
        of = [] if self.of is None else ["--replicaof", "127.0.0.1", str(self.of)]
        self._process = subprocess.Popen([*self._command, *of], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def until_open(port: int, seconds: float = 60.0) -> None:
    """
    Wait until something listens on a loopback port.

    Raises:
        OSError: Nothing does in time.
    """
    ends = time.monotonic() + seconds
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
