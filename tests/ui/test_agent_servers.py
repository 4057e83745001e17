"""The Agent tab with an MCP server the operator has set: what may change something is asked for first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from mcp.server.fastmcp import FastMCP
from playwright.async_api import Request as BrowserRequest
from pydantic import create_model

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
from tests.services.mcp_server import serve
from tests.services.oauth_server import Authority, Guarded, listening
from tests.ui.conftest import House, Visiting

burnt: list[str] = []

Form: Any = create_model("Form", **{f"sample_{number}": (str, ...) for number in range(1, 61)})  # type: ignore[call-overload]
"""More than fits a box on a page."""


def lab() -> FastMCP:
    server = FastMCP("lab", log_level="CRITICAL")

    @server.tool()
    async def burn(sample: str) -> str:
        """Burn a sample."""
        burnt.append(sample)
        return "it is ash"

    @server.tool()
    async def shred(form: Form) -> str:
        """Shred many samples."""
        burnt.append(form.sample_1)
        return "it is confetti"

    return server


@pytest.fixture
async def servers() -> AsyncIterator[str]:
    """The setting that names a real server."""
    burnt.clear()
    async with serve(lab()) as url:
        yield f"lab={url}"


TEXT = "Please use lab_burn on this"
TASK = {"text": TEXT, "servers": ["lab"]}
SETTINGS = {"GROQ_CORE_OFFLINE": "1"}


async def run_task(simulator: Simulator, servers: str, *, agreed: bool) -> list[Event]:
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
    events = await run_task(simulator, servers, agreed=agreed)

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
async def test_the_page_asks_and_its_keyboard_answers(
    visiting: Visiting, simulator: Simulator, servers: str, word: str
) -> None:
    async with visiting(simulator, "agent", GROQ_CORE_MCP_SERVERS=servers) as page:
        await page.click("#gc-agent-tools summary")
        await page.check("#gc-agent-tools [data-server=lab]")
        await page.fill("#agent-task textarea", TEXT)
        await page.press("#agent-task textarea", "Enter")
        await page.wait_for_selector('.gc-call[data-state="asks"] .gc-call-question:has-text("lab_burn")')
        focused = await page.evaluate("document.activeElement.dataset.word")
        apart = await page.locator(".gc-call pre bdi").all_inner_texts()
        if word == "allow":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")

    assert focused == "refuse"
    assert apart[0] == '"sample"', "what is written from right to left changes places with nothing beside it"
    assert bool(burnt) is (word == "allow")


@needs("chromium")
@pytest.mark.browser
async def test_a_long_call_is_scrolled_to_its_end_before_it_may_be_allowed(
    visiting: Visiting, simulator: Simulator, servers: str
) -> None:
    async with visiting(simulator, "agent", GROQ_CORE_MCP_SERVERS=servers) as page:
        await page.click("#gc-agent-tools summary")
        await page.check("#gc-agent-tools [data-server=lab]")
        await page.fill("#agent-task textarea", "Please use lab_shred on this")
        await page.press("#agent-task textarea", "Enter")
        await page.click("#tab-chat-button")  # what is asked while nobody looks has not been seen
        await page.wait_for_selector("[data-approval]", state="attached")
        unseen = await page.is_disabled("[data-word=allow]")
        await page.click("#tab-agent-button")
        await page.wait_for_selector(".gc-call-scroll:visible")
        folded = await page.is_disabled("[data-word=allow]")
        await page.hover(".gc-call pre")
        await page.mouse.wheel(0, 100_000)
        await page.wait_for_selector("[data-word=allow]:enabled")
        hint = await page.is_visible(".gc-call-scroll")
        await page.click("[data-word=allow]")
        await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")

    assert (unseen, folded, hint) == (True, True, False)
    assert len(burnt) == 1


@needs("chromium")
@pytest.mark.browser
async def test_options_on_a_phone_are_put_away_again(visiting: Visiting, house: House) -> None:
    async with visiting(house.simulator, "agent") as page:
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.reload()
        await page.click("#tab-agent-button")
        await page.click("#gc-agent-tools summary")
        await page.click("#gc-agent-tools .gc-sheet-close")
        await page.wait_for_selector("#gc-agent-tools .gc-options", state="hidden")


@needs("chromium")
@pytest.mark.browser
async def test_a_visitor_brings_a_server_of_their_own(visiting: Visiting, simulator: Simulator) -> None:
    authority, made = Authority(tokens={"visitors-own-token"}), list[Guarded]()

    def lab_app(origin: str) -> Guarded:
        authority.resource = f"{origin}/mcp"
        made.append(Guarded(lab().streamable_http_app(), authority))
        return made[0]

    burnt.clear()
    asked: list[str] = []
    async with (
        listening(lab_app) as origin,
        visiting(simulator, "agent", GROQ_CORE_MCP_VISITORS="127.0.0.1") as page,
    ):

        def note(request: BrowserRequest) -> None:
            asked.append(request.url)

        page.on("request", note)
        await page.click("#gc-agent-tools summary")
        await page.click("#agent-server-add")
        await page.fill("[data-own-server]", f"{origin}/mcp")
        await page.fill(".gc-own-server [data-secret]", "visitors-own-token")
        await page.fill("[data-own-headers]", "X-Lab: seven")
        await page.fill("#agent-task textarea", "Please use own1_burn on this")
        await page.press("#agent-task textarea", "Enter")
        await page.click("[data-word=allow]")
        await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")
        kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        shown = await page.inner_text("#agent-log")
        page.remove_listener("request", note)

    assert len(burnt) == 1
    assert set(made[0].seen) == {"visitors-own-token"}
    for place in (kept, shown, *asked):
        assert "visitors-own-token" not in place


async def test_a_visitors_server_is_refused_where_the_operator_allows_none(simulator: Simulator) -> None:
    own = {**TASK, "servers": [], "own_servers": [{"address": "https://mcp.example/mcp", "token": "t0ken-of-mine"}]}
    async with assemble(Settings.from_env(SETTINGS), simulator=simulator) as core:
        with pytest.raises(RequestError, match="takes no MCP servers of visitors") as caught:
            async for _ in agent.run(core, read_task(json.dumps(own).encode()), Caller(user="page:mine"), Approvals()):
                pass
    assert "t0ken-of-mine" not in str(caught.value)
