"""A page that is left by a link and found again by the way back: loaded anew, or kept whole by the browser."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House
from tests.ui.conversations import ANSWER
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

TURN = """(name) => {
    const hidden = name === "pagehide";
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    if (!hidden) document.dispatchEvent(new Event("visibilitychange"));
    dispatchEvent(new PageTransitionEvent(name, { persisted: true }));
    if (hidden) document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What a page hears that is kept whole, and comes back: the driver's browser keeps none."""

by_either_way = pytest.mark.parametrize("kept_whole", [False, True], ids=["loaded anew", "kept whole"])


async def leave(page: Page, house: House, kept_whole: bool) -> None:
    if kept_whole:
        await page.evaluate(TURN, "pagehide")
        return
    await page.evaluate("(where) => void (location.href = where)", f"{house.url}health")
    await page.wait_for_url("**/health")


async def come_back(page: Page, kept_whole: bool) -> None:
    if kept_whole:
        await page.evaluate(TURN, "pageshow")
    else:
        await page.go_back()
        await page.wait_for_selector("#chat-log .gc-turns")


@by_either_way
@pytest.mark.parametrize("ends", ["here", "away"])
async def test_an_answer_is_whole_for_who_leaves_while_it_runs(
    tab: Page, house: House, ends: str, kept_whole: bool
) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await leave(tab, house, kept_whole)
    if ends == "away":
        more.set()
        await asyncio.sleep(0.3)
    await come_back(tab, kept_whole)
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    more.set()

    assert await answered(tab) == "The beginning, and the end."
    await is_sound(tab, house)


@by_either_way
async def test_who_comes_back_after_an_answer_asks_on(tab: Page, house: House, kept_whole: bool) -> None:
    house.script = says("The whole answer.")
    await ask(tab, "go")
    assert await answered(tab) == "The whole answer."
    await leave(tab, house, kept_whole)
    await come_back(tab, kept_whole)

    await expect(tab.locator(ANSWER)).to_have_text("The whole answer.")
    await is_sound(tab, house)


async def is_sound(page: Page, house: House) -> None:
    """It was asked once, the page hears news, and another question is answered and kept."""
    assert [one for one in house.asked if one.model != "speed"] == house.asked[:1]
    await expect(page.locator("#gc-gone")).to_be_hidden()
    await expect(page.locator(".gc-status:not(.gc-stale)")).to_be_attached()
    house.script = says("Another.")
    await ask(page, "more")
    assert await answered(page, 2) == "Another."
    await page.reload()
    await expect(page.locator("#chat-log [data-role=user]")).to_have_text(["go", "more"])
    assert await answered(page, 2) == "Another."
