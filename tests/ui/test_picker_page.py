"""The picker of models in a real browser."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.scripts import answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]


@pytest.mark.one_page
async def test_a_model_can_be_picked_by_keys_or_typed(page: Page, house: House) -> None:
    house.script = says("ok")
    picker, asked = page.locator("#chat-model input"), asyncio.Event()

    async def hold(route: Route) -> None:
        await asked.wait()
        await route.continue_()

    await page.route("**/ui/models", hold)
    await picker.click()
    await picker.press("ArrowDown")
    async with page.expect_response("**/ui/models") as renewed:
        asked.set()
    await (await renewed.value).finished()
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    await picker.press("Enter")
    await ask(page, "one")
    await answered(page)
    await picker.fill("somebody/new-model")
    await ask(page, "two")
    await answered(page, 2)
    await picker.fill("qual")
    await picker.press("Escape")

    assert [request.model for request in house.asked] == ["speed", "somebody/new-model"]
    await expect(picker).to_have_value("somebody/new-model")
    await expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.one_page
async def test_picker_offers_what_can_be_asked_for_now(page: Page, house: House) -> None:
    await page.click("#chat-model input")

    await expect(page.get_by_role("option", name="openai/gpt-oss-20b").first).to_be_visible()
    await expect(page.get_by_role("option", name="llama-3.1-8b-instant")).to_have_count(0)
