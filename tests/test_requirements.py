"""What is pinned can be installed: by the line that builds a Space, and on every platform we name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements.txt"

Wheels: TypeAlias = Mapping[str, dict[str, Any]]
"""What pip would install, by canonical name: the entries of its installation report (pip's documentation)."""

PLATFORMS = {
    # What pip's --platform says, and how markers see such a machine (dependency specifiers, packaging.python.org).
    "Windows x86_64": (["win_amd64"], ("win32", "Windows", "nt", "AMD64")),
    "macOS x86_64": (["macosx_11_0_x86_64"], ("darwin", "Darwin", "posix", "x86_64")),
    # onnxruntime's wheel asks for macOS 14, which every Mac of this kind takes.
    "macOS arm64": (["macosx_14_0_arm64", "macosx_11_0_arm64"], ("darwin", "Darwin", "posix", "arm64")),
    "Linux aarch64": (
        ["manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
        ("linux", "Linux", "posix", "aarch64"),
    ),
}
PYTHON = "3.11"
"""Whose wheels are looked for: the oldest that we name, and the Space's."""

PYTHONS = ("3.11", "3.12", "3.13")
"""On which nothing may be left unpinned."""


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


def environment(platform: str, python: str) -> dict[str, str]:
    """How markers see a machine."""
    _, (sys_platform, system, os_name, machine) = PLATFORMS[platform]
    return {
        "sys_platform": sys_platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_machine": machine,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def applies(requirement: Requirement, machine: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**machine, "extra": extra}) for extra in ("", *extras))


def unmet(wheels: Wheels, machine: Mapping[str, str]) -> set[str]:
    """What is wanted on such a machine, by us or by what we install, and has no pin that fits."""
    wanted = [(pin, "requirements.txt") for pin in pins() if applies(pin, machine)]
    pinned = {canonicalize_name(pin.name): pin for pin, _ in wanted}
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        one, by = wanted.pop()
        name = canonicalize_name(one.name)
        pin = pinned.get(name)
        if pin is None or not all(one.specifier.contains(spec.version, prereleases=True) for spec in pin.specifier):
            found.add(f"{one}, wanted by {by}")
        key = (name, frozenset(one.extras))
        if name not in wheels or key in seen:
            continue
        seen.add(key)
        further = map(Requirement, wheels[name]["metadata"].get("requires_dist", ()))
        wanted += [(more, name) for more in further if applies(more, machine, one.extras)]
    return found


def test_every_requirement_is_a_pin() -> None:
    assert all(re.fullmatch(r"==[^*]+", str(pin.specifier)) for pin in pins())


def test_the_line_that_builds_a_space_resolves_to_our_pins(space: Wheels) -> None:
    here = [pin for pin in pins() if pin.marker is None or pin.marker.evaluate()]

    assert {(pin.name, f"=={space[canonicalize_name(pin.name)]['metadata']['version']}") for pin in here} == {
        (pin.name, str(pin.specifier)) for pin in here
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_there_is_a_wheel_for_all_that_a_platform_needs(platform: str, space: Wheels, tmp_path: Path) -> None:
    machine = environment(platform, PYTHON)
    # Of what the Space would take, a wheel for any platform is one for this.
    everywhere = {name for name, one in space.items() if one["download_info"]["url"].endswith("-none-any.whl")}
    own = [pin for pin in pins() if applies(pin, machine) and canonicalize_name(pin.name) not in everywhere]
    tags = [argument for tag in PLATFORMS[platform][0] for argument in ("--platform", tag)]

    # The markers are evaluated above: pip would evaluate them for the machine it runs on.
    listed = [f"{pin.name}{pin.specifier}" for pin in own]
    wheels = dry_run(
        "--no-deps", "--only-binary", ":all:", "--target", str(tmp_path), "--python-version", PYTHON, *tags, *listed
    )

    assert set(wheels) == {canonicalize_name(pin.name) for pin in own}
    for python in PYTHONS:
        assert unmet({**space, **wheels}, environment(platform, python)) == set()
