"""
Programs some tests need: where one is missing the test is skipped, visibly; in CI it fails.

    @needs("ffmpeg")
    def test_subtitles_are_read_by_ffmpeg() -> None: ...
"""

from __future__ import annotations

import os
import shutil

import pytest

_ALSO = {
    "chromium": ("chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "redis-server": ("valkey-server",),
}
"""Other names of the same program."""


def found(program: str) -> str | None:
    """Path of a program under any of its names, or None."""
    return next(filter(None, map(shutil.which, (program, *_ALSO.get(program, ())))), None)


def needs(*programs: str) -> pytest.MarkDecorator:
    """
    Mark a test (or, as ``pytestmark``, a module) that runs other programs.

    CI has them all, so there a missing one must not look like a passing suite: the test runs and fails.
    """
    missing = [program for program in programs if found(program) is None]
    return pytest.mark.skipif(
        bool(missing) and not os.environ.get("CI"), reason=f"needs {' and '.join(missing)}, which is not installed"
    )
