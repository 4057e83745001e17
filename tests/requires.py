"""
Programs some tests need: where one is missing the test is skipped, visibly; in CI it fails.

    @needs("ffmpeg")
    def test_subtitles_are_read_by_ffmpeg() -> None: ...
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest

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


def needs(*programs: str) -> pytest.MarkDecorator:
    """
    Mark a test (or, as ``pytestmark``, a module) that runs other programs.

    CI has them all, so there a missing one must not look like a passing suite: the test runs and fails.
    """
    missing = [program for program in programs if find(program) is None]
    return pytest.mark.skipif(
        bool(missing) and not os.environ.get("CI"), reason=f"needs {' and '.join(missing)}, which is not installed"
    )


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
