"""What an installation is made of, as CycloneDX JSON: `make sbom > sbom.json`."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from groq_core import __version__

ROOT = Path(__file__).parents[1]


def pins() -> dict[str, str]:
    """Name (as package indexes compare them) to version, of everything that is pinned for running."""
    found = {}
    for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines():
        if matched := re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;#]+)", line):
            found[plain(matched[1])] = matched[2]
    return found


def plain(name: str) -> str:
    """
    >>> plain("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def component(found: Distribution) -> dict[str, Any]:
    """One library: its name, version and licence."""
    meta = found.metadata
    name = plain(meta["Name"])
    classified = [text.rpartition(" :: ")[2] for text in meta.get_all("Classifier", []) if "License ::" in text]
    told = {field: (meta.get_all(field) or [""])[0] for field in ("License-Expression", "License")}
    licence = told["License-Expression"] or ", ".join(classified) or told["License"].partition("\n")[0]
    listed: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": found.version,
        "purl": f"pkg:pypi/{name}@{found.version}",
    }
    return listed | ({"licenses": [{"license": {"name": licence}}]} if licence else {})


def sbom() -> dict[str, Any]:
    """The document; only what is pinned for running, as it is installed here."""
    wanted = pins()
    installed = {plain(one.metadata["Name"]): one for one in distributions()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "groq-core", "version": __version__}},
        "components": [component(installed[name]) for name in sorted(wanted) if name in installed],
    }


if __name__ == "__main__":
    json.dump(sbom(), sys.stdout, indent=1, ensure_ascii=False)
