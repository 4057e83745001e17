"""What signs page passes outlives the process, belongs to its user alone, and is missed by nobody where it cannot."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from groq_core.access.kept_secret import FILE, kept_secret
from groq_core.ui.csrf import Passes


def test_a_pass_is_good_after_a_restart_and_of_no_other_installation(tmp_path: Path) -> None:
    passed = Passes(secret=kept_secret(tmp_path / "one")).issue()

    assert Passes(secret=kept_secret(tmp_path / "one")).page_id(passed) == passed.split(".")[0]
    assert Passes(secret=kept_secret(tmp_path / "two")).page_id(passed) is None


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "state")

    assert secret is not None
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "state") == [FILE]


@pytest.mark.parametrize("left", ["", "short", "é" * 40])
def test_one_that_was_never_finished_is_made_anew(tmp_path: Path, left: str) -> None:
    (tmp_path / FILE).write_text(left, "utf-8")

    first, second = kept_secret(tmp_path), kept_secret(tmp_path)

    assert first is not None
    assert second is not None
    assert first.reveal() == second.reveal() != left


def test_a_folder_that_is_none_keeps_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    assert kept_secret(tmp_path / "file" / "state") is None
