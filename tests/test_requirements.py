"""What is pinned can be installed: by the line that builds a Space, and on every platform we name."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from tests.requires import lack

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
BESIDE = (ROOT / "requirements-team.txt", ROOT / "requirements-otel.txt")
"""What some install on top."""

SPACE = "x86_64-manylinux_2_36"
"""The builder's machine, Debian 12, as uv names it."""

PLATFORMS = {
    # How uv names a platform, and how markers see such a machine (dependency specifiers, packaging.python.org).
    "Windows x86_64": ("x86_64-pc-windows-msvc", ("win32", "Windows", "nt", "AMD64")),
    "macOS x86_64": ("x86_64-apple-darwin", ("darwin", "Darwin", "posix", "x86_64")),
    "macOS arm64": ("aarch64-apple-darwin", ("darwin", "Darwin", "posix", "arm64")),
    "Linux aarch64": ("aarch64-manylinux_2_28", ("linux", "Linux", "posix", "aarch64")),
}
OLDEST_MACOS = "11.0"

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""On which all is there as a wheel, and nothing unpinned. The oldest is the Space's."""


def wanted_with(*more: Path) -> str:
    """The lines of the requirements, and of other files."""
    return "\n".join(file.read_text(encoding="utf-8") for file in (REQUIREMENTS, *more))


def pins(*more: Path) -> list[Requirement]:
    """Of the requirements, and of those of other files."""
    lines = (line.partition(" #")[0].strip() for line in wanted_with(*more).splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def spaces_line() -> list[str]:
    """What the builder of Hugging Face Spaces hands to ``pip install``, from its build logs."""
    version = re.search(r"^sdk_version: (\S+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    return [f"gradio[oauth,mcp]=={version[1]}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces"]


def resolve(
    wanted: str, *platform: str, python: str = PYTHONS[0], only: Sequence[str] = (), looked_up: bool = False
) -> dict[str, str]:
    """
    What would be installed there for these lines of requirements: canonical names to versions.

    Args:
        platform: As uv names it, behind the word for it.
        only: More words of the command.
        looked_up: All this names has been asked of the registry in this run. It is then answered from what uv keeps of
            that, in a tenth of the time, and asked for again only where it cannot be.

    uv resolves as pip does, in a hundredth of pip's time, and for machines that are not this one. What pip makes of
    the Space's line itself, ``test_space`` shows by installing it.

    Raises:
        AssertionError: There is no way; the message is uv's.
    """
    command = [find_uv_bin(), "pip", "compile", "-", *platform, "--python-version", python]
    for offline in (["--offline"], []) if looked_up else ([],):
        done = subprocess.run(
            [*command, "--no-header", "--no-annotate", "--quiet", *only, *offline],
            input=wanted,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS},
        )
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    found = (Requirement(line) for line in done.stdout.splitlines())
    return {canonicalize_name(one.name): str(one.specifier) for one in found}


ON_SPACES: Final = ("--python-platform", SPACE)
WHEELS: Final = ("--only-binary", ":all:")


@pytest.fixture(scope="module")
def registry() -> None:
    """Where one is reached. It is asked about whatever any platform needs."""
    try:
        resolve(wanted_with(*BESIDE), "--universal")
    except AssertionError as error:
        lack(f"needs a package registry, and none is reached: {str(error)[:200]}", promised=False)


def pins_for(machine: dict[str, str], *more: Path) -> dict[str, str]:
    """Of the pins those that count on such a machine."""
    return {
        canonicalize_name(pin.name): str(pin.specifier)
        for pin in pins(*more)
        if pin.marker is None or pin.marker.evaluate(dict(machine))
    }


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


def test_every_requirement_is_a_pin() -> None:
    assert all(re.fullmatch(r"==[^*]+", str(pin.specifier)) for pin in pins(*BESIDE))


def test_the_line_that_builds_a_space_resolves_to_our_pins(registry: None) -> None:
    found = resolve("\n".join([REQUIREMENTS.read_text(encoding="utf-8"), *spaces_line()]), *ON_SPACES)
    ours = pins_for({**environment("Linux aarch64", PYTHONS[0]), "platform_machine": "x86_64"})

    assert {name: found.get(name) for name in ours} == ours
    assert "spaces" in found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_there_is_a_wheel_for_all_that_a_platform_needs_and_nothing_is_unpinned(platform: str, registry: None) -> None:
    wanted = wanted_with(*BESIDE)
    where = "--python-platform", PLATFORMS[platform][0]
    for python in PYTHONS:
        found = resolve(wanted, *where, python=python, only=WHEELS, looked_up=True)

        assert found == pins_for(environment(platform, python), *BESIDE), python


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [("pyobjc-framework-cocoa==11.1", "pyobjc-framework-cocoa"), ("idna==3.10\nidna==3.11", "idna")],
)
def test_what_has_no_wheel_or_contradicts_itself_is_found(wanted: str, complaint: str, registry: None) -> None:
    with pytest.raises(AssertionError, match=complaint):
        resolve(wanted, "--python-platform", PLATFORMS["Windows x86_64"][0], only=WHEELS)
