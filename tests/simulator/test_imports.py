"""The simulator shares no code, and so no mistake, with what is tested on it."""

from __future__ import annotations

import ast
from pathlib import Path

import groq_core.simulator

ROOT = Path(groq_core.simulator.__file__).parent

BOUNDS = {"groq_core.incoming.foreign_schemas"}
"""How long a stranger's schema may take. It reads nothing of the wire, and a second one would be open a second time."""


def test_simulator_imports_nothing_of_the_rest() -> None:
    imported = set()
    for path in ROOT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}

    ours = {name for name in imported if name.startswith("groq_core")}
    assert {name for name in ours if not name.startswith("groq_core.simulator")} == BOUNDS
    assert not imported & {"groq", "openai", "gradio", "fastapi"}
