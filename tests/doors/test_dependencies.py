"""What the installation is made of, and that SECURITY.md tells the truth about the tests."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

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


LICENCES = {
    "MIT": "MIT License|Permission is hereby granted, free of charge",
    "ISC": "ISC|Permission to use, copy",
    "Apache-2.0": "Apache License",
    "BSD-3-Clause": "BSD 3-Clause|Redistribution and use",
}
"""How their texts begin."""

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
    rows = re.findall(
        r"^\| `([\w-]+)` \| [^|]+ \| ([\d.]+) \| ([^|]+) \|", (VENDOR / "README.md").read_text("utf-8"), re.M
    )

    assert {name for name, _, _ in rows} == {folder.name for folder in VENDOR.iterdir() if folder.is_dir()}
    for name, version, licence in rows:
        text = (VENDOR / name / "LICENSE").read_text("utf-8")
        assert re.search(LICENCES[licence.split(" ")[0].strip()], text), name
        told = re.search(r"(?:\bv?|version[=:]\s*[\"'])(\d+\.\d+\.\d+)[\"' )]", scripts(name)[:400])
        assert told is None or told[1] == version, name


def scripts(name: str) -> str:
    return "".join(file.read_text("utf-8") for file in sorted((VENDOR / name).glob("*.js")))


def test_every_line_of_the_checklist_has_its_test() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "SECURITY.md").read_text("utf-8"))

    assert len(named) > 20
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"
