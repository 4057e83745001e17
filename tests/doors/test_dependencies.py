"""What the installation is made of, and that SECURITY.md tells the truth about the tests."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.sbom import pins, sbom

ROOT = Path(__file__).parents[2]


def test_every_library_is_listed_with_version_and_purl() -> None:
    listed = {one["name"]: one for one in sbom()["components"]}

    assert len(listed) > 50
    for name in ("gradio", "uvicorn", "msgspec"):
        assert listed[name]["version"] == pins()[name]
        assert listed[name]["purl"] == f"pkg:pypi/{name}@{pins()[name]}"


def test_everything_is_pinned_and_no_host_is_named() -> None:
    text = (ROOT / "requirements.txt").read_text("utf-8")

    assert "://" not in text
    for line in text.splitlines():
        bare = line.partition("#")[0].strip()
        assert not bare or bare.startswith("-r") or "==" in bare, line


def test_every_line_of_the_checklist_has_its_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text("utf-8"))

    assert len(named) > 20
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
