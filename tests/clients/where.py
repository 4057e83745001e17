"""Which Python has a client: this one, or one of those that `make clients` builds beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from tests.requires import lack

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = (Path(sys.prefix), ROOT / ".venv-clients", ROOT / ".venv-clients-older")
NODE_MODULES = Path(__file__).parent / "node_modules"
BUILT = bool(os.environ.get("GROQ_CLIENTS_BUILT"))
"""Set by `make clients`: what it has built must be there, so nothing is skipped. No test sees the variable itself."""


def python_with(module: str) -> Path | None:
    """A Python that can import a module, without asking it."""
    for prefix in ENVIRONMENTS:
        folders = [*prefix.glob("lib/python3.*/site-packages"), prefix / "Lib" / "site-packages"]
        if any((folder / module).is_dir() or (folder / f"{module}.py").is_file() for folder in folders):
            return prefix / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return None


def require_python(module: str) -> Path:
    """The same; a test is skipped where there is none, and fails where `make clients` should have built it."""
    found = python_with(module)
    if found is None:
        miss(module)
    return found


def miss(what: str) -> NoReturn:
    """Skip for want of a client, or fail."""
    lack(f"needs a client that is not installed, {what}: make clients", promised=BUILT)
