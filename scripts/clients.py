"""The clients that are run against this server, for the README's table: who, which version, what is run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = ROOT / "tests" / "clients" / "programs"
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


def rows() -> Iterator[tuple[str, str, str]]:
    """Client, versions and what is run, for a table; those without a program of their own come last."""
    pins = _pins()
    for client in CLIENTS:
        language = " (JavaScript)" if client.program.endswith(".mjs") else ""
        versions = _javascript()[client.package] if language else ", ".join(pins[client.package])
        yield f"`{client.package}`{language}", versions, f"{_says(PROGRAMS / client.program)}"
    yield (
        "`gradio_client`, `gr.load`",
        ", ".join(pins["gradio-client"]),
        "the six named endpoints (`tests/ui/test_endpoints.py`)",
    )
    yield "`mcp`", ", ".join(pins["mcp"]), "the same as tools (`tests/ui/test_endpoints.py`)"
    yield (
        "`openapi-python-client`",
        ", ".join(pins["openapi-python-client"]),
        "makes a client of `/openapi.json` that works (`tests/clients/test_openapi.py`)",
    )
    yield (
        "`schemathesis`",
        ", ".join(pins["schemathesis"]),
        "no answer but those that are described (`make conformance`)",
    )


def _says(program: Path) -> str:
    """The first sentence of a program, without its full stop."""
    text = program.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    return first.removeprefix("// ").strip('"').rstrip(".") if first else ""


def _pins() -> Mapping[str, list[str]]:
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
