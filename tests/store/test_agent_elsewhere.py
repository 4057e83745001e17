"""A run of the agent that goes on on one device, seen from another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from groq_core.events import TextDelta
from groq_core.simulator import Simulator
from tests.requires import needs
from tests.store.devices import Devices, sign_in, wait_until_kept
from tests.store.stage import sqlite_url, team_stage
from tests.ui.scripts import BEGUN, DONE, plays

pytestmark = [needs("chromium"), pytest.mark.browser]

LOG = "#agent-log"
HIDE = """() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Somebody turns to another program."""


async def test_a_run_that_goes_on_on_another_device_is_not_called_stopped(
    devices: Devices, simulator: Simulator, tmp_path: Path
) -> None:
    more = asyncio.Event()
    script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    async with team_stage(sqlite_url(tmp_path / "team.db"), simulator, handle=script) as stage:
        first = await sign_in(devices, stage, "bob")
        await first.click("#tab-agent-button")
        await first.fill("#agent-task textarea", "a long task")
        await first.press("#agent-task textarea", "Enter")
        await expect(first.locator(LOG)).to_contain_text("The beginning,")
        await first.evaluate(HIDE)
        await wait_until_kept(first)

        second = await sign_in(devices, stage, "bob")
        await second.click("#conversations .gc-entry-title")
        await expect(second.locator(LOG)).to_contain_text("It goes on on another device")
        await expect(second.locator(f"{LOG} .gc-stopped")).to_have_count(0)

        more.set()
        await expect(second.locator(LOG)).to_contain_text("and the end.")
        await expect(second.locator(f"{LOG} .gc-run-bar")).to_have_count(1)
        await expect(second.locator(LOG)).not_to_contain_text("another device")
