"""`agent` with MCP servers from the command line, as a process: signing in, programs, terminals of Windows."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from groq_core.cli import agent as agent_command
from groq_core.cli.agent import servers
from groq_core.errors import RequestError
from tests.services.oauth_server import Authority, serve_guarded
from tests.services.test_agent_mcp_world import PROGRAM

pytestmark = pytest.mark.usefixtures("forks")

BROWSER = f'{sys.executable} -c "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])" %s'
"""A browser whose person agrees at once; Python's `webbrowser` starts it."""


async def agent(folder: Path, *args: str, **env: str) -> tuple[int, str, str]:
    """Run the command offline; gives its status, standard output and standard error."""
    own = {"GROQ_CORE_OFFLINE": "1", "GROQ_CORE_STATE_DIR": str(folder / "state"), "BROWSER": BROWSER, **env}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "groq_core", "agent", *args),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **own},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode("cp1252", "replace"), err.decode("cp1252", "replace")


def test_a_header_goes_to_the_server_it_is_for() -> None:
    command = argparse.ArgumentParser()
    agent_command.arguments(command)
    asked = ["--mcp", "lab=https://lab.test", "--mcp", "https://other.test", "--mcp-header", "X-All: 1"]

    lab, other = servers(command.parse_args([*asked, "--mcp-header", "lab=Authorization: Bearer a=b"]))
    assert lab.headers == {"X-All": "1", "Authorization": "Bearer a=b"}
    assert other.headers == {"X-All": "1"}
    for wrong in ("lib=X: 1", "X"):
        with pytest.raises(RequestError, match="mcp-header"):
            servers(command.parse_args([*asked, "--mcp-header", wrong]))


async def test_a_person_signs_in_once_where_it_is_kept(tmp_path: Path) -> None:
    authority = Authority()
    async with serve_guarded(authority):
        asked = ("--mcp", f"lab={authority.resource}", "--mcp-trust", "--mcp-keep-login", "Use lab_measure on a sample")
        first = await agent(tmp_path, *asked)
        second = await agent(tmp_path, *asked)
        refused = await agent(tmp_path, "--mcp", f"lab={authority.resource}", "Use lab_measure on a sample")

    assert (first[0], second[0]) == (0, 0)
    assert "sign in to go on: http://127.0.0.1" in first[2]
    assert "sign in" not in second[2]
    assert "lab_measure" in second[2]
    assert authority.asked == ["register", "authorize", "authorization_code"]
    assert "HTTP 401" in refused[2]
    for token in authority.tokens:
        assert token not in first[1] + first[2] + second[1] + second[2]


async def test_a_program_is_a_server_and_its_changing_calls_are_refused_without_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = f"{sys.executable} program.py"

    refused = await agent(tmp_path, "--mcp-command", command, "Please use add on 3 and 4")
    allowed = await agent(tmp_path, "--mcp-command", command, "--yes", "Please use add on 3 and 4")

    assert "declined" in refused[2]
    assert "declined" not in allowed[2]
    assert re.search(r"add .* \d+ \(", allowed[2]), "its result and how long it took"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
async def test_a_terminal_that_knows_few_signs_ends_nothing(tmp_path: Path, encoding: str) -> None:
    status, out, _ = await agent(tmp_path, "Say 山田 → ✓ please", PYTHONIOENCODING=encoding)

    assert status == 0
    assert out.strip()
