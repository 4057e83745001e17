"""
How long `/health` takes while something else is done, and how much of that is the server's own making.

A machine that does other things beside holds everybody up. So two things are read beside each answer: what the
threads of the server, and who asks, spent on waiting for a processor (as Linux counts it), and what a control took at
the same time: a bare HTTP server on asyncio, of the same priority, that does nothing and is asked as often. What of an
answer's time neither explains is the server's own, and so is all that its event loop worked meanwhile: whoever waits
while that computes waits for it, however busy the machine is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import islice, takewhile
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from benchmarks.processes import ROOT

EVERY_S = 0.02

CONTROL = """
import asyncio
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\ncontent-type: text/plain\\r\\n\\r\\nok"
async def answer(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One answer.

    Attributes:
        began: When it was asked for, in seconds of the monotonic clock.
        took: Seconds until it was there.
        worked: Processor seconds of the server's event loop meanwhile.
        waited: Seconds that the server's threads, and who asks, were ready to run and did not.
    """

    began: float
    took: float
    worked: float = 0.0
    waited: float = 0.0


@dataclass(slots=True)
class Health:
    """What was asked of a server and of the control."""

    asked: list[Asked] = field(default_factory=list)
    control: list[Asked] = field(default_factory=list)

    def between(self, began: float, ended: float) -> Health:
        """What was under way in a part of the time, in seconds of the monotonic clock."""

        def within(asked: list[Asked]) -> list[Asked]:
            return [one for one in asked if one.began < ended and began < _end(one)]

        return Health(within(self.asked), within(self.control))

    def took(self) -> list[float]:
        """Seconds of each answer, in ascending order; one of none where nothing was asked."""
        return sorted(one.took for one in self.asked) or [0.0]

    def own(self) -> list[float]:
        """Seconds of each answer that are the server's own making, in ascending order; one of none as above."""
        beside = _Beside(self.control)
        return sorted(_own(one, beside.longest(one.began, _end(one))) for one in self.asked) or [0.0]


class _Beside:
    """What the control took, by time: one probe asks it, so that its answers follow each other."""

    def __init__(self, control: Sequence[Asked]) -> None:
        self._control = sorted(control, key=lambda one: one.began)
        self._ends = [_end(one) for one in self._control]

    def longest(self, began: float, ended: float) -> float:
        """Seconds of the longest answer that was under way in a part of the time; 0 for none."""
        first = bisect_right(self._ends, began)
        under_way = takewhile(lambda one: one.began < ended, islice(self._control, first, None))
        return max((one.took for one in under_way), default=0.0)


def _own(one: Asked, beside: float) -> float:
    unexplained = one.took - one.waited - beside
    return max(0.0, min(one.took, max(one.worked - beside, unexplained)))


def _end(one: Asked) -> float:
    return one.began + one.took


def meters(process: int) -> tuple[float, float]:
    """
    Processor seconds of a process's first thread so far, on which its event loop runs, and those that any of its
    threads was ready and waited; 0 off Linux.
    """
    worked = waited = 0
    folder, first = f"/proc/{process}/task", str(process)
    try:
        tasks = os.listdir(folder)
    except OSError:
        tasks = []
    for task in tasks:
        try:
            # Before and after each of a hundred answers a second, so without what a path's own object takes.
            with open(f"{folder}/{task}/schedstat", "rb", 0) as file:
                ran, ready, _ = file.read().split()
        except (OSError, ValueError):
            continue
        worked += int(ran) if task == first else 0
        waited += int(ready)
    return worked / 1e9, waited / 1e9


def _own_wait() -> float:
    """Seconds that this thread was ready and waited."""
    try:
        return int(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text("ascii").split()[1]) / 1e9
    except OSError:
        return 0.0


class _Probe(threading.Thread):
    """Asks one address again and again, until it is told to end."""

    def __init__(self, url: str, process: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._url, self._process, self._over = url, process, over
        self.kept: list[Asked] = []
        self.failed = ""

    def run(self) -> None:
        address = urlsplit(self._url)
        # Half of what httpx takes of the two cores on which the server is to answer.
        with closing(HTTPConnection(address.netloc, timeout=60)) as http:
            while not self._over.is_set():
                worked, waited = meters(self._process)
                own, began = _own_wait(), time.monotonic()
                try:
                    http.request("GET", address.path)
                    with http.getresponse() as answer:
                        answer.read()
                except (HTTPException, OSError) as error:
                    self.failed = f"{self._url}: {type(error).__name__}"
                    return
                if answer.status >= 400:
                    self.failed = f"{self._url}: {answer.status}"
                    return
                took, own = time.monotonic() - began, _own_wait() - own
                now_worked, now_waited = meters(self._process)
                self.kept.append(Asked(began, took, now_worked - worked, now_waited - waited + own))
                self._over.wait(EVERY_S)


def main(words: Sequence[str]) -> None:
    """
    Ask addresses until standard input ends, and print what was kept of each.

    In a process of its own: whoever sends a server a thousand requests would keep its own threads from reading answers.

    Args:
        words: Addresses, each with the number of its process behind it.
    """
    over = threading.Event()
    probes = [_Probe(url, int(process), over) for url, process in zip(words[::2], words[1::2], strict=True)]
    for probe in probes:
        probe.start()
    sys.stdin.read()
    over.set()
    for probe in probes:
        probe.join(70)
    sys.stdout.buffer.write(msgspec.json.encode([(probe.failed, probe.kept) for probe in probes]))


@contextmanager
def control() -> Iterator[tuple[str, int]]:
    """A server that does nothing; gives its address and its process."""
    process = subprocess.Popen([sys.executable, "-c", CONTROL], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/", process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


@contextmanager
def watching(url: str, process: int, beside: tuple[str, int]) -> Iterator[Health]:
    """
    Ask `/health` until the block is left.

    Args:
        url: Of the server, without a slash at its end.
        process: The server's number.
        beside: The control's address and number.

    Raises:
        RuntimeError: One of the two did not answer.
    """
    found = Health()
    command = [sys.executable, "-m", "benchmarks.health", f"{url}/health", str(process), beside[0], str(beside[1])]
    probes = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield found
    finally:
        said, _ = probes.communicate(timeout=90)
    kept = msgspec.json.decode(said, type=list[tuple[str, list[Asked]]])
    if failed := [why for why, _ in kept if why]:
        raise RuntimeError("; ".join(failed))
    found.asked, found.control = (asked for _, asked in kept)


def busy(most: float = 1.5) -> str:
    """What is to be said of a machine that does other things beside; empty for a quiet one."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return f"the machine was busy when this began: load {load:.1f} on {os.cpu_count()} cores" if load > most else ""


def share(values: Sequence[float], part: float) -> float:
    """
    The value below which a part of ascending values lies.

    >>> share([1, 2, 3, 4], 0.5), share([], 0.5)
    (3, 0.0)
    """
    return values[min(int(len(values) * part), len(values) - 1)] if values else 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
