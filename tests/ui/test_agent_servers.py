"""The Agent tab with an MCP server the operator has set: what may change something is asked for first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from mcp.server.fastmcp import FastMCP

from groq_core.compose import assemble
from groq_core.errors import RequestError
from groq_core.events import ApprovalAsked, Event, ToolFinished
from groq_core.requests import Caller
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui import agent
from groq_core.ui.agent import read_task
from groq_core.ui.approvals import Approvals
from tests.requires import needs
from tests.services.mcp_server import served
from tests.ui.test_work_in_browser import visiting

burnt: list[str] = []


def lab() -> FastMCP:
    server = FastMCP("lab", log_level="CRITICAL")

    @server.tool()
    async def burn(sample: str) -> str:
        """Burn a sample."""
        burnt.append(sample)
        return "it is ash"

    return server


@pytest.fixture
async def servers() -> AsyncIterator[str]:
    """The setting that names a real server."""
    burnt.clear()
    async with served(lab()) as url:
        yield f"lab={url}"


TEXT = "Please use lab_burn on this"
TASK = {"text": TEXT, "servers": ["lab"]}
SETTINGS = {"GROQ_CORE_OFFLINE": "1"}


async def heard(simulator: Simulator, servers: str, *, agreed: bool) -> list[Event]:
    """Run the task; somebody else's page gives its word first, which counts for nothing."""
    approvals, found = Approvals(), []

    def give_word(call: str) -> None:
        assert not approvals.answer("page:other", call, True)
        assert approvals.answer("page:mine", call, agreed)
        assert not approvals.answer("page:mine", call, True)

    async with assemble(Settings.from_env({**SETTINGS, "GROQ_CORE_MCP_SERVERS": servers}), simulator=simulator) as core:
        events = agent.run(core, read_task(json.dumps(TASK).encode()), Caller(user="page:mine"), approvals)
        async with aclosing(events):
            async for event in events:
                found.append(event)
                if isinstance(event, ApprovalAsked):
                    asyncio.get_running_loop().call_later(0.05, give_word, event.approval)
    return found


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_call_that_may_change_something_waits_for_its_own_pages_word(
    simulator: Simulator, servers: str, agreed: bool
) -> None:
    events = await heard(simulator, servers, agreed=agreed)

    (finished,) = (event for event in events if isinstance(event, ToolFinished))
    assert bool(burnt) is agreed
    assert finished.result == "it is ash" if agreed else "declined" in (finished.error or "")


async def test_a_visitor_names_a_server_and_gives_no_address(simulator: Simulator) -> None:
    task = read_task(json.dumps({**TASK, "servers": ["http://127.0.0.1:1/mcp"]}).encode())
    async with assemble(Settings.from_env(SETTINGS), simulator=simulator) as core:
        with pytest.raises(RequestError, match="there is no MCP server"):
            async for _ in agent.run(core, task, Caller(user="page:mine"), Approvals()):
                pass


@needs("chromium")
@pytest.mark.browser
@pytest.mark.parametrize("word", ["allow", "refuse"])
async def test_the_page_asks_and_its_keyboard_answers(simulator: Simulator, servers: str, word: str) -> None:
    async with visiting(simulator, "agent", GROQ_CORE_MCP_SERVERS=servers) as page:
        await page.click("#gc-agent-tools summary")
        await page.check("#gc-agent-tools [data-server=lab]")
        await page.fill("#agent-task textarea", TEXT)
        await page.press("#agent-task textarea", "Enter")
        await page.wait_for_selector('.gc-call[data-state="asks"] .gc-call-question:has-text("lab_burn")')
        focused = await page.evaluate("document.activeElement.dataset.word")
        if word == "allow":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")

    assert focused == "refuse"
    assert bool(burnt) is (word == "allow")
