"""What is pinned can be installed by the line that builds a Space."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements.txt"

Wheels: TypeAlias = Mapping[str, dict[str, Any]]
"""What pip would install, by canonical name: the entries of its installation report (pip's documentation)."""


def pins() -> list[Requirement]:
    lines = (line.partition(" #")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def spaces_line() -> list[str]:
    """What the builder of Hugging Face Spaces hands to ``pip install``, from its build logs."""
    version = re.search(r"^sdk_version: (\S+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    return [f"gradio[oauth,mcp]=={version[1]}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces"]


def dry_run(*args: str) -> Wheels:
    """
    What ``pip install`` with these arguments would install.

    Raises:
        AssertionError: pip finds no way; the message is pip's.
    """
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run(
        [*command, "--no-input", "--disable-pip-version-check", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "WARNING" not in line)
    return {canonicalize_name(one["metadata"]["name"]): one for one in json.loads(done.stdout)["install"]}


@pytest.fixture(scope="module")
def registry() -> None:
    """Skip visibly where no registry is reached; in CI that is a failure."""
    one = next(str(pin) for pin in pins() if pin.name == "idna")
    try:
        dry_run("--no-deps", "--retries", "1", "--timeout", "15", one)
    except AssertionError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs a package registry, and none is reached: {str(error)[:200]}")


@pytest.fixture(scope="module")
def space(registry: None) -> Wheels:
    """What a Space would install."""
    return dry_run("-r", REQUIREMENTS.name, *spaces_line())


def test_every_requirement_is_a_pin() -> None:
    assert all(re.fullmatch(r"==[^*]+", str(pin.specifier)) for pin in pins())


def test_the_line_that_builds_a_space_resolves_to_our_pins(space: Wheels) -> None:
    here = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate()]

    assert {(pin.name, f"=={space[canonicalize_name(pin.name)]['metadata']['version']}") for pin in here} == {
        (pin.name, str(pin.specifier)) for pin in here
    }
