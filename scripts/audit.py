"""
Known faults of what this installation is made of: `make audit`.

`pip-audit` asks the index's own service about everything that is pinned. Where that service cannot be reached, it says
so, and what can be known without it is checked instead: the copied scripts against the table that names their version,
licence and sum. One of the two always happens, and the last line says which.

A service that is there and knows none of the libraries (a mirror) is as good as none.

Exit status: 0 nothing was found, 1 something was, 2 neither could be done.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from scripts.sbom import pins

ROOT: Final = Path(__file__).parents[1]
VENDOR: Final = ROOT / "assets" / "vendor"

LICENCES: Final = {
    "MIT": "MIT License|Permission is hereby granted, free of charge",
    "ISC": "ISC|Permission to use, copy",
    "Apache-2.0": "Apache License",
    "BSD-3-Clause": "BSD 3-Clause|Redistribution and use",
}
"""How their texts begin."""

ASK: Final = ("--requirement", "requirements.lock", "--require-hashes", "--disable-pip")

AUDIT_S: Final = 600

UNREACHABLE: Final = re.compile(
    r"ConnectionError|ServiceError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|HTTPError|Max retries|resolve|"
    r"No module named|timed out",
    re.I,
)
"""What stands in the words of an audit that could not ask."""

SKIPPED: Final = "could not be audited"
"""What it says of a library that the service does not have, and ends with 0 all the same."""

Run = Callable[[Sequence[str]], tuple[int, str]]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Exit status and everything that was said; 124 where it took too long."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=AUDIT_S, check=False)
    except subprocess.TimeoutExpired:
        return 124, "timed out"
    return done.returncode, done.stdout + done.stderr


def faults_of_scripts(vendor: Path = VENDOR) -> list[str]:
    """What is wrong with the copied scripts: a sum, a version or a licence that is not the one in the table."""
    found = []
    sums = dict(line.split("  ")[::-1] for line in (vendor / "SHA256SUMS").read_text("utf-8").splitlines())
    for name, told in sums.items():
        file = vendor / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != told:
            found.append(f"{name} is not what its sum says")
    rows = table(vendor)
    found += [
        f"{folder.name} is not in the table"
        for folder in vendor.iterdir()
        if folder.is_dir() and folder.name not in rows
    ]
    for name, (version, licence) in rows.items():
        text = (vendor / name / "LICENSE").read_text("utf-8") if (vendor / name / "LICENSE").is_file() else ""
        if licence not in LICENCES or not re.search(LICENCES[licence], text):
            found.append(f"{name}: its licence is not {licence}")
        scripts = "".join(file.read_text("utf-8") for file in sorted((vendor / name).glob("*.js")))
        told_by_it = re.search(r"(?:\bv?|version[=:]\s*[\"'])(\d+\.\d+\.\d+)[\"' )]", scripts[:400])
        if told_by_it is not None and told_by_it[1] != version:
            found.append(f"{name} is version {told_by_it[1]}, not {version}")
    return found


def table(vendor: Path = VENDOR) -> dict[str, tuple[str, str]]:
    """Of each copied script: version and licence, as the folder's README has them."""
    text = (vendor / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| [^|]+ \| ([\d.]+) \| ([^|]+) \|", text, re.M)
    return {name: (version, licence.split(" ")[0].strip()) for name, version, licence in rows}


def audit(ask: Run = run, vendor: Path = VENDOR) -> int:
    """Do the one or the other, print which, and return the exit status."""
    status, said = ask([sys.executable, "-m", "pip_audit", *ASK])
    wrong = faults_of_scripts(vendor)
    for line in wrong:
        print(f"wrong: {line}")
    unknown, pinned = said.count(SKIPPED), len(pins())
    if status == 0 and unknown < pinned // 2:
        told = f"of {pinned - unknown} libraries; {unknown} could not be looked up"
        print(f"asked: pip-audit knows no fault {told}; the copied scripts were checked as well")
        return 1 if wrong else 0
    if status == 0:
        said = f"the index's service knows nothing of {unknown} of {pinned} libraries"
    elif not UNREACHABLE.search(said):
        print(said.strip())
        print("asked: pip-audit knows of faults, see above")
        return 1
    print(f"not asked: {said.strip().splitlines()[-1][:200]}")
    if not table(vendor):
        print("neither: there is no table of copied scripts")
        return 2
    print(f"checked instead: sum, version and licence of {len(table(vendor))} copied scripts")
    return 1 if wrong else 0


def main() -> int:
    argparse.ArgumentParser(prog="python -m scripts.audit", description=(__doc__ or "").split("\n")[1]).parse_args()
    return audit()


if __name__ == "__main__":
    sys.exit(main())
