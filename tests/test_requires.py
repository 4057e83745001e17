"""What a bare machine cannot run is said last, with the way to get it; and a hang is ended."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import requires

ROOT = Path(__file__).parents[1]


def run(*words: str, **environ: str) -> list[str]:
    """The last lines of pytest, run on its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *words],
        cwd=ROOT,
        env={**{name: value for name, value in os.environ.items() if name != "CI"}, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout.splitlines()


def test_what_a_bare_machine_lacks_is_said_in_the_last_lines() -> None:
    lines = run("tests/media/text/test_subtitles.py", "-k", "ffmpeg", PATH="")

    assert any("since ffmpeg is missing: apt install ffmpeg" in line for line in lines[-4:]), lines


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
@pytest.mark.parametrize("thing", ["no-such-program", "PostgreSQL", "node_modules", "/dev/full", "onnxruntime"])
def test_what_is_missing_fails_in_ci_and_is_skipped_elsewhere(
    thing: str, ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(requires, "is_here", lambda one: False)

    with pytest.raises(outcome, match=f"needs {thing}, which is not installed"):
        requires.require(thing)


def test_nothing_but_that_one_place_skips_a_test() -> None:
    skips = re.compile(r"pytest\.(skip|xfail|importorskip)\(|mark\.(skip|skipif|xfail)\b|unittest\.skip")
    here = {"requires.py", Path(__file__).name}
    found = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("*.py")
        if file.name not in here and skips.search(file.read_text(encoding="utf-8"))
    }

    assert found == set(), "say what is missing by tests/requires.py"


def test_a_test_that_hangs_is_ended_and_shows_where(tmp_path: Path) -> None:
    (tmp_path / "test_hang.py").write_text("import time\n\ndef test_hang() -> None:\n    time.sleep(60)\n")

    lines = run(str(tmp_path), "-o", "timeout=1", "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"))

    assert any("Timeout" in line for line in lines)
    assert any("time.sleep(60)" in line for line in lines)
    assert "timeout = 300" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
