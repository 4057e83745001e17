"""The table of results: printed, and kept in ``benchmarks/RESULTS.md`` with the machine and the versions."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.rows import Row

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "| what | measured | reach | against | reached | detail |\n|---|---|---|---|---|---|\n"
PACKAGES = ("gradio", "groq", "aiohttp", "httpx", "msgspec", "uvicorn", "uvloop", "fastapi", "playwright")

INTRODUCTION = """# Results

Written by `make bench` (`python -m benchmarks`). Each row is a ratio to the named peer, taken in one run on one
machine: both sides take turns, and medians count. The model is `benchmarks/upstream.py`, a process of its own that
plays known text at a known pace. A row in which the received text differs from the text that was sent, by as much as
a byte, is not measured but reported as such. Python 3.11.2 is Debian's, 3.11.7 one of pyenv's, built without Debian's
optimisations.
"""


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    return HEAD + "".join(as_line(row) + "\n" for row in rows)


def as_line(row: Row) -> str:
    """One line of the table."""
    return f"| {row.what} | {row.measured} | {row.mark} | {row.against} | {row.verdict} | {row.detail} |"


def machine() -> str:
    """What it ran on; nothing that names it."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    here = Path(__file__).parent
    peers = (
        f"{name} {pinned[1]}"
        for name, file, package in (
            ("LiteLLM", "requirements.txt", "litellm"),
            ("Curator", "peers/curator.txt", "bespokelabs-curator"),
        )
        if (pinned := re.search(rf"(?m)^{package}==(\S+)", (here / file).read_text()))
    )
    return f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores; {versions}; {', '.join(peers)}."


def stamp() -> str:
    """When a section was measured, and by which Python: how it was built makes a fifth of what a request costs."""
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}."
    )


def section(name: str, rows: Sequence[Row]) -> str:
    return f"## {name}\n\n{stamp()}\n\n{table(rows)}"


def merge(found: dict[str, list[Row]], order: Sequence[str]) -> str:
    """The whole page: these rows, and those of earlier runs for the benchmarks that were not asked for."""
    kept = _sections()
    kept |= {name: section(name, rows) for name, rows in found.items()}
    parts = [INTRODUCTION, machine() + "\n", *(kept[name] for name in order if name in kept)]
    return "\n".join(parts)


def earlier_rows(name: str) -> dict[str, str]:
    """The lines of a section by what they are about; empty where there is none yet."""
    part = _sections().get(name, "")
    lines = [line for line in part.splitlines() if line.startswith("| ") and not line.startswith("| what")]
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


def write_section(name: str, introduction: str, lines: Sequence[str]) -> None:
    """Replace one section, or add it at the end; the others stay as they are."""
    new = f"## {name}\n\n{introduction}\n\n{stamp()}\n\n{HEAD}" + "".join(line + "\n" for line in lines)
    head = RESULTS.read_text().split("\n## ")[0]
    write("\n".join([head.rstrip() + "\n", *(_sections() | {name: new}).values()]))


def _sections() -> dict[str, str]:
    old = RESULTS.read_text() if RESULTS.exists() else ""
    return {part.split("\n", 1)[0].strip(): "## " + part.rstrip() + "\n" for part in old.split("\n## ")[1:]}


def write(text: str) -> None:
    RESULTS.write_text(text)
