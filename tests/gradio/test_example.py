"""The README's example of a Gradio app, run as it stands there and used in a real Chromium."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from benchmarks.processes import free_port
from groq_core.simulator import Fault, Simulator
from tests.programs import program_at
from tests.requires import find, needs

README = Path(__file__).parents[2] / "README.md"
MOST_LINES = 15
SCREENSHOTS = os.environ.get("GROQ_CORE_TEST_SCREENSHOTS")
"""Read before the tests' environment is cleaned of whatever is called like a setting."""


def example() -> str:
    blocks: list[str] = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), flags=re.DOTALL)
    return next(block for block in blocks if "import groq_core.gradio" in block)


def test_the_example_is_short() -> None:
    assert len(example().strip().splitlines()) <= MOST_LINES


@asynccontextmanager
async def running(simulator: Simulator, folder: Path) -> AsyncIterator[str]:
    """The example in a process of its own."""
    port = free_port()
    environment = {
        **os.environ,
        "GROQ_API_KEY": "gsk_x",
        "GROQ_BASE_URL": simulator.groq_url,
        "OPENAI_API_KEY": "sk-x",
        "OPENAI_BASE_URL": simulator.openai_url,
        "PYTHONPATH": str(README.parent),
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SSR_MODE": "False",
    }
    script = folder / "app.py"
    script.write_text(example())
    command = (sys.executable, str(script))
    async with program_at(port, *command, folder=README.parent, environ=environment, seconds=90):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.browser
@needs("chromium")
async def test_the_example_streams_falls_back_and_says_so(simulator: Simulator, tmp_path: Path) -> None:
    simulator.faults.add(Fault(kind="status", preset="503_over_capacity", provider="groq", operation="chat"))
    async with running(simulator, tmp_path) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = await browser.new_page()
        page.set_default_timeout(60_000)
        await page.goto(url)
        await page.wait_for_selector('[data-target^="groq:"]')
        box = page.locator("textarea").first
        await box.fill("Count from 1 to 40.")
        await box.press("Enter")
        await page.get_by_text("failed, answered by").first.wait_for()
        await page.locator("[data-testid=bot]", has_text="40").first.wait_for()
        await page.wait_for_selector('[data-target^="groq:"][data-state="resting"]')
        if folder := SCREENSHOTS:
            await page.screenshot(path=f"{folder}/gradio-example.png")
        await browser.close()
