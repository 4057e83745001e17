"""
The clients that are run against this server, for the README's table: who, which version, what is run, what came of it.

`python -m scripts.clients REPORT.xml` takes what came of it from pytest's report, as `make clients` does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = ROOT / "tests" / "clients" / "programs"
RESULTS: Final = PROGRAMS.parent / "results.json"
PINS: Final = ("requirements.txt", "requirements-clients.txt", "requirements-clients-older.txt")


class Client(NamedTuple):
    """
    One client.

    Attributes:
        program: File in ``tests/clients/programs``; its first words say what is run.
        package: Name in its registry.
        module: What is imported; empty for JavaScript.
    """

    program: str
    package: str
    module: str = ""


CLIENTS: Final = (
    Client("openai_sdk.py", "openai", "openai"),
    Client("openai_sdk_js.mjs", "openai"),
    Client("groq_sdk.py", "groq", "groq"),
    Client("litellm_sdk.py", "litellm", "litellm"),
    Client("langchain_openai_chat.py", "langchain-openai", "langchain_openai"),
    Client("langchain_groq_chat.py", "langchain-groq", "langchain_groq"),
    Client("pydantic_ai_agent.py", "pydantic-ai-slim", "pydantic_ai"),
    Client("instructor_data.py", "instructor", "instructor"),
    Client("openai_agents_run.py", "openai-agents", "agents"),
    Client("openai_agents_js.mjs", "@openai/agents"),
    Client("llama_index_llm.py", "llama-index-llms-openai-like", "llama_index"),
    Client("dspy_program.py", "dspy", "dspy"),
    Client("smolagents_run.py", "smolagents", "smolagents"),
    Client("llm_command.py", "llm", "llm"),
    Client("ai_sdk_js.mjs", "ai"),
)


def clients() -> tuple[Client, ...]:
    return CLIENTS


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Client, versions, what is run and what came of it, for a table; those without a program come last."""
    pins, found = read_pins(), results()
    for client in CLIENTS:
        language = " (JavaScript)" if client.program.endswith(".mjs") else ""
        versions = _javascript()[client.package] if language else ", ".join(pins[client.package])
        said = found[client.program]
        result = f"{said} works" if said else "fails"
        yield f"`{client.package}`{language}", versions, _says(PROGRAMS / client.program), result
    for name, package, what, test in OTHERS:
        yield name, ", ".join(pins[package]), what, f"`{test}`"


OTHERS: Final = (
    ("`gradio_client`, `gr.load`", "gradio-client", "the six named endpoints", "tests/ui/test_endpoints.py"),
    ("`mcp`", "mcp", "the same as tools", "tests/ui/test_endpoints.py"),
    (
        "`openapi-python-client`",
        "openapi-python-client",
        "makes a client of `/openapi.json` that works",
        "tests/clients/test_openapi.py",
    ),
    ("`schemathesis`", "schemathesis", "no answer but those that are described", "make conformance"),
)
"""Those whose tests are not programs of their own: name, package, what is run, where."""


def results() -> dict[str, str | None]:
    """Of each program the version that did all of it the last time; None where it did not."""
    found: dict[str, str | None] = json.loads(RESULTS.read_text("utf-8"))["clients"]
    return found


def read_report(report: str) -> dict[str, str | None]:
    """
    What a report of pytest tells of each program.

    >>> read_report('<testcase name="test_a_client_works_unchanged[a.py]"><properties>'
    ...     '<property name="said" value="ok 1.2"/></properties></testcase>')
    {'a.py': '1.2'}
    """
    case = re.compile(
        r'<testcase [^>]*name="test_a_client_works_unchanged\[([^]]+)\]"[^>]*?(?:/>|>(.*?)</testcase>)', re.S
    )
    said = {program: re.search(r'name="said" value="ok ([^"]+)"', inside) for program, inside in case.findall(report)}
    return {program: version[1] if version else None for program, version in said.items()}


def main(words: Sequence[str]) -> int:
    """Keep what a run of all of them told."""
    found = read_report(Path(words[0]).read_text("utf-8"))
    if missing := {client.program for client in CLIENTS} - found.keys():
        print(f"not all of them were run, so nothing is kept: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    kept = {"on": datetime.now(UTC).date().isoformat(), "clients": dict(sorted(found.items()))}
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return int(None in found.values())


def _says(program: Path) -> str:
    """The first sentence of a program, without its full stop."""
    text = program.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    return first.removeprefix("// ").strip('"').rstrip(".") if first else ""


def read_pins() -> Mapping[str, list[str]]:
    """Versions by package, the newest first."""
    found: dict[str, list[str]] = {}
    for name in PINS:
        for package, version in re.findall(
            r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", (ROOT / name).read_text("utf-8"), re.M
        ):
            versions = found.setdefault(package.lower().replace("_", "-"), [])
            if version not in versions:
                versions.append(version)
    return found


def _javascript() -> dict[str, str]:
    manifest = json.loads((PROGRAMS.parent / "package.json").read_text(encoding="utf-8"))
    dependencies: dict[str, str] = manifest["dependencies"]
    return dependencies


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
