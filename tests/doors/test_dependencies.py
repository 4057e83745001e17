"""What the installation is made of, and that SECURITY.md tells the truth about the tests."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from scripts.audit import audit, faults_of_scripts, table
from scripts.sbom import pins, plain, sbom

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


def read_lock() -> dict[str, tuple[str, str, list[str]]]:
    """Of each library in the lock: version, for whom, and hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text("utf-8").strip()):
        head, *hashes = [line.strip().rstrip("\\").strip() for line in entry.splitlines()]
        named, _, marker = head.partition(";")
        name, _, version = named.strip().partition("==")
        found[plain(name)] = version, marker.strip(), hashes
    return found


def test_the_lock_holds_what_is_pinned_with_a_hash_of_every_file() -> None:
    lock = read_lock()

    elsewhere = {name for name, (_, marker, _) in lock.items() if "emscripten" in marker}
    assert {name: version for name, (version, _, _) in lock.items() if name not in elsewhere} == pins()
    for name, (_, _, hashes) in lock.items():
        assert hashes, name
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), name


def test_the_lock_names_no_host() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")

    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted", text)


VENDOR = ROOT / "assets" / "vendor"


def test_copied_scripts_are_what_their_table_says() -> None:
    sums = dict(line.split("  ")[::-1] for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines())
    files = {
        file.relative_to(VENDOR).as_posix(): file
        for file in VENDOR.rglob("*")
        if file.is_file() and not file.name.endswith(".d.ts")
    }

    assert set(sums) == set(files) - {"README.md", "SHA256SUMS"}
    for name, told in sums.items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == told, name


def test_copied_scripts_have_a_version_and_a_licence() -> None:
    assert set(table()) == {folder.name for folder in VENDOR.iterdir() if folder.is_dir()}
    assert faults_of_scripts() == []


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    shutil.copytree(VENDOR, tmp_path / "vendor")
    return tmp_path / "vendor"


@pytest.mark.parametrize(
    ("status", "said", "told", "ends"),
    [
        (0, "No known vulnerabilities found", "asked: pip-audit knows no fault", 0),
        (1, "Found 1 known vulnerability in 1 package\nx 1.0 PYSEC-1", "asked: pip-audit knows of faults", 1),
        (1, "pip_audit._service.interface.ConnectionError: Could not connect", "checked instead: sum, version", 0),
        (1, "requests.exceptions.ProxyError: Max retries exceeded", "checked instead: sum, version", 0),
        (1, "/usr/bin/python: No module named pip_audit", "checked instead: sum, version", 0),
        (124, "timed out", "checked instead: sum, version", 0),
        (0, "x  Dependency not found on PyPI and could not be audited: x (1)\n" * 100, "checked instead: sum", 0),
    ],
    ids=["nothing found", "a fault", "no connection", "a proxy", "not installed", "no answer", "a mirror"],
)
def test_an_audit_does_the_one_or_the_other_and_says_which(
    status: int, said: str, told: str, ends: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(lambda _: (status, said)) == ends
    assert told in capsys.readouterr().out.splitlines()[-1]


def test_an_audit_finds_a_script_that_was_changed(vendor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = next(iter(table(vendor)))
    script = next((vendor / name).glob("*.js"))
    script.write_text(script.read_text("utf-8") + "\n", "utf-8")
    (vendor / name / "LICENSE").write_text("All rights reserved", "utf-8")

    for status, said in ((0, ""), (1, "ConnectionError")):
        assert audit(lambda _, found=(status, said): found, vendor) == 1  # type: ignore[misc]
        out = capsys.readouterr().out
        assert f"{name}/{script.name} is not what its sum says" in out
        assert f"{name}: its licence is not" in out


def test_every_line_of_the_checklist_has_its_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text("utf-8"))

    assert len(named) > 20
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
