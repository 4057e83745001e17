"""
Run all tests ten times in a row, three of them while other processes keep every core busy.

    make test-ten                        # about three hours on two cores
    python -m scripts.ten_runs --runs 2 --busy 1 tests/router

Prints a line a run, and the names of what failed in any. Ends with status 1 if something did.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Run:
    """One whole run: seconds of wall clock and of CPU, pytest's last line, and what failed."""

    busy: bool
    wall_s: float
    cpu_s: float
    status: int
    summary: str
    failed: tuple[str, ...]


@contextmanager
def busy_cores(busy: bool) -> Iterator[None]:
    """Keep every core busy with something else."""
    command = [sys.executable, "-c", "while True: sum(range(100_000))"]
    others = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)] if busy else []
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def run(words: Sequence[str], busy: bool) -> Run:
    command = [sys.executable, "-m", "pytest", "-n", "4", "--dist", "worksteal", "-q", *words]
    with busy_cores(busy):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]]
    return Run(busy, wall, cpu, done.returncode, lines[-1].strip("= "), tuple(_FAILED.findall(done.stdout)))


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.ten_runs", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", type=int, default=3, help="so many of them, the last ones")
    asked, rest = parser.parse_known_args(words)
    found: list[Run] = []
    for number in range(1, asked.runs + 1):
        one = run(rest, number > asked.runs - asked.busy)
        found.append(one)
        state = "busy cores" if one.busy else "idle"
        print(f"{number:2} {state:10} {one.wall_s:5.0f} s, CPU {one.cpu_s:5.0f} s: {one.summary}", flush=True)
        for name in one.failed:
            print(f"   {name}", flush=True)
    red = sum(one.status != 0 for one in found)
    print(f"{len(found) - red} of {len(found)} runs were green")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
